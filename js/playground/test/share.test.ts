import assert from "node:assert/strict";
import { test } from "node:test";
import { pack, unpack } from "../src/share.js";

test("a link carries rule and events", async () => {
  const shared = { rule: 'process where process.name == "é"', events: '{"a":"\u{1f600}"}\n'.repeat(300) };
  const fragment = await pack(shared);
  assert.match(fragment, /^#v1=[\w-]+$/);
  assert.ok(fragment.length < 200);
  assert.deepEqual(await unpack(fragment), shared);
});

test("other fragments carry nothing", async () => {
  assert.equal(await unpack(""), null);
  assert.equal(await unpack("#results"), null);
});

test("damaged links are refused", async () => {
  const fragment = await pack({ rule: "any where true", events: "{}" });
  await assert.rejects(unpack(fragment.slice(0, -6)));
  await assert.rejects(unpack("#v1=%%%"));
  await assert.rejects(unpack(await foreign("[1,2]")), /no rule and events/);
});

test("a link that unfolds to too much is refused", async () => {
  await assert.rejects(unpack(await foreign(`["", "${"x".repeat(33 << 20)}"]`)), /more than 32 MB/);
});

/** A fragment that the page itself would not make. */
async function foreign(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return `#v1=${Buffer.from(await new Response(stream).arrayBuffer()).toString("base64url")}`;
}
