import { copy, h } from "./dom.js";
import { jsonView } from "./json.js";

/** Which document of an opened event is shown. */
export type Tab = "event" | "alert";

/**
 * The documents of an event: itself, and the alert where it matched.
 *
 * @param alert Builds the alert; null for an event that did not match.
 */
export function detailView(
  event: string,
  alert: (() => Promise<string | null>) | null,
  tab: Tab,
  chosen: (tab: Tab) => void,
): HTMLElement[] {
  const body = h("div", {});
  const buttons: Record<Tab, HTMLButtonElement> = {
    event: h("button", { type: "button", class: "button quiet small", onclick: () => void show("event") }, "Event"),
    alert: h("button", { type: "button", class: "button quiet small", onclick: () => void show("alert") }, "Alert document"),
  };
  const show = async (tab: Tab): Promise<void> => {
    const json = tab === "alert" && alert ? await alert() : event;
    if (json === null) return; // A newer run is on its way, and will draw all this again.
    const view = jsonView(json);
    body.replaceChildren(view);
    for (const [name, button] of Object.entries(buttons)) button.setAttribute("aria-pressed", String(name === tab));
    if (tab === "alert") scrollToAdded(view);
    chosen(tab);
  };
  const copyButton = h("button", { type: "button", class: "button quiet small" }, "Copy");
  copyButton.onclick = () => copy(body.textContent ?? "", "Copied.");
  void show(tab);
  const tabs = alert ? [buttons.event, buttons.alert] : [buttons.event];
  return [h("div", { class: "detail-bar" }, ...tabs, h("span", { class: "grow" }), copyButton), body];
}

/** What an alert adds stands behind the event's own fields. */
function scrollToAdded(view: HTMLElement): void {
  const added = [...view.children].find(({ textContent }) => textContent?.startsWith('"kibana.'));
  if (added instanceof HTMLElement) view.scrollTop = added.offsetTop - view.offsetTop - view.clientHeight / 4;
}
