import type { Match, Span } from "@tripline/engine";
import { lanes, type Attempt, type Lane, type Mark } from "../timeline/lanes.js";
import { layOut, type Bounds } from "../timeline/layout.js";
import { shortOutcome } from "../timeline/words.js";
import type { Trace } from "../timeline/trace.js";
import { detailView, type Sheets, type Tab } from "./detail.js";
import { count, h } from "./dom.js";
import { empty } from "./empty.js";
import { tabsOf } from "./row.js";
import { leftOut, overview } from "./timeline-about.js";
import { axis, grid } from "./timeline-axis.js";
import { laneView } from "./timeline-lane.js";
import { walk } from "./timeline-walk.js";

/** What the timeline asks of the list that it stands in for. Events are told by their ordinals. */
export interface Host {
  line(event: number): number;
  text(event: number): string;
  matchOf(events: readonly number[]): Match | undefined;
  matched(event: number): boolean;
  sheets(event: number, match: Match | undefined): Sheets;
  point(event: number): void;
  jump(event: number): void;
  light(span: Span | null): void;
  reveal(span: Span): void;
}

/** Lanes shown at first, and added at a time. */
const LANES = 50;
/** What is drawn of a lane at first, and when somebody wants more. */
const FEW: Bounds = { attempts: 6, loose: 12 };
const MANY: Bounds = { attempts: 60, loose: 200 };
/** Air at both ends of the axis. */
const PAD = 22;

/** What of the timeline somebody looks at. */
interface Selected {
  lane: string;
  event: number;
  match: Match | undefined;
}

/** What a sequence or sample made of the events: one lane per join key along one axis. */
export class TimelineView {
  readonly #parent: HTMLElement;
  readonly #showUnmatched: () => void;
  readonly #root = h("div", { class: "timeline" });
  #trace: Trace | undefined;
  #lanes: Lane[] = [];
  #host: Host | undefined;
  #shown = LANES;
  readonly #wide = new Set<string>();
  #selected: Selected | undefined;
  #tab: Tab | undefined;
  #detail: HTMLElement | undefined;
  #width = 0;

  constructor(parent: HTMLElement, showUnmatched: () => void) {
    this.#parent = parent;
    this.#showUnmatched = showUnmatched;
    walk(this.#root);
    new ResizeObserver(() => {
      if (this.#root.isConnected && this.#trace && Math.abs(parent.clientWidth - this.#width) > 1) this.#render();
    }).observe(parent);
  }

  /** Asks for what happened, and shows it unless the page has moved on meanwhile. */
  async show(ask: () => Promise<Trace | null>, isCurrent: () => boolean, host: Host): Promise<void> {
    if (!this.#root.isConnected) {
      this.#parent.replaceChildren(this.#root);
      this.#root.replaceChildren(h("p", { class: "tl-wait" }, "Putting the events in order…"));
    }
    this.#root.classList.add("waiting");
    const trace = await ask();
    if (!isCurrent()) return;
    this.#root.classList.remove("waiting");
    this.#trace = trace ?? undefined;
    this.#host = host;
    this.#lanes = trace ? lanes(trace) : [];
    this.#detail = undefined;
    this.#render();
  }

  /** The list takes its place. */
  leave(): void {
    this.#root.remove();
    this.#trace = undefined;
  }

  /** What was looked at does not matter for what comes next. */
  forget(): void {
    this.#shown = LANES;
    this.#wide.clear();
    this.#selected = undefined;
    this.#tab = undefined;
  }

  #render(): void {
    const trace = this.#trace;
    const host = this.#host;
    if (!trace || !host) return;
    if (this.#lanes.length === 0) {
      this.#root.replaceChildren(
        empty("No event is one for any term", "A sequence starts with an event for its first term. See why there is none.", {
          label: "Show the events that do not match",
          run: this.#showUnmatched,
        }),
      );
      return;
    }
    const focused = this.#focused();
    this.#width = this.#parent.clientWidth;
    const shown = this.#lanes.slice(0, this.#shown);
    const measure = measurer(this.#root);
    const label = (attempt: Attempt): number => measure(shortOutcome(attempt, trace.terms)) + 22;
    const bounds = (lane: Lane): Bounds => (this.#wide.has(idOf(lane)) ? MANY : FEW);
    const layout = layOut(shown, Math.max(120, this.#width - 2 * PAD), label, bounds);
    const rest = this.#lanes.length - shown.length;

    this.#root.style.setProperty("--pad", `${PAD}px`);
    this.#root.style.setProperty("--view", `${this.#width}px`);
    this.#root.style.setProperty("--whole", `${layout.width + 2 * PAD}px`);
    this.#root.replaceChildren(
      overview(trace, this.#lanes.length, host),
      axis(layout.scale),
      h(
        "div",
        { class: "tl-body" },
        grid(layout.scale),
        h(
          "ul",
          { class: "tl-lanes", aria: { label: "What happened, by join key" } },
          ...layout.lanes.map((placed) => {
            const lane = shown.find((lane) => idOf(lane) === idOf(placed.lane)) ?? placed.lane;
            const id = idOf(lane);
            const view = laneView(placed, lane, {
              trace,
              host,
              selected: this.#selected?.lane === id ? this.#selected.event : undefined,
              select: (mark, attempt) => this.#select(id, mark, attempt),
              more: () => {
                this.#wide.add(id);
                this.#render();
              },
              wide: this.#wide.has(id),
            });
            if (this.#selected?.lane === id) view.append(this.#detailOf(this.#selected, host));
            return view;
          }),
        ),
      ),
      rest > 0
        ? h(
            "div",
            { class: "tl-more" },
            h(
              "button",
              {
                type: "button",
                class: "button small",
                onclick: () => {
                  this.#shown += LANES;
                  this.#render();
                },
              },
              count(rest, "more key"),
            ),
          )
        : "",
      leftOut(trace),
    );
    const marks = [...this.#root.querySelectorAll<HTMLElement>(".tl-mark")];
    const current = marks.find((mark) => isMark(mark, focused ?? this.#selected)) ?? marks[0];
    if (current) current.tabIndex = 0;
    if (focused) current?.focus({ preventScroll: true });
  }

  #focused(): Pick<Selected, "lane" | "event"> | undefined {
    const mark = this.#root.contains(document.activeElement) ? document.activeElement : null;
    if (!(mark instanceof HTMLElement) || !mark.matches(".tl-mark")) return undefined;
    return { lane: mark.dataset["lane"] ?? "", event: Number(mark.dataset["event"]) };
  }

  /** Shows an event, or no more when it is shown. */
  #select(lane: string, { event }: Mark, attempt: Attempt | undefined): void {
    const again = this.#selected?.lane === lane && this.#selected.event === event;
    const match = attempt?.outcome === "completed" ? this.#host?.matchOf(attempt.marks.map(({ event }) => event)) : undefined;
    this.#selected = again ? undefined : { lane, event, match };
    this.#detail = undefined;
    if (!again) this.#host?.point(event);
    this.#render();
    this.#root.querySelector(".tl-detail")?.scrollIntoView({ block: "nearest" });
  }

  #detailOf({ event, match }: Selected, host: Host): HTMLElement {
    if (this.#detail) return this.#detail;
    const order = tabsOf(host.matched(event));
    const views = detailView(host.sheets(event, match), order, this.#tab, (tab) => (this.#tab = tab));
    const line = host.line(event);
    const go = h("button", { type: "button", class: "button quiet small", title: "Show it among the events", onclick: () => host.jump(event) }, `Line ${line}`);
    views[0]?.append(go);
    this.#detail = h("div", { class: "detail tl-detail", role: "region", aria: { label: `The event in line ${line}` } }, ...views);
    return this.#detail;
  }
}

function idOf({ key }: Lane): string {
  return JSON.stringify(key);
}

function isMark(mark: HTMLElement, wanted: Pick<Selected, "lane" | "event"> | undefined): boolean {
  return wanted !== undefined && mark.dataset["lane"] === wanted.lane && mark.dataset["event"] === String(wanted.event);
}

/** Measures text as the labels have it. */
function measurer(element: HTMLElement): (text: string) => number {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return (text) => text.length * 6.5;
  context.font = `500 12px ${getComputedStyle(element).fontFamily}`;
  return (text) => context.measureText(text).width;
}
