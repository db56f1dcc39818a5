import type { Diagnostic } from "@tripline/engine";
import { fixLabel, notes } from "../editor/rule.js";
import { code, count, h } from "./dom.js";

const SHOWN = 20;

/** The list of what is wrong with the rule, below its editor. */
export function showProblems(
  parent: HTMLElement,
  diagnostics: readonly Diagnostic[],
  omitted: number,
  on: { reveal(diagnostic: Diagnostic): void; fix(diagnostic: Diagnostic): void },
): void {
  const rest = diagnostics.length - SHOWN + omitted;
  parent.hidden = diagnostics.length === 0;
  parent.replaceChildren(
    ...diagnostics.slice(0, SHOWN).map((diagnostic) => problem(diagnostic, on)),
    ...(rest > 0 ? [h("p", { class: "more" }, `and ${count(rest, "more problem")}`)] : []),
  );
}

function problem(
  diagnostic: Diagnostic,
  on: { reveal(diagnostic: Diagnostic): void; fix(diagnostic: Diagnostic): void },
): HTMLElement {
  const { level, line, column, suggestion } = diagnostic;
  const [message = "", ...more] = notes(diagnostic);
  return h(
    "div",
    { class: `problem ${level}` },
    h(
      "div",
      { class: "say" },
      h(
        "p",
        { class: "message" },
        ...code(message),
        " ",
        line > 0 &&
          h(
            "button",
            { class: "where", type: "button", aria: { label: `Go to line ${line}, column ${column}` }, onclick: () => on.reveal(diagnostic) },
            `line ${line}`,
          ),
      ),
      ...more.map((note) => h("p", { class: "note" }, ...code(note))),
    ),
    suggestion &&
      h(
        "button",
        { class: "button small fix", type: "button", title: `${suggestion.message} (Ctrl+.)`, onclick: () => on.fix(diagnostic) },
        h("code", {}, fixLabel(suggestion.replacement)),
      ),
  );
}
