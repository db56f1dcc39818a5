import { copy, h } from "./dom.js";
import { jsonView } from "./json.js";

/** What of an opened event is shown. */
export type Tab = "why" | "event" | "alert";

/** What there is to show of an event, each made when somebody looks. Null: a newer run is on its way, and will draw all this again. */
export interface Sheets {
  why?: (() => Promise<HTMLElement | null>) | undefined;
  event: string;
  alert?: (() => Promise<string | null>) | undefined;
}

const LABELS: Record<Tab, string> = { why: "Why", event: "Event", alert: "Alert document" };

/**
 * The tabs of an opened event and what they show.
 *
 * @param order Which tabs there are, the first of which is shown when `tab` is not there.
 */
export function detailView(sheets: Sheets, order: readonly Tab[], tab: Tab | undefined, chosen: (tab: Tab) => void): HTMLElement[] {
  const tabs = order.filter((tab) => sheets[tab] !== undefined);
  const body = h("div", {});
  let latest: Tab | undefined;
  const show = async (tab: Tab): Promise<void> => {
    latest = tab;
    const view = await make(sheets, tab);
    if (view === null || latest !== tab) return;
    body.replaceChildren(view);
    for (const [at, button] of buttons.entries()) button.setAttribute("aria-pressed", String(tabs[at] === tab));
    copyButton.hidden = tab === "why";
    if (tab === "alert") scrollToAdded(view);
    chosen(tab);
  };
  const buttons = tabs.map((tab) =>
    h("button", { type: "button", class: "button quiet small", aria: { pressed: "false" }, onclick: () => void show(tab) }, LABELS[tab]),
  );
  const copyButton = h("button", { type: "button", class: "button quiet small" }, "Copy");
  copyButton.onclick = () => copy(body.textContent ?? "", "Copied.");
  void show(tab && tabs.includes(tab) ? tab : tabs[0]!);
  return [h("div", { class: "detail-bar" }, ...buttons, h("span", { class: "grow" }), copyButton), body];
}

async function make({ why, event, alert }: Sheets, tab: Tab): Promise<HTMLElement | null> {
  if (tab === "why") return (await why?.()) ?? null;
  const json = tab === "alert" ? await alert?.() : event;
  return typeof json === "string" ? jsonView(json) : null;
}

/** What an alert adds stands behind the event's own fields. */
function scrollToAdded(view: HTMLElement): void {
  const added = [...view.children].find(({ textContent }) => textContent?.startsWith('"kibana.'));
  if (added instanceof HTMLElement) view.scrollTop = added.offsetTop - view.offsetTop - view.clientHeight / 4;
}
