/** The forms a rule comes in. The engine recognises them by itself; the editor only needs to colour them. */
export type RuleKind = "eql" | "toml" | "markdown";

/** Part of a text, as UTF-16 offsets. */
export interface Region {
  from: number;
  to: number;
}

/**
 * Tells the form of a rule's text from the first lines that say something, as the engine does. No EQL query begins
 * with `#`, `[`, `---` or `name =`.
 */
export function recognise(text: string): RuleKind {
  const lines = text.slice(0, 8000).split("\n").map((line) => line.trim()).filter(Boolean);
  const [first = ""] = lines;
  if (first === "---") return "markdown";
  const heading = first.startsWith("#");
  const telling = heading ? lines.find((line) => !line.startsWith("#")) : first;
  if (telling !== undefined && (TOML_TABLE.test(telling) || TOML_KEY.test(telling))) return "toml";
  return heading || PAGE_LINE.test(text) ? "markdown" : "eql";
}

const TOML_TABLE = /^\[\[?[\w."-]+\]\]?\s*(?:#.*)?$/;
const TOML_KEY = /^[\w.-]+\s*=(?!=)/;
const PAGE_LINE = /^(?:\*\*Rule type\*\*|## Rule query)/m;

const TOML_QUERY = /^\s*query\s*=\s*('''|"""|'|")/m;
const FENCE = /^```[^\n]*\n/gm;

/** Where the query is in a rule's text. */
export function queryRegion(text: string, kind: RuleKind): Region | null {
  if (kind === "eql") return { from: 0, to: text.length };
  if (kind === "toml") {
    const open = TOML_QUERY.exec(text);
    if (!open) return null;
    const from = open.index + open[0].length;
    const close = text.indexOf(open[1]!, from);
    return { from, to: close < 0 ? text.length : close };
  }
  const heading = /^#{1,6} (?:Rule )?query\b/im.exec(text);
  FENCE.lastIndex = heading?.index ?? 0;
  const fence = FENCE.exec(text);
  if (!fence) return null;
  const from = fence.index + fence[0].length;
  const close = text.indexOf("\n```", from - 1);
  return { from, to: close < 0 ? text.length : close + 1 };
}
