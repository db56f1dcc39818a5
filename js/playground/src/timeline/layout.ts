import type { Attempt, Lane, Mark } from "./lanes.js";
import { scale, SPACING, type Scale } from "./scale.js";

/** A mark with its place, or several that are too close to be told apart. */
export interface Placed {
  mark: Mark;
  x: number;
  /** The marks that stand behind this one. */
  behind: Mark[];
}

/** A partial match in a row of its lane. */
export interface Bar {
  attempt: Attempt;
  row: number;
  /** Its events and those that ended it, in the order of time. */
  marks: Placed[];
  /** Where time ended it, or will. */
  end?: number;
  /** Its first mark, and its last or its end. */
  from: number;
  to: number;
  /** Where its label starts: behind it, before it, or below it, as there is room. */
  label: { x: number; row: number };
}

/** A lane with everything in its place. */
export interface LaneLayout {
  lane: Lane;
  rows: number;
  bars: Bar[];
  loose: (Placed & { row: number })[];
  /** Partial matches and events that are not drawn. */
  more: number;
}

/** The whole picture. */
export interface Layout {
  scale: Scale;
  width: number;
  lanes: LaneLayout[];
}

/** How much of a lane is drawn. */
export interface Bounds {
  attempts: number;
  loose: number;
}

/** Marks of one term closer than this are one pile; others step aside. */
const PILE = 17;
/** What the number of a pile takes beside it. */
const NUMBER = 10;
/** Marks of a row; more of one term are a pile, whatever room there is. */
const MOST = 100;
/** Half a mark and some air: what a row keeps free around a mark. */
const MARGIN = SPACING / 2;

/**
 * Places lanes on one axis.
 *
 * @param width What there is for marks and labels.
 * @param labelWidth How wide the label of a partial match is.
 * @param bounds How much of each lane is drawn.
 * @param spread Rather be wider than pile events up.
 */
export function layOut(
  lanes: readonly Lane[],
  width: number,
  labelWidth: (attempt: Attempt) => number,
  bounds: (lane: Lane) => Bounds,
  spread = false,
): Layout {
  const drawn = lanes.map((lane) => cut(lane, bounds(lane)));
  const axis = scale(drawn.map(({ lane }) => timesOf(lane)), width, spread);
  return { scale: axis, width: axis.width, lanes: drawn.map(({ lane, more }) => arrange(lane, more, axis, labelWidth)) };
}

function cut(lane: Lane, bounds: Bounds): { lane: Lane; more: number } {
  const attempts = lane.attempts.slice(0, bounds.attempts);
  const loose = lane.loose.slice(0, bounds.loose);
  return { lane: { ...lane, attempts, loose }, more: lane.attempts.length - attempts.length + lane.loose.length - loose.length };
}

/** When something happens in a lane: each event once, and the ends. */
function timesOf(lane: Lane): number[] {
  return [...events(lane).values()].concat(lane.attempts.flatMap(({ end }) => end ?? []));
}

function events({ attempts, loose }: Lane): Map<number, number> {
  const marks = [...attempts.flatMap(({ marks, against }) => [...marks, ...against]), ...loose];
  return new Map(marks.sort((a, b) => a.time - b.time || a.event - b.event).map(({ event, time }) => [event, time]));
}

function arrange(lane: Lane, more: number, scale: Scale, labelWidth: (attempt: Attempt) => number): LaneLayout {
  const place = placer(lane, scale);
  const rows = new Rows();
  const bars = lane.attempts.map((attempt): Bar => {
    const marks = pile([...attempt.marks, ...attempt.against], place);
    const end = attempt.end === undefined ? undefined : scale.x(attempt.end);
    const places = marks.map(({ x }) => x).concat(end ?? []);
    const [from, to] = [Math.min(...places), Math.max(...places)];
    const number = end === undefined && (marks.at(-1)?.behind.length ?? 0) > 0 ? NUMBER : 0;
    const [left, right] = [from - MARGIN, to + MARGIN + number];
    const wide = labelWidth(attempt);
    const bar = { attempt, marks, from, to, ...(end !== undefined && { end }) };
    if (right + wide <= scale.width + MARGIN) {
      const row = rows.take(left, right + wide);
      return { ...bar, row, label: { x: right, row } };
    }
    if (left - wide >= -MARGIN) {
      const row = rows.take(left - wide, right);
      return { ...bar, row, label: { x: left - wide, row } };
    }
    const row = rows.take(left, right);
    const x = Math.max(-MARGIN, Math.min(left, scale.width + MARGIN - wide));
    return { ...bar, row, label: { x, row: rows.take(x, x + wide, row + 1) } };
  });
  const loose = pile(lane.loose, place).map((placed) => ({ ...placed, row: rows.take(placed.x - MARGIN, placed.x + MARGIN) }));
  return { lane, rows: Math.max(1, rows.count), bars, loose, more };
}

/** Where the events of a lane are: several at one time stand side by side. */
function placer(lane: Lane, scale: Scale): (mark: Mark) => number {
  const nth = new Map<number, number>();
  const seen = new Map<number, number>();
  for (const [event, time] of events(lane)) {
    nth.set(event, seen.get(time) ?? 0);
    seen.set(time, (seen.get(time) ?? 0) + 1);
  }
  return (mark) => scale.x(mark.time, nth.get(mark.event) ?? 0);
}

/** Puts marks of a row in their places, from left to right, and what would cover another of its kind behind that. */
function pile(marks: readonly Mark[], place: (mark: Mark) => number): Placed[] {
  const piles: Placed[] = [];
  const placed = marks.map((mark) => ({ mark, x: place(mark) })).sort((a, b) => a.x - b.x);
  let reached = -Infinity;
  for (const { mark, x } of placed) {
    const last = piles.at(-1);
    if (last && last.mark.term === mark.term && (x - reached < PILE || piles.length >= MOST)) last.behind.push(mark);
    else piles.push({ mark, x: Math.max(x, last ? last.x + PILE + (last.behind.length > 0 ? NUMBER : 0) : x), behind: [] });
    reached = x;
  }
  return piles;
}

/** Rows of a lane, each taken from the left in pieces that must not overlap. */
class Rows {
  readonly #taken: [number, number][][] = [];

  get count(): number {
    return this.#taken.length;
  }

  /** The first row, from one on, in which a stretch is free. */
  take(from: number, to: number, first = 0): number {
    let row = first;
    while (this.#taken[row]?.some(([start, end]) => to > start && from < end)) row += 1;
    while (this.#taken.length <= row) this.#taken.push([]);
    this.#taken[row]!.push([from, to]);
    return row;
  }
}
