import type { Attempt, Lane, Mark } from "./lanes.js";
import { scale, SPACING, type Scale } from "./scale.js";

/** A mark with its place. */
export interface Placed {
  mark: Mark;
  x: number;
}

/** A partial match in a row of its lane. */
export interface Bar {
  attempt: Attempt;
  row: number;
  marks: Placed[];
  against: Placed[];
  /** Where time ended it, or will. */
  end?: number;
  /** Where its last mark or its end is, behind which its label stands, or before the first one if there is no room. */
  from: number;
  to: number;
  labelBefore: boolean;
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

/** Half a mark and some air: what a row keeps free around a mark. */
const MARGIN = SPACING / 2;
/** Between a bar's end and its label. */
const LABEL_GAP = 8;

/**
 * Places lanes on one axis.
 *
 * @param width What there is for marks and labels.
 * @param labelWidth How wide the label of a partial match is.
 * @param bounds How much of each lane is drawn.
 */
export function layOut(
  lanes: readonly Lane[],
  width: number,
  labelWidth: (attempt: Attempt) => number,
  bounds: (lane: Lane) => Bounds,
): Layout {
  const drawn = lanes.map((lane) => cut(lane, bounds(lane)));
  const times = drawn.map(({ lane }) => timesOf(lane));
  // Labels stand behind the last mark: what sticks out has to be taken from the axis, once it is known.
  let room = width;
  let layout = arrange(drawn, scale(times, room), width, labelWidth);
  for (let round = 0; round < 3 && layout.width > width && room > width / 2; round += 1) {
    room = Math.max(width / 2, room - (layout.width - width));
    layout = arrange(drawn, scale(times, room), width, labelWidth);
  }
  return layout;
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

function arrange(
  lanes: readonly { lane: Lane; more: number }[],
  scale: Scale,
  width: number,
  labelWidth: (attempt: Attempt) => number,
): Layout {
  let widest = Math.max(width, scale.width);
  const arranged = lanes.map(({ lane, more }): LaneLayout => {
    const place = placer(lane, scale);
    const rows = new Rows();
    const bars = lane.attempts.map((attempt): Bar => {
      const marks = attempt.marks.map(place);
      const against = attempt.against.map(place);
      const end = attempt.end === undefined ? undefined : scale.x(attempt.end);
      const places = [...marks, ...against].map(({ x }) => x).concat(end ?? []);
      const [from, to] = [Math.min(...places), Math.max(...places)];
      const label = labelWidth(attempt) + LABEL_GAP;
      const labelBefore = to + MARGIN + label > width && from - MARGIN - label >= 0;
      if (!labelBefore) widest = Math.max(widest, to + MARGIN + label);
      const row = rows.take(from - MARGIN - (labelBefore ? label : 0), to + MARGIN + (labelBefore ? 0 : label));
      return { attempt, row, marks, against, from, to, labelBefore, ...(end !== undefined && { end }) };
    });
    const loose = lane.loose.map((mark) => {
      const placed = place(mark);
      return { ...placed, row: rows.take(placed.x - MARGIN, placed.x + MARGIN) };
    });
    return { lane, rows: Math.max(1, rows.count), bars, loose, more };
  });
  return { scale, width: widest, lanes: arranged };
}

/** Where the events of a lane are: several at one time stand side by side. */
function placer(lane: Lane, scale: Scale): (mark: Mark) => Placed {
  const nth = new Map<number, number>();
  const seen = new Map<number, number>();
  for (const [event, time] of events(lane)) {
    nth.set(event, seen.get(time) ?? 0);
    seen.set(time, (seen.get(time) ?? 0) + 1);
  }
  return (mark) => ({ mark, x: scale.x(mark.time, nth.get(mark.event) ?? 0) });
}

/** Rows of a lane, each taken from the left in pieces that must not overlap. */
class Rows {
  readonly #taken: [number, number][][] = [];

  get count(): number {
    return this.#taken.length;
  }

  /** The first row in which a stretch is free. */
  take(from: number, to: number): number {
    const free = this.#taken.findIndex((row) => row.every(([start, end]) => to <= start || from >= end));
    const row = free < 0 ? this.#taken.push([]) - 1 : free;
    this.#taken[row]!.push([from, to]);
    return row;
  }
}
