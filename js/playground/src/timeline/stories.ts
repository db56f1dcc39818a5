import { lanes } from "./lanes.js";
import type { Trace } from "./trace.js";
import { kindOf, shortOutcome } from "./words.js";

/** What became of each event that a term matched, in a few words: of several partial matches the best. */
export function stories(trace: Trace): Map<number, string> {
  const told = new Map<number, string>();
  const tell = (event: number, story: string): void => void (told.has(event) || told.set(event, story));
  for (const { attempts, loose } of lanes(trace)) {
    for (const attempt of attempts) {
      const outcome = shortOutcome(attempt, trace.terms);
      const kind = kindOf(attempt.outcome);
      const story = kind === "dropped" ? `dropped: ${outcome}` : kind === "open" ? `open: ${outcome}` : outcome;
      for (const { event } of attempt.marks) tell(event, story);
      for (const { event } of attempt.against) tell(event, "it ended a partial match");
    }
    for (const { event } of loose) tell(event, "no partial match took it");
  }
  return told;
}
