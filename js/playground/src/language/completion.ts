import { snippetCompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import type { Field } from "../events/fields.js";
import { seen } from "./hover.js";
import { CATEGORIES, FUNCTIONS, OPERATORS, WORDS } from "./reference.js";
import { queryRegion, recognise } from "./recognise.js";

/** Before a string that is being written: the field that it is compared with, and the list so far. */
const COMPARED =
  /((?:`[^`]+`|[A-Za-z_@]\w*)(?:\.(?:`[^`]+`|\w+))*)\s*(==|!=|:|(?:not\s+)?in~?|like~?|regex~?)\s*(?:\(\s*(?:"(?:[^"\\]|\\.)*"\s*,\s*)*)?$/;
const WORD = /[A-Za-z_@][\w@.]*$/;

/** Completes fields and their values as seen in the events, functions, and keywords, inside the query only. */
export function complete(context: CompletionContext, fields: readonly Field[]): CompletionResult | null {
  const text = context.state.doc.toString();
  const region = queryRegion(text, recognise(text));
  if (!region || context.pos < region.from || context.pos > region.to) return null;
  const before = text.slice(region.from, context.pos);

  const quote = openQuote(before);
  if (quote === "comment") return null;
  if (quote !== null) return completeValue(before, quote, region.from, fields);

  const word = WORD.exec(before)?.[0] ?? "";
  if (!word && !context.explicit) return null;
  const from = context.pos - word.length;
  const lead = before.slice(0, before.length - word.length);
  if (/^\s*$|\[\s*$/.test(stripComments(lead))) return { from, options: categories(fields), validFor: /^\w*$/ };
  return { from, options: options(fields), validFor: /^[\w@.]*$/ };
}

/** Where the string that the text ends in began, or null outside of strings. */
function openQuote(text: string): number | "comment" | null {
  for (let at = 0; at < text.length; at += 1) {
    if (text.startsWith("//", at)) {
      const end = text.indexOf("\n", at);
      if (end < 0) return "comment";
      at = end;
    } else if (text.startsWith("/*", at)) {
      const end = text.indexOf("*/", at + 2);
      if (end < 0) return "comment";
      at = end + 1;
    } else if (text[at] === '"') {
      const close = /^"(?:[^"\\\n]|\\.)*"/.exec(text.slice(at));
      if (!close) {
        if (!text.slice(at).includes("\n")) return at;
        at = text.indexOf("\n", at);
      } else {
        at += close[0].length - 1;
      }
    }
  }
  return null;
}

function stripComments(text: string): string {
  return text.replace(/\/\/[^\n]*|\/\*[^]*?\*\//g, "");
}

function completeValue(before: string, quote: number, offset: number, fields: readonly Field[]): CompletionResult | null {
  const compared = COMPARED.exec(before.slice(0, quote));
  if (!compared) return null;
  const name = compared[1]!.replaceAll("`", "");
  const field = fields.find((field) => field.name === name);
  if (!field || field.values.length === 0) return null;
  return {
    from: offset + quote + 1,
    options: field.values.map((value, index) => ({
      label: value,
      apply: value.replaceAll("\\", "\\\\").replaceAll('"', '\\"'),
      type: "text",
      boost: -index,
    })),
    validFor: /^[^"\n]*$/,
  };
}

function categories(fields: readonly Field[]): Completion[] {
  const present = fields.find(({ name }) => name === "event.category")?.values ?? [];
  return [...new Set([...present, ...CATEGORIES])].map((label) => ({
    label,
    apply: `${/^[a-z_]\w*$/i.test(label) ? label : JSON.stringify(label)} where `,
    type: "type",
    detail: present.includes(label) ? "in the events" : "category",
    boost: present.includes(label) ? 10 : 0,
  }));
}

const FIXED: readonly Completion[] = [
  ...FUNCTIONS.map(({ name, form, about }) =>
    snippetCompletion(`${name}(\${})`, { label: name, detail: "function", info: `${form}\n${about}`, type: "function", boost: -2 }),
  ),
  ...WORDS.map((label) => {
    const about = OPERATORS.find(({ name }) => name === label)?.about;
    return { label, type: "keyword", ...(about && { info: about }) };
  }),
];

let cached: { fields: readonly Field[]; options: readonly Completion[] } | undefined;

function options(fields: readonly Field[]): readonly Completion[] {
  if (cached?.fields !== fields) {
    const known = fields.map((field) => ({
      label: field.name,
      apply: written(field.name),
      detail: field.type,
      type: "property",
      boost: 1,
      info: seen(field),
    }));
    cached = { fields, options: [...known, ...FIXED] };
  }
  return cached.options;
}

/** A field's name as EQL wants it: in backquotes when a part of it is not a plain name. */
function written(name: string): string {
  return /^[A-Za-z_@]\w*(?:\.[A-Za-z_]\w*)*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}
