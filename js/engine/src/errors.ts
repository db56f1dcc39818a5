import type { Diagnostic } from "./types.js";

/** What the engine refuses: a malformed option, a freed rule set, a module that is not Tripline's. */
export class TriplineError extends Error {
  override name = "TriplineError";
}

/** A query that cannot be searched with, or a rule that cannot be formatted; {@link diagnostics} says why and where. */
export class QueryError extends TriplineError {
  override name = "QueryError";

  constructor(
    message: string,
    /** Everything wrong, as a rule's report has it. */
    readonly diagnostics: Diagnostic[],
  ) {
    super(message);
  }
}

/**
 * The module stopped in the middle of a call, for want of memory for instance. Its memory cannot be trusted any
 * more: start a new worker, or a new process, and load it there.
 */
export class CrashError extends TriplineError {
  override name = "CrashError";
}
