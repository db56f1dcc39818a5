import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { load, QueryError, TriplineError, type Source } from "@tripline/engine";

const engine = await load();
const module = new URL("../dist/module/", import.meta.url);
const examples = new URL("../../../examples/", import.meta.url);

function files(folder: string, ending: string): Source[] {
  const url = new URL(`${folder}/`, examples);
  return readdirSync(url)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((path) => ({ path, text: readFileSync(new URL(path, url), "utf8") }));
}

const event = (name: string): string => JSON.stringify({ event: { category: "process" }, process: { name } });

test("the hash is that of the module", () => {
  assert.equal(engine.sha256, readFileSync(new URL("sha256", module), "utf8").trim().split(/\s/)[0]);
  assert.match(engine.version, /^\d+\.\d+\.\d+/);
  assert.ok(engine.limits.max_event_bytes > 0);
});

test("loading twice gives the same engine", async () => assert.equal(await load(), engine));

test("a module can be loaded from bytes, a failed load can be tried again", () => {
  const code = `
    import { readFileSync } from "node:fs";
    import { load } from "@tripline/engine";
    await load(new URL("file:///nowhere.wasm")).then(() => process.exit(3), () => {});
    await load(new Uint8Array([0, 1, 2])).then(() => process.exit(4), () => {});
    const bytes = readFileSync("dist/module/tripline.core.wasm");
    console.log((await load(bytes)).sha256);`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: new URL("..", import.meta.url),
    encoding: "utf8",
  });
  assert.equal(printed.trim(), engine.sha256);
});

test("it works in a worker", async () => {
  const code = `
    const { parentPort } = require("node:worker_threads");
    import(${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)}).then(async ({ load }) =>
      parentPort.postMessage((await load()).compile("any where true").open().evaluate("{}").matches.length));`;
  const worker = new Worker(code, { eval: true });
  const matches = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  await worker.terminate();
  assert.equal(matches, 1);
});

test("the example rules compile, and each matches in the example events", () => {
  const rules = engine.compile(files("rules", ".toml"));
  assert.deepEqual(rules.report.diagnostics.filter(({ level }) => level === "error"), []);
  assert.ok(rules.rules.length > 10);
  const session = rules.open({ alerts: true });
  const outcomes = files("events", ".ndjson").map(({ text }) => session.evaluate(text));
  const fired = new Set(outcomes.flatMap(({ matches }) => matches.map(({ rule }) => rule)));
  assert.deepEqual(
    rules.rules.filter((_, index) => !fired.has(index)).map(({ name }) => name),
    [],
  );
  for (const { alerts, matches } of outcomes) {
    const documents = alerts.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    assert.equal(documents.length, matches.length);
    documents.forEach((document, at) =>
      assert.equal(document["kibana.alert.rule.name"], rules.rules[matches[at]!.rule]!.name),
    );
  }
  session.free();
  rules.free();
});

test("ordinals go on from batch to batch, and bad events are counted", () => {
  using rules = engine.compile('process where process.name == "bash"');
  using session = rules.open();
  assert.deepEqual(session.evaluate(`${event("bash")}\n\n${event("vim")}\n`).matches, [{ rule: 0, events: [0] }]);
  const second = session.evaluate(new TextEncoder().encode(`{nonsense\n${event("bash")}`));
  assert.deepEqual(second.matches, [{ rule: 0, events: [3] }]);
  assert.equal(second.first, 2);
  assert.equal(second.rejected, 1);
  assert.equal(second.rejections[0]!.event, 2);
  assert.equal(typeof second.rejections[0]!.message, "string");
});

test("an alert does not depend on what else is in the batch", () => {
  using rules = engine.compile(files("rules", ".toml"));
  const lines = files("events", ".ndjson").flatMap(({ text }) => text.trim().split("\n"));
  using all = rules.open({ alerts: true });
  const { alerts, matches } = all.evaluate(lines.join("\n"));
  assert.ok(matches.length > 10);
  alerts.trim().split("\n").forEach((alert, at) => {
    using alone = rules.open({ alerts: true });
    const outcome = alone.evaluate(lines[matches[at]!.events[0]!]!);
    const index = outcome.matches.findIndex(({ rule }) => rule === matches[at]!.rule);
    assert.equal(outcome.alerts.split("\n")[index], alert);
  });
});

test("a session outlives its rule set; what is freed is refused", () => {
  const rules = engine.compile("any where true");
  const session = rules.open();
  rules.free();
  rules.free();
  assert.throws(() => rules.open(), { name: "TriplineError", message: /RuleSet has been freed/ });
  assert.equal(session.evaluate("{}").matches.length, 1);
  session.free();
  assert.throws(() => session.evaluate("{}"), TriplineError);
});

test("a rule with an error is reported at its place, the others run", () => {
  using rules = engine.compile([
    { path: "a.eql", text: "// é\nany where x ==" },
    { path: "b.eql", text: "any where true" },
  ]);
  assert.equal(rules.hasErrors, true);
  assert.equal(rules.rules.length, 1);
  const [problem] = rules.report.diagnostics;
  assert.equal(problem!.path, "a.eql");
  assert.equal(problem!.line, 2);
  assert.equal(rules.report.rules[0]!.status, "failed");
  assert.deepEqual(rules.report.rules[1]!.status, { compiled: { index: 0 } });
});

test("options are passed on, and unknown ones refused", () => {
  const mapping = { properties: { a: { type: "keyword" } } };
  assert.equal(engine.compile('any where b == "x"', { mapping }).hasErrors, true);
  assert.equal(engine.compile('any where a == "x"', { mapping }).hasErrors, false);
  using rules = engine.compile("any where true", { limits: { max_event_bytes: 10 } });
  assert.equal(rules.open().evaluate('{"a":"0123456789"}').rejected, 1);
  assert.throws(() => engine.compile("any where true", { limit: {} } as object), { name: "TriplineError", message: /limit/ });
});

test("search answers like Elasticsearch", () => {
  const events = ["a", "bash", "bash", "c"].map(event).join("\n");
  const answer = engine.search('process where process.name == "bash"', events);
  assert.deepEqual(answer.hits.events?.map(({ _source }) => _source), [JSON.parse(event("bash")), JSON.parse(event("bash"))]);
  assert.throws(
    () => engine.search("process where", events),
    (error) => error instanceof QueryError && error.diagnostics.length > 0 && error.diagnostics[0]!.labels.length > 0,
  );
});

test("a search takes its data piece by piece", () => {
  const search = engine.openSearch("any where n != 2", { size: 2 });
  assert.equal(search.add('{"n":1}\n{"n":2}\n', "first").events, 2);
  assert.equal(search.add('{"n":3}\noops\n{"n":4}', "second").rejected, 1);
  const { events } = search.finish().hits;
  assert.deepEqual(events?.map(({ _index, _source }) => [_index, _source]), [["second", { n: 3 }], ["second", { n: 4 }]]);
  assert.equal(Number(events![1]!._id) - Number(events![0]!._id), 2);
  assert.throws(() => search.finish(), TriplineError);
});

test("a rule is formatted, and only its query", () => {
  assert.equal(engine.format('any   where a==1 // why\n and (b:"x")'), 'any where\n  a == 1 and // why\n  b : "x"\n');
  const toml = (query: string): string => `# é\n[rule]\nname="x"\ntype = "eql"\nquery = '''\n${query}\n''' # y\n`;
  assert.equal(engine.format(toml("any   where true")), toml("any where true"));
  const refused = (text: string): string[] => {
    try {
      return [engine.format(text)];
    } catch (error) {
      assert.ok(error instanceof QueryError);
      return error.diagnostics.map(({ level, line }) => `${level} ${line}`);
    }
  };
  assert.deepEqual(refused(toml("any where a ==\n and b == 1")), ["error 7"]);
  assert.deepEqual(refused("# Page\n\n**Rule type**: eql\n"), ["warning 1"]);
});

test("hostile input is refused, not fatal", () => {
  using rules = engine.compile(["any where true", `any where ${"(".repeat(100_000)}`, 'any where a regex "(((a*)*)*)*b"']);
  assert.equal(rules.rules.length >= 1, true);
  using session = rules.open();
  const deep = `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
  const outcome = session.evaluate(`${deep}\n{"a":"\ud800"}\n{}`);
  assert.equal(outcome.events, 3);
  assert.ok(outcome.matches.some(({ events }) => events[0] === 2));
});
