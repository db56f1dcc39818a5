import { h, icon } from "./dom.js";

/** What the results pane shows: events by their fate, or what a sequence or sample made of them. */
export type View = "matched" | "unmatched" | "rejected" | "timeline";

const LABELS: Record<View, string> = { matched: "Matched", unmatched: "Not matched", rejected: "Rejected", timeline: "Timeline" };

/** The buttons that choose a view. A view without a number of events has none beside its name. */
export function filterButtons(
  parent: HTMLElement,
  views: readonly { view: View; count?: number }[],
  current: View,
  choose: (view: View) => void,
): void {
  parent.replaceChildren(
    ...views.map(({ view, count }) =>
      h(
        "button",
        {
          type: "button",
          class: view,
          aria: { pressed: String(view === current) },
          onclick: () => {
            choose(view);
            parent.querySelector<HTMLElement>(`.${view}`)?.focus();
          },
        },
        view === "timeline" && icon("M1 3h5M4 6h7M2 9h4"),
        LABELS[view],
        ...(count === undefined ? [] : [" ", h("span", { class: "count" }, count.toLocaleString("en"))]),
      ),
    ),
  );
}
