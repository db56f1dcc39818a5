import assert from "node:assert/strict";
import { test } from "node:test";
import { layOut } from "../src/view/json.js";

const text = (json: string): string => layOut(json).map((piece) => piece.text).join("");

test("JSON is laid out as JSON.stringify would", () => {
  for (const value of [{ a: 1, b: { c: [1, 2, { d: null }], e: [], f: {} }, g: 'x"\\' }, [], "x", [[1], {}]]) {
    assert.equal(text(JSON.stringify(value)), JSON.stringify(value, null, 2));
    assert.equal(text(JSON.stringify(value, null, 4)), JSON.stringify(value, null, 2));
  }
});

test("numbers and repeated keys stay as they are", () => {
  assert.equal(text('{"a":12345678901234567890,"a":1.0}'), '{\n  "a": 12345678901234567890,\n  "a": 1.0\n}');
});

test("keys and values have their colours", () => {
  const kinds = layOut('{"a":"b","c":[1,true]}').filter(({ kind }) => kind && kind !== "p");
  assert.deepEqual(kinds.map(({ text, kind }) => `${kind}${text}`), ['k"a"', 's"b"', 'k"c"', "n1", "ntrue"]);
});

test("broken JSON is shown, not lost", () => {
  assert.equal(text('{"a": "b}').replaceAll(/\s/g, ""), '{"a":"b}');
});
