import type { ExplainedEvent, ExplainedNode, Explanation, Gate, Term, Verdict } from "@tripline/engine";

/** One event, explained. */
export type Explained = Pick<Explanation, "query" | "terms" | "skipped" | "alerts_when"> & {
  event: ExplainedEvent;
  /** What became of an event that a term of a sequence or sample matched. */
  story?: string;
};

/** Why, in a line: what the list says below an event that did not match. */
export interface Reason {
  event: number;
  text: string;
}

/** The truth of a node as it is shown. */
export type Truth = "true" | "false" | "null" | "undecided";

/** What a node's truth is called, in words that do without the sign and its colour. */
export const TRUTHS: Record<Truth, string> = {
  true: "true",
  false: "false",
  null: "null",
  undecided: "undecided",
};

/** The truth of a condition; null, which counts as something, is told from what could not be decided. */
export function truthOf({ truth, counts_as }: ExplainedNode): Truth {
  if (truth !== null) return truth ? "true" : "false";
  return counts_as === undefined ? "undecided" : "null";
}

/** What the engine makes of a condition, which knows no null; undefined when it is undecided. */
export function holds({ truth, counts_as }: ExplainedNode): boolean | undefined {
  return truth ?? counts_as;
}

/** What a term is called. The same words as on the command line. */
export function termLabel({ role, runs }: Pick<Term, "role" | "runs">, at: number): string {
  if (role === "until") return "until";
  if (role === "missing") return `term ${at + 1} (missing)`;
  return runs === 1 ? `term ${at + 1}` : `term ${at + 1} (runs=${runs})`;
}

/** What a gate is called. The same words as on the command line. */
export function gateLabel({ gate }: Gate): string {
  return gate === "new_terms" ? "new terms" : gate;
}

/** The first gate beside the query that does not let an event through that the query takes. */
export function heldBy({ terms, gates = [] }: ExplainedEvent): Gate | undefined {
  return terms.some(({ matched }) => matched) ? gates.find(({ gate, passes }) => !passes && gate !== "query") : undefined;
}

/** A reason beside a sign that tells the outcome already. */
export function withoutOutcome(reason: string): string {
  return reason.replace(/^(?:did not match|matched): /, "");
}

/** The terms that are nearest to an event that is none for any of them, by index. */
export function nearest(verdicts: readonly Verdict[]): number[] {
  if (verdicts.some(({ matched }) => matched)) return [];
  const distances = verdicts.map(({ distance }) => distance ?? Infinity);
  const least = Math.min(...distances);
  return least === Infinity ? [] : distances.flatMap((distance, at) => (distance === least ? [at] : []));
}

/** Why an event matches or does not, in a sentence. */
export function reasonOf({ query, terms, event, story }: Explained): string {
  if (event.rejected) return `could not be read: at byte ${event.rejected.offset}: ${event.rejected.message}`;
  const [verdict] = event.terms;
  const held = heldBy(event);
  if (query === "event" && held) return `the query matches, but ${held.reason}`;
  if (query === "event" && verdict) return `${verdict.reason}${away(verdict)}`;
  const matched = event.terms.flatMap(({ matched }, at) => (matched ? [termLabel(terms[at]!, at)] : []));
  if (matched.length === 0) return "is no event for any term";
  if (held) return `is an event for ${matched.join(", ")}, but ${held.reason}`;
  return `is an event for ${matched.join(", ")}${story === undefined ? "" : `; ${story}`}`;
}

/** The same for a list of events that did not match: shorter, and of a sequence with what the nearest term wants. */
export function shortReason(explained: Explained): string {
  const { query, terms, event } = explained;
  const text = withoutOutcome(reasonOf(explained));
  const [near] = nearest(event.terms);
  if (query === "event" || event.rejected || near === undefined) return text;
  return `no event for any term; nearest is ${termLabel(terms[near]!, near)}: ${withoutOutcome(event.terms[near]!.reason)}`;
}

function away({ distance }: Verdict): string {
  return distance !== null && distance > 1 ? ` (${distance} tests from a match)` : "";
}
