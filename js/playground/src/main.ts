import type { Diagnostic } from "@tripline/engine";
import { EventsEditor } from "./editor/events.js";
import { RuleEditor } from "./editor/rule.js";
import { EngineClient } from "./engine/client.js";
import { Fate, type Result } from "./engine/protocol.js";
import { EXAMPLES, type Example } from "./examples/index.js";
import { Address, restore } from "./page/address.js";
import { files } from "./page/files.js";
import { formatter } from "./page/format.js";
import { panes, showPane } from "./page/panes.js";
import { setStatus, summarise } from "./page/status.js";
import type { Shared } from "./share.js";
import { byId, copy, h } from "./view/dom.js";
import { showProblems } from "./view/problems.js";
import { ResultsView } from "./view/results.js";
import { describeRule } from "./view/rule-facts.js";
import { gallery, help } from "./view/sheets.js";
import { splitter } from "./view/splitter.js";
import { themeToggle } from "./view/theme.js";

/** Above this size of the events, typing pauses longer before a run. */
const LARGE = 4 << 20;

/** The id of the example that is shown unchanged. */
let example: string | null = null;
/** Set while the editors are being filled, when their changes are not the user's. */
let filling = false;
/** Set when the next result is the first for new events, whose first match should be in view. */
let fresh = false;
/** What the last run is about. */
let evaluated: Shared = { rule: "", events: "" };
let pending: ReturnType<typeof setTimeout> | undefined;

const rule = new RuleEditor(byId("rule-editor"), { change: () => changed(120), run });
const events = new EventsEditor(byId("events-editor"), { change: () => changed(250), run });
const address = new Address(() => ({ rule: rule.text, events: events.text, example }));
const results = new ResultsView(byId("results"), byId("filters"), {
  jump(from, to, focus) {
    showPane("events");
    events.reveal(from, to, focus);
  },
  point: (from, to) => events.reveal(from, to, false),
  line: (offset) => events.lineAt(offset),
  alert: (match) => engine.alert(match),
  why: (event) => engine.ask({ about: "event", event }),
  reasons: (events) => engine.ask({ about: "reasons", events }),
  trace: () => engine.ask({ about: "trace" }),
  // Once the rule has changed the places are others.
  light: (text, span) => rule.light(text === rule.text ? span : null),
  reveal(text, span) {
    if (text !== rule.text) return;
    showPane("rule");
    rule.select(span);
  },
});

const engine = new EngineClient(() => new Worker(new URL("./engine/worker.ts", import.meta.url), { type: "module" }), {
  ready({ version, sha256 }) {
    byId("version").textContent = version;
    const button = byId("sha256");
    button.textContent = `${sha256.slice(0, 8)}…${sha256.slice(-4)}`;
    button.dataset["sha256"] = sha256;
    button.setAttribute("aria-label", `Copy the module's SHA-256, ${sha256}`);
    button.hidden = false;
  },
  fields: (fields) => (rule.fields = fields),
  progress: (done, total) => setStatus(`Evaluating, ${Math.round((done / total) * 100)} %`),
  result: show,
  failed(message) {
    setStatus(h("strong", { class: "bad" }, "Stopped"));
    results.message("The engine stopped", `${message}. Change the rule or the events, or try once more.`, { label: "Try again", run });
  },
});

/** The user typed. */
function changed(delay: number): void {
  if (filling) return;
  results.stale();
  clearTimeout(pending);
  pending = setTimeout(run, events.length > LARGE ? delay * 3 : delay);
  if (example !== null) {
    byId("example-name").textContent += ", edited";
    example = null;
  }
  address.rememberSoon();
}

function run(): void {
  clearTimeout(pending);
  results.stale();
  evaluated = { rule: rule.text, events: events.text };
  engine.run(evaluated.rule, evaluated.events);
}

function show(result: Result): void {
  const { report, starts, ends, fates } = result;
  // When the rule has changed meanwhile, the next run is on its way, and these places would be wrong.
  if (evaluated.rule === rule.text) {
    problems(report.diagnostics, report.diagnostics_omitted);
    describeRule(byId("rule-facts"), rule.kind, report);
  }
  events.show({ starts, ends, fates });
  const match = fates.indexOf(Fate.Matched);
  if (fresh && match >= 0) events.scrollTo(starts[match] ?? 0);
  fresh = false;
  results.show({ result, rule: evaluated.rule, text: evaluated.events });
  summarise(result);
}

/** Shows what is wrong with the rule, in its editor and below it. */
function problems(diagnostics: readonly Diagnostic[], omitted: number): void {
  rule.show(diagnostics);
  showProblems(byId("problems"), diagnostics, omitted, {
    reveal: (diagnostic) => rule.reveal(diagnostic),
    fix: (diagnostic) => rule.fix(diagnostic),
  });
}

/** Puts a rule and events into the editors. */
function fill(shared: Shared, from: Example | null): void {
  filling = true;
  rule.load(shared.rule);
  if (events.text !== shared.events) events.load(shared.events);
  filling = false;
  fresh = true;
  results.fresh();
  nameExample(from?.id ?? null);
  describeRule(byId("rule-facts"), rule.kind, undefined);
  setWrap(from?.group === "lessons");
  run();
}

function nameExample(id: string | null): void {
  example = id;
  byId("example-name").textContent = EXAMPLES.find((known) => known.id === id)?.title ?? "Choose…";
}

function setWrap(on: boolean): void {
  events.wrap = on;
  byId("wrap").setAttribute("aria-pressed", String(on));
}

async function restoreAddress(): Promise<void> {
  const { shared, example } = await restore();
  fill(shared, example);
}

byId("wrap").addEventListener("click", () => setWrap(!events.wrap));
byId("share").addEventListener("click", () => void address.share());
byId("sha256").addEventListener("click", () => void copy(byId("sha256").dataset["sha256"] ?? "", "SHA-256 copied."));
byId("skip").addEventListener("click", (event) => {
  // The fragment holds the state, so the link must not change it.
  event.preventDefault();
  showPane("results");
  (byId("results").querySelector<HTMLElement>(".jump") ?? byId("results")).focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
  event.preventDefault();
  run();
});
window.addEventListener("popstate", () => void restoreAddress());

panes();
files((text) => {
  events.load(text);
  fresh = true;
  changed(0);
});
formatter(rule, engine, (diagnostics) => problems(diagnostics, 0));
splitter(byId("split-columns"), byId("panes"), "--left", 54);
splitter(byId("split-rows"), byId("panes"), "--top", 52);
themeToggle();
help();
gallery(
  () => example,
  async (chosen) => {
    await address.step(chosen);
    fill(chosen, chosen);
  },
);
setStatus("Loading the engine…");
void restoreAddress();
