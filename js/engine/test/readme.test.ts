import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/^```js\n([^]*?)^```$/gm)].map((match) => match[1]!);

test("the README has examples", () => assert.ok(examples.length >= 4));

for (const [at, example] of examples.entries()) {
  test(`example ${at + 1} of the README prints what it says`, () => {
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", example], { cwd: root, encoding: "utf8" });
    const promised = [...example.matchAll(/\/\/=> (.*)$/gm)].map((match) => `${match[1]}\n`).join("");
    assert.notEqual(promised, "");
    assert.equal(printed, promised);
  });
}
