import assert from "node:assert/strict";
import { test } from "node:test";
import { load, type ExplainedNode } from "@tripline/engine";
import { answer, type Asked } from "../src/engine/answer.js";
import { head, linesOf } from "../src/engine/lines.js";
import type { Answers } from "../src/engine/protocol.js";
import { split } from "../src/events/split.js";
import { millisOf } from "../src/events/time.js";
import { found } from "../src/explain/found.js";
import { fold, rows, type Row } from "../src/explain/tree.js";
import { gateLabel, heldBy, holds, nearest, reasonOf, shortReason, termLabel, truthOf, type Explained } from "../src/explain/words.js";

const engine = await load();

function asked(rule: string, events: string): Asked {
  return { rule, info: engine.compile(rule).rules, events: split(events) };
}

function explain(rule: string, events: string, event = 0): Explained {
  const explained = answer(engine, asked(rule, events), { about: "event", event }) as Answers["event"];
  assert.ok(explained);
  return explained;
}

function tree(rule: string, event: object): Row[] {
  return rows(explain(rule, JSON.stringify(event)).event.terms[0]!.tree);
}

const words = (row: Row | undefined): string => row!.words.map(({ name, text, kind }) => `${name ? `${name} ` : ""}${text}/${kind}`).join(" ");

test("the reason is about the event that was asked for, whatever stands around it", () => {
  const events = '\n{"event":{"category":"process"},"process":{"name":"a"}}\n   \n{"event":{"category":"process"},"process":{"name":"B"}}\n';
  const { event, terms } = explain('process where process.name == "b"', events, 1);
  assert.equal(event.event, 1);
  assert.equal(terms.length, 1);
  assert.match(reasonOf(explain('process where process.name == "b"', events, 1)), /^did not match: process.name is "B", .*case-sensitive/);
  assert.match(shortReason(explain('process where process.name == "a"', events, 1)), /^process.name is "B", the rule wants "a"$/);
});

test("reasons come for several events at once, each under its own number", () => {
  const events = ['{"a":1}', '{"a":2}', "{oops", '{"a":4}'].join("\n");
  const reasons = answer(engine, asked("any where a == 4", events), { about: "reasons", events: [2, 0] }) as Answers["reasons"];
  assert.deepEqual(reasons?.map(({ event }) => event), [2, 0]);
  assert.match(reasons[0]!.text, /^could not be read: at byte 1: /);
  assert.match(reasons[1]!.text, /^a is 1, /);
});

test("a rule with an error has no explanation", () => {
  const broken: Asked = { rule: "any where a ==", info: [], events: split('{"a":1}') };
  for (const about of ["trace", "event", "reasons"] as const) {
    const question = about === "event" ? { about, event: 0 } : about === "reasons" ? { about, events: [0] } : { about };
    assert.equal(answer(engine, broken, question), null);
  }
  assert.equal(answer(engine, asked("any where true", '{"a":1}'), { about: "trace" }), null, "an event query has no timeline");
});

test("the category and what is joined by and stand side by side, with what the event has", () => {
  const shown = tree('process where process.name == "a" and not user.id == 0 and x.y == 1', {
    event: { category: "process" },
    process: { name: ["a", "b"] },
    user: { id: 0 },
  });
  assert.deepEqual(shown.map(({ text }) => text), ["process", 'process.name == "a"', "not user.id == 0", "x.y == 1"]);
  assert.deepEqual(shown.map(({ truth }) => truth), ["true", "true", "false", "null"]);
  assert.equal(words(shown[0]), 'event.category: "process"/value');
  assert.equal(words(shown[1]), '"a"/passing "b"/value');
  assert.equal(words(shown[2]), "0/value", "the negation is one line with what the test inside found");
  assert.equal(words(shown[3]), "missing/missing");
  assert.deepEqual(shown.map(({ decides }) => decides), [false, false, true, false]);
});

test("what keeps a negation from holding is marked", () => {
  const [, not] = tree('any where true and not process.args : "x*"', { process: { args: ["xa", "b"] } });
  assert.equal(words(not), '"xa"/failing "b"/value');
});

test("an or shows its alternatives, and how many hold", () => {
  const [, or] = tree("any where a == 1 and (b == 1 or c == 1 or length(d) == 2)", { a: 1, b: 2, c: 1, d: "xyz" });
  assert.equal(or!.joins, true);
  assert.equal(words(or), "1 of 3 hold/said");
  assert.deepEqual(or!.parts.map(({ text }) => text), ["b == 1", "c == 1", "length(d) == 2"]);
  assert.equal(words(or!.parts[2]), "length(d) = 3/value");
});

test("many that have no part in the outcome are one line, and none is lost", () => {
  const shown = tree(`any where ${["a", "b", "c", "d", "e", "f"].map((name) => `${name} == 1`).join(" and ")}`, { a: 1, b: 1, c: 1, d: 1, e: 1, f: 2 });
  const folded = fold(shown, "and");
  assert.equal(folded.length, 2);
  assert.ok("row" in folded[0]! && folded[0].row.text === "f == 1");
  assert.ok("folded" in folded[1]! && folded[1].text === "5 other conditions hold" && folded[1].folded.length === 5);
  assert.equal(fold(shown.slice(2), "and").length, 4, "few are shown");
});

test("null is told from undecided, and what it counts as", () => {
  const node: ExplainedNode = { kind: "test", text: "", span: { start: 0, end: 0 }, truth: null };
  assert.equal(truthOf(node), "undecided");
  assert.equal(holds(node), undefined);
  assert.equal(truthOf({ ...node, counts_as: true }), "null");
  assert.equal(holds({ ...node, counts_as: true }), true);
});

test("values that are left out are counted", () => {
  const node: ExplainedNode = { kind: "test", text: "", span: { start: 0, end: 0 }, truth: false, fields: [{ field: "a", values: [1, 2], total: 50 }] };
  assert.deepEqual(found(node, node).map(({ text }) => text), ["1", "2", "48 more"]);
});

const SEQUENCE = 'sequence by host with maxspan=1m [any where a == 1] with runs=2 ![any where a == 2] [any where a == 3] until [any where a == 4]';

test("terms are called what the command calls them", () => {
  const { terms } = explain(SEQUENCE, '{"@timestamp":1,"host":"h","a":9}');
  assert.deepEqual(terms.map(termLabel), ["term 1 (runs=2)", "term 2 (missing)", "term 3", "until"]);
});

test("of a sequence the nearest terms are named, and what became of the event", () => {
  const events = ['{"@timestamp":1000,"host":"h","a":1}', '{"@timestamp":2000,"host":"h","a":9}', '{"@timestamp":3000,"a":1}'].join("\n");
  assert.equal(shortReason(explain(SEQUENCE, events, 0)), "is an event for term 1 (runs=2); open: waits for term 1 (runs=2) until 00:01:01");
  assert.equal(shortReason(explain(SEQUENCE, events, 1)), "no event for any term; nearest is term 1 (runs=2): a is 9, the rule wants 1");
  assert.deepEqual(nearest(explain(SEQUENCE, events, 1).event.terms), [0, 1, 2, 3]);
  assert.match(shortReason(explain(SEQUENCE, events, 2)), /no host to be joined by/);
});

const THRESHOLD = JSON.stringify({
  rule_id: "r",
  name: "R",
  type: "threshold",
  language: "kuery",
  query: "process.name: nc",
  threshold: { field: ["host.name"], value: 2 },
  exceptions_list: [{ id: "1", list_id: "l", type: "rule_default", namespace_type: "single" }],
});
const EXCEPTION = JSON.stringify({
  item_id: "i",
  list_id: "l",
  name: "build machines",
  type: "simple",
  namespace_type: "single",
  entries: [{ field: "host.name", operator: "included", type: "wildcard", value: "ci-*" }],
});
const onHost = (second: number, name: string): string => JSON.stringify({ "@timestamp": second * 1000, process: { name: "nc" }, host: { name } });

test("what holds an event back beside the query is its reason, and counts all events", () => {
  const rule = `${THRESHOLD}\n${EXCEPTION}\n`;
  const events = [onHost(1, "a"), onHost(2, "ci-7"), onHost(3, "b"), onHost(4, "a")].join("\n");
  const two = explain(rule, events, 3);
  assert.equal(heldBy(two.event), undefined);
  assert.equal(two.alerts_when, "a match makes an alert when 2 events come with the same host.name in one run (each 5m, over the last 6m)");
  assert.deepEqual(two.event.gates?.map((gate) => [gateLabel(gate), gate.passes]), [["query", true], ["exceptions", true], ["threshold", true]]);
  assert.match(reasonOf(explain(rule, events, 2)), /^the query matches, but there is 1 event with host.name "b" in the run of .*, the rule asks for 2$/);
  const ci = explain(rule, events, 1);
  assert.equal(reasonOf(ci), 'the query matches, but the exception "build machines" takes it away: host.name is "ci-7"');
  const [row] = rows(heldBy(ci.event)!.tree!);
  assert.deepEqual([row!.text, words(row), row!.decides], ["host.name:ci-*", '"ci-7"/value', true]);
});

test("of very many events nothing is said that would take all of them", () => {
  const padding = `${JSON.stringify({ pad: "x".repeat(1000) })}\n`.repeat(9000);
  const { event } = explain(`${THRESHOLD}\n${EXCEPTION}\n`, `${onHost(1, "ci-7")}\n${onHost(2, "a")}\n${padding}`, 1);
  assert.equal(event.event, 1);
  assert.deepEqual(event.gates?.map(gateLabel), ["query", "exceptions"]);
});

test("lines are found as the engine counts them", () => {
  const bytes = new TextEncoder().encode("a\n\n \t\r\nb\r\nc");
  const texts = (events: number[]): string[] => linesOf(bytes, events).map((line) => new TextDecoder().decode(line));
  assert.deepEqual(texts([2, 0, 1]), ["c", "a", "b\r"]);
  assert.deepEqual(texts([7]), [""]);
  assert.equal(head(bytes, 100), bytes);
  assert.equal(new TextDecoder().decode(head(bytes, 3)), "a\n\n");
  assert.equal(head(bytes, 1).length, 0);
});

test("timestamps are read as the engine reads them", () => {
  const expected = Date.UTC(2026, 2, 1, 10, 0, 0, 120);
  for (const text of ["2026-03-01T10:00:00.12Z", "2026-03-01T10:00:00.120", "2026-03-01 10:00:00.120000000Z", "2026-03-01T12:00:00.120+02:00", String(expected)]) {
    assert.equal(millisOf(text), expected, text);
  }
  assert.equal(millisOf(expected), expected);
  for (const other of ["yesterday", "", null, undefined, {}, Number.NaN, "12"]) assert.equal(millisOf(other), null, String(other));
});
