import { ByteOffsets, type Match, type Rejection } from "@tripline/engine";
import { Fate, type Result } from "../engine/protocol.js";
import { facts } from "../events/facts.js";
import { detailView, type Tab } from "./detail.js";
import { code, count, h, icon, sentence } from "./dom.js";

/** A result with the text that it is about. */
export interface Run {
  result: Result;
  /** The rule's and the events' text at that time. */
  rule: string;
  text: string;
}

/** What the view asks of the page. */
export interface Actions {
  /** Show part of the events' text. */
  jump(from: number, to: number, focus: boolean): void;
  /** The line of an offset in the events' text. */
  line(offset: number): number;
  /** The alert document of a match. */
  alert(match: Match): Promise<string | null>;
}

type Filter = "matched" | "unmatched" | "rejected";

const FILTERS: readonly { id: Filter; label: string }[] = [
  { id: "matched", label: "Matched" },
  { id: "unmatched", label: "Not matched" },
  { id: "rejected", label: "Rejected" },
];

/** Rows added at a time. */
const PAGE = 80;

/** An entry of the list, before it is drawn. */
interface Item {
  event: number;
  match?: Match;
  rejection?: Rejection;
}

/** The pane that shows what became of the events. */
export class ResultsView {
  readonly #parent: HTMLElement;
  readonly #filters: HTMLElement;
  readonly #actions: Actions;
  #filter: Filter = "matched";
  #run: Run | undefined;
  /** The events that are opened, so that they stay so while the rule is being edited. */
  #open = new Map<string, Tab>();
  #more: IntersectionObserver | undefined;

  constructor(parent: HTMLElement, filters: HTMLElement, actions: Actions) {
    this.#parent = parent;
    this.#filters = filters;
    this.#actions = actions;
    parent.addEventListener("keydown", (event) => this.#move(event));
  }

  /** Shows a run. */
  show(run: Run): void {
    const scroll = run.text === this.#run?.text ? this.#parent.scrollTop : 0;
    if (run.text !== this.#run?.text) this.#open.clear();
    this.#run = run;
    this.#parent.classList.remove("stale");
    const { matchCount, rejectedCount } = run.result;
    // Follow the news, but do not take the list away that somebody is reading.
    if (this.#filter === "rejected" && rejectedCount === 0) this.#filter = "matched";
    if (this.#filter === "matched" && matchCount === 0 && rejectedCount > 0 && rejectedCount === run.result.fates.length) {
      this.#filter = "rejected";
    }
    this.#draw();
    this.#parent.scrollTop = scroll;
  }

  /** A newer run is under way. */
  stale(): void {
    this.#parent.classList.add("stale");
  }

  /** There is nothing to show, for a reason. */
  message(title: string, text: string, action?: { label: string; run(): void }): void {
    this.#run = undefined;
    this.#parent.classList.remove("stale");
    this.#filters.replaceChildren();
    this.#parent.replaceChildren(empty(title, text, action));
  }

  #draw(): void {
    const run = this.#run!;
    const { result } = run;
    const items = itemsOf(result, this.#filter);
    const unmatched = result.fates.reduce((sum, fate) => sum + (fate === Fate.Unmatched ? 1 : 0), 0);
    const counts: Record<Filter, number> = { matched: result.matchCount, unmatched, rejected: result.rejectedCount };
    this.#filters.replaceChildren(
      ...FILTERS.filter(({ id }) => id !== "rejected" || counts.rejected > 0).map(({ id, label }) =>
        h(
          "button",
          {
            type: "button",
            class: id,
            aria: { pressed: String(id === this.#filter) },
            onclick: () => {
              this.#filter = id;
              this.#draw();
              this.#filters.querySelector<HTMLElement>(`.${id}`)?.focus();
            },
          },
          label,
          " ",
          h("span", { class: "count" }, counts[id].toLocaleString("en")),
        ),
      ),
    );
    this.#more?.disconnect();
    this.#parent.scrollTop = 0;
    if (items.length === 0) {
      this.#parent.replaceChildren(this.#nothing(run));
      return;
    }
    const list = h("ul", { class: "list" });
    const tail = h("div", { class: "more" });
    this.#parent.replaceChildren(list, tail);
    let drawn = 0;
    const page = (): void => {
      list.append(...items.slice(drawn, drawn + PAGE).map((item) => this.#row(run, item)));
      drawn = Math.min(items.length, drawn + PAGE);
      if (drawn < items.length) return;
      this.#more?.disconnect();
      const hidden = counts[this.#filter] - items.length;
      tail.textContent = hidden > 0 ? `and ${count(hidden, "more")}, not listed here` : "";
    };
    this.#more = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && page(), {
      root: this.#parent,
      rootMargin: "600px",
    });
    page();
    if (drawn < items.length) this.#more.observe(tail);
  }

  #nothing({ result, rule }: Run): HTMLElement {
    const total = result.fates.length;
    if (total === 0) return empty("No events yet", "Paste events as NDJSON or as a JSON array, or drop a file on the left.");
    const { rules } = result.report;
    if (rule.trim() === "") return empty("No rule yet", "Write an EQL query on the left, or choose an example.");
    const failed = rules.length === 0 || rules.some(({ status }) => status === "failed");
    if (failed && this.#filter === "matched") {
      return empty("The rule has an error", "Mend it and the matches appear here. What is wrong is said below the rule.");
    }
    const skipped = rules.find(({ status }) => typeof status === "object" && "skipped" in status);
    if (skipped && typeof skipped.status === "object" && "skipped" in skipped.status && this.#filter === "matched") {
      return empty("This rule is not evaluated", sentence(skipped.status.skipped.reason));
    }
    if (this.#filter === "unmatched") return empty("Every event matches", "The rule might be wider than you want.");
    return empty("No event matches", `The rule looked at ${count(total, "event")}. Loosen a condition, or see what it passed over.`, {
      label: "Show the events that do not match",
      run: () => {
        this.#filter = "unmatched";
        this.#draw();
      },
    });
  }

  #row(run: Run, item: Item): HTMLElement {
    const from = run.result.starts[item.event] ?? 0;
    const to = run.result.ends[item.event] ?? from;
    const text = run.text.slice(from, to);
    if (item.rejection) return this.#rejection(item.rejection, text, from, to);

    const event = parse(text);
    const { time, date, host, user, action, subject, object, source } = facts(event);
    const rule = item.match && run.result.report.rules.length > 1 ? ruleName(run.result, item.match.rule) : "";
    const line = this.#actions.line(from);
    const lines = item.match?.events.map((event) => this.#actions.line(run.result.starts[event] ?? 0)) ?? [];
    const keys = item.match?.join_keys?.map((key) => String(key)).join(" · ");
    const row = h("li", { class: `event ${item.match ? "matched" : ""}` });
    const detail = h("div", { class: "detail", hidden: true });
    const { match } = item;
    const key = `${item.event}:${match?.rule ?? ""}:${keys ?? ""}`;
    const toggle = (open: boolean): void => {
      if (open && !detail.hasChildNodes()) {
        const alert = match ? () => this.#actions.alert(match) : null;
        detail.append(...detailView(text, alert, this.#open.get(key) ?? "event", (tab) => this.#open.set(key, tab)));
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
          if (open) this.#open.set(key, "event");
          else this.#open.delete(key);
          toggle(open);
        },
      },
      icon("m4.5 2.5 3.5 3.5-3.5 3.5"),
    );
    const what = [subject, object].filter((part, at, all) => part && all.indexOf(part) === at);
    row.append(
      h(
        "div",
        { class: "event-head", onclick: (click) => this.#actions.jump(from, to, click.detail === 0) },
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
        h("div", { class: "event-side" }, h("span", { class: "line" }, places(lines.length > 1 ? lines : [line])), expand),
      ),
      detail,
    );
    if (this.#open.has(key)) toggle(true);
    return row;
  }

  #rejection({ message, offset }: Rejection, text: string, from: number, to: number): HTMLElement {
    const at = new ByteOffsets(text).toUtf16(offset);
    const line = this.#actions.line(from);
    return h(
      "li",
      { class: "event rejected rejection" },
      h(
        "div",
        { class: "event-head", onclick: (click) => this.#actions.jump(Math.min(from + at, to), to, click.detail === 0) },
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

  /** Arrow keys walk through the list. */
  #move(event: KeyboardEvent): void {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    if (!(event.target instanceof HTMLElement) || !event.target.matches(".jump, .expand")) return;
    const row = event.target.closest("li");
    const next = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
    const target = next?.querySelector<HTMLElement>(event.target.matches(".expand") ? ".expand, .jump" : ".jump");
    if (!target) return;
    event.preventDefault();
    target.focus();
  }
}

function itemsOf(result: Result, filter: Filter): Item[] {
  if (filter === "matched") return result.matches.map((match) => ({ match, event: match.events.at(-1)! }));
  if (filter === "rejected") return result.rejections.map((rejection) => ({ rejection, event: rejection.event }));
  const items: Item[] = [];
  for (const [event, fate] of result.fates.entries()) {
    if (fate === Fate.Unmatched) items.push({ event });
    if (items.length === 10_000) break;
  }
  return items;
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // The engine reads some texts that JavaScript does not; the row is then as bare as this.
  }
}

function empty(title: string, text: string, action?: { label: string; run(): void }): HTMLElement {
  return h(
    "div",
    { class: "empty" },
    h("h3", {}, title),
    h("p", {}, text),
    action && h("button", { type: "button", class: "button", onclick: action.run }, action.label),
  );
}
