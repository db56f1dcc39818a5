import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { load, type Advance, type CompileOptions, type Outcome, type Restored, type SequenceStatus } from "@tripline/engine";
import { parse } from "smol-toml";

/** One conformance vector; see `tests/vectors/README.md`. */
interface Case {
  name: string;
  rule: string;
  mapping?: string;
  limits?: string;
  normaliser?: string;
  events?: string;
  encoding?: "latin-1";
  lateness_ms?: number | "any";
  batches?: boolean;
  advance?: Record<string, string>;
  restart_after?: number;
  matches?: (number | number[])[];
  keys?: string;
  told?: number[];
  counts?: Partial<Record<keyof SequenceStatus, number>>;
  error?: string;
  rejected?: number[];
}

type Step = { evaluate: Uint8Array } | { advance: Advance } | "restart";

/** Cases with a number that JavaScript does not count exactly: their golden lines are compared as JavaScript writes them. */
const ROUNDED = ["a-time-beyond-all-times", "large-numbers-are-exact"];

const COUNTS = ["late", "undated", "hurried", "evicted_keys", "evicted_partials"] as const;

const folder = new URL("../../../tests/vectors/", import.meta.url);
const engine = await load();

/** The events, each with its line end; blank lines go with the event before them. */
function linesOf(events: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < events.length; ) {
    const newline = events.indexOf(0x0a, from);
    const to = newline < 0 ? events.length : newline + 1;
    const line = events.subarray(from, to);
    const isBlank = line.every((byte) => [0x20, 0x09, 0x0a, 0x0c, 0x0d].includes(byte));
    if (isBlank && lines.length > 0) lines.push(Buffer.concat([lines.pop()!, line]));
    else lines.push(line);
    from = to;
  }
  return lines;
}

/** The calls that every host makes, without the last one. */
function stepsOf({ events = "", encoding, batches, advance = {}, restart_after }: Case): Step[] {
  const bytes = Buffer.from(events, encoding === "latin-1" ? "latin1" : "utf8");
  const between = new Map<number, Step[]>();
  const add = (after: number, step: Step): unknown => between.set(after, [...(between.get(after) ?? []), step]);
  for (const [after, time] of Object.entries(advance)) add(Number(after), { advance: JSON.parse(time) as Advance });
  if (restart_after !== undefined) add(restart_after, "restart");
  if (between.size === 0 && !batches) return [{ evaluate: bytes }];
  const lines = linesOf(bytes);
  const steps: Step[] = [];
  let batch: Buffer[] = [];
  for (let seen = 0; seen <= lines.length; seen += 1) {
    const stops = between.get(seen);
    if (batch.length > 0 && (batches || stops || seen === lines.length)) {
      steps.push({ evaluate: Buffer.concat(batch) });
      batch = [];
    }
    steps.push(...(stops ?? []));
    if (seen < lines.length) batch.push(lines[seen]!);
  }
  return steps;
}

/** Evaluates a vector as every host does, checks what was expected, and writes it down as the native engine does. */
function run(vector: Case): string {
  const { name, rule, mapping, limits, normaliser, lateness_ms } = vector;
  const options: CompileOptions = {};
  if (mapping !== undefined) options.mapping = JSON.parse(mapping) as object;
  if (limits !== undefined) options.limits = JSON.parse(limits) as NonNullable<CompileOptions["limits"]>;
  if (normaliser !== undefined) options.normalisers = [{ path: "case.toml", text: normaliser }];
  using rules = engine.compile({ path: "case.eql", text: rule }, options);
  const lateness = lateness_ms === "any" ? null : lateness_ms;
  const open = () => rules.open({ alerts: true, ...(lateness !== undefined && { lateness_ms: lateness }) });
  let session = open();
  const outcomes: Outcome[] = [];
  let restart: { state: string; restored: Restored } | undefined;
  for (const step of stepsOf(vector)) {
    if (step === "restart") {
      const state = session.snapshot();
      session.free();
      session = open();
      restart = { state: Buffer.from(state).toString("hex"), restored: session.restore(state) };
    } else if ("evaluate" in step) outcomes.push(session.evaluate(step.evaluate));
    else outcomes.push(session.advance(step.advance));
  }
  const finish = outcomes.at(-1)!.sequences === undefined ? undefined : session.finish();
  session.free();
  check(vector, rules.report.diagnostics.map(({ code }) => code), rules.rules.length, finish ? [...outcomes, finish] : outcomes);
  const written = outcomes.length === 1 ? { outcome: outcomes[0] } : { outcomes };
  return JSON.stringify({ case: name, report: rules.report, ...written, ...restart, finish });
}

function check({ name, ...expected }: Case, codes: string[], compiled: number, outcomes: Outcome[]): void {
  if (expected.error !== undefined) {
    assert.equal(compiled, 0, name);
    assert.ok(codes.includes(expected.error), `${name}: no ${expected.error}`);
    return;
  }
  const matches = outcomes.flatMap((outcome) => outcome.matches);
  assert.deepEqual(matches.map(({ events }) => events), expected.matches?.map((events) => [events].flat()), name);
  if (expected.keys !== undefined) assert.deepEqual(matches.map(({ join_keys = [] }) => join_keys), JSON.parse(expected.keys), name);
  const told = outcomes.flatMap((outcome, call) => outcome.matches.map(() => call));
  if (expected.told !== undefined) assert.deepEqual(told, expected.told, name);
  const rejections = outcomes.flatMap((outcome) => outcome.rejections);
  assert.deepEqual(rejections.map(({ event }) => event), expected.rejected ?? [], name);
  for (const count of COUNTS) {
    const sum = outcomes.reduce((sum, { sequences }) => sum + (sequences?.[count] ?? 0), 0);
    assert.equal(sum, expected.counts?.[count] ?? 0, `${name}: ${count}`);
  }
}

const names = readdirSync(folder).filter((name) => name.endsWith(".toml")).sort();
const rounded: string[] = [];

test("there are vectors", () => assert.ok(names.length > 10));

for (const name of names) {
  const cases = parse(readFileSync(new URL(name, folder), "utf8"))["case"] as unknown as Case[];
  test(`${name}: ${cases.length} cases give the same bytes as the native engine`, () => {
    const written = cases.map(run);
    const golden = new URL(name.replace(/toml$/, "out"), folder);
    assert.ok(existsSync(golden), `${golden.pathname} is missing`);
    const lines = readFileSync(golden, "utf8").trimEnd().split("\n");
    const expected = lines.map((line) => JSON.stringify(JSON.parse(line)));
    assert.deepEqual(written, expected);
    rounded.push(...cases.filter((_, at) => expected[at] !== lines[at]).map((vector) => vector.name));
  });
}

test("only numbers that JavaScript does not count exactly are written otherwise", () => assert.deepEqual(rounded.sort(), ROUNDED));
