import type { Diagnostic } from "@tripline/engine";
import type { RuleEditor } from "../editor/rule.js";
import type { EngineClient } from "../engine/client.js";
import { byId, sentence, toast } from "../view/dom.js";
import { showPane } from "./panes.js";

/** Makes the Format button and its key work. */
export function formatter(rule: RuleEditor, engine: EngineClient, problems: (diagnostics: Diagnostic[]) => void): void {
  async function format(): Promise<void> {
    const before = rule.text;
    const formatted = await engine.format(before);
    // The engine stopped, which the page says elsewhere, or somebody typed meanwhile.
    if (!formatted || rule.text !== before) return;
    if ("text" in formatted) {
      // Files end with a line break; here that would be an empty line.
      const text = before.endsWith("\n") ? formatted.text : formatted.text.replace(/\n$/, "");
      if (text === before) toast("Nothing to format.");
      else rule.reform(text);
      return;
    }
    const [first] = formatted.diagnostics;
    const error = formatted.diagnostics.find(({ level }) => level === "error");
    if (error) {
      problems(formatted.diagnostics);
      showPane("rule");
      rule.reveal(error);
      toast("A rule with errors is not formatted.");
    } else if (first) {
      toast(sentence(first.message));
    }
  }
  const button = byId("format");
  // The focus stays in the editor, and with it the cursor.
  button.addEventListener("mousedown", (event) => event.preventDefault());
  button.addEventListener("click", () => void format());
  document.addEventListener("keydown", (event) => {
    // With Alt the key may give another letter.
    if (event.code !== "KeyF" || !event.shiftKey || !event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    void format();
  });
}
