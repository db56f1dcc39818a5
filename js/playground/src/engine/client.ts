import type { Match } from "@tripline/engine";
import type { Answers, Formatted, Question, Request, Response, Result } from "./protocol.js";
import type { Field } from "../events/fields.js";

/** The part of a `Worker` that the client uses. */
export interface WorkerLike {
  postMessage(message: Request): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<Response>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

/** What the page hears from the engine. */
export interface Listener {
  ready(about: { version: string; sha256: string }): void;
  fields(fields: Field[]): void;
  /** Part of a long run is done. */
  progress(done: number, total: number): void;
  result(result: Result): void;
  /** The run was given up: the engine crashed, did not answer in time or cannot be loaded. */
  failed(message: string): void;
}

/** Time without a sign of life after which a worker is replaced. Long work reports progress many times a second. */
const PATIENCE = 10_000;

/**
 * Runs the engine in a worker, and replaces a worker that hangs or crashes. Only the latest run counts: results of
 * earlier ones are dropped, and the worker stops working on them.
 */
export class EngineClient {
  readonly #create: () => WorkerLike;
  readonly #listener: Listener;
  readonly #patience: number;
  #worker: WorkerLike | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #run = 0;
  /** Whether the latest run has no result yet. */
  #evaluating = false;
  /** The events that the worker has. */
  #events: string | undefined;
  readonly #alerts = new Map<string, ((alert: string | null) => void)[]>();
  #format = 0;
  readonly #formats = new Map<number, (formatted: Formatted | null) => void>();
  #ask = 0;
  readonly #asked = new Map<number, (answer: Answers[keyof Answers]) => void>();

  constructor(create: () => WorkerLike, listener: Listener, patience = PATIENCE) {
    this.#create = create;
    this.#listener = listener;
    this.#patience = patience;
    this.#start();
  }

  /** Evaluates a rule over events, instead of whatever is being evaluated. */
  run(rule: string, events: string): void {
    this.#run += 1;
    this.#evaluating = true;
    const worker = this.#worker ?? this.#start();
    const changed = events !== this.#events;
    this.#events = events;
    worker.postMessage({ type: "run", id: this.#run, rule, ...(changed && { events }) });
    this.#watch();
  }

  /** The alert document of a match of the last result; null when it is of an older one. */
  alert(match: Match): Promise<string | null> {
    return new Promise((resolve) => {
      const key = keyOf(this.#run, match);
      this.#alerts.set(key, [...(this.#alerts.get(key) ?? []), resolve]);
      this.#worker?.postMessage({ type: "alert", id: this.#run, match });
      if (!this.#worker) this.#forgetAlerts();
    });
  }

  /** A rule in the one style, or what is wrong with it; null when the engine stopped. */
  format(rule: string): Promise<Formatted | null> {
    return new Promise((resolve) => {
      this.#format += 1;
      this.#formats.set(this.#format, resolve);
      const worker = this.#worker ?? this.#start();
      worker.postMessage({ type: "format", id: this.#format, rule });
      this.#watch();
    });
  }

  /** Asks about the last result; null when there is a newer run, or the engine stopped. */
  ask<About extends keyof Answers>(question: Extract<Question, { about: About }>): Promise<Answers[About]> {
    return new Promise((resolve) => {
      if (!this.#worker) return resolve(null);
      this.#ask += 1;
      // The worker answers with what was asked for.
      this.#asked.set(this.#ask, resolve as (answer: Answers[keyof Answers]) => void);
      this.#worker.postMessage({ type: "ask", id: this.#run, ask: this.#ask, ...question });
      this.#watch();
    });
  }

  #start(): WorkerLike {
    const worker = this.#create();
    worker.onmessage = ({ data }) => {
      if (worker === this.#worker) this.#receive(data);
    };
    worker.onerror = (event) => {
      if (worker === this.#worker) this.#giveUp(event.message || "the engine could not be started");
    };
    this.#worker = worker;
    this.#events = undefined;
    this.#watch();
    return worker;
  }

  #receive(response: Response): void {
    switch (response.type) {
      case "ready":
        this.#restOrWatch();
        this.#listener.ready(response);
        break;
      case "fields":
        this.#listener.fields(response.fields);
        break;
      case "progress":
        this.#watch();
        if (response.id === this.#run) this.#listener.progress(response.done, response.total);
        break;
      case "result":
        if (response.id !== this.#run) return;
        this.#evaluating = false;
        this.#restOrWatch();
        this.#listener.result(response);
        break;
      case "alert": {
        const key = keyOf(response.id, response.match);
        const waiting = this.#alerts.get(key) ?? [];
        this.#alerts.delete(key);
        for (const resolve of waiting) resolve(response.alert);
        break;
      }
      case "formatted": {
        const resolve = this.#formats.get(response.id);
        this.#formats.delete(response.id);
        this.#restOrWatch();
        resolve?.(response.formatted);
        break;
      }
      case "answer": {
        const resolve = this.#asked.get(response.ask);
        this.#asked.delete(response.ask);
        this.#restOrWatch();
        resolve?.(response.answer);
        break;
      }
      case "crash":
        this.#giveUp(response.message);
    }
  }

  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#giveUp(`the engine gave no sign of life for ${Math.round(this.#patience / 1000)} s and was stopped`);
    }, this.#patience);
  }

  #rest(): void {
    clearTimeout(this.#timer);
  }

  /** After a sign of life: there may be more to wait for. */
  #restOrWatch(): void {
    if (this.#evaluating || this.#formats.size > 0 || this.#asked.size > 0) this.#watch();
    else this.#rest();
  }

  /** Throws the worker away; the next run starts a new one. Starting the same work again would fail again. */
  #giveUp(message: string): void {
    this.#rest();
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#evaluating = false;
    this.#forgetAlerts();
    for (const resolve of this.#formats.values()) resolve(null);
    this.#formats.clear();
    for (const resolve of this.#asked.values()) resolve(null);
    this.#asked.clear();
    this.#listener.failed(message);
  }

  #forgetAlerts(): void {
    for (const waiting of this.#alerts.values()) for (const resolve of waiting) resolve(null);
    this.#alerts.clear();
  }
}

function keyOf(run: number, match: Match): string {
  return `${run}:${match.rule}:${match.events.join(",")}`;
}
