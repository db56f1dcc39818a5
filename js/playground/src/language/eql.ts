import type { StreamParser, StringStream } from "@codemirror/language";
import { FUNCTIONS } from "./reference.js";

/** Where the tokenizer is in a query; small, so that other modes can carry it along. */
export interface EqlState {
  /** Depth of open block comments, which nest. */
  comment: number;
  /** Still before `where`, where a bare word is an event category. */
  head: boolean;
  /** Behind `maxspan` or `runs`, where a single `=` belongs. */
  option: boolean;
}

const KEYWORDS = new Set(["and", "or", "not", "in", "like", "regex", "by", "with", "maxspan", "until", "sequence", "sample", "runs"]);
const CONSTANTS = new Set(["true", "false", "null"]);
const NAME = /^(?:[A-Za-z_@]\w*|`(?:[^`]|``)*`)(?:\.(?:[A-Za-z_@]\w*|`(?:[^`]|``)*`))*/;
const NAMES = new Set(FUNCTIONS.map(({ name }) => name.toLowerCase()));

/** The state at the start of a query. */
export function startEql(): EqlState {
  return { comment: 0, head: true, option: false };
}

/** Reads one token and names it for the highlighter. */
export function eqlToken(stream: StringStream, state: EqlState): string | null {
  if (state.comment > 0) return blockComment(stream, state);
  if (stream.eatSpace()) return null;
  if (state.option) {
    state.option = false;
    if (stream.eat("=")) return "operator";
  }
  if (stream.match("//")) {
    stream.skipToEnd();
    return "comment";
  }
  if (stream.match("/*")) {
    state.comment = 1;
    return blockComment(stream, state);
  }
  if (stream.match('"""')) return stream.match(/^.*?"{3,5}/) ? "string" : unclosed(stream);
  if (stream.match('"')) return text(stream, state);
  if (stream.match(/^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[a-z]*/)) return "number";
  const name = stream.match(NAME) as RegExpMatchArray | null;
  if (name) return word(name[0], stream, state);
  if (stream.match(/^[=!<>]=|^[<>:+\-*/%?|]/)) {
    if (stream.current() === "|") state.head = false;
    return "operator";
  }
  if (stream.match(/^\[/)) {
    state.head = true; // A sequence's term starts with its category.
    return "bracket";
  }
  if (stream.match(/^[\](),]/)) return "bracket";
  stream.next();
  return "invalid";
}

function word(name: string, stream: StringStream, state: EqlState): string {
  if (name === "where") {
    state.head = false;
    return "keyword";
  }
  if (CONSTANTS.has(name)) return "atom";
  if (KEYWORDS.has(name)) {
    state.option = name === "maxspan" || name === "runs";
    if (name === "in" || name === "like" || name === "regex") stream.eat("~");
    return "keyword";
  }
  if (stream.match(/^~?(?=\s*\()/) && NAMES.has(name.toLowerCase())) return "function";
  if (state.head) return "typeName";
  return "propertyName";
}

function text(stream: StringStream, state: EqlState): string {
  if (!stream.match(/^(?:[^"\\]|\\.)*"/)) return unclosed(stream);
  return state.head && stream.match(/^\s*where\b/, false) ? "typeName" : "string";
}

function unclosed(stream: StringStream): string {
  stream.skipToEnd();
  return "string";
}

function blockComment(stream: StringStream, state: EqlState): string {
  while (state.comment > 0 && !stream.eol()) {
    if (stream.match("*/")) state.comment -= 1;
    else if (stream.match("/*")) state.comment += 1;
    else stream.next();
  }
  return "comment";
}

/** A bare EQL query. */
export const eqlParser: StreamParser<EqlState> = {
  name: "eql",
  startState: startEql,
  copyState: (state) => ({ ...state }),
  token: eqlToken,
  languageData: { commentTokens: { line: "//", block: { open: "/*", close: "*/" } }, closeBrackets: { brackets: ["(", "[", '"'] } },
};
