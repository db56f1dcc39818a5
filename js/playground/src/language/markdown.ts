import type { StreamParser } from "@codemirror/language";
import { eqlToken, startEql, type EqlState } from "./eql.js";

interface MarkdownState {
  fence: EqlState | null;
}

/** A prebuilt rule's documentation page: headings, and the fenced query coloured as EQL. */
export const markdownParser: StreamParser<MarkdownState> = {
  name: "rule-markdown",
  startState: () => ({ fence: null }),
  copyState: (state) => ({ fence: state.fence && { ...state.fence } }),
  token(stream, state) {
    if (stream.sol() && stream.match(/^\s*```/)) {
      stream.skipToEnd();
      state.fence = state.fence ? null : startEql();
      return "meta";
    }
    if (state.fence) return eqlToken(stream, state.fence);
    if (stream.sol() && stream.match(/^#{1,6} .*/)) return "heading";
    if (stream.match(/^\*\*[^*]+\*\*/)) return "strong";
    if (stream.match(/^`[^`]*`/)) return "meta";
    if (stream.match(/^https?:\/\/[^\s)\]]+/)) return "link";
    stream.next();
    stream.eatWhile(/[^*`h]/);
    return null;
  },
};
