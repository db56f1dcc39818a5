import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { load } from "@tripline/engine";
import { parse } from "smol-toml";

/** One conformance vector; see `tests/vectors/README.md`. */
interface Case {
  name: string;
  rule: string;
  mapping?: string;
  events?: string;
  encoding?: "latin-1";
  matches?: number[];
  error?: string;
  rejected?: number[];
}

const folder = new URL("../../../tests/vectors/", import.meta.url);
const engine = await load();

/** Evaluates a vector as every host does, checks what was expected, and writes it down as the native engine does. */
function run({ name, rule, mapping, events = "", encoding, matches, error, rejected = [] }: Case): string {
  using rules = engine.compile({ path: "case.eql", text: rule }, mapping === undefined ? {} : { mapping: JSON.parse(mapping) as object });
  using session = rules.open({ alerts: true });
  const outcome = session.evaluate(encoding === "latin-1" ? Buffer.from(events, "latin1") : events);
  if (error !== undefined) {
    assert.equal(rules.rules.length, 0, name);
    assert.ok(rules.report.diagnostics.some(({ code }) => code === error), `${name}: no ${error}`);
  } else {
    assert.deepEqual(outcome.matches.map((match) => match.events[0]), matches, name);
    assert.deepEqual(outcome.rejections.map(({ event }) => event), rejected, name);
  }
  return JSON.stringify({ case: name, report: rules.report, outcome });
}

const names = readdirSync(folder).filter((name) => name.endsWith(".toml")).sort();

test("there are vectors", () => assert.ok(names.length > 10));

for (const name of names) {
  const cases = parse(readFileSync(new URL(name, folder), "utf8"))["case"] as unknown as Case[];
  test(`${name}: ${cases.length} cases give the same bytes as the native engine`, () => {
    const written = cases.map(run);
    const golden = new URL(name.replace(/toml$/, "out"), folder);
    assert.ok(existsSync(golden), `${golden.pathname} is missing`);
    const expected = readFileSync(golden, "utf8").trimEnd().split("\n");
    assert.deepEqual(written, expected);
  });
}
