import type { ExplainedNode } from "@tripline/engine";
import { found, type Word } from "./found.js";
import { holds, truthOf, type Truth } from "./words.js";

/** A line of the tree. */
export interface Row {
  node: ExplainedNode;
  truth: Truth;
  /** The source; of what joins the rows below it the name of that. */
  text: string;
  /** Whether the text is a name, rather than source. */
  joins: boolean;
  /** Whether it belongs to what decides. */
  decides: boolean;
  words: Word[];
  notes: string[];
  /** What it joins: all of it, in the order of the rule. */
  parts: Row[];
}

/** The rows of a filter: the category and what `and` joins stand side by side, as they are written. */
export function rows(filter: ExplainedNode): Row[] {
  const children = filter.children ?? [];
  return children.flatMap((child) => (child.kind === "and" && conditions(child).length > 1 ? conditions(child) : [child])).map(row);
}

function row(node: ExplainedNode): Row {
  const base = { node, truth: truthOf(node), text: node.text, joins: false, decides: node.decides === true, parts: [] };
  const inside = conditions(node);
  // That of a category repeats what stands beside it.
  if (inside.length === 0) return { ...base, words: found(node, node), notes: node.kind === "category" ? [] : (node.notes ?? []) };
  const [only] = inside;
  // `not x == "a"` and `f(x) == true` are one line, with what the test inside found.
  if (only && inside.length === 1 && conditions(only).length === 0) {
    return { ...base, words: found(only, node), notes: [...(only.notes ?? []), ...(node.notes ?? [])] };
  }
  const text = node.kind === "not" ? "not" : node.kind === "or" ? "or" : "and";
  return { ...base, text, joins: true, words: tally(node, inside), notes: node.notes ?? [], parts: inside.map(row) };
}

/** The children that are conditions: those of a test are the values in it. */
function conditions(node: ExplainedNode): ExplainedNode[] {
  return node.children?.filter(({ kind }) => kind !== "value") ?? [];
}

/** How many of the parts hold. */
function tally({ kind }: ExplainedNode, parts: readonly ExplainedNode[]): Word[] {
  if (kind === "not" || parts.length < 2) return [];
  const holding = parts.filter((part) => holds(part) === true).length;
  const text =
    holding === 0 ? `none of ${parts.length} holds` : holding === parts.length ? `all ${holding} hold` : `${holding} of ${parts.length} hold`;
  return [{ text, kind: "said" }];
}

/** More rows than this that do not decide, and have the same truth, are folded into one line. */
const MOST_BYSTANDERS = 4;

/** Rows, and one line each for many that have no part in the outcome. */
export type Shown = { row: Row } | { folded: Row[]; text: string };

/** Which of the rows that one connective joins are shown at first. */
export function fold(rows: readonly Row[], joinedBy: "and" | "or"): Shown[] {
  const bystanders = new Map<boolean, Row[]>();
  for (const row of rows) {
    const truth = holds(row.node);
    // The category is what everybody looks at first.
    if (row.decides || row.node.kind === "category" || truth === undefined) continue;
    bystanders.set(truth, [...(bystanders.get(truth) ?? []), row]);
  }
  const folded = [...bystanders.entries()].filter(([, all]) => all.length > MOST_BYSTANDERS);
  const hidden = new Set(folded.flatMap(([, all]) => all));
  const what = joinedBy === "or" ? "alternatives" : "conditions";
  return [
    ...rows.filter((row) => !hidden.has(row)).map((row): Shown => ({ row })),
    ...folded.map(([truth, all]): Shown => ({ folded: all, text: `${all.length} other ${what} ${truth ? "hold" : "do not hold"}` })),
  ];
}
