import { h } from "./dom.js";

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+|"/g;

/** One piece of laid out JSON. */
export interface Piece {
  text: string;
  /** Key, string, number or word, punctuation, or space. */
  kind: "k" | "s" | "n" | "p" | "";
}

/**
 * Lays JSON out over lines. It works on the text, not on the parsed value, so that numbers beyond what JavaScript can
 * hold, and repeated keys, are shown as they are.
 */
export function layOut(json: string): Piece[] {
  const tokens = json.match(TOKEN) ?? [];
  const pieces: Piece[] = [];
  let depth = 0;
  const newline = (): void => void pieces.push({ text: `\n${"  ".repeat(depth)}`, kind: "" });
  tokens.forEach((token, at) => {
    const next = tokens[at + 1];
    if (token === "{" || token === "[") {
      pieces.push({ text: token, kind: "p" });
      depth += 1;
      if (next !== "}" && next !== "]") newline();
    } else if (token === "}" || token === "]") {
      depth = Math.max(0, depth - 1);
      const before = tokens[at - 1];
      if (before !== "{" && before !== "[") newline();
      pieces.push({ text: token, kind: "p" });
    } else if (token === ",") {
      pieces.push({ text: token, kind: "p" });
      newline();
    } else if (token === ":") {
      pieces.push({ text: ": ", kind: "p" });
    } else if (token.startsWith('"')) {
      pieces.push({ text: token, kind: next === ":" ? "k" : "s" });
    } else {
      pieces.push({ text: token, kind: "n" });
    }
  });
  return pieces;
}

/** JSON, laid out and coloured. */
export function jsonView(json: string): HTMLPreElement {
  const pieces = layOut(json);
  return h(
    "pre",
    { class: "json", tabIndex: 0 },
    ...pieces.map(({ text, kind }) => (kind ? h("span", { class: kind }, text) : text)),
  );
}
