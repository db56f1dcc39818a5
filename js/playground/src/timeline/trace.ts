import type { Explanation, JoinKey, Pending, Step, Term } from "@tripline/engine";

/** An event that plays a part in a sequence or sample. */
export interface Seen {
  /** Its ordinal among all events. */
  event: number;
  /** When, in milliseconds since 1970; null when the event does not say, or not so that this page can read it. */
  time: number | null;
  /** The terms that it is an event for, by index, each with the event's join key; none when this was not looked at. */
  terms: { term: number; key: JoinKey[] }[];
}

/** What a sequence or sample made of the events: the engine's account of it, without the trees. */
export interface Trace {
  query: Exclude<Explanation["query"], "event">;
  maxspan: number | null;
  terms: Term[];
  /** How many matches there are. */
  matches: number;
  steps: Step[];
  pending: Pending[];
  /** The events of the steps, and those that a term matched although nothing came of it. */
  seen: Seen[];
  /** Steps left out, because there were too many. */
  omittedSteps: number;
  /** Events that a term matched but that have no timestamp. */
  undated: number;
  /** Events that were not held against each term by itself: of these only the ones that a step tells of are known. */
  unexplained: number;
  /** Bytes of events that were left out, and all of them. */
  omittedBytes: number;
  bytes: number;
}
