/** What two events of a lane are apart at least, as long as there is room for it. */
export const SPACING = 24;
/** Where there is not, the part of the width that spacing may take; the rest is for time. */
const CROWDED = 0.6;
/** What a gap in which nothing happens is pressed into. */
const BREAK = 52;
/** A gap is one in which nothing happens when it is so many times as long as the usual one, */
const IDLE = 5;
/** and this part of everything. */
const SHARE = 0.08;

/** A gap that is drawn shorter than it is. */
export interface Gap {
  /** The middle of it. */
  x: number;
  ms: number;
}

/** Where times are on the axis that all lanes share. */
export interface Scale {
  width: number;
  /** The place of the nth event of a lane among those that it has at one time. */
  x(time: number, nth?: number): number;
  /** Times that something happened at, in order, each with its place. */
  times: { time: number; x: number }[];
  gaps: Gap[];
  /** Whether events had to move closer together than they should be. */
  crowded: boolean;
}

/** A place on the axis: a time, or the nth of several events that one lane has at one time. */
interface Column {
  time: number;
  nth: number;
  lanes: number[];
}

/**
 * Lays times out so that long gaps do not press everything else together, and so that events of one lane stand side by
 * side. Between those two needs distances are as the time is.
 *
 * @param lanes The times of each lane, as often as something happens at one.
 * @param width What there is.
 * @param spread Rather be wider than move events together.
 */
export function scale(lanes: readonly (readonly number[])[], width: number, spread = false): Scale {
  const columns = columnsOf(lanes);
  const idle = idleGaps(columns);
  let active = 0;
  let breaks = 0;
  for (const [at, column] of columns.entries()) {
    if (at === 0) continue;
    if (idle.has(at)) breaks += 1;
    else active += column.time - columns[at - 1]!.time;
  }
  const end = (measure: number, spacing: number): number => place(columns, idle, measure, spacing).at(-1) ?? 0;
  const crowded = end(0, SPACING) > width;
  const spacing = crowded && !spread ? largest(SPACING, (spacing) => end(0, spacing) <= Math.max(width * CROWDED, end(0, 0))) : SPACING;
  // Keeping events apart takes room, so that less is left for time.
  const most = active > 0 ? Math.max(0, width - breaks * BREAK) / active : 0;
  const measure = largest(most, (measure) => end(measure, spacing) <= width);
  const places = place(columns, idle, measure, spacing);
  const found = new Map(columns.map(({ time, nth }, at) => [`${time}:${nth}`, places[at]!]));
  const firsts = columns.flatMap(({ time, nth }, at) => (nth === 0 ? [{ time, x: places[at]! }] : []));
  return {
    width: Math.max(width, places.at(-1) ?? 0),
    x: (time, nth = 0) => found.get(`${time}:${nth}`) ?? found.get(`${time}:0`) ?? 0,
    times: firsts,
    crowded,
    gaps: [...idle].map((at) => ({ x: (places[at - 1]! + places[at]!) / 2, ms: columns[at]!.time - columns[at - 1]!.time })),
  };
}

/** The largest value up to one that is still allowed, where the smaller are. */
function largest(most: number, isAllowed: (value: number) => boolean): number {
  let [low, high] = [0, most];
  for (let round = 0; round < 24; round += 1) {
    const middle = (low + high) / 2;
    if (isAllowed(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function columnsOf(lanes: readonly (readonly number[])[]): Column[] {
  const columns = new Map<string, Column>();
  for (const [lane, times] of lanes.entries()) {
    const seen = new Map<number, number>();
    for (const time of times) {
      const nth = seen.get(time) ?? 0;
      seen.set(time, nth + 1);
      const id = `${time}:${nth}`;
      const column = columns.get(id) ?? { time, nth, lanes: [] };
      column.lanes.push(lane);
      columns.set(id, column);
    }
  }
  return [...columns.values()].sort((a, b) => a.time - b.time || a.nth - b.nth);
}

/** The columns before which nothing happens for long. */
function idleGaps(columns: readonly Column[]): Set<number> {
  const gaps = columns.map(({ time }, at) => (at === 0 ? 0 : time - columns[at - 1]!.time));
  const usual = gaps.filter((gap) => gap > 0).sort((a, b) => a - b);
  if (usual.length < 3) return new Set();
  const median = usual[(usual.length - 1) >> 1]!;
  const all = usual.reduce((sum, gap) => sum + gap, 0);
  return new Set(gaps.flatMap((gap, at) => (gap > IDLE * median && gap > SHARE * all ? [at] : [])));
}

function place(columns: readonly Column[], idle: ReadonlySet<number>, measure: number, spacing: number): number[] {
  const last = new Map<number, number>();
  let x = 0;
  return columns.map(({ time, lanes }, at) => {
    if (at > 0) x += idle.has(at) ? BREAK : (time - columns[at - 1]!.time) * measure;
    for (const lane of lanes) x = Math.max(x, (last.get(lane) ?? -Infinity) + spacing);
    for (const lane of lanes) last.set(lane, x);
    return x;
  });
}

/** A time with a label. */
export interface Tick {
  time: number;
  x: number;
  /** How far its label stands aside, so that it does not leave the picture. */
  aside: number;
}

/**
 * Which times get a label, so that none covers another: those after a gap first, then from left to right.
 *
 * @param room What a label takes.
 * @param pad What there is before and behind the axis.
 */
export function ticks({ times, gaps, width }: Scale, room: number, pad: number): Tick[] {
  const afterGap = new Set(gaps.map(({ x }) => times.find((one) => one.x > x)));
  const wanted = [...times.filter((one, at) => at === 0 || afterGap.has(one)), ...times];
  const chosen: Tick[] = [];
  for (const { time, x } of wanted) {
    const aside = Math.max(0, room / 2 - pad - x) - Math.max(0, x + room / 2 - width - pad);
    if (chosen.every((other) => Math.abs(other.x + other.aside - x - aside) >= room)) chosen.push({ time, x, aside });
  }
  return chosen.sort((a, b) => a.x - b.x);
}
