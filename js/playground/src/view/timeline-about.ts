import type { Span } from "@tripline/engine";
import { termLabel } from "../explain/words.js";
import type { Trace } from "../timeline/trace.js";
import { day, spanText } from "../timeline/words.js";
import { count, h, size } from "./dom.js";
import { termSign } from "./shapes.js";

/** What the timeline is about, what its signs mean, and what one can do about it. */
export function overview(trace: Trace, keys: number, on: { light(span: Span | null): void; reveal(span: Span): void }, action?: HTMLElement): HTMLElement {
  const { query, matches, maxspan, terms } = trace;
  const first = trace.seen.reduce((least, { time }) => Math.min(least, time ?? Infinity), Infinity);
  const fields = terms[0]?.keys?.map(({ field }) => field) ?? [];
  return h(
    "div",
    { class: "tl-about" },
    h(
      "p",
      { class: "tl-summary" },
      h("strong", { class: matches > 0 ? "hit" : "" }, matches === 0 ? `No ${query}` : count(matches, query)),
      fields.length > 0 ? ` in ${count(keys, "key")} of ` : " in all events",
      ...fields.flatMap((field, at) => [at > 0 ? ", " : "", h("code", {}, field)]),
      maxspan !== null && `, maxspan\u00a0${spanText(maxspan)}`,
      Number.isFinite(first) && h("span", { class: "tl-day" }, `${day(first)}, UTC`),
    ),
    action,
    h(
      "ul",
      { class: "tl-legend", aria: { label: "The terms" } },
      ...terms.map((term, at) =>
        h(
          "li",
          {},
          h(
            "button",
            {
              type: "button",
              title: term.text,
              onclick: () => on.reveal(term.span),
              onpointerenter: () => on.light(term.span),
              onpointerleave: () => on.light(null),
              onfocus: () => on.light(term.span),
              onblur: () => on.light(null),
            },
            termSign(terms, at),
            h("span", { class: "name" }, termLabel(term, at)),
            h("code", {}, term.text.replace(/^!?\[/, "").replace(/\](?= with runs|$)/, "")),
          ),
        ),
      ),
    ),
  );
}

/** What is not in the picture, and why. */
export function leftOut({ omittedBytes, bytes, omittedSteps, unexplained, undated, terms }: Trace): HTMLElement | "" {
  const notes = [
    omittedBytes > 0 &&
      `The timeline is of the first ${size(bytes - omittedBytes)} of ${size(bytes)} of events, so it may tell less than the matches. The command explains all of them.`,
    omittedSteps > 0 && `${count(omittedSteps, "more step")} are left out (limit max_explained_nodes).`,
    unexplained > 0 &&
      `${count(unexplained, "later event")} were not held against each term (limit max_explained_events): of these the timeline has those that a partial match collected${terms.some(({ role }) => role === "missing") ? ", and not those that had to be missing" : ""}.`,
    undated > 0 && `${count(undated, "event")} for a term ${undated === 1 ? "has" : "have"} no timestamp, and so no place in the order.`,
  ].filter((note) => note !== false);
  return notes.length === 0 ? "" : h("div", { class: "tl-notes" }, ...notes.map((note) => h("p", {}, note)));
}
