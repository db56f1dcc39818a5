import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { EngineClient, type WorkerLike } from "../src/engine/client.js";
import type { Request, Response, Result } from "../src/engine/protocol.js";

/** A worker that does nothing by itself. */
class StillWorker implements WorkerLike {
  onmessage: WorkerLike["onmessage"] = null;
  onerror: WorkerLike["onerror"] = null;
  readonly requests: Request[] = [];
  terminated = false;
  postMessage(message: Request): void {
    this.requests.push(message);
  }
  terminate(): void {
    this.terminated = true;
  }
  answer(data: Response): void {
    this.onmessage?.({ data } as MessageEvent<Response>);
  }
}

const workers: StillWorker[] = [];
const heard: [string, unknown][] = [];
let client: EngineClient;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  workers.length = 0;
  heard.length = 0;
  const create = (): StillWorker => {
    const worker = new StillWorker();
    workers.push(worker);
    return worker;
  };
  client = new EngineClient(
    create,
    {
      ready: ({ version }) => heard.push(["ready", version]),
      fields: () => heard.push(["fields", null]),
      progress: (done) => heard.push(["progress", done]),
      result: ({ matchCount }) => heard.push(["result", matchCount]),
      failed: (message) => heard.push(["failed", message]),
    },
    1000,
  );
});

function result(id: number, matchCount: number): Response {
  return { type: "result", id, ...({ matchCount } as Result) };
}

test("events travel only when they changed", () => {
  client.run("a", "{}");
  client.run("b", "{}");
  client.run("b", "{} ");
  assert.deepEqual(
    workers[0]!.requests.map((request) => request.type === "run" && request.events),
    ["{}", undefined, "{} "],
  );
});

test("only the latest run counts", () => {
  client.run("a", "");
  client.run("b", "");
  workers[0]!.answer({ type: "progress", id: 1, done: 1, total: 2 });
  workers[0]!.answer(result(1, 10));
  workers[0]!.answer(result(2, 20));
  assert.deepEqual(heard, [["result", 20]]);
});

test("a worker that hangs is replaced, and the next run gets everything", () => {
  workers[0]!.answer({ type: "ready", version: "1", sha256: "" });
  client.run("a", "{}");
  mock.timers.tick(999);
  assert.equal(workers[0]!.terminated, false);
  mock.timers.tick(1);
  assert.equal(workers[0]!.terminated, true);
  assert.equal(heard.at(-1)?.[0], "failed");
  client.run("b", "{}");
  assert.equal(workers.length, 2);
  assert.deepEqual(workers[1]!.requests, [{ type: "run", id: 2, rule: "b", events: "{}" }]);
});

test("signs of life keep a long run going", () => {
  client.run("a", "{}");
  for (let done = 1; done <= 5; done += 1) {
    mock.timers.tick(900);
    workers[0]!.answer({ type: "progress", id: 1, done, total: 5 });
  }
  workers[0]!.answer(result(1, 3));
  mock.timers.tick(10_000);
  assert.equal(workers[0]!.terminated, false);
  assert.deepEqual(heard.at(-1), ["result", 3]);
});

test("a rule is formatted beside a run", async () => {
  client.run("a", "{}");
  const formatted = client.format("a");
  workers[0]!.answer({ type: "formatted", id: 1, formatted: { text: "b" } });
  assert.deepEqual(await formatted, { text: "b" });
  mock.timers.tick(999);
  workers[0]!.answer(result(1, 3));
  mock.timers.tick(10_000);
  assert.equal(workers[0]!.terminated, false);
  assert.deepEqual(heard, [["result", 3]]);
});

test("an engine that hangs over formatting is replaced", async () => {
  const formatted = client.format("a");
  mock.timers.tick(1000);
  assert.equal(await formatted, null);
  assert.equal(workers[0]!.terminated, true);
  void client.format("b");
  assert.deepEqual(workers[1]!.requests, [{ type: "format", id: 2, rule: "b" }]);
});

test("an idle worker is left alone", () => {
  workers[0]!.answer({ type: "ready", version: "1", sha256: "" });
  mock.timers.tick(100_000);
  assert.equal(workers[0]!.terminated, false);
  assert.deepEqual(heard, [["ready", "1"]]);
});

test("a crash is said, and what a thrown away worker still says is not heard", () => {
  client.run("a", "{}");
  workers[0]!.answer({ type: "crash", message: "out of memory" });
  workers[0]!.answer(result(1, 1));
  assert.deepEqual(heard, [["failed", "out of memory"]]);
  assert.equal(workers[0]!.terminated, true);
});

test("alerts reach whoever asked, and nobody waits for ever", async () => {
  const match = { rule: 0, events: [4] };
  client.run("a", "{}");
  const alert = client.alert(match);
  workers[0]!.answer({ type: "alert", id: 1, match, alert: "{}" });
  assert.equal(await alert, "{}");
  const lost = client.alert(match);
  workers[0]!.answer({ type: "crash", message: "x" });
  assert.equal(await lost, null);
  assert.equal(await client.alert(match), null);
});

test("an answer reaches its question, and keeps the engine watched meanwhile", async () => {
  client.run("a", "{}");
  workers[0]!.answer(result(1, 0));
  const reasons = client.ask({ about: "reasons", events: [3] });
  const trace = client.ask({ about: "trace" });
  assert.deepEqual(workers[0]!.requests.slice(1), [
    { type: "ask", id: 1, ask: 1, about: "reasons", events: [3] },
    { type: "ask", id: 1, ask: 2, about: "trace" },
  ]);
  workers[0]!.answer({ type: "answer", ask: 2, answer: null });
  workers[0]!.answer({ type: "answer", ask: 1, answer: [{ event: 3, text: "why" }] });
  assert.deepEqual(await reasons, [{ event: 3, text: "why" }]);
  assert.equal(await trace, null);
  mock.timers.tick(100_000);
  assert.equal(workers[0]!.terminated, false);
});

test("an engine that hangs over a question is replaced, and the question is not left open", async () => {
  client.run("a", "{}");
  workers[0]!.answer(result(1, 0));
  const trace = client.ask({ about: "trace" });
  mock.timers.tick(1000);
  assert.equal(await trace, null);
  assert.equal(workers[0]!.terminated, true);
  assert.equal(await client.ask({ about: "trace" }), null);
});
