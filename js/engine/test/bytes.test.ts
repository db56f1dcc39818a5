import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteOffsets } from "@tripline/engine";

const TEXTS = ["", "ascii only", "é", "aéb€c\u{1f600}d", "\u{1f600}\u{1f600}x", "lone \ud800 surrogate", "ö\nü"];

test("every character's offsets agree with the encoder's", () => {
  const encoder = new TextEncoder();
  for (const text of TEXTS) {
    const offsets = new ByteOffsets(text);
    let utf16 = 0;
    let bytes = 0;
    for (const char of text) {
      assert.equal(offsets.toUtf16(bytes), utf16, text);
      assert.equal(offsets.toBytes(utf16), bytes, text);
      utf16 += char.length;
      bytes += encoder.encode(char).length;
    }
    assert.equal(offsets.toUtf16(bytes), utf16);
    assert.equal(offsets.toBytes(utf16), bytes);
  }
});

test("inside a character it is its start, past the end the end", () => {
  const offsets = new ByteOffsets("a\u{1f600}b");
  assert.deepEqual([1, 2, 3, 4].map((byte) => offsets.toUtf16(byte)), [1, 1, 1, 1]);
  assert.equal(offsets.toBytes(2), 1);
  assert.equal(offsets.toUtf16(99), 4);
  assert.equal(offsets.toBytes(99), 6);
  assert.deepEqual(offsets.span({ start: 1, end: 5 }), { start: 1, end: 3 });
});
