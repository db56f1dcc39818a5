import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Prec, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { look } from "./look.js";

/** What both editors have in common. */
export function common(label: string, run: () => void): Extension {
  return [
    Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }])),
    lineNumbers(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    history(),
    drawSelection(),
    bracketMatching(),
    closeBrackets(),
    highlightSelectionMatches({ minSelectionLength: 2 }),
    search(),
    // Tab indents; after Escape it moves the focus on, as the editor's description says.
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, indentWithTab]),
    EditorView.contentAttributes.of({
      "aria-label": label,
      "aria-describedby": "editor-keys",
      autocapitalize: "off",
      autocorrect: "off",
      spellcheck: "false",
    }),
    look,
  ];
}
