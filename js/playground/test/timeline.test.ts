import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { load } from "@tripline/engine";
import { answer } from "../src/engine/answer.js";
import type { Answers } from "../src/engine/protocol.js";
import { split } from "../src/events/split.js";
import { SEQUENCE } from "../src/examples/sequence.js";
import { lanes, type Lane } from "../src/timeline/lanes.js";
import { layOut, type Layout } from "../src/timeline/layout.js";
import { scale, SPACING, ticks } from "../src/timeline/scale.js";
import { stories } from "../src/timeline/stories.js";
import type { Trace } from "../src/timeline/trace.js";
import { clock, keyText, laneOutcome, lengthText, longOutcome, shortLength, shortOutcome, spanText } from "../src/timeline/words.js";

const engine = await load();
const STEPS = "../../../host-runner/tests/explain/steps";

function traceOf(rule: string, events: string): Trace {
  const asked = { rule, info: engine.compile(rule).rules, events: split(events) };
  const trace = answer(engine, asked, { about: "trace" }) as Answers["trace"];
  assert.ok(trace);
  return trace;
}

const steps = (): Trace => {
  const read = (end: string): string => readFileSync(new URL(`${STEPS}.${end}`, import.meta.url), "utf8");
  return traceOf(read("eql"), read("ndjson"));
};

/** `key: outcome 1 2 3`, with line numbers. */
function told(trace: Trace, all = lanes(trace)): string[] {
  return all.flatMap(({ key, attempts, loose }) => [
    ...attempts.map(({ outcome, marks, against }) => `${key.join()}: ${outcome} ${[...marks, ...against].map(({ event }) => event + 1).join(" ")}`),
    ...loose.map(({ event }) => `${key.join()}: loose ${event + 1}`),
  ]);
}

test("the command's example: who matches, who is dropped and why, who waits", () => {
  assert.deepEqual(told(steps()), [
    "ana: completed 1 2 4",
    "ana: expired 2",
    "eve: open 14 15",
    "eve: open 15",
    "ben: missing_between 3 5 7 6",
    "ben: expired 5",
    "cyd: until 8 9 10",
    "cyd: until 9 10",
    "dan: expired 11 12",
    "dan: expired 12",
    "dan: loose 13",
  ]);
});

test("terms, ends and what is waited for are known", () => {
  const trace = steps();
  const [ana, eve, ben, cyd] = lanes(trace);
  assert.deepEqual(ana!.attempts[0]!.marks.map(({ term }) => term), [0, 0, 2], "runs take their positions");
  assert.deepEqual(eve!.attempts.map(({ waits }) => waits), [[2], [0]]);
  assert.equal(eve!.attempts[0]!.end, Date.UTC(2026, 2, 1, 10, 2, 30));
  assert.equal(ben!.attempts[1]!.end, Date.UTC(2026, 2, 1, 10, 1, 4), "it expires maxspan after its start");
  assert.deepEqual(ben!.attempts[0]!.against.map(({ term }) => term), [1]);
  assert.deepEqual(cyd!.attempts[0]!.against.map(({ term }) => term), [3]);
});

test("the words are the command's", () => {
  const trace = steps();
  const [ana, eve, ben, cyd, dan] = lanes(trace);
  const line = (event: number): number => event + 1;
  const short = (lane: Lane | undefined): string[] => lane!.attempts.map((attempt) => shortOutcome(attempt, trace.terms));
  assert.deepEqual(short(ana), ["matches", "maxspan has passed"]);
  assert.deepEqual(short(eve), ["waits for term 3 until 10:02:30", "waits for term 1 (runs=2) until 10:02:31"]);
  assert.deepEqual(short(ben), ["term 2 (missing) came in between", "maxspan has passed"]);
  assert.equal(longOutcome(ana!.attempts[0]!, trace.terms, line), "matches: the events in lines 1, 2, 4");
  assert.equal(longOutcome(cyd!.attempts[1]!, trace.terms, line), "drops the event in line 9: an until event came, in line 10");
  assert.deepEqual(laneOutcome(dan!, "sequence").map(({ text }) => text), ["2 dropped"]);
  const all = stories(trace);
  assert.equal(all.get(0), "matches");
  assert.equal(all.get(9), "it ended a partial match");
  assert.equal(all.get(11), "dropped: maxspan has passed");
  assert.equal(all.get(12), "no partial match took it");
});

test("the lesson has a match, each way to be dropped, one that waits, and one that never started", () => {
  assert.deepEqual(told(traceOf(SEQUENCE.rule, SEQUENCE.events)), [
    "web-1,ana: completed 2 4 8",
    "web-1,ana: replaced 1",
    "db-1,cyd: open 13 14",
    "web-1,ben: until 5 7 9",
    "web-1,ben: loose 10",
    "db-1,ana: expired 3 6",
    "db-1,ana: loose 12",
    "web-2,deploy: loose 11",
  ]);
});

test("a sample keeps what it lacks", () => {
  const event = (time: number, host: string, a: number): string => JSON.stringify({ "@timestamp": time, host, a });
  const events = [event(1000, "h", 2), event(2000, "h", 1), event(3000, "i", 2), event(4000, "h", 1)].join("\n");
  const trace = traceOf("sample by host [any where a == 1] [any where a == 2]", events);
  assert.deepEqual(told(trace), ["h: completed 2 1", "h: open 4", "i: open 3"]);
  const [h, i] = lanes(trace);
  assert.deepEqual(h!.attempts[0]!.marks.map(({ term }) => term), [0, 1]);
  assert.deepEqual([i!.attempts[0]!.waits, i!.attempts[0]!.marks[0]!.term], [[0], 1]);
});

test("events without a join key are one lane, and an event that must be missing at the end is told", () => {
  const event = (time: number, a: number): string => JSON.stringify({ "@timestamp": time, a });
  const events = [event(1000, 1), event(2000, 2), event(3000, 3)].join("\n");
  const trace = traceOf("sequence with maxspan=1m [any where a == 1] [any where a == 2] ![any where a == 3]", events);
  assert.deepEqual(told(trace), [": missing_after 1 2 3"]);
  assert.equal(shortOutcome(lanes(trace)[0]!.attempts[0]!, trace.terms), "term 3 (missing) came after");
});

test("what the steps do not tell to the end is not called open or dropped", () => {
  const trace = { ...steps(), pending: [] };
  trace.steps = trace.steps.slice(0, 2);
  assert.deepEqual(told(trace).slice(0, 1), ["ana: lost 1 2"]);
});

test("distances are as the time is, as far as there is room", () => {
  const { x, width, gaps, crowded } = scale([[0, 1000, 3000, 4000]], 400);
  assert.deepEqual([x(0), x(1000), x(3000), x(4000)].map(Math.round), [0, 100, 300, 400]);
  assert.deepEqual([width, gaps, crowded], [400, [], false]);
});

test("long gaps are pressed together, and said", () => {
  const times = [0, 1000, 2000, 3000, 3_600_000, 3_601_000];
  const { x, gaps } = scale([times], 400);
  assert.deepEqual(gaps.map(({ ms }) => ms), [3_597_000]);
  assert.ok(x(3_600_000) - x(3000) < 80, "the gap is narrow");
  assert.ok(x(1000) - x(0) > 60, "the rest has the room");
});

test("events of one lane stand side by side, those of others may share a place", () => {
  const { x } = scale([[0, 0, 1, 2], [1_000_000]], 600);
  assert.equal(x(0, 1) - x(0, 0), SPACING);
  assert.ok(x(2) - x(1) >= SPACING);
  const apart = scale([[0, 500_000], [1, 499_000]], 600);
  assert.ok(apart.x(1) - apart.x(0) < 2);
});

test("too many events for the width move together, or make it wider", () => {
  const times = Array.from({ length: 200 }, (_, at) => at * 1000);
  const fit = scale([times], 400);
  assert.ok(fit.crowded && fit.width === 400);
  const places = times.map((time) => fit.x(time));
  assert.ok(places.every((place, at) => at === 0 || place >= places[at - 1]!));
  assert.ok(places.at(-1)! <= 400.5);
  assert.ok(scale([times], 400, true).width >= 199 * SPACING);
});

test("nothing, one time, and times that are all the same have a scale", () => {
  assert.equal(scale([], 300).width, 300);
  assert.equal(scale([[5]], 300).x(5), 0);
  assert.deepEqual([0, 1, 2].map((nth) => scale([[5, 5, 5]], 300).x(5, nth)), [0, SPACING, 2 * SPACING]);
});

test("labels of the axis do not cover each other or leave the picture", () => {
  const axis = scale([Array.from({ length: 40 }, (_, at) => at * 1000 + (at > 30 ? 900_000 : 0))], 600);
  const chosen = ticks(axis, 70, 22);
  assert.ok(chosen.length > 3);
  for (const [at, { x, aside }] of chosen.entries()) {
    assert.ok(x + aside >= 35 - 22 && x + aside <= axis.width + 22 - 35);
    const before = chosen[at - 1];
    if (before) assert.ok(x + aside - before.x - before.aside >= 70);
  }
});

/** No two things of one row in one place. */
function assertTidy(layout: Layout, labelWidth: number): void {
  for (const { bars, loose, rows } of layout.lanes) {
    const taken: { row: number; from: number; to: number }[] = [];
    for (const { row, from, to, label } of bars) {
      taken.push({ row, from: from - 5, to: to + 5 }, { row: label.row, from: label.x, to: label.x + labelWidth });
      assert.ok(label.x + labelWidth <= layout.width + SPACING && label.x >= -SPACING, "labels stay in the picture");
    }
    for (const { x, row } of loose) taken.push({ row, from: x - 5, to: x + 5 });
    for (const [at, one] of taken.entries()) {
      assert.ok(one.row < rows);
      for (const other of taken.slice(at + 1)) {
        assert.ok(one.row !== other.row || one.to <= other.from || one.from >= other.to, JSON.stringify([one, other]));
      }
    }
  }
}

test("bars, labels and loose events keep clear of each other at every width", () => {
  const all = lanes(steps());
  for (const width of [220, 320, 580, 1200]) {
    const layout = layOut(all, width, () => 150, () => ({ attempts: 6, loose: 12 }));
    assert.equal(layout.width, width);
    assertTidy(layout, 150);
  }
});

test("a lane is bounded, and what is not drawn is counted", () => {
  const layout = layOut(lanes(steps()), 600, () => 100, () => ({ attempts: 1, loose: 0 }));
  assert.deepEqual(layout.lanes.map(({ bars, more }) => [bars.length, more]), [[1, 1], [1, 1], [1, 1], [1, 1], [1, 2]]);
});

test("events of one term that are too close are a pile, and none is lost", () => {
  const marks = Array.from({ length: 60 }, (_, event) => ({ event, time: event, term: 0 }));
  const last = { event: 60, time: 60, term: 1 };
  const lane: Lane = { key: ["k"], attempts: [{ outcome: "completed", marks: [...marks, last], against: [], waits: [] }], loose: [] };
  const [placed] = layOut([lane], 300, () => 60, () => ({ attempts: 9, loose: 9 })).lanes;
  const [pile, ...others] = placed!.bars[0]!.marks;
  assert.equal(pile!.behind.length, 59);
  assert.deepEqual(others.map(({ mark }) => mark.event), [60]);
  assert.ok(others[0]!.x - pile!.x > 17, "its number stays visible");
});

test("spans, times and keys as a person reads them", () => {
  assert.deepEqual([60_000, 90_000, 2500, 86_400_000].map(spanText), ["1m", "90s", "2500ms", "1d"]);
  assert.deepEqual([716_000, 59_999, 2500, 40, 3_600_000, 273_600_000].map(lengthText), ["11m 56s", "60s", "2.5s", "40ms", "1h", "3d 4h"]);
  assert.deepEqual([716_000, 109_000, 40].map(shortLength), ["12m", "1.8m", "40ms"]);
  assert.equal(clock(Date.UTC(2026, 0, 1, 9, 5, 7, 30)), "09:05:07");
  assert.equal(clock(Date.UTC(2026, 0, 1, 9, 5, 7, 30), true), "09:05:07.030");
  assert.deepEqual(["web-1", "", "null", "12", 12, null, true].map(keyText), ["web-1", '""', '"null"', '"12"', "12", "null", "true"]);
});
