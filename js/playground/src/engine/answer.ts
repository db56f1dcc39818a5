import { QueryError, type Engine, type Explanation, type Gate, type JoinKey, type RuleInfo, type Term, type Verdict } from "@tripline/engine";
import { content, values } from "../events/field.js";
import type { Events } from "../events/split.js";
import { millisOf } from "../events/time.js";
import { heldBy, shortReason, type Explained, type Reason } from "../explain/words.js";
import { stories } from "../timeline/stories.js";
import type { Seen, Trace } from "../timeline/trace.js";
import { head, linesOf } from "./lines.js";
import { MAX_BESIDE, MAX_REASONS, MAX_STEPS, MAX_TRACED, type Answers, type Question } from "./protocol.js";

/** What a run was about. */
export interface Asked {
  rule: string;
  info: readonly RuleInfo[];
  events: Events;
  /** What became of the events of a sequence or sample, once somebody asked. */
  stories?: Map<number, string>;
}

/** Answers a question about a run; null when the engine has nothing to explain. */
export function answer(engine: Engine, asked: Asked, question: Question): Answers[keyof Answers] {
  try {
    if (question.about === "event") return explainEvent(engine, asked, question.event);
    if (question.about === "reasons") return reasons(engine, asked, question.events);
    return trace(engine, asked);
  } catch (error) {
    if (error instanceof QueryError) return null;
    throw error;
  }
}

function explainEvent(engine: Engine, asked: Asked, event: number): Explained | null {
  const [explained] = explainSome(engine, asked, [event]);
  return explained ?? null;
}

function reasons(engine: Engine, asked: Asked, events: readonly number[]): Reason[] {
  const asking = events.slice(0, MAX_REASONS);
  return explainSome(engine, asked, asking).map((explained) => ({ event: explained.event.event, text: shortReason(explained) }));
}

/** Gates that are about other events too. */
const COUNTING = new Set<Gate["gate"]>(["threshold", "new_terms", "suppression", "max_signals"]);

/** Explains some events as those of all; of very many events, which would take too long, each by itself. */
function explainThese(engine: Engine, { rule, info, events }: Asked, ordinals: readonly number[]): Explanation {
  const source = { path: "rule", text: rule };
  const most = ["threshold", "new_terms"].includes(info[0]?.type ?? "") ? MAX_TRACED : MAX_BESIDE;
  if (events.lines.length <= most) {
    const only = [...ordinals];
    const explanation = engine.explain(source, events.lines, { only });
    const places = new Map(explanation.events.map((event) => [event.event, event]));
    return { ...explanation, events: only.flatMap((ordinal) => places.get(ordinal) ?? []) };
  }
  const explanation = engine.explain(source, join(linesOf(events.lines, ordinals)));
  const alone = explanation.events.flatMap((event, at) => {
    const gates = event.gates?.filter(({ gate }) => !COUNTING.has(gate));
    return ordinals[at] === undefined ? [] : [{ ...event, event: ordinals[at], ...(gates && { gates }) }];
  });
  return { ...explanation, events: alone };
}

/** Explains events, and with what became of each where that takes several. */
function explainSome(engine: Engine, asked: Asked, ordinals: readonly number[]): Explained[] {
  const { query, terms, skipped, alerts_when, events: explained } = explainThese(engine, asked, ordinals);
  if (query !== "event" && !asked.stories) {
    const traced = trace(engine, asked);
    asked.stories = traced ? stories(traced) : new Map<number, string>();
  }
  const about = { query, terms, ...(skipped !== undefined && { skipped }), ...(alerts_when !== undefined && { alerts_when }) };
  return explained.map((event) => {
    const story = asked.stories?.get(event.event);
    return { ...about, event, ...(story !== undefined && { story }) };
  });
}

function trace(engine: Engine, { rule, info, events }: Asked): Trace | null {
  const lines = head(events.lines, MAX_TRACED);
  const explanation = engine.explain({ path: "rule", text: rule }, lines, { limits: { max_explained_nodes: MAX_STEPS } });
  const { sequence, query, maxspan, terms } = explanation;
  if (!sequence || query === "event") return null;
  const { steps, pending } = sequence;
  return {
    query,
    maxspan: maxspan ?? null,
    terms,
    matches: sequence.matches.length,
    steps,
    pending,
    seen: seen(explanation, lines, info[0]?.timestamp_field ?? "@timestamp"),
    omittedSteps: sequence.omitted,
    undated: sequence.undated,
    unexplained: explanation.omitted,
    omittedBytes: events.lines.length - lines.length,
    bytes: events.lines.length,
  };
}

/** The events of the steps and those that a term matched, with their times. */
function seen({ sequence, events, terms }: Explanation, lines: Uint8Array, timestampField: string): Seen[] {
  const told = new Map<number, Seen["terms"]>();
  for (const { event, events } of sequence?.steps ?? []) for (const one of event === undefined ? events : [...events, event]) told.set(one, []);
  for (const { events } of sequence?.pending ?? []) for (const one of events) told.set(one, []);
  for (const explained of events) {
    const held = heldBy(explained);
    // What an exception takes away is none of its events.
    if (held && held.gate !== "suppression") continue;
    const matched = explained.terms.flatMap((verdict, term) => (verdict.matched ? [{ term, key: keyOf(verdict, terms[term]) }] : []));
    if (matched.length > 0) told.set(explained.event, matched);
  }
  const ordinals = [...told.keys()].sort((a, b) => a - b);
  const decoder = new TextDecoder();
  return linesOf(lines, ordinals).map((line, at) => {
    const event = ordinals[at]!;
    return { event, time: timeOf(decoder.decode(line), timestampField), terms: told.get(event)! };
  });
}

/** The first value of each join key. An event with several takes part under several keys; this is the one to show it under. */
function keyOf({ keys = [] }: Verdict, term: Term | undefined): JoinKey[] {
  return keys.slice(0, term?.keys?.length ?? keys.length).map(({ values }) => values[0] ?? null);
}

function timeOf(line: string, field: string): number | null {
  try {
    return millisOf(values(content(JSON.parse(line)), field)[0]);
  } catch {
    return null; // The engine reads some texts that JavaScript does not.
  }
}

function join(lines: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(lines.reduce((sum, line) => sum + line.length + 1, 0)).fill(0x0a);
  let at = 0;
  for (const line of lines) {
    joined.set(line, at);
    at += line.length + 1;
  }
  return joined;
}
