import type { Match, Span } from "@tripline/engine";
import { MAX_REASONS, Fate, type Result } from "../engine/protocol.js";
import type { Explained, Reason } from "../explain/words.js";
import type { Trace } from "../timeline/trace.js";
import type { Sheets, Tab } from "./detail.js";
import { code, count, h } from "./dom.js";
import { empty, nothing, type Action } from "./empty.js";
import { filterButtons, type View } from "./filters.js";
import { eventRow, place, rejectionRow, type Around, type Item } from "./row.js";
import { TimelineView } from "./timeline.js";
import { whyView } from "./why.js";

/** A result with the text that it is about. */
export interface Run {
  result: Result;
  /** The rule's and the events' text at that time. */
  rule: string;
  text: string;
}

/** What the view asks of the page. What it asks of the engine is null when there is a newer run. */
export interface Actions {
  /** Show part of the events' text. */
  jump(from: number, to: number, focus: boolean): void;
  /** Light part of the events' text up, without taking the reader there. */
  point(from: number, to: number): void;
  /** The line of an offset in the events' text. */
  line(offset: number): number;
  /** The alert document of a match. */
  alert(match: Match): Promise<string | null>;
  /** Why an event matches or does not. */
  why(event: number): Promise<Explained | null>;
  /** The same in a line, of several events. */
  reasons(events: number[]): Promise<Reason[] | null>;
  /** What a sequence or sample made of the events. */
  trace(): Promise<Trace | null>;
  /** Light a part of the rule up, or none; go to it. */
  light(rule: string, span: Span | null): void;
  reveal(rule: string, span: Span): void;
}

/** Rows added at a time. */
const PAGE = 80;
/** Above this size of the events, what takes all of them to answer is asked once the typing pauses. */
const LARGE = 1 << 20;
const PAUSE = 400;

/** The pane that shows what became of the events. */
export class ResultsView {
  readonly #parent: HTMLElement;
  readonly #filters: HTMLElement;
  readonly #actions: Actions;
  readonly #timeline: TimelineView;
  /** What was chosen. It is kept while it cannot be shown, as when a slip makes a sequence no rule for a moment. */
  #view: View = "matched";
  #run: Run | undefined;
  readonly #open = new Map<string, Tab | undefined>();
  #more: IntersectionObserver | undefined;
  /** Whether a newer run is under way. */
  #stale = false;

  constructor(parent: HTMLElement, filters: HTMLElement, actions: Actions) {
    this.#parent = parent;
    this.#filters = filters;
    this.#actions = actions;
    this.#timeline = new TimelineView(parent, () => this.#choose("unmatched"));
    parent.addEventListener("keydown", (event) => this.#move(event));
  }

  /** Shows a run. */
  show(run: Run): void {
    const scroll = run.text === this.#run?.text ? this.#parent.scrollTop : 0;
    if (run.text !== this.#run?.text) this.#open.clear();
    this.#run = run;
    this.#setStale(false);
    const { matchCount, rejectedCount } = run.result;
    // Follow the news, but do not take the list away that somebody is reading.
    if (this.#view === "rejected" && rejectedCount === 0) this.#view = "matched";
    if (this.#view === "matched" && matchCount === 0 && rejectedCount > 0 && rejectedCount === run.result.fates.length) {
      this.#view = "rejected";
    }
    this.#draw();
    this.#parent.scrollTop = scroll;
  }

  /** Another rule, with other events: what was looked at in those before is of no interest. */
  fresh(): void {
    this.#view = "matched";
    this.#timeline.forget();
  }

  /** A newer run is under way. */
  stale(): void {
    this.#setStale(true);
  }

  /** There is nothing to show, for a reason. */
  message(title: string, text: string, action?: Action): void {
    this.#run = undefined;
    this.#setStale(false);
    this.#filters.replaceChildren();
    this.#timeline.leave();
    this.#parent.replaceChildren(empty(title, text, action));
  }

  #setStale(stale: boolean): void {
    this.#stale = stale;
    this.#parent.classList.toggle("stale", stale);
  }

  /** Asks what may take the engine a while, unless something newer comes up while the typing goes on. */
  async #askLater<T>(run: Run, ask: () => Promise<T | null>): Promise<T | null> {
    if (run.result.correlates && run.result.bytes > LARGE) await new Promise((resolve) => setTimeout(resolve, PAUSE));
    return this.#run === run && !this.#stale ? ask() : null;
  }

  #choose(view: View): void {
    this.#view = view;
    this.#parent.scrollTop = 0;
    this.#draw();
  }

  #draw(): void {
    const run = this.#run!;
    const { result } = run;
    const unmatched = result.fates.reduce((sum, fate) => sum + (fate === Fate.Unmatched ? 1 : 0), 0);
    const counts = { matched: result.matchCount, unmatched, rejected: result.rejectedCount };
    const timeline = result.correlates && explains(result) && result.fates.length > 0;
    const view = this.#view === "timeline" && !timeline ? "matched" : this.#view;
    const views = [
      { view: "matched" as const, count: counts.matched },
      { view: "unmatched" as const, count: counts.unmatched },
      ...(counts.rejected > 0 ? [{ view: "rejected" as const, count: counts.rejected }] : []),
      ...(timeline ? [{ view: "timeline" as const }] : []),
    ];
    filterButtons(this.#filters, views, view, (view) => this.#choose(view));
    this.#more?.disconnect();
    this.#actions.light(run.rule, null);
    if (view === "timeline") this.#drawTimeline(run);
    else this.#drawList(run, view, counts[view]);
  }

  #drawList(run: Run, view: Exclude<View, "timeline">, total: number): void {
    this.#timeline.leave();
    const items = itemsOf(run.result, view);
    if (items.length === 0) {
      this.#parent.replaceChildren(nothing(run.result, run.rule, view === "matched" ? "matched" : "others", () => this.#choose("unmatched")));
      return;
    }
    const around = this.#around(run, view === "unmatched" && explains(run.result));
    const list = h("ul", { class: "list" });
    const tail = h("div", { class: "more" });
    this.#parent.replaceChildren(list, tail);
    let drawn = 0;
    const page = (): void => {
      const next = items.slice(drawn, drawn + PAGE);
      const rows = next.map((item) => (item.rejection ? rejectionRow(around, item.rejection) : eventRow(around, item)));
      list.append(...rows);
      if (around.reasons) void this.#tellReasons(run, next, rows);
      drawn = Math.min(items.length, drawn + PAGE);
      if (drawn < items.length) return;
      this.#more?.disconnect();
      const hidden = total - items.length;
      tail.textContent = hidden > 0 ? `and ${count(hidden, "more")}, not listed here` : "";
    };
    this.#more = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && page(), {
      root: this.#parent,
      rootMargin: "600px",
    });
    page();
    if (drawn < items.length) this.#more.observe(tail);
  }

  /** Puts the reason into rows that were just drawn: all in one question, since the rule is read once for it. */
  async #tellReasons(run: Run, items: readonly Item[], rows: readonly HTMLElement[]): Promise<void> {
    const events = items.slice(0, MAX_REASONS).map(({ event }) => event);
    const reasons = await this.#askLater(run, () => this.#actions.reasons(events));
    const texts = new Map(reasons?.map(({ event, text }) => [event, text]));
    for (const [at, { event }] of items.entries()) {
      const text = texts.get(event);
      const place = rows[at]?.querySelector(".reason");
      if (text === undefined || !place) continue;
      // It may start with the name of a field, so it does not become a sentence.
      place.replaceChildren(...code(text));
      if (place instanceof HTMLElement) place.title = text;
    }
  }

  #drawTimeline(run: Run): void {
    const around = this.#around(run, false);
    const isCurrent = (): boolean => this.#run === run && !this.#stale && this.#view === "timeline";
    void this.#timeline.show(() => this.#askLater(run, () => this.#actions.trace()), isCurrent, {
      line: (event) => this.#actions.line(place(around, event).from),
      text: (event) => place(around, event).text,
      matchOf: (events) => run.result.matches.find((match) => match.events.join() === events.join()),
      matched: (event) => run.result.fates[event] === Fate.Matched,
      sheets: around.sheets,
      point: (event) => this.#actions.point(place(around, event).from, place(around, event).to),
      jump: (event) => this.#actions.jump(place(around, event).from, place(around, event).to, true),
      light: (span) => this.#actions.light(run.rule, span),
      reveal: (span) => this.#actions.reveal(run.rule, span),
    });
  }

  #around(run: Run, reasons: boolean): Around {
    const { result, text, rule } = run;
    const spans = {
      light: (span: Span | null) => this.#actions.light(rule, span),
      reveal: (span: Span) => this.#actions.reveal(rule, span),
    };
    return {
      result,
      text,
      reasons,
      open: this.#open,
      line: (offset) => this.#actions.line(offset),
      jump: (from, to, focus) => this.#actions.jump(from, to, focus),
      sheets: (event, match): Sheets => ({
        event: place({ result, text }, event).text,
        why: explains(result)
          ? async () => {
              const explained = await this.#actions.why(event);
              return explained && whyView(explained, spans);
            }
          : undefined,
        alert: match && (() => this.#actions.alert(match)),
      }),
    };
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

/** Whether there is something to explain: one rule, which compiled. Of several only the first would be explained. */
function explains({ report: { rules } }: Result): boolean {
  const [rule] = rules;
  return rules.length === 1 && typeof rule?.status === "object" && "compiled" in rule.status;
}

function itemsOf(result: Result, view: Exclude<View, "timeline">): Item[] {
  if (view === "matched") return result.matches.map((match) => ({ match, event: match.events.at(-1)! }));
  if (view === "rejected") return result.rejections.map((rejection) => ({ rejection, event: rejection.event }));
  const items: Item[] = [];
  for (const [event, fate] of result.fates.entries()) {
    if (fate === Fate.Unmatched) items.push({ event });
    if (items.length === 10_000) break;
  }
  return items;
}
