import type { ExplainedNode, FoundValues, Gate, Span, Term, Verdict } from "@tripline/engine";
import { valueWords } from "../explain/found.js";
import { gateLabel, heldBy, nearest, reasonOf, termLabel, truthOf, withoutOutcome, type Explained, type Truth } from "../explain/words.js";
import { code, h, icon, sentence } from "./dom.js";
import { sign } from "./signs.js";
import { conditionTree, type Spans } from "./why-tree.js";

/** Why an event matches or does not: the reason in a sentence, what it had to pass, and the condition with what the event has. */
export function whyView(explained: Explained, spans: Spans): HTMLElement {
  const { query, terms, event, skipped, alerts_when } = explained;
  const reason = h("p", { class: "why-reason" }, sign(outcome(explained)), h("span", {}, ...code(sentence(reasonOf(explained)))));
  if (event.rejected) return h("div", { class: "why" }, reason);
  const [verdict] = event.terms;
  const near = nearest(event.terms);
  const about = [skipped !== undefined && `the rule does not run: ${skipped}`, alerts_when].filter((text) => typeof text === "string");
  const { gates = [] } = event;
  const condition = (): HTMLElement[] => (verdict ? [conditionTree(verdict.tree, "The condition, test by test", spans)] : []);
  return h(
    "div",
    { class: "why" },
    reason,
    ...about.map((text) => h("p", { class: "why-about" }, sentence(text))),
    ...(query !== "event"
      ? [
          ...gates.filter(({ gate }) => gate !== "query").map((gate) => gateView(gate, explained, spans)),
          ...event.terms.map((verdict, at) => termView(terms[at]!, at, verdict, near.includes(at), spans)),
        ]
      : gates.length > 0
        ? gates.map((gate) => gateView(gate, explained, spans))
        : condition()),
    h("p", { class: "why-hint" }, "What decides is in bold. Point at a line to see it in the rule, click to go there."),
  );
}

function outcome({ event }: Explained): Truth {
  if (event.terms.some(({ matched }) => matched)) return heldBy(event) ? "false" : "true";
  return event.rejected || event.terms.some(({ tree }) => truthOf(tree) === "undecided") ? "undecided" : "false";
}

/** What an event had to pass. What holds it back is open, and its query where nothing else does. */
function gateView(gate: Gate, { event }: Explained, spans: Spans): HTMLElement {
  const held = heldBy(event);
  const label = gateLabel(gate);
  const isQuery = gate.gate === "query";
  // What the sentence above says is not said again.
  const said = gate === held ? (gate.name ?? "") : isQuery ? (held ? withoutOutcome(gate.reason) : "") : gate.reason;
  const tree = isQuery ? event.terms[0]?.tree : gate.tree;
  const line: Line = { label, truth: gate.passes ? "true" : "false", spoken: gate.passes ? "lets it through: " : "holds it back: ", said: code(said) };
  return sectionView(line, tree, `The ${isQuery ? "condition" : label}, test by test`, gate === held || (isQuery && !held), spans);
}

/** A term of a sequence or sample. The one that is nearest is open: it is the one that somebody expects to hold. */
function termView(term: Term, at: number, verdict: Verdict, open: boolean, spans: Spans): HTMLElement {
  const { matched, keys = [], reason, tree } = verdict;
  // A filter that holds is not enough where a join key is missing.
  const truth = truthOf(tree) === "true" && !matched ? "false" : truthOf(tree);
  const label = termLabel(term, at);
  const by = keys.flatMap((key, at) => (at > 0 ? [", ", keyView(key)] : ["by ", keyView(key)]));
  const said = matched ? by : [h("span", {}, ...code(withoutOutcome(reason)))];
  const line: Line = { label, truth, spoken: matched ? "matches " : "does not match ", said, matched, span: term.span };
  return sectionView(line, tree, `The condition of ${label}`, open, spans);
}

interface Line {
  label: string;
  truth: Truth;
  /** What the sign says, for those who do not see it. */
  spoken: string;
  said: (Node | string)[];
  matched?: boolean;
  /** What it lights up in the rule. */
  span?: Span;
}

/** A line that opens to a tree, if there is one. */
function sectionView({ label, truth, spoken, said, matched, span }: Line, tree: ExplainedNode | undefined, name: string, open: boolean, spans: Spans): HTMLElement {
  const parts = [sign(truth), h("span", { class: "announce" }, spoken), h("strong", {}, label), h("span", { class: "why-said" }, ...said)];
  const about = { class: `why-term ${matched ? "matched" : ""}`, aria: { label } };
  if (!tree) return h("section", about, h("div", { class: "why-toggle plain" }, ...parts));
  const body = h("div", { class: "why-body", hidden: !open });
  const fill = (): void => {
    if (!body.hasChildNodes()) body.append(conditionTree(tree, name, spans));
  };
  if (open) fill();
  const toggle = h("button", { type: "button", class: "why-toggle", aria: { expanded: String(open) } }, ...parts, icon("m4.5 2.5 3.5 3.5-3.5 3.5"));
  toggle.onclick = () => {
    fill();
    body.hidden = !body.hidden;
    toggle.setAttribute("aria-expanded", String(!body.hidden));
  };
  if (span) {
    toggle.addEventListener("pointerenter", () => spans.light(span));
    toggle.addEventListener("pointerleave", () => spans.light(null));
    toggle.addEventListener("focus", () => spans.light(span));
    toggle.addEventListener("blur", () => spans.light(null));
  }
  return h("section", about, toggle, body);
}

function keyView(found: FoundValues): HTMLElement {
  const values = valueWords(found, false).map(({ text }) => text);
  return h("span", { class: "key" }, h("span", { class: "name" }, found.field), " ", values.join(", "));
}
