/**
 * Tripline for JavaScript: compile Elastic EQL detection rules, evaluate events, get matches and alerts, from the very
 * module that runs on the collector.
 *
 * @packageDocumentation
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import init, * as glue from "#module";
import { read } from "#read";
import { utf8 } from "./bytes.js";
import { CrashError, QueryError, TriplineError } from "./errors.js";
import type {
  About,
  Advance,
  CompileOptions,
  CompileReport,
  Diagnostic,
  ExplainOptions,
  Explanation,
  Limits,
  Outcome,
  Restored,
  RuleInfo,
  SearchOptions,
  SearchProgress,
  SearchResponse,
  SessionOptions,
  Source,
} from "./types.js";

export { ByteOffsets } from "./bytes.js";
export { CrashError, QueryError, TriplineError } from "./errors.js";
export type * from "./types.js";

// Safari has no `Symbol.dispose` yet; there the methods are simply never called by the language.
const dispose: typeof Symbol.dispose = Symbol.dispose ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);

let loading: Promise<Engine> | undefined;

/**
 * Loads the module, once per process or worker; later calls give the same engine.
 *
 * @param module Where the module is, or its bytes. By default the module that this package ships, which bundlers
 * that know `new URL(…, import.meta.url)` (Vite, webpack, Rollup, Parcel) put into their output.
 */
export function load(module?: URL | string | BufferSource): Promise<Engine> {
  loading ??= start(module).catch((error: unknown) => {
    loading = undefined; // The network may be back next time.
    throw error;
  });
  return loading;
}

async function start(module: URL | string | BufferSource | undefined): Promise<Engine> {
  const bytes = await moduleBytes(module);
  await init({ module_or_path: bytes as BufferSource });
  return new Engine(bytesToHex(sha256(bytes)), call(glue.about));
}

async function moduleBytes(module: URL | string | BufferSource | undefined): Promise<Uint8Array> {
  if (module === undefined) return read(new URL("./module/tripline.core.wasm", import.meta.url));
  if (module instanceof URL) return read(module);
  if (typeof module === "string") return read(new URL(module, globalThis.location?.href ?? import.meta.url));
  return ArrayBuffer.isView(module)
    ? new Uint8Array(module.buffer, module.byteOffset, module.byteLength)
    : new Uint8Array(module);
}

/** The loaded module. Get it from {@link load}. */
export class Engine {
  /** SHA-256 of the loaded module, in hex: equal to what `tripline --version` prints for the same build. */
  readonly sha256: string;
  /** The module's version. */
  readonly version: string;
  /** The limits that hold unless options say otherwise. */
  readonly limits: Readonly<Limits>;

  /** @internal */
  constructor(sha256: string, about: About) {
    this.sha256 = sha256;
    this.version = about.version;
    this.limits = about.limits;
  }

  /**
   * Compiles rule files: Elastic's TOML, a prebuilt-rule page in Markdown or a bare EQL query, recognised by content.
   *
   * Rules with errors do not throw. They are left out of the set and described in {@link RuleSet.report}.
   *
   * @param sources One rule file or several; a string is the text of one.
   * @throws {TriplineError} for a malformed option.
   */
  compile(sources: string | Source | readonly (string | Source)[], options?: CompileOptions): RuleSet {
    const list = (Array.isArray(sources) ? sources : [sources]) as readonly (string | Source)[];
    const { rules, report } = call(() => glue.compile(list.map((source) => file(source)), options));
    return new RuleSet(rules, report);
  }

  /**
   * Writes the EQL query of a rule in one style: what fits on a line of 100 columns becomes one, longer queries are
   * broken at `and` and `or`. Comments and the query's meaning stay, and of a TOML rule everything around the query.
   *
   * @param text A bare query or Elastic's TOML, recognised by content.
   * @throws {QueryError} for a query or rule with errors. If none of its diagnostics is an error, nothing is wrong, and
   * the warning says why the text is left alone: its query is in another language, or it is a page in Markdown.
   */
  format(text: string): string {
    return call(() => glue.format(text));
  }

  /**
   * Opens a search with one EQL query, to which a data set is given piece by piece.
   *
   * @throws {QueryError} for a query with errors.
   */
  openSearch(query: string | Source, options?: SearchOptions): Search {
    return new Search(call(() => glue.openSearch(file(query, "query.eql"), options)));
  }

  /**
   * One query over a finite data set, after Elasticsearch's EQL search API.
   *
   * @param events NDJSON: one JSON document per line.
   * @throws {QueryError} for a query with errors.
   */
  search(query: string | Source, events: string | Uint8Array, options?: SearchOptions): SearchResponse {
    const search = this.openSearch(query, options);
    try {
      search.add(events);
      return search.finish();
    } finally {
      search.free();
    }
  }

  /**
   * Why a rule matches events or does not, node by node: the tree of its condition with the values found in each event.
   *
   * @param rule A rule file; of several rules in it the first is explained.
   * @param events NDJSON: one JSON document per line. An event that is not JSON does not throw; see {@link ExplainedEvent.rejected}.
   * @throws {QueryError} for a rule with errors.
   */
  explain(rule: string | Source, events: string | Uint8Array, options?: ExplainOptions): Explanation {
    return call(() => glue.explain(file(rule), utf8(events), options));
  }
}

/** Something in the module's memory, until it is freed. */
abstract class Handle {
  #handle: number | undefined;

  /** @internal */
  constructor(handle: number) {
    this.#handle = handle;
  }

  /** @internal */
  protected get handle(): number {
    if (this.#handle === undefined) throw new TriplineError(`this ${this.constructor.name} has been freed`);
    return this.#handle;
  }

  /** Gives the memory back. Freeing twice is harmless. */
  free(): void {
    if (this.#handle === undefined) return;
    glue.release(this.#handle);
    this.#handle = undefined;
  }

  /** The module gave the memory back by itself. */
  protected forget(): void {
    this.#handle = undefined;
  }

  /** Frees at the end of a `using` declaration's block. */
  [dispose](): void {
    this.free();
  }
}

/** Compiled rules. Get one from {@link Engine.compile}. */
export class RuleSet extends Handle {
  /** Every rule that was found, and everything that is wrong. */
  readonly report: CompileReport;
  /** The rules that compiled, in the order that {@link Match.rule} refers to. */
  readonly rules: readonly RuleInfo[];

  /** @internal */
  constructor(handle: number, report: CompileReport) {
    super(handle);
    this.report = report;
    this.rules = report.rules
      .flatMap(({ status, rule }) =>
        typeof status === "object" && "compiled" in status ? [{ index: status.compiled.index, rule }] : [],
      )
      .sort((a, b) => a.index - b.index)
      .map(({ rule }) => rule);
  }

  /** Whether a rule or file has an error. */
  get hasErrors(): boolean {
    return this.report.diagnostics.some(({ level }) => level === "error");
  }

  /** Opens a session: a stream of events against these rules. It stays valid when the rule set is freed. */
  open(options?: SessionOptions): Session {
    return new Session(call(() => glue.open(this.handle, options)));
  }
}

/** A stream of events against a rule set. Get one from {@link RuleSet.open}. */
export class Session extends Handle {
  /**
   * Evaluates a batch: one JSON event per line, whole lines only. Calls continue the count of events.
   *
   * An event that is not JSON, or over a limit, does not throw: it is counted and described in
   * {@link Outcome.rejections}.
   *
   * Event rules match at once. Sequences and samples match when the order of their events is known: when a later event
   * moves event time past them by {@link SessionOptions.lateness_ms}, or {@link idle}, {@link flush} or {@link finish} does.
   */
  evaluate(events: string | Uint8Array): Outcome {
    return call(() => glue.evaluate(this.handle, utf8(events)));
  }

  /** Nothing has come for so many milliseconds: event time goes on as if it had. */
  idle(milliseconds: number): Outcome {
    return this.advance({ idle: milliseconds });
  }

  /** Puts the events that are held back in order now. What comes later and happened earlier is late. */
  flush(): Outcome {
    return this.advance("flush");
  }

  /** No more events come: what is held back is put in order, and an event that must be missing is missing for good. */
  finish(): Outcome {
    return this.advance("finish");
  }

  /**
   * Says until when it can be now, in milliseconds since 1970: an event with a later timestamp does not move event time, so
   * that one wrong clock does not make the events of all others late. The engine has no clock of its own.
   */
  setCeiling(milliseconds: number): void {
    this.advance({ ceiling: milliseconds });
  }

  /** One of the four above, as data. */
  advance(time: Advance): Outcome {
    return call(() => glue.advance(this.handle, time));
  }

  /**
   * The state of the sequences and samples as bytes: partial matches, events held back, how far time is. The same session has
   * the same bytes on every host, and any host restores them.
   */
  snapshot(): Uint8Array {
    return call(() => glue.snapshot(this.handle));
  }

  /**
   * Goes on from a snapshot, of these or other rules: each rule that is in both goes on where it was.
   *
   * @throws {TriplineError} when this session has seen events, or the bytes are not a snapshot that this version reads.
   */
  restore(state: Uint8Array): Restored {
    return call(() => glue.restore(this.handle, state));
  }
}

/** A search in progress. Get one from {@link Engine.openSearch}. */
export class Search extends Handle {
  #lines = 0;

  /**
   * Gives the search more events, one JSON document per line.
   *
   * @param index The data set's name: `_index` of the hits.
   * @param firstId The line number of the first line, from which each event takes its `_id`. By default the count
   * goes on from the call before.
   */
  add(events: string | Uint8Array, index = "events", firstId = this.#lines): SearchProgress {
    const lines = utf8(events);
    const progress = call(() => glue.searchAdd(this.handle, index, firstId, lines));
    this.#lines = firstId + countLines(lines);
    return progress;
  }

  /** Ends the search and frees it. */
  finish(): SearchResponse {
    return JSON.parse(this.finishText()) as SearchResponse;
  }

  /** Like {@link Search.finish}, but the answer's own text, the same bytes on every host. */
  finishText(): string {
    const answer = call(() => glue.searchFinish(this.handle));
    this.forget();
    return answer;
  }
}

function file(source: string | Source, path = "rule"): Source {
  return typeof source === "string" ? { path, text: source } : { path: source.path, text: source.text };
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 0x0a) lines += 1;
  return bytes.length > 0 && bytes[bytes.length - 1] !== 0x0a ? lines + 1 : lines;
}

/** Calls into the module; what it throws becomes a typed error. */
function call<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof TriplineError) throw error;
    if (error instanceof WebAssembly.RuntimeError) {
      throw new CrashError(`the engine stopped (${error.message}); load it again in a new worker`, { cause: error });
    }
    if (error instanceof Error) {
      const { diagnostics } = error as { diagnostics?: Diagnostic[] };
      throw diagnostics ? new QueryError(error.message, diagnostics) : new TriplineError(error.message);
    }
    throw error;
  }
}
