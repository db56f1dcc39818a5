/// <reference lib="webworker" />
import { load, QueryError, type Engine, type Match, type Outcome, type RuleSet } from "@tripline/engine";
import { learn } from "../events/fields.js";
import { split, type Events } from "../events/split.js";
import { answer, type Asked } from "./answer.js";
import { lineOf } from "./lines.js";
import { Fate, MAX_MATCHES, MAX_REJECTIONS, type Formatted, type Request, type Response, type Result } from "./protocol.js";

declare const self: DedicatedWorkerGlobalScope;

/** Bytes evaluated between two looks at the mailbox: a few milliseconds of work. */
const CHUNK = 1 << 20;
/** Events from which fields are learned. */
const SAMPLE = 500;

const engine = load();
let events: Events = split("");
let latest = 0;
/** The last run that finished, for its alerts and for questions about it. */
let current: { id: number; rules: RuleSet; asked: Asked } | undefined;

engine.then(
  ({ version, sha256 }) => post({ type: "ready", version, sha256 }),
  (error: unknown) => crash(error),
);

self.onmessage = ({ data }: MessageEvent<Request>) => {
  handle(data).catch(crash);
};

async function handle(request: Request): Promise<void> {
  const loaded = await engine;
  if (request.type === "alert") {
    post({ ...request, alert: current?.id === request.id ? alert(current.rules, request.match) : null });
    return;
  }
  if (request.type === "format") {
    post({ type: "formatted", id: request.id, formatted: format(loaded, request.rule) });
    return;
  }
  if (request.type === "ask") {
    // A newer run may be waiting, and goes first.
    await mailbox();
    const asked = current?.id === request.id && latest === request.id ? current.asked : undefined;
    post({ type: "answer", ask: request.ask, answer: asked ? answer(loaded, asked, request) : null });
    return;
  }
  latest = Math.max(latest, request.id);
  if (request.events !== undefined) {
    events = split(request.events);
    post({ type: "fields", fields: learn(sample(events)) });
  }
  if (request.id === latest) await run(loaded, request.id, request.rule);
}

async function run(engine: Engine, id: number, rule: string): Promise<void> {
  const data = events;
  const started = performance.now();
  const rules = engine.compile({ path: "rule", text: rule });
  const compileMs = performance.now() - started;
  // The events are a finite set: whatever their order in the text, the end of it is the end of them.
  const session = rules.open({ lateness_ms: null });
  try {
    const result: Result = {
      report: rules.report,
      starts: data.starts,
      ends: data.ends,
      fates: new Uint8Array(data.starts.length),
      matches: [],
      matchCount: 0,
      rejections: [],
      rejectedCount: 0,
      correlates: false,
      bytes: data.lines.length,
      compileMs,
      evaluateMs: 0,
    };
    for (const [from, to] of chunks(data.lines)) {
      collect(result, () => session.evaluate(data.lines.subarray(from, to)));
      if (to < data.lines.length) {
        post({ type: "progress", id, done: to, total: data.lines.length });
        await mailbox();
        if (id !== latest) return;
      }
    }
    collect(result, () => session.finish());
    current?.rules.free();
    current = { id, rules, asked: { rule, info: rules.rules, events: data } };
    post({ type: "result", id, ...result });
  } finally {
    session.free();
    if (current?.rules !== rules) rules.free();
  }
}

/** Adds what a call led to. */
function collect(result: Result, call: () => Outcome): void {
  const before = performance.now();
  const outcome = call();
  result.evaluateMs += performance.now() - before;
  for (const match of outcome.matches) {
    for (const event of match.events) result.fates[event] = Fate.Matched;
    if (result.matches.length < MAX_MATCHES) result.matches.push(match);
  }
  result.matchCount += outcome.matches.length;
  for (const rejection of outcome.rejections) {
    result.fates[rejection.event] = Fate.Rejected;
    if (result.rejections.length < MAX_REJECTIONS) result.rejections.push(rejection);
  }
  result.rejectedCount += outcome.rejected;
  // Rules that count or remember wait for their events' order too, but have no timeline.
  result.correlates ||= outcome.sequences !== undefined && outcome.detections === undefined;
}

/** An alert depends on nothing but its rule and its events, so it is built when somebody wants to see it. */
function alert(rules: RuleSet, match: Match): string | null {
  const decoder = new TextDecoder();
  const lines = match.events.map((event) => decoder.decode(lineOf(events.lines, event)));
  const session = rules.open({ alerts: true, lateness_ms: null });
  try {
    const outcomes = [session.evaluate(lines.join("\n")), session.finish()];
    const alerts = outcomes.flatMap((outcome) => outcome.alerts.split("\n")).filter(Boolean);
    // Of a sequence the last one is about all of its events.
    const id = rules.rules[match.rule]?.id;
    return alerts.findLast((alert) => JSON.parse(alert)["kibana.alert.rule.rule_id"] === id) ?? null;
  } finally {
    session.free();
  }
}

function format(engine: Engine, rule: string): Formatted {
  try {
    return { text: engine.format(rule) };
  } catch (error) {
    if (error instanceof QueryError) return { diagnostics: error.diagnostics };
    throw error;
  }
}

/** Cuts at line ends. */
function* chunks(lines: Uint8Array): Generator<[number, number]> {
  for (let from = 0; from < lines.length; ) {
    const newline = from + CHUNK < lines.length ? lines.indexOf(0x0a, from + CHUNK) : -1;
    const to = newline < 0 ? lines.length : newline + 1;
    yield [from, to];
    from = to;
  }
}

function* sample({ lines }: Events): Generator<unknown> {
  const decoder = new TextDecoder();
  for (let from = 0, taken = 0; from < lines.length && taken < SAMPLE; taken += 1) {
    const newline = lines.indexOf(0x0a, from);
    const to = newline < 0 ? lines.length : newline;
    try {
      yield JSON.parse(decoder.decode(lines.subarray(from, to)));
    } catch {
      // The engine reports what is wrong with it.
    }
    from = to + 1;
  }
}

const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];
port1.onmessage = () => waiting.shift()?.();

/** Lets messages that have arrived be handled before the work goes on. */
function mailbox(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(null);
  });
}

function post(response: Response): void {
  self.postMessage(response);
}

function crash(error: unknown): void {
  post({ type: "crash", message: error instanceof Error ? error.message : String(error) });
}
