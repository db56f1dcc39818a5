import type { Truth } from "../explain/words.js";
import { h, icon } from "./dom.js";

const PATHS: Record<Truth, string> = {
  true: "m2.6 6.4 2.4 2.4 4.4-5.4",
  false: "m3.2 3.2 5.6 5.6m0-5.6-5.6 5.6",
  null: "M3 6h6",
  undecided: "M4.2 4.4a1.9 1.9 0 1 1 2.6 1.8c-.5.2-.8.6-.8 1.1M6 9.3v.1",
};

/** The sign of a truth. Its colour repeats what its form says; the words are for whoever makes the row. */
export function sign(truth: Truth): HTMLElement {
  return h("span", { class: `sign ${truth}`, aria: { hidden: "true" } }, icon(PATHS[truth]));
}
