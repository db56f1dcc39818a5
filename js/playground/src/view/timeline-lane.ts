import { facts } from "../events/facts.js";
import { termLabel } from "../explain/words.js";
import type { Attempt, Lane, Mark } from "../timeline/lanes.js";
import type { Bar, LaneLayout, Placed } from "../timeline/layout.js";
import type { Trace } from "../timeline/trace.js";
import { clock, keyText, kindOf, laneOutcome, longOutcome, shortOutcome, type Kind } from "../timeline/words.js";
import { count, h, icon } from "./dom.js";
import { parse } from "./row.js";
import { termSign } from "./shapes.js";
import type { Host } from "./timeline.js";

/** What a lane needs to know of the timeline around it. */
export interface Setting {
  trace: Trace;
  host: Host;
  /** The event that is looked at, if it is in this lane. */
  selected: number | undefined;
  select(mark: Mark, attempt: Attempt | undefined): void;
  /** Draw more of this lane. */
  more(): void;
  /** Whether that was asked for already. */
  wide: boolean;
}

const SIGNS: Record<Kind, string> = {
  matched: "m2.6 6.4 2.4 2.4 4.4-5.4",
  dropped: "m3.2 3.2 5.6 5.6m0-5.6-5.6 5.6",
  open: "M6 3v3.2l2 1.4M6 1.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9z",
  replaced: "M2 8.5c0-3 1.5-4.5 4-4.5h3.5M7.5 1.8 9.8 4 7.5 6.2",
};

/** The lane of a join key: the key, and what happened under it. `whole`: all of it, of which not everything may be drawn. */
export function laneView(layout: LaneLayout, whole: Lane, setting: Setting): HTMLElement {
  const { trace } = setting;
  const fields = trace.terms[0]?.keys ?? [];
  const { key } = whole;
  const title = key.length === 0 ? "All events" : key.map(keyText).join(" · ");
  const label = key.map((value, at) => `${fields[at]?.field ?? "key"} ${keyText(value)}`).join(", ") || title;
  const outcomes = laneOutcome(whole, trace.query);
  const { id, lane } = { id: JSON.stringify(key), lane: h("div", { class: "tl-track" }) };
  lane.style.setProperty("--rows", String(layout.rows));
  for (const bar of layout.bars) lane.append(barView(bar, id, setting));
  for (const placed of layout.loose) lane.append(markView(placed, placed.row, id, undefined, setting));
  return h(
    "li",
    { class: `tl-lane ${outcomes[0]?.kind ?? ""}`, aria: { label: `${label}: ${outcomes.map(({ text }) => text).join(", ")}` } },
    h(
      "div",
      { class: "tl-head" },
      h("span", { class: "tl-key", title: label }, title),
      ...outcomes.map(({ text, kind }) => h("span", { class: `tl-outcome ${kind}` }, text)),
      layout.more > 0 &&
        (setting.wide
          ? h("span", { class: "tl-outcome none" }, `and ${count(layout.more, "more")}, not drawn`)
          : h("button", { type: "button", class: "button quiet small", onclick: setting.more }, `${count(layout.more, "more")} in this key`)),
    ),
    lane,
  );
}

/** A partial match: its events, a line between them, and what became of it. */
function barView(bar: Bar, lane: string, setting: Setting): HTMLElement {
  const { attempt, row, marks, against, from, to, end, labelBefore } = bar;
  const { trace, host } = setting;
  const kind = kindOf(attempt.outcome);
  const lastMark = Math.max(...[...marks, ...against].map(({ x }) => x));
  const long = longOutcome(attempt, trace.terms, host.line);
  const view = h(
    "div",
    { class: `tl-bar ${kind}`, role: "group", aria: { label: long } },
    h("span", { class: "tl-link" }),
    end !== undefined && end > lastMark && h("span", { class: "tl-rest" }),
    ...[...marks, ...against].map((placed) => markView(placed, row, lane, attempt, setting)),
    h(
      "span",
      { class: labelBefore ? "tl-label before" : "tl-label", title: long, aria: { hidden: "true" } },
      icon(SIGNS[kind]),
      shortOutcome(attempt, trace.terms),
    ),
  );
  const places = { "--row": row, "--from": px(from), "--last": px(lastMark), "--to": px(to) };
  for (const [name, value] of Object.entries(places)) view.style.setProperty(name, String(value));
  return view;
}

function markView({ mark, x }: Placed, row: number, lane: string, attempt: Attempt | undefined, setting: Setting): HTMLElement {
  const { trace, host, selected } = setting;
  const { subject, object, action } = facts(parse(host.text(mark.event)));
  const term = trace.terms[mark.term];
  const name = term ? termLabel(term, mark.term) : "event";
  const what = [...new Set([subject, object])].filter(Boolean).join(" › ") || action;
  const nothing = attempt ? "" : "; no part of a partial match";
  const label = `${name}, line ${host.line(mark.event)}, ${clock(mark.time, true)}${what && `: ${what.slice(0, 120)}`}${nothing}`;
  const view = h(
    "button",
    {
      type: "button",
      class: attempt ? "tl-mark" : "tl-mark loose",
      tabIndex: -1,
      title: label,
      aria: { label, pressed: String(selected === mark.event) },
      data: { event: String(mark.event), lane },
      onclick: () => setting.select(mark, attempt),
    },
    termSign(trace.terms, mark.term),
  );
  view.style.setProperty("--x", px(x));
  view.style.setProperty("--row", String(row));
  return view;
}

function px(x: number): string {
  return `${Math.round(x)}px`;
}
