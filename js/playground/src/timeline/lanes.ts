import type { JoinKey, Pending, Step, Term } from "@tripline/engine";
import type { Seen, Trace } from "./trace.js";

/** An event in a lane. */
export interface Mark {
  event: number;
  /** Milliseconds since 1970; where an event does not say, that of the event before it. */
  time: number;
  /** The term that it is there for, by index. */
  term: number;
}

/** What became of a partial match. `lost`: the steps that would tell were left out. */
export type Outcome = Exclude<Step["what"], "started" | "advanced" | "waiting"> | "open" | "lost";

/** A partial match, from its first event to its end. */
export interface Attempt {
  outcome: Outcome;
  /** The events that it collected, in the order of the sequence. */
  marks: Mark[];
  /** The events that ended it, or that had to be missing. */
  against: Mark[];
  /** When time ended it, or will; absent when an event did, or nothing will. */
  end?: number;
  /** The terms that an open one waits for, by index; none when it waits for time to pass. */
  waits: number[];
}

/** What happened under one join key. */
export interface Lane {
  key: JoinKey[];
  /** Matches first, then what is open, then what was dropped, the furthest first. */
  attempts: Attempt[];
  /** Events that a term matched and nothing came of. */
  loose: Mark[];
}

/** Sorts what happened by join key: lanes with matches first, then with what is open, then those that came furthest. */
export function lanes(trace: Trace): Lane[] {
  const builder = new Builder(trace);
  if (trace.query === "sample") builder.sample();
  else builder.sequence();
  return builder.done();
}

class Builder {
  readonly #trace: Trace;
  readonly #seen: Map<number, Seen & { time: number }>;
  /** The term of each event of a complete match. */
  readonly #positions: number[];
  readonly #lanes = new Map<string, Lane>();

  constructor(trace: Trace) {
    this.#trace = trace;
    this.#seen = dated(trace.seen);
    this.#positions = trace.terms.flatMap(({ role, runs }, at) => (role === "term" ? Array<number>(runs).fill(at) : []));
  }

  sequence(): void {
    /** Partial matches that something may still happen to. */
    const live = new Map<string, { key: JoinKey[]; events: number[] }>();
    const id = (key: JoinKey[], events: number[]): string => JSON.stringify([key, events]);
    for (const step of this.#trace.steps) {
      const { key, events, what } = step;
      // It goes on as a longer one.
      live.delete(id(key, events));
      live.delete(id(key, events.slice(0, -1)));
      if (what === "started" || what === "advanced" || what === "waiting") live.set(id(key, events), { key, events });
      else this.#add(key, this.#ended(step, what));
    }
    for (const pending of this.#trace.pending) {
      live.delete(id(pending.key, pending.events));
      this.#add(pending.key, this.#open(pending));
    }
    for (const { key, events } of live.values()) this.#add(key, { outcome: "lost", marks: this.#marks(events), against: [], waits: [] });
  }

  sample(): void {
    for (const step of this.#trace.steps) {
      const { what, key } = step;
      if (what !== "started" && what !== "advanced" && what !== "waiting") this.#add(key, this.#ended(step, what));
    }
    for (const pending of this.#trace.pending) {
      const lacks = pending.lacks ?? [];
      const positions = this.#positions.filter((term) => !lacks.includes(term));
      this.#add(pending.key, { ...this.#open(pending), marks: this.#marks(pending.events, positions), waits: lacks });
    }
  }

  done(): Lane[] {
    this.#oppose();
    this.#addLoose();
    const all = [...this.#lanes.values()];
    for (const lane of all) lane.attempts.sort((a, b) => rank(a) - rank(b) || b.marks.length - a.marks.length || start(a) - start(b));
    return all.sort((a, b) => laneRank(a) - laneRank(b) || furthest(b) - furthest(a));
  }

  #lane(key: JoinKey[]): Lane {
    const id = JSON.stringify(key);
    const lane = this.#lanes.get(id) ?? { key, attempts: [], loose: [] };
    this.#lanes.set(id, lane);
    return lane;
  }

  #add(key: JoinKey[], attempt: Attempt): void {
    this.#lane(key).attempts.push(attempt);
  }

  #ended({ event, events }: Step, outcome: Outcome): Attempt {
    const marks = this.#marks(events);
    const attempt: Attempt = { outcome, marks, against: [], waits: [] };
    const [first] = marks;
    if (outcome === "expired" && this.#trace.maxspan !== null && first) attempt.end = first.time + this.#trace.maxspan;
    const role = outcome === "until" ? "until" : outcome === "missing_after" ? "missing" : undefined;
    if (event !== undefined && role) attempt.against = [this.#mark(event, this.#termOf(event, role))];
    return attempt;
  }

  #open({ events, stage, until }: Pending): Attempt {
    const next = this.#positions[stage];
    const attempt: Attempt = { outcome: "open", marks: this.#marks(events), against: [], waits: next === undefined ? [] : [next] };
    return until === undefined ? attempt : { ...attempt, end: until };
  }

  /** The term of a role that an event is there for. */
  #termOf(event: number, role: Term["role"]): number {
    const { terms } = this.#trace;
    const told = this.#seen.get(event)?.terms.find(({ term }) => terms[term]?.role === role);
    return told?.term ?? terms.findIndex((term) => term.role === role);
  }

  /** Of a partial match that an event ended which came earlier: that event, where it is known. */
  #oppose(): void {
    for (const lane of this.#lanes.values()) {
      const missing = this.#of(lane.key).filter(({ term }) => this.#trace.terms[term]?.role === "missing");
      for (const attempt of lane.attempts) {
        const [from, to] = [start(attempt), attempt.marks.at(-1)?.time ?? 0];
        if (attempt.outcome === "missing_between") attempt.against = missing.filter(({ time }) => time >= from && time <= to);
        if (attempt.outcome === "missing_before") attempt.against = missing.filter(({ time }) => time <= from).slice(-1);
      }
    }
  }

  #addLoose(): void {
    for (const { terms } of this.#seen.values()) for (const { key } of terms) this.#lane(key);
    for (const lane of this.#lanes.values()) {
      const used = new Set(lane.attempts.flatMap(({ marks, against }) => [...marks, ...against]).map(({ event }) => event));
      const once = new Map(this.#of(lane.key).map((mark) => [mark.event, mark]));
      lane.loose = [...once.values()].filter(({ event }) => !used.has(event));
    }
  }

  #byKey: Map<string, Mark[]> | undefined;

  /** The events that a term matched under a key. */
  #of(key: JoinKey[]): Mark[] {
    if (!this.#byKey) {
      this.#byKey = new Map();
      for (const { event, time, terms } of this.#seen.values()) {
        for (const { term, key } of terms) {
          const id = JSON.stringify(key);
          const marks = this.#byKey.get(id);
          if (marks) marks.push({ event, time, term });
          else this.#byKey.set(id, [{ event, time, term }]);
        }
      }
    }
    return this.#byKey.get(JSON.stringify(key)) ?? [];
  }

  #marks(events: readonly number[], positions = this.#positions): Mark[] {
    return events.map((event, at) => this.#mark(event, positions[at] ?? 0));
  }

  #mark(event: number, term: number): Mark {
    return { event, time: this.#seen.get(event)?.time ?? 0, term };
  }
}

/** Gives every event a time: in the order of time, and of the text where that is the same. */
function dated(seen: readonly Seen[]): Map<number, Seen & { time: number }> {
  const known = seen.some(({ time }) => time !== null);
  let last = seen.find(({ time }) => time !== null)?.time ?? 0;
  const all = seen.map((one) => ({ ...one, time: (last = known ? (one.time ?? last) : one.event) }));
  return new Map(all.sort((a, b) => a.time - b.time || a.event - b.event).map((one) => [one.event, one]));
}

function start({ marks }: Attempt): number {
  return marks[0]?.time ?? 0;
}

function rank({ outcome }: Attempt): number {
  return outcome === "completed" ? 0 : outcome === "open" ? 1 : outcome === "replaced" ? 3 : 2;
}

function laneRank({ attempts }: Lane): number {
  return Math.min(4, ...attempts.map(rank));
}

function furthest({ attempts }: Lane): number {
  return Math.max(0, ...attempts.map(({ marks }) => marks.length));
}
