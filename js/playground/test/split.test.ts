import assert from "node:assert/strict";
import { test } from "node:test";
import { eventAt, isLines, split } from "../src/events/split.js";

/** The events as the engine sees them, and as the text has them at their offsets. */
function found(text: string): { lines: string[]; texts: string[] } {
  const { lines, starts, ends } = split(text);
  const all = new TextDecoder().decode(lines).split("\n");
  return { lines: all.filter((line) => line.trim()), texts: [...starts].map((start, at) => text.slice(start, ends[at])) };
}

test("each line is an event, blank lines are not", () => {
  const { lines, texts } = found('{"a":1}\n\n  \t\n{"é":2}\nnot json\n');
  assert.deepEqual(texts, ['{"a":1}', '{"é":2}', "not json"]);
  assert.deepEqual(lines, texts);
});

test("a broken line leaves its neighbours alone", () => {
  assert.equal(isLines('{"a":"\n{"b":2}\n'), true);
  assert.deepEqual(found('{"a":"\n{"b":2}\n').texts, ['{"a":"', '{"b":2}']);
  assert.deepEqual(found('{"a":{\n{"b":2}\n').texts, ['{"a":{', '{"b":2}']);
  assert.deepEqual(found('{"a":1}\n{"b":{\n{"c":3}').texts, ['{"a":1}', '{"b":{', '{"c":3}']);
});

test("an array gives its elements, pretty-printed or not", () => {
  assert.deepEqual(found('[{"a":1},{"b":[1,2]}]').texts, ['{"a":1}', '{"b":[1,2]}']);
  const pretty = JSON.stringify([{ a: "x,]}" }, { b: { c: [1, 2] } }], null, 2);
  const { lines, texts } = found(pretty);
  assert.equal(texts.length, 2);
  assert.deepEqual(lines.map((line) => JSON.parse(line)), [{ a: "x,]}" }, { b: { c: [1, 2] } }]);
  assert.deepEqual(texts.map((text) => JSON.parse(text)), [{ a: "x,]}" }, { b: { c: [1, 2] } }]);
});

test("offsets inside an event are the same in the text and in the engine's line", () => {
  const { lines, texts } = found('[\n  {"a":\n    1,\n  "b": x}\n]');
  assert.equal(lines[0]!.indexOf("x"), texts[0]!.indexOf("x"));
});

test("documents one after another, with or without commas between", () => {
  assert.deepEqual(found('{\n"a":1\n}\n{\n"a":2\n}\n').texts.map((text) => JSON.parse(text)), [{ a: 1 }, { a: 2 }]);
  assert.deepEqual(found('{"a":1},{"a":2},').texts, ['{"a":1}', '{"a":2}']);
  assert.deepEqual(found('{"a":1}{"a":2}').texts, ['{"a":1}', '{"a":2}']);
});

test("after a broken document the next one is found", () => {
  const { texts } = found('[\n  {"a": {"b": 1}\n  {"c": 2}\n]');
  assert.equal(texts.at(-1), '{"c": 2}');
  assert.equal(texts.length, 2);
});

test("what follows an array, and what never ends, is not lost", () => {
  assert.deepEqual(found('[{"a":1}] rest').texts, ['{"a":1}', "rest"]);
  assert.deepEqual(found('[{"a":1},{"b":').texts, ['{"a":1}', '{"b":']);
  assert.deepEqual(found("[").texts, []);
  assert.deepEqual(found("").texts, []);
});

test("a newline inside a string stays an error", () => {
  const [line] = found('[{"a":"x\ny"}]').lines;
  assert.throws(() => JSON.parse(line!));
});

test("many events", () => {
  const { starts, ends } = split('{"a":1}\n'.repeat(5000));
  assert.equal(starts.length, 5000);
  assert.equal(starts[4999], 4999 * 8);
  assert.equal(ends[4999], 4999 * 8 + 7);
});

test("the event at an offset", () => {
  const events = split('{"a":1}\n\n{"b":2}');
  assert.equal(eventAt(events, 0), 0);
  assert.equal(eventAt(events, 7), 0);
  assert.equal(eventAt(events, 8), -1);
  assert.equal(eventAt(events, 9), 1);
  assert.equal(eventAt(split(""), 0), -1);
});
