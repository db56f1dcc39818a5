import type { FoundValues, Term, Verdict } from "@tripline/engine";
import { valueWords } from "../explain/found.js";
import { nearest, reasonOf, termLabel, truthOf, withoutOutcome, type Explained, type Truth } from "../explain/words.js";
import { code, h, icon, sentence } from "./dom.js";
import { sign } from "./signs.js";
import { conditionTree, type Spans } from "./why-tree.js";

/** Why an event matches or does not: the reason in a sentence, and the condition with what the event has. */
export function whyView(explained: Explained, spans: Spans): HTMLElement {
  const { query, terms, event } = explained;
  const reason = h("p", { class: "why-reason" }, sign(outcome(explained)), h("span", {}, ...code(sentence(reasonOf(explained)))));
  if (event.rejected) return h("div", { class: "why" }, reason);
  const [verdict] = event.terms;
  const near = nearest(event.terms);
  return h(
    "div",
    { class: "why" },
    reason,
    ...(query === "event" && verdict
      ? [conditionTree(verdict.tree, "The condition, test by test", spans)]
      : event.terms.map((verdict, at) => termView(terms[at]!, at, verdict, near.includes(at), spans))),
    h("p", { class: "why-hint" }, "What decides is in bold. Point at a line to see it in the rule, click to go there."),
  );
}

function outcome({ event }: Explained): Truth {
  if (event.terms.some(({ matched }) => matched)) return "true";
  return event.rejected || event.terms.some(({ tree }) => truthOf(tree) === "undecided") ? "undecided" : "false";
}

/** A term of a sequence or sample. The one that is nearest is open: it is the one that somebody expects to hold. */
function termView(term: Term, at: number, verdict: Verdict, open: boolean, spans: Spans): HTMLElement {
  const { matched, keys = [], reason, tree } = verdict;
  // A filter that holds is not enough where a join key is missing.
  const truth = truthOf(tree) === "true" && !matched ? "false" : truthOf(tree);
  const label = termLabel(term, at);
  const said = matched ? keys.flatMap((key, at) => (at > 0 ? [", ", keyView(key)] : [keyView(key)])) : [h("span", {}, ...code(withoutOutcome(reason)))];
  const body = h("div", { class: "why-body", hidden: !open });
  if (open) body.append(conditionTree(tree, `The condition of ${label}`, spans));
  const toggle = h(
    "button",
    { type: "button", class: "why-toggle", aria: { expanded: String(open) } },
    sign(truth),
    h("span", { class: "announce" }, matched ? "matches " : "does not match "),
    h("strong", {}, label),
    h("span", { class: "why-said" }, ...(matched && keys.length > 0 ? ["by "] : []), ...said),
    icon("m4.5 2.5 3.5 3.5-3.5 3.5"),
  );
  toggle.onclick = () => {
    if (!body.hasChildNodes()) body.append(conditionTree(tree, `The condition of ${label}`, spans));
    body.hidden = !body.hidden;
    toggle.setAttribute("aria-expanded", String(!body.hidden));
  };
  toggle.addEventListener("pointerenter", () => spans.light(term.span));
  toggle.addEventListener("pointerleave", () => spans.light(null));
  toggle.addEventListener("focus", () => spans.light(term.span));
  toggle.addEventListener("blur", () => spans.light(null));
  return h("section", { class: `why-term ${matched ? "matched" : ""}`, aria: { label } }, toggle, body);
}

function keyView(found: FoundValues): HTMLElement {
  const values = valueWords(found, false).map(({ text }) => text);
  return h("span", { class: "key" }, h("span", { class: "name" }, found.field), " ", values.join(", "));
}
