import type { CompileReport, Diagnostic, Match, Rejection } from "@tripline/engine";
import type { Field } from "../events/fields.js";

/** What the page asks of the worker. */
export type Request =
  /** Evaluate a rule over the events. Events travel only when they changed. A later run replaces an earlier one. */
  | { type: "run"; id: number; rule: string; events?: string }
  /** The alert document of one match of run `id`. */
  | { type: "alert"; id: number; match: Match }
  /** The rule in the one style. */
  | { type: "format"; id: number; rule: string };

/** What the worker answers. */
export type Response =
  | { type: "ready"; version: string; sha256: string }
  | { type: "fields"; fields: Field[] }
  /** A sign of life, and how far it is. */
  | { type: "progress"; id: number; done: number; total: number }
  | ({ type: "result"; id: number } & Result)
  | { type: "alert"; id: number; match: Match; alert: string | null }
  | { type: "formatted"; id: number; formatted: Formatted }
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
