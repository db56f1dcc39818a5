import type { Field } from "../events/fields.js";
import { FUNCTIONS, OPERATORS, type Entry } from "./reference.js";
import { queryRegion, recognise } from "./recognise.js";

/** What is known of the word at a place: a function, a keyword, or a field of the events. */
export interface Explanation {
  from: number;
  to: number;
  /** How it is written, or the field's name. */
  title: string;
  about: string;
}

const WORD = /[A-Za-z_@][\w@.]*/g;

/** Explains the word at an offset of a rule's text, if it stands in the query and outside of strings and comments. */
export function explain(text: string, offset: number, fields: readonly Field[]): Explanation | null {
  const region = queryRegion(text, recognise(text));
  if (!region || offset < region.from || offset > region.to) return null;
  const query = text.slice(region.from, region.to).replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\//g, (skipped) => " ".repeat(skipped.length));
  for (const word of query.matchAll(WORD)) {
    const from = region.from + word.index;
    const to = from + word[0].length;
    if (offset < from || offset > to) continue;
    const called = /^~?\s*\(/.test(query.slice(to - region.from));
    const entry = find(word[0], called);
    if (entry) return { from, to, title: entry.form, about: entry.about };
    const field = fields.find(({ name }) => name === word[0]);
    return field ? { from, to, title: `${field.name}: ${field.type}`, about: seen(field) } : null;
  }
  return null;
}

function find(word: string, called: boolean): Entry | undefined {
  if (called) {
    const name = word.toLowerCase();
    const found = FUNCTIONS.find((entry) => entry.name.toLowerCase() === name);
    if (found) return found;
  }
  return OPERATORS.find(({ name }) => name === word);
}

/** Some values of a field, for completion and hovering. */
export function seen({ values }: Field): string {
  if (values.length === 0) return "Seen in the events.";
  return `Seen: ${values.slice(0, 4).join(", ")}${values.length > 4 ? ", …" : ""}`;
}
