import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { facts } from "../src/events/facts.js";
import { first, values } from "../src/events/field.js";
import { learn } from "../src/events/fields.js";

test("a field is the same nested, dotted and mixed, with all values of arrays", () => {
  assert.deepEqual(values({ a: { b: { c: 1 } } }, "a.b.c"), [1]);
  assert.deepEqual(values({ "a.b.c": 1 }, "a.b.c"), [1]);
  assert.deepEqual(values({ "a.b": { c: 1 }, a: { "b.c": 2 } }, "a.b.c").sort(), [1, 2]);
  assert.deepEqual(values({ a: [{ b: 1 }, { b: [2, null, 3] }] }, "a.b"), [1, 2, 3]);
  assert.deepEqual(values({ a: { b: {} } }, "a.b"), []);
  assert.equal(first({ a: "", b: "x" }, "a", "b"), "x");
});

test("names of an event that are also JavaScript's are only fields", () => {
  assert.deepEqual(values({}, "constructor.name"), []);
  assert.deepEqual(values({}, "__proto__"), []);
});

test("the key facts", () => {
  assert.deepEqual(
    facts({
      "@timestamp": "2026-11-24T09:00:12.417999999Z",
      event: { category: ["file"], action: "creation" },
      "host.name": "web-01",
      user: { name: "root" },
      process: { name: "cp" },
      file: { path: "/tmp/x" },
      data_stream: { dataset: "endpoint.events.file" },
    }),
    {
      date: "2026-11-24",
      time: "09:00:12",
      host: "web-01",
      user: "root",
      action: "file · creation",
      subject: "cp",
      object: "/tmp/x",
      source: "Elastic Defend",
    },
  );
  assert.equal(facts({ event: { category: "process" }, process: { args: ["a", "b"] }, file: { path: "/f" } }).object, "a b");
  assert.equal(facts({ event: { category: "network" }, destination: { ip: "::1", port: 22 } }).object, "::1:22");
  assert.equal(facts({ "@timestamp": 1767225600000 }).date, "2026-01-01");
  const hit = { _index: "endgame-1", _source: { user: { name: "eve" }, "@timestamp": "2026-01-01T10:00:00Z" } };
  assert.deepEqual([facts(hit).user, facts(hit).source, facts(hit).time], ["eve", "Endgame", "10:00:00"]);
  assert.deepEqual(learn([hit]).map(({ name }) => name), ["@timestamp", "user.name"]);
  assert.equal(facts(null).subject, "");
});

test("the source of each example is named", () => {
  const folder = new URL("../../../examples/events/", import.meta.url);
  const names = new Set(
    readdirSync(folder)
      .filter((name) => name.endsWith(".ndjson"))
      .flatMap((name) => readFileSync(new URL(name, folder), "utf8").trim().split("\n"))
      .map((line) => facts(JSON.parse(line)).source),
  );
  assert.deepEqual([...names].sort(), ["AWS CloudTrail", "CrowdStrike", "Elastic Defend", "Endgame", "SentinelOne", "System logins"]);
});

test("fields are learned with types and values", () => {
  const fields = learn([{ a: { b: "x" }, n: 1 }, { "a.b": "y", n: "1" }, { a: [{ b: "x" }] }, null, 7]);
  assert.deepEqual(fields, [
    { name: "a.b", count: 3, type: "string", values: ["x", "y"] },
    { name: "n", count: 2, type: "mixed", values: ["1"] },
  ]);
});

test("learning is bounded", () => {
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`f${at}`, at]));
  assert.equal(learn([wide]).length, 3000);
  let deep: object = { x: 1 };
  for (let at = 0; at < 1000; at += 1) deep = { a: deep };
  assert.deepEqual(learn([deep]), []);
});
