import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { load, type Source } from "@tripline/engine";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

function sources(folder: string, ending: RegExp): Source[] {
  const names = readdirSync(new URL(`${folder}/`, root)).filter((name) => ending.test(name));
  return names.sort().map((path) => ({ path, text: read(`${folder}/${path}`) }));
}

/** The events of all files in the order of time; of the same instant in the order of their files. */
function events(): string {
  const lines = sources("examples/events", /[.]ndjson$/).flatMap(({ text }) => text.trimEnd().split("\n"));
  const time = (line: string): string => {
    const event = JSON.parse(line);
    return (event._source ?? event)["@timestamp"];
  };
  const timed = lines.map((line) => ({ line, time: time(line) }));
  return timed.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).map(({ line }) => line).join("\n");
}

/** The golden file is written by `tests/tests/examples.rs`, which holds all other hosts to it. */
test("the alerts of the examples have the bytes that every host gives", async () => {
  const engine = await load();
  const indicators = [{ path: "indicators.csv", text: read("examples/indicators.csv") }];
  using rules = engine.compile(sources("examples/rules", /[.](toml|ndjson)$/), { indicators });
  assert.deepEqual(rules.report.diagnostics, []);
  using session = rules.open({ alerts: true });
  const alerts = session.evaluate(events()).alerts + session.finish().alerts;
  const told = alerts.trimEnd().split("\n").map((alert) => {
    const document = JSON.parse(alert);
    const hash = createHash("sha256").update(alert).digest("hex");
    return `${document["kibana.alert.uuid"]} ${hash} ${document["kibana.alert.rule.type"]} ${document["kibana.alert.rule.name"]}`;
  });
  assert.deepEqual(told, read("tests/examples.out").trimEnd().split("\n"));
});
