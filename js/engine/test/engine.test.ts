import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  load,
  QueryError,
  TriplineError,
  type ExplainedNode,
  type Explanation,
  type RuleSet,
  type SearchOptions,
  type Source,
} from "@tripline/engine";

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

/** The rules with their exceptions, and what goes with them. */
const ruleFiles = (): Source[] => [...files("rules", ".toml"), ...files("rules", ".ndjson")];
const indicators = (): Source[] => files(".", "indicators.csv");

/** Rules whose alerts are not each of one event. */
const COUNTS = /^type = "(threshold|new_terms)"|^\[rule[.]alert_suppression\]/m;

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
  const rules = engine.compile(ruleFiles(), { indicators: indicators() });
  assert.deepEqual(rules.report.diagnostics, []);
  assert.ok(rules.rules.length > 10);
  // Each file is a stream of its own hour, so no event is late.
  const session = rules.open({ alerts: true, lateness_ms: null });
  const outcomes = [...files("events", ".ndjson").map(({ text }) => session.evaluate(text)), session.finish()];
  const counting = new Set(ruleFiles().filter(({ text }) => COUNTS.test(text)).map(({ text }) => /^name = "(.*)"$/m.exec(text)![1]!));
  assert.equal(counting.size, 3);
  const alerted = new Set<string>();
  const fired = new Set(outcomes.flatMap(({ matches }) => matches.map(({ rule }) => rule)));
  assert.deepEqual(
    rules.rules.filter((_, index) => !fired.has(index)).map(({ name }) => name),
    [],
  );
  for (const { alerts, matches } of outcomes) {
    const documents = alerts.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    // A sequence has an alert for each of its events and one for all of them. What counts, remembers or suppresses has an alert when
    // its run is decided, or not at all.
    const is = (kind: string) => (name: string) => !counting.has(name) === (kind === "plain");
    const expected = matches.flatMap(({ rule, events }) => {
      const { name, query } = rules.rules[rule]!;
      return Array<string>(query.startsWith("sequence") ? events.length + 1 : 1).fill(name);
    });
    const names = documents.map((document) => document["kibana.alert.rule.name"] as string);
    assert.deepEqual(names.filter(is("plain")), expected.filter(is("plain")));
    names.filter(is("counting")).forEach((name) => alerted.add(name));
  }
  assert.deepEqual([...alerted].sort(), [...counting].sort());
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
  // The alerts of other rules are about several events, or about what was before.
  const ofOne = ruleFiles().filter(({ text }) => !COUNTS.test(text) && !text.includes("sequence by"));
  using rules = engine.compile(ofOne, { indicators: indicators() });
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

test("an explanation says why, node by node", () => {
  const rule = 'process where process.name == "bash" and length(process.args) > 1 and user.name != "root"';
  const events = [
    { event: { category: "process" }, process: { name: "Bash", args: ["-c", "id"] } },
    { event: { category: "process" }, process: { name: "bash", args: "-c" }, user: { name: "x" } },
  ];
  const lines = `${events.map((one) => JSON.stringify(one)).join("\n")}\nnonsense`;
  const explanation: Explanation = engine.explain(rule, lines);
  assert.equal(explanation.query, "event");
  assert.deepEqual(explanation.events.map(({ terms }) => terms[0]?.matched), [false, true, undefined]);
  assert.equal(explanation.events[2]!.rejected!.event, 2);
  const { reason, distance, tree } = explanation.events[0]!.terms[0]!;
  assert.equal(reason, 'did not match: process.name is "Bash", the rule wants "bash" (case-sensitive)');
  assert.equal(distance, 1);
  const [category, condition] = tree.children!;
  assert.deepEqual(category!.fields, [{ field: "event.category", values: ["process"], passing: [0] }]);
  const [name, length, user] = condition!.children!;
  assert.deepEqual([name!.truth, name!.decides, name!.notes?.length], [false, true, 1]);
  assert.equal(rule.slice(name!.span.start, name!.span.end), name!.text);
  assert.equal(length!.children![0]!.value, 2);
  assert.deepEqual([user!.truth, user!.counts_as], [null, true]);
  assert.equal(explanation.events[1]!.terms[0]!.distance, 0);

  const nothing: ExplainedNode = engine.explain("any where null == length(x)", "{}").events[0]!.terms[0]!.tree.children![0]!;
  assert.equal(nothing.children![0]!.value, null, "a value of null is there");
  assert.throws(
    () => engine.explain("process where", lines),
    (error) => error instanceof QueryError && error.diagnostics[0]!.code === "syntax",
  );
  assert.throws(() => engine.explain(rule, lines, { limit: 1 } as object), { name: "TriplineError", message: /limit/ });
  const limited = engine.explain(rule, lines, { limits: { max_explained_events: 1 } });
  assert.deepEqual([limited.events.length, limited.omitted], [1, 2]);
});

const at = (second: number, t: string, k: unknown = 1): string => JSON.stringify({ "@timestamp": second * 1000, t, k });
const pairs = 'sequence by k [any where t == "a"] [any where t == "b"]';

test("a sequence is told when later events show that its order is final", () => {
  using rules = engine.compile(pairs);
  using session = rules.open();
  const [first, second] = [session.evaluate(`${at(2, "b")}\n${at(1, "a")}`), session.evaluate(at(13, "z"))];
  assert.deepEqual([first.matches, first.sequences?.held], [[], 2]);
  assert.deepEqual(second.matches, [{ rule: 0, events: [1, 0], join_keys: [1] }]);
  assert.equal(second.sequences?.watermark, 3_000);
});

test("time goes on without events", () => {
  using rules = engine.compile(pairs);
  const match = [{ rule: 0, events: [0, 1], join_keys: [1] }];
  const events = `${at(1, "a")}\n${at(2, "b")}`;
  for (const how of ["flush", "finish"] as const) {
    using session = rules.open();
    assert.deepEqual(session.evaluate(events).matches, []);
    assert.deepEqual(session[how]().matches, match, how);
    assert.deepEqual(session.advance(how).matches, [], how);
  }
  using session = rules.open({ lateness_ms: 500 });
  session.evaluate(events);
  assert.deepEqual(session.idle(500).matches, []);
  assert.deepEqual(session.idle(501).matches, match);
  assert.throws(() => session.idle(-1), { name: "TriplineError", message: /malformed time/ });
  assert.throws(() => session.idle(0.5), TriplineError);
  assert.throws(() => session.advance("end" as "finish"), TriplineError);
});

test("an event from the future does not move time above the ceiling", () => {
  using rules = engine.compile(pairs);
  using session = rules.open();
  session.setCeiling(60_000);
  const late = session.evaluate(`${at(1, "a")}\n${at(9e9, "z")}\n${at(2, "b")}`).sequences?.late;
  assert.equal(late, 0);
  assert.equal(session.finish().matches.length, 1);
});

test("any lateness waits for the end", () => {
  using rules = engine.compile(pairs);
  using session = rules.open({ lateness_ms: null });
  assert.deepEqual(session.evaluate(`${at(9e6, "b")}\n${at(1, "a")}`).matches, []);
  assert.deepEqual(session.finish().matches.map(({ events }) => events), [[1, 0]]);
});

test("a sequence of two events gives two building blocks and an alert for both", () => {
  using rules = engine.compile(pairs);
  using session = rules.open({ alerts: true });
  session.evaluate(`${at(1, "a")}\n${at(2, "b")}`);
  const alerts = session.finish().alerts.trim().split("\n").map((alert) => JSON.parse(alert));
  assert.deepEqual(alerts.map((alert) => alert["kibana.alert.building_block_type"]), ["default", "default", undefined]);
  assert.equal(new Set(alerts.map((alert) => alert["kibana.alert.group.id"])).size, 1);
  assert.deepEqual([alerts[2].k, alerts[2].t], [1, undefined]);
});

test("a new session goes on from a snapshot", () => {
  using rules = engine.compile([pairs, "any where true"]);
  using first = rules.open();
  first.evaluate(at(1, "a"));
  const state = first.snapshot();
  assert.deepEqual(first.snapshot(), state);
  using second = rules.open();
  assert.deepEqual(second.restore(state), { rules: 1, dropped: 0 });
  assert.deepEqual(second.snapshot(), state);
  const outcome = second.evaluate(at(2, "b"));
  assert.equal(outcome.first, 1);
  assert.deepEqual(second.finish().matches, [{ rule: 0, events: [0, 1], join_keys: [1] }]);

  using others = engine.compile("sequence by k [any where true] [any where true]");
  using other = others.open();
  assert.deepEqual(other.restore(state), { rules: 0, dropped: 1 });
});

test("what is no snapshot is refused, and so is one for a session that is under way", () => {
  using rules = engine.compile(pairs);
  using session = rules.open();
  const state = session.snapshot();
  const damaged = Uint8Array.from(state, (byte, at) => (at === state.length - 1 ? byte ^ 1 : byte));
  for (const bytes of [new Uint8Array(), new TextEncoder().encode("tripline"), state.subarray(0, -1), damaged]) {
    assert.throws(() => session.restore(bytes), TriplineError);
  }
  session.evaluate(at(1, "a"));
  assert.throws(() => session.restore(state), { name: "TriplineError", message: /seen events already/ });
  assert.equal(session.finish().sequences?.join_keys, 1);
});

test("numbers that JavaScript does not count are rounded, and stop nothing", () => {
  using rules = engine.compile(pairs);
  using session = rules.open({ lateness_ms: 0 });
  const large = (second: number, t: string): string => at(second, t, "large").replace('"large"', "9007199254740993");
  const outcome = session.evaluate(`${large(1, "a")}\n${large(2, "b")}\n${at(9e14, "z")}`);
  assert.deepEqual(outcome.matches, [{ rule: 0, events: [0, 1], join_keys: [9007199254740992] }]);
  assert.equal(outcome.sequences?.watermark, 9e17);
  assert.equal(session.evaluate(at(1, "a")).sequences?.late, 1);
});

test("the seed changes nothing that is told", () => {
  using rules = engine.compile(pairs);
  const events = [1, 2, 3].flatMap((k) => [at(k, "a", k), at(k + 1, "b", k)]).join("\n");
  const told = [0, 1, 2 ** 52].map((hash_seed) => {
    using session = rules.open({ hash_seed });
    return [session.evaluate(events), session.finish(), session.snapshot()];
  });
  assert.deepEqual(told[1], told[0]);
  assert.deepEqual(told[2], told[0]);
});

test("a search for sequences and samples", () => {
  const events = [at(2, "b"), at(1, "a"), at(3, "b"), '{"t":"a","k":1}'].join("\n");
  const search = engine.openSearch(pairs);
  assert.deepEqual(search.add(events), { events: 4, rejected: 0, rejections: [], left_out: 1, evicted: 0 });
  assert.deepEqual(
    search.finish().hits.sequences?.map(({ join_keys, events }) => [join_keys, events.map(({ _id }) => _id)]),
    [[[1], ["1", "0"]]],
  );
  const sample = 'sample by k [any where t == "a"] [any where t == "b"]';
  const count = (options: SearchOptions): number => engine.search(sample, events, options).hits.sequences!.length;
  assert.equal(count({}), 1);
  assert.equal(count({ max_samples_per_key: 5 }), 4);
  const missing = engine.search("sequence with maxspan=9s [any where true] ![any where true] [any where true]", events);
  assert.equal(missing.hits.sequences?.[0]?.events[1]?.missing, true);
});

test("a rule's own time fields are told", () => {
  const text = `[rule]\nname = "r"\nrule_id = "r"\ntype = "eql"\nlanguage = "eql"\nquery = '${pairs}'\n`;
  using plain = engine.compile({ path: "r.toml", text });
  using own = engine.compile({ path: "r.toml", text: `${text}timestamp_field = "event.created"\ntiebreaker_field = "event.sequence"\n` });
  const fields = ({ rules: [rule] }: RuleSet): unknown => [rule!.timestamp_field, rule!.tiebreaker_field];
  assert.deepEqual(fields(plain), [undefined, undefined]);
  assert.deepEqual(fields(own), ["event.created", "event.sequence"]);
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
