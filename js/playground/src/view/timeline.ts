import type { Match, Span } from "@tripline/engine";
import { lanes, type Attempt, type Lane, type Mark } from "../timeline/lanes.js";
import { layOut, type Bounds } from "../timeline/layout.js";
import { shortOutcome } from "../timeline/words.js";
import type { Trace } from "../timeline/trace.js";
import { detailView, type Sheets, type Tab } from "./detail.js";
import { count, h, icon } from "./dom.js";
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
/** What a label takes beside its text: its sign, and air. */
const LABEL = 28;

/** What of the timeline somebody looks at. */
interface Selected {
  lane: string;
  event: number;
  /** The events of the mark that was chosen, which this is one of. */
  among: readonly number[];
  match: Match | undefined;
}

/** What a sequence or sample made of the events: one lane per join key along one axis. */
export class TimelineView {
  readonly #parent: HTMLElement;
  readonly #showUnmatched: () => void;
  readonly #root = h("div", { class: "tl" });
  #trace: Trace | undefined;
  #lanes: Lane[] = [];
  #host: Host | undefined;
  #shown = LANES;
  readonly #wide = new Set<string>();
  #selected: Selected | undefined;
  #tab: Tab | undefined;
  /** Whether the picture may be wider than the pane, rather than that events pile up. */
  #spread = false;
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
    if (!isCurrent() || trace === null) return; // The next run is on its way, and will draw this again.
    this.#root.classList.remove("waiting");
    this.#trace = trace;
    this.#host = host;
    this.#lanes = lanes(trace);
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

  /** Draws everything. A scroll bar that appears takes some of the width, so that it is drawn once more. */
  #render(isSecond = false): void {
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
    const label = (attempt: Attempt): number => measure(shortOutcome(attempt, trace.terms)) + LABEL;
    const bounds = (lane: Lane): Bounds => (this.#wide.has(idOf(lane)) ? MANY : FEW);
    const layout = layOut(shown, Math.max(120, this.#width - 2 * PAD), label, bounds, this.#spread);
    const rest = this.#lanes.length - shown.length;

    this.#root.style.setProperty("--pad", `${PAD}px`);
    this.#root.style.setProperty("--view", `${this.#width}px`);
    this.#root.style.setProperty("--whole", `${layout.width + 2 * PAD}px`);
    this.#root.replaceChildren(
      overview(trace, this.#lanes.length, host, layout.scale.crowded ? this.#spreader() : undefined),
      axis(layout.scale, PAD),
      h(
        "div",
        { class: "tl-body" },
        grid(layout.scale, PAD),
        h(
          "ul",
          { class: "tl-lanes", aria: { label: "What happened, by join key" } },
          ...layout.lanes.map((placed, at) => {
            const lane = shown[at]!;
            const id = idOf(lane);
            const view = laneView(placed, lane, {
              trace,
              host,
              selected: this.#selected?.lane === id ? this.#selected.event : undefined,
              select: (marks, attempt) => this.#choose(id, marks, attempt),
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
    if (!isSecond && this.#parent.clientWidth !== this.#width) this.#render(true);
  }

  #focused(): Pick<Selected, "lane" | "event"> | undefined {
    const mark = this.#root.contains(document.activeElement) ? document.activeElement : null;
    if (!(mark instanceof HTMLElement) || !mark.matches(".tl-mark")) return undefined;
    return { lane: mark.dataset["lane"] ?? "", event: Number.parseInt(mark.dataset["events"] ?? "", 10) };
  }

  /** Shows the first event of a mark, or no more when one of them is shown. */
  #choose(lane: string, marks: readonly Mark[], attempt: Attempt | undefined): void {
    const among = marks.map(({ event }) => event);
    const shown = this.#selected;
    const again = shown?.lane === lane && among.includes(shown.event);
    const match = attempt?.outcome === "completed" ? this.#host?.matchOf(attempt.marks.map(({ event }) => event)) : undefined;
    this.#select(again ? undefined : { lane, event: among[0]!, among, match });
  }

  #select(selected: Selected | undefined): void {
    this.#selected = selected;
    this.#detail = undefined;
    if (selected) this.#host?.point(selected.event);
    this.#render();
    this.#root.querySelector(".tl-detail")?.scrollIntoView({ block: "nearest" });
  }

  #detailOf(selected: Selected, host: Host): HTMLElement {
    if (this.#detail) return this.#detail;
    const { event, match } = selected;
    const views = detailView(host.sheets(event, match), tabsOf(host.matched(event)), this.#tab, (tab) => (this.#tab = tab));
    const line = host.line(event);
    const go = h("button", { type: "button", class: "button quiet small", title: "Show it among the events", onclick: () => host.jump(event) }, `Line ${line}`);
    views[0]?.append(...this.#steps(selected), go);
    this.#detail = h("div", { class: "detail tl-detail", role: "region", aria: { label: `The event in line ${line}` } }, ...views);
    return this.#detail;
  }

  #spreader(): HTMLElement {
    const onclick = (): void => {
      this.#spread = !this.#spread;
      this.#render();
      this.#root.querySelector<HTMLElement>(".tl-spread")?.focus();
    };
    const title = "Draw every event by itself; the picture is then wider than the pane";
    return h("button", { type: "button", class: "button quiet small tl-spread", title, aria: { pressed: String(this.#spread) }, onclick }, "Spread out");
  }

  /** Leads through the events of one mark. */
  #steps(selected: Selected): HTMLElement[] {
    const { event, among } = selected;
    if (among.length < 2) return [];
    const at = among.indexOf(event);
    const step = (by: -1 | 1, label: string, path: string): HTMLElement => {
      const to = among[at + by];
      const onclick = (): void => {
        if (to === undefined) return;
        this.#select({ ...selected, event: to });
        this.#detail?.querySelector<HTMLElement>(`[aria-label="${label}"]`)?.focus();
      };
      return h("button", { type: "button", class: "button quiet small icon", disabled: to === undefined, aria: { label }, onclick }, icon(path));
    };
    return [
      step(-1, "The event before", "m7.5 2.5-3.5 3.5 3.5 3.5"),
      h("span", { class: "tl-nth" }, `${at + 1} of ${among.length}`),
      step(1, "The event after", "m4.5 2.5 3.5 3.5-3.5 3.5"),
    ];
  }
}

function idOf({ key }: Lane): string {
  return JSON.stringify(key);
}

function isMark(mark: HTMLElement, wanted: Pick<Selected, "lane" | "event"> | undefined): boolean {
  return wanted !== undefined && mark.dataset["lane"] === wanted.lane && mark.dataset["events"]?.includes(` ${wanted.event} `) === true;
}

/** Measures text as the labels have it. */
function measurer(element: HTMLElement): (text: string) => number {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return (text) => text.length * 6.5;
  context.font = `500 12px ${getComputedStyle(element).fontFamily}`;
  return (text) => context.measureText(text).width;
}
