import type { ExplainedNode, FoundValues } from "@tripline/engine";
import { holds } from "./words.js";

/** A word beside a test: what the event has there. */
export interface Word {
  text: string;
  /** Before the value, where there is a doubt whose it is. */
  name?: string;
  /**
   * A value; one of several that makes the condition hold, or keeps it from holding; that there is none; or what is not
   * from the event.
   */
  kind: "value" | "passing" | "failing" | "missing" | "said";
}

/** What a test found. `row`: the node that is shown, which may be a negation of the test. */
export function found(test: ExplainedNode, row: ExplainedNode): Word[] {
  const parts = test.children?.filter(({ kind }) => kind === "value") ?? [];
  const fields = test.fields ?? [];
  // Where something is computed that says more than the fields that it is computed from.
  if (parts.length > 0 && fields.every(({ values }) => values.length > 0)) {
    return parts.flatMap((part) => computed(part, fields, true));
  }
  const named = fields.length > 1 || test.kind === "category";
  return fields.flatMap((field) => valueWords(field, named, holds(row)));
}

/** A part with its value; of what is inside only fields, since one value of several was taken. */
function computed(part: ExplainedNode, fields: readonly FoundValues[], outermost: boolean): Word[] {
  const told = outermost || fields.some(({ field }) => field === part.text);
  const own: Word[] = told ? [{ name: `${part.text} =`, text: JSON.stringify(part.value ?? null), kind: "value" }] : [];
  return [...own, ...(part.children ?? []).flatMap((inner) => computed(inner, fields, false))];
}

/** The values of a field. Of several, those that pass are marked with what they make of the row. */
export function valueWords({ field, values, passing = [], total }: FoundValues, named: boolean, outcome?: boolean): Word[] {
  const words = values.map((value, at): Word => {
    const counts = values.length > 1 && passing.includes(at);
    return { text: JSON.stringify(value), kind: counts ? (outcome === false ? "failing" : "passing") : "value" };
  });
  const more = (total ?? values.length) - values.length;
  if (more > 0) words.push({ text: `${more} more`, kind: "said" });
  if (words.length === 0) words.push({ text: "missing", kind: "missing" });
  if (named) words[0]!.name = `${field}:`;
  return words;
}
