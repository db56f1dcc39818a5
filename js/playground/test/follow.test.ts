import assert from "node:assert/strict";
import { test } from "node:test";
import { follow } from "../src/editor/follow.js";

/** The text with `|` where the cursor is, before and after. */
function follows(before: string, after: string): void {
  const at = before.indexOf("|");
  const text = after.replace("|", "");
  const place = follow(before.replace("|", ""), at, text);
  assert.equal(`${text.slice(0, place)}|${text.slice(place)}`, after);
}

test("the cursor stays at its letter", () => {
  follows("any where a==|1", "any where a == |1");
  follows("any where a|==1", "any where a| == 1");
  follows("any where (a == 1) and b|c", "any where\n  a == 1 and\n  b|c");
  follows("any where a in (1,2|)", "any where a in (\n  1, 2|\n)");
  follows("any where a in (1,2)|", "any where a in (\n  1, 2\n)|");
  follows("any where `a`|.b", "any where a|.b");
});

test("before a word it stays before the word", () => {
  follows("|any   where true", "|any where true");
  follows("any where a and |b", "any where\n  a and\n  |b");
  follows("any where true   |", "any where true|");
  follows("any where 𝔘 and |é", "any where\n  𝔘 and\n  |é");
});

test("every place has one", () => {
  const before = " any where ((`é`=='x')) // 𝔘 \n";
  const after = "any where é == x // 𝔘";
  for (let at = 0; at <= before.length; at += 1) {
    const place = follow(before, at, after);
    assert.ok(place >= 0 && place <= after.length, `${at} becomes ${place}`);
  }
});
