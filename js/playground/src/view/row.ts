import { ByteOffsets, type Match, type Rejection } from "@tripline/engine";
import type { Result } from "../engine/protocol.js";
import { facts } from "../events/facts.js";
import { detailView, type Sheets, type Tab } from "./detail.js";
import { code, h, icon } from "./dom.js";

/** An entry of the list, before it is drawn. */
export interface Item {
  event: number;
  match?: Match;
  rejection?: Rejection;
}

/** What a row needs to know of the page around it. */
export interface Around {
  result: Result;
  /** The events' text. */
  text: string;
  line(offset: number): number;
  jump(from: number, to: number, focus: boolean): void;
  /** What there is to show of an event. */
  sheets(event: number, match: Match | undefined): Sheets;
  /** The rows that are opened, so that they stay so while the rule is being edited. */
  open: Map<string, Tab | undefined>;
  /** Whether a line with the reason is to come. */
  reasons: boolean;
}

/** The tabs of an event: of one that did not match one wants to know why. */
export function tabsOf(matched: boolean): readonly Tab[] {
  return matched ? ["event", "why", "alert"] : ["why", "event"];
}

/** An event in the list. */
export function eventRow(around: Around, item: Item): HTMLElement {
  const { result } = around;
  const { from, to, text } = place(around, item.event);
  const { time, date, host, user, action, subject, object, source } = facts(parse(text));
  const { match } = item;
  const rule = match && result.report.rules.length > 1 ? ruleName(result, match.rule) : "";
  const line = around.line(from);
  const lines = match?.events.map((event) => around.line(result.starts[event] ?? 0)) ?? [];
  const keys = match?.join_keys?.map((key) => String(key)).join(" · ");
  const row = h("li", { class: `event ${match ? "matched" : ""}`, data: { event: String(item.event) } });
  const detail = h("div", { class: "detail", hidden: true });
  const key = `${item.event}:${match?.rule ?? ""}:${keys ?? ""}`;
  const toggle = (open: boolean): void => {
    if (open && !detail.hasChildNodes()) {
      const chosen = (tab: Tab): void => void around.open.set(key, tab);
      detail.append(...detailView(around.sheets(item.event, match), tabsOf(match !== undefined), around.open.get(key), chosen));
    }
    detail.hidden = !open;
    row.classList.toggle("open", open);
    expand.setAttribute("aria-expanded", String(open));
  };
  const expand = h(
    "button",
    {
      type: "button",
      class: "button quiet icon expand",
      aria: { expanded: "false", label: `Details of the event in line ${line}` },
      onclick: (click) => {
        click.stopPropagation();
        const open = Boolean(detail.hidden);
        if (open) around.open.set(key, undefined);
        else around.open.delete(key);
        toggle(open);
      },
    },
    icon("m4.5 2.5 3.5 3.5-3.5 3.5"),
  );
  const what = [subject, object].filter((part, at, all) => part && all.indexOf(part) === at);
  row.append(
    h(
      "div",
      { class: "event-head", onclick: (click) => around.jump(from, to, click.detail === 0) },
      h(
        "button",
        { type: "button", class: "jump", title: `Show line ${line}` },
        what.length === 0 && (action || "Event"),
        what[0] ? h("span", { class: what.length > 1 ? "subject" : "" }, what[0]) : "",
        what[1] && h("span", { class: "arrow" }, "›"),
        what[1] ?? "",
      ),
      h(
        "div",
        { class: "event-facts" },
        time && h("time", { title: `${date} ${time}` }, time),
        keys && h("span", { class: "keys" }, keys),
        host && h("span", {}, host),
        user && h("span", {}, user),
        action && h("span", {}, action),
        source && h("span", { class: "source" }, source),
        rule && h("span", { class: "rule" }, rule),
      ),
      around.reasons && h("p", { class: "reason" }),
      h("div", { class: "event-side" }, h("span", { class: "line" }, places(lines.length > 1 ? lines : [line])), expand),
    ),
    detail,
  );
  if (around.open.has(key)) toggle(true);
  return row;
}

/** What is not an event in the list: why, and where. */
export function rejectionRow(around: Around, { message, offset, event }: Rejection): HTMLElement {
  const { from, to, text } = place(around, event);
  const at = new ByteOffsets(text).toUtf16(offset);
  const line = around.line(from);
  return h(
    "li",
    { class: "event rejected rejection" },
    h(
      "div",
      { class: "event-head", onclick: (click) => around.jump(Math.min(from + at, to), to, click.detail === 0) },
      h("button", { type: "button", class: "jump", title: `Show line ${line}` }, ...code(message)),
      h(
        "code",
        {},
        text.slice(Math.max(0, at - 36), at).replaceAll("\n", " "),
        h("mark", {}, text.charAt(at) || "⏎"),
        text.slice(at + 1, at + 40).replaceAll("\n", " "),
      ),
      h("div", { class: "event-side" }, h("span", { class: "line" }, `L${line}`)),
    ),
  );
}

/** Where an event is in the text, and its own text. */
export function place({ result, text }: Pick<Around, "result" | "text">, event: number): { from: number; to: number; text: string } {
  const from = result.starts[event] ?? 0;
  const to = result.ends[event] ?? from;
  return { from, to, text: text.slice(from, to) };
}

/** The lines of a match, of many the first and the last. */
function places(lines: number[]): string {
  const names = lines.map((line) => `L${line}`);
  return names.length > 3 ? `${names[0]} › … › ${names.at(-1)}` : names.join(" › ");
}

function ruleName(result: Result, index: number): string {
  const found = result.report.rules.find(
    ({ status }) => typeof status === "object" && "compiled" in status && status.compiled.index === index,
  );
  return found?.rule.name ?? "";
}

/** An event as a value. The engine reads some texts that JavaScript does not; what is shown of these is bare. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
