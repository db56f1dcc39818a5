import type { StreamParser, StringStream } from "@codemirror/language";
import { eqlToken, startEql, type EqlState } from "./eql.js";

interface TomlState {
  /** The last key read; `query` makes the next string an EQL query. */
  key: string;
  /** The query is said to be in another language than EQL. */
  other: boolean;
  /** After `=`. */
  value: boolean;
  /** The mark that ends the multi-line string that we are in. */
  end: string | null;
  /** The query that we are in. */
  eql: EqlState | null;
}

/** Elastic's detection-rule files, with the query coloured as EQL, or as what KQL has in common with it. */
export const tomlParser: StreamParser<TomlState> = {
  name: "rule-toml",
  startState: () => ({ key: "", other: false, value: false, end: null, eql: null }),
  copyState: (state) => ({ ...state, eql: state.eql && { ...state.eql } }),
  token(stream, state) {
    if (state.end) return inside(stream, state, state.end);
    if (stream.sol()) state.value = false;
    if (stream.eatSpace()) return null;
    if (stream.match("#")) {
      stream.skipToEnd();
      return "comment";
    }
    return state.value ? value(stream, state) : key(stream, state);
  },
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["(", "[", '"'] } },
};

function key(stream: StringStream, state: TomlState): string | null {
  if (stream.sol() || stream.string.slice(0, stream.pos).trim() === "") {
    if (stream.match(/^\[\[?[^\]]*\]\]?/)) return "heading";
  }
  if (stream.match(/^[\w-]+|^"[^"]*"/)) {
    state.key = stream.current();
    return "tomlKey";
  }
  if (stream.eat("=")) {
    state.value = true;
    return "operator";
  }
  return value(stream, state);
}

function value(stream: StringStream, state: TomlState): string | null {
  const mark = stream.match(/^(?:'''|""")/) as RegExpMatchArray | null;
  if (mark) {
    state.end = mark[0];
    state.eql = state.key === "query" ? startEql() : null;
    return "tomlString";
  }
  if (stream.match(/^"(?:[^"\\]|\\.)*"?|^'[^']*'?/)) {
    if (state.key === "language") state.other = !/^["']eql["']$/.test(stream.current());
    return "tomlString";
  }
  if (stream.match(/^(?:true|false)\b/)) return "atom";
  if (stream.match(/^[+-]?\d[\w:.+-]*/)) return "number";
  stream.next();
  return "bracket";
}

function inside(stream: StringStream, state: TomlState, end: string): string | null {
  if (stream.match(end)) {
    state.end = null;
    state.eql = null;
    return "tomlString";
  }
  if (!state.eql) {
    const close = stream.string.indexOf(end, stream.pos);
    if (close < 0) stream.skipToEnd();
    else stream.pos = close;
    return "tomlString";
  }
  // KQL has most of EQL's words and marks; what it has beside them is no mistake.
  const token = eqlToken(stream, state.eql);
  return state.other && token === "invalid" ? null : token;
}
