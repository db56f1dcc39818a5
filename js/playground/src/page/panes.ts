import { byId } from "../view/dom.js";

/** The panes, of which a narrow page shows one at a time. */
export type Pane = "rule" | "events" | "results";

/** Brings a pane to the front of a narrow page. */
export function showPane(pane: Pane): void {
  byId("panes").dataset["pane"] = pane;
  for (const tab of tabs()) tab.setAttribute("aria-pressed", String(tab.dataset["pane"] === pane));
}

/** Makes the tabs work. */
export function panes(): void {
  for (const tab of tabs()) tab.addEventListener("click", () => showPane(tab.dataset["pane"] as Pane));
}

function tabs(): NodeListOf<HTMLElement> {
  return document.querySelectorAll<HTMLElement>(".tabs button");
}
