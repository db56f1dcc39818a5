import type { CompileReport, Diagnostic, Match, Rejection } from "@tripline/engine";
import type { Explained, Reason } from "../explain/words.js";
import type { Field } from "../events/fields.js";
import type { Trace } from "../timeline/trace.js";

/** What the page asks of the worker. */
export type Request =
  /** Evaluate a rule over the events. Events travel only when they changed. A later run replaces an earlier one. */
  | { type: "run"; id: number; rule: string; events?: string }
  /** The alert document of one match of run `id`. */
  | { type: "alert"; id: number; match: Match }
  /** The rule in the one style. */
  | { type: "format"; id: number; rule: string }
  /** A question about run `id`, asked when somebody looks at the answer. A newer run makes it void. */
  | ({ type: "ask"; id: number; ask: number } & Question);

/** What can be asked about a run beside its result. */
export type Question =
  /** Why one event matches or does not. */
  | { about: "event"; event: number }
  /** Why in a line, of some events. */
  | { about: "reasons"; events: number[] }
  /** What the sequence or sample made of all events. */
  | { about: "trace" };

/** The answer to each {@link Question}; null when the run is not the latest any more, or has nothing to explain. */
export interface Answers {
  event: Explained | null;
  reasons: Reason[] | null;
  trace: Trace | null;
}

/** What the worker answers. */
export type Response =
  | { type: "ready"; version: string; sha256: string }
  | { type: "fields"; fields: Field[] }
  /** A sign of life, and how far it is. */
  | { type: "progress"; id: number; done: number; total: number }
  | ({ type: "result"; id: number } & Result)
  | { type: "alert"; id: number; match: Match; alert: string | null }
  | { type: "formatted"; id: number; formatted: Formatted }
  | { type: "answer"; ask: number; answer: Answers[keyof Answers] }
  /** The engine cannot go on; the worker is to be replaced. */
  | { type: "crash"; message: string };

/** The fate of an event, in {@link Result.fates}. */
export const enum Fate {
  Unmatched = 0,
  Matched = 1,
  Rejected = 2,
}

/** A rule in the one style, or what kept it from being formatted. */
export type Formatted = { text: string } | { diagnostics: Diagnostic[] };

/** What one run led to. */
export interface Result {
  report: CompileReport;
  /** Where each event is in the text, as UTF-16 offsets. */
  starts: Uint32Array;
  ends: Uint32Array;
  /** One {@link Fate} per event. */
  fates: Uint8Array;
  /** The first matches; all are counted in `matchCount`. */
  matches: Match[];
  matchCount: number;
  rejections: Rejection[];
  rejectedCount: number;
  /** Whether the rule is a sequence or sample. */
  correlates: boolean;
  /** Size of the events. */
  bytes: number;
  /** Time that the engine took to compile and to evaluate. */
  compileMs: number;
  evaluateMs: number;
}

/** Matches that a result holds at most; nobody looks at more of them in a page. */
export const MAX_MATCHES = 10_000;
/** Rejections that a result holds at most. */
export const MAX_REJECTIONS = 1_000;
/** Events whose reasons are asked for at once. */
export const MAX_REASONS = 100;
/**
 * Bytes of events that a timeline is made of. It is made in one piece, during which a newer run has to wait: this is
 * a fraction of a second.
 */
export const MAX_TRACED = 8 << 20;
/** Bytes of events up to which all are looked at when some are explained: they count for thresholds and the like. */
export const MAX_BESIDE = 1 << 20;
/** Steps that a timeline is made of: the page has to sort and draw them between two strokes of a key. */
export const MAX_STEPS = 30_000;
