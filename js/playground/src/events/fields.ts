import { content, isObject } from "./field.js";

/** A field seen in the events, with what completion wants to know of it. */
export interface Field {
  name: string;
  /** In how many of the sampled events. */
  count: number;
  /** `string`, `number`, `boolean` or `mixed`. */
  type: string;
  /** Some of its values, the most frequent first. */
  values: string[];
}

const MAX_FIELDS = 3000;
const MAX_VALUES = 24;
const MAX_VALUE_LENGTH = 80;

/** Learns the fields of events. A sample is enough: completion only offers, it does not judge. */
export function learn(events: Iterable<unknown>): Field[] {
  const seen = new Map<string, { count: number; types: Set<string>; values: Map<string, number> }>();
  const note = (name: string, value: unknown): void => {
    if (value === null || value === undefined) return;
    let field = seen.get(name);
    if (!field) {
      if (seen.size >= MAX_FIELDS) return;
      seen.set(name, (field = { count: 0, types: new Set(), values: new Map() }));
    }
    field.count += 1;
    field.types.add(typeof value);
    const text = String(value);
    const count = field.values.get(text);
    if (count !== undefined) field.values.set(text, count + 1);
    else if (field.values.size < MAX_VALUES && text.length <= MAX_VALUE_LENGTH) field.values.set(text, 1);
  };
  for (const event of events) walk(content(event), "", note, 0);
  return [...seen]
    .map(([name, { count, types, values }]) => ({
      name,
      count,
      type: types.size === 1 ? [...types][0]! : "mixed",
      values: [...values].sort((a, b) => b[1] - a[1]).map(([value]) => value),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function walk(value: unknown, path: string, note: (name: string, value: unknown) => void, depth: number): void {
  if (depth > 64) return;
  if (Array.isArray(value)) {
    for (const item of value.slice(0, 50)) walk(item, path, note, depth + 1);
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) walk(item, path ? `${path}.${key}` : key, note, depth + 1);
  } else if (path) {
    note(path, value);
  }
}
