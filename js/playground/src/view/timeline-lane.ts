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
  /** The event that is looked at, if it is in this lane. Marks of several events give all of them. */
  selected: number | undefined;
  select(marks: readonly Mark[], attempt: Attempt | undefined): void;
  /** Draw more of this lane. */
  more(): void;
  /** Whether that was asked for already. */
  wide: boolean;
}

/** An event longer than this is not read for the sake of a label. */
const LARGE = 100_000;

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
          ? h("span", { class: "tl-outcome none" }, `and ${count(layout.more, "more", "more")}, not drawn`)
          : h("button", { type: "button", class: "button quiet small", onclick: setting.more }, `${count(layout.more, "more", "more")} in this key`)),
    ),
    lane,
  );
}

/** A partial match: its events, a line between them, and what became of it. */
function barView(bar: Bar, lane: string, setting: Setting): HTMLElement {
  const { attempt, row, marks, from, to, end, label } = bar;
  const { trace, host } = setting;
  const kind = kindOf(attempt.outcome);
  const lastMark = Math.max(...marks.map(({ x }) => x));
  const long = longOutcome(attempt, trace.terms, host.line);
  const view = h(
    "div",
    { class: `tl-bar ${kind}`, role: "group", aria: { label: long } },
    h("span", { class: "tl-link" }),
    end !== undefined && end > lastMark && h("span", { class: "tl-rest" }),
    ...marks.map((placed) => markView(placed, row, lane, attempt, setting)),
    h(
      "span",
      { class: label.row === row ? "tl-label" : "tl-label below", title: long, aria: { hidden: "true" } },
      icon(SIGNS[kind]),
      shortOutcome(attempt, trace.terms),
    ),
  );
  const places = { "--row": row, "--from": px(from), "--last": px(lastMark), "--to": px(to), "--label": px(label.x), "--label-row": label.row };
  for (const [name, value] of Object.entries(places)) view.style.setProperty(name, String(value));
  return view;
}

function markView({ mark, x, behind }: Placed, row: number, lane: string, attempt: Attempt | undefined, setting: Setting): HTMLElement {
  const { trace, selected } = setting;
  const marks = [mark, ...behind];
  const shown = marks.findIndex(({ event }) => event === selected);
  const label = behind.length > 0 ? pileLabel(marks, setting) : markLabel(mark, attempt, setting);
  const view = h(
    "button",
    {
      type: "button",
      class: attempt ? "tl-mark" : "tl-mark loose",
      tabIndex: -1,
      title: label,
      aria: { label, pressed: String(shown >= 0) },
      data: { events: ` ${marks.map(({ event }) => event).join(" ")} `, lane },
      onclick: () => setting.select(marks, attempt),
    },
    termSign(trace.terms, mark.term),
    behind.length > 0 && h("span", { class: "tl-pile", aria: { hidden: "true" } }, String(marks.length)),
  );
  view.style.setProperty("--x", px(x));
  view.style.setProperty("--row", String(row));
  return view;
}

function markLabel({ event, term, time }: Mark, attempt: Attempt | undefined, { trace, host }: Setting): string {
  const text = host.text(event);
  const { subject, object, action } = facts(text.length < LARGE ? parse(text) : {});
  const what = [...new Set([subject, object])].filter(Boolean).join(" › ") || action;
  const nothing = attempt ? "" : "; no part of a partial match";
  return `${termName(term, trace)}, line ${host.line(event)}, ${clock(time, true)}${what && `: ${what.slice(0, 120)}`}${nothing}`;
}

function pileLabel(marks: readonly Mark[], { trace, host }: Setting): string {
  const [first, last] = [marks[0]!, marks.at(-1)!];
  return `${marks.length} events for ${termName(first.term, trace)}, lines ${host.line(first.event)} to ${host.line(last.event)}, ${clock(first.time, true)} to ${clock(last.time, true)}`;
}

function termName(at: number, { terms }: Trace): string {
  const term = terms[at];
  return term ? termLabel(term, at) : "no term";
}

function px(x: number): string {
  return `${Math.round(x)}px`;
}
