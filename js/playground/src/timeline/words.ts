import type { JoinKey, Term } from "@tripline/engine";
import { termLabel } from "../explain/words.js";
import type { Attempt, Lane, Outcome } from "./lanes.js";

/** Kinds of outcome, for colour and emphasis. */
export type Kind = "matched" | "open" | "dropped" | "replaced";

export function kindOf(outcome: Outcome): Kind {
  if (outcome === "completed") return "matched";
  if (outcome === "replaced" || outcome === "lost") return "replaced";
  return outcome === "open" ? "open" : "dropped";
}

/** What became of a partial match, in few words beside it. */
export function shortOutcome({ outcome, waits, end, against }: Attempt, terms: readonly Term[]): string {
  switch (outcome) {
    case "completed":
      return "matches";
    case "open": {
      const until = end === undefined ? "" : ` until ${clock(end)}`;
      if (waits.length > 0) return `waits for ${named(waits, terms)}${until}`;
      return `waits${until}`;
    }
    case "expired":
      return "maxspan has passed";
    case "until":
      return "an until event came";
    case "missing_before":
    case "missing_between":
    case "missing_after": {
      const where = { missing_before: "before", missing_between: "in between", missing_after: "after" }[outcome];
      return `${named(against.slice(0, 1).map(({ term }) => term), terms) || "what must be missing"} came ${where}`;
    }
    case "replaced":
      return "replaced by a later one";
    case "evicted":
      return "had to make room";
    case "lost":
      return "not followed further";
  }
}

/** The same in full, for whoever hears it or asks. `line`: the line of an event. The command says it in the same words. */
export function longOutcome(attempt: Attempt, terms: readonly Term[], line: (event: number) => number): string {
  const lines = attempt.marks.map(({ event }) => line(event));
  const events = `${lines.length === 1 ? "the event in line" : "the events in lines"} ${lines.join(", ")}`;
  const dropped = (why: string): string => `drops ${events}: ${why}`;
  switch (attempt.outcome) {
    case "completed":
      return `matches: ${events}`;
    case "open":
      return `open: ${events}; ${attempt.waits.length > 0 ? shortOutcome(attempt, terms) : `waits for an event that must be missing${attempt.end === undefined ? "" : ` until ${clock(attempt.end)}`}`}`;
    case "expired":
      return dropped("maxspan has passed");
    case "until":
      return dropped(`an until event came${at(attempt, line)}`);
    case "missing_before":
      return dropped(`an event that must be missing came before${at(attempt, line)}`);
    case "missing_between":
      return dropped(`an event that must be missing came in between${at(attempt, line)}`);
    case "missing_after":
      return dropped(`an event that must be missing came after${at(attempt, line)}`);
    case "replaced":
      return `a later event takes the place of ${events}: the latest counts`;
    case "evicted":
      return dropped("it had to make room (see docs/limits.md)");
    case "lost":
      return `collects ${events}; what became of it is left out`;
  }
}

function at({ against }: Attempt, line: (event: number) => number): string {
  return against.length === 0 ? "" : `, in line ${against.map(({ event }) => line(event)).join(", ")}`;
}

function named(indices: readonly number[], terms: readonly Term[]): string {
  return indices.map((index) => (terms[index] ? termLabel(terms[index], index) : "")).join(", ");
}

/** A lane in a few words. */
export function laneOutcome({ attempts, loose }: Lane, query: "sequence" | "sample"): { text: string; kind: Kind | "none" }[] {
  const count = (kind: Kind): number => attempts.filter(({ outcome }) => kindOf(outcome) === kind).length;
  const words: { text: string; kind: Kind | "none" }[] = [];
  const [matched, open, dropped] = [count("matched"), count("open"), count("dropped")];
  if (matched > 0) words.push({ text: `${matched} ${matched === 1 ? "match" : "matches"}`, kind: "matched" });
  if (open > 0) words.push({ text: `${open} open`, kind: "open" });
  if (dropped > 0) words.push({ text: `${dropped} dropped`, kind: "dropped" });
  if (attempts.length === 0 && loose.length > 0) words.push({ text: query === "sequence" ? "not started" : "not in a sample", kind: "none" });
  return words;
}

/** A value of a join key as a person reads it; strings that could be taken for something else are quoted. */
export function keyText(value: JoinKey): string {
  if (typeof value !== "string") return String(value);
  return value === "" || /^(?:null|true|false|-?[\d.]+)$|^\s|\s$/.test(value) ? JSON.stringify(value) : value;
}

const pad = (value: number, digits = 2): string => String(value).padStart(digits, "0");

/** The time of day, in UTC as events have it; with milliseconds where there are some or they are wanted. */
export function clock(time: number, fine = false): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return String(time);
  const millis = date.getUTCMilliseconds();
  return `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}:${pad(date.getUTCSeconds())}${fine && millis > 0 ? `.${pad(millis, 3)}` : ""}`;
}

/** The day. */
export function day(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 10);
}

/** A span as EQL writes it, in one unit: `90s`, `5m`, `2500ms`. The same words as on the command line. */
export function spanText(ms: number): string {
  const [size, name] = UNITS.find(([size]) => ms >= size && ms % size === 0) ?? [1, "ms"];
  return `${ms / size}${name}`;
}

/** How long something took, in the two units that matter: `11m 56s`, `3d 4h`, `2.5s`. */
export function lengthText(ms: number): string {
  const at = UNITS.findIndex(([size]) => ms >= size);
  const unit = UNITS[at];
  if (!unit) return `${Math.round(ms)}ms`;
  const [size, name] = unit;
  const small = UNITS[at + 1];
  if (!small) return `${Math.round(ms / 100) / 10}${name}`;
  const whole = Math.round(ms / small[0]) * small[0];
  const rest = (whole % size) / small[0];
  return `${Math.floor(whole / size)}${name}${rest > 0 ? ` ${rest}${small[1]}` : ""}`;
}

/** The same in one unit, where little room is: `12m`, `1.8m`. */
export function shortLength(ms: number): string {
  const [size, name] = UNITS.find(([size]) => ms >= size) ?? [1, "ms"];
  const amount = ms / size;
  return `${amount < 10 ? Math.round(amount * 10) / 10 : Math.round(amount)}${name}`;
}

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1_000, "s"],
] as const;
