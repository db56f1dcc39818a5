import { DETECTIONS } from "./detections.js";
import { LESSONS } from "./lessons.js";

/** A rule with events to try it on. */
export interface Example {
  /** Part of links, so it stays the same. */
  id: string;
  title: string;
  /** One sentence. */
  about: string;
  group: "lessons" | "detections";
  rule: string;
  events: string;
}

/** The gallery. */
export const EXAMPLES: readonly Example[] = [...LESSONS, ...DETECTIONS];

/** What a visitor sees first: the rule that matches in the events of all four sources. */
export const FIRST = DETECTIONS[0] ?? EXAMPLES[0]!;
