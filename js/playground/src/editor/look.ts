import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

/** Names that the rule tokenizers use beyond the highlighter's own. */
export const tokenTable = {
  function: t.function(t.variableName),
  tomlKey: t.attributeName,
  tomlString: t.docString,
};

/** Colours come from the page's custom properties, so that light and dark need no second theme. */
const colours = HighlightStyle.define([
  { tag: [t.keyword, t.operatorKeyword], color: "var(--syn-keyword)" },
  { tag: t.typeName, color: "var(--syn-type)", fontWeight: "600" },
  { tag: t.function(t.variableName), color: "var(--syn-function)" },
  { tag: t.propertyName, color: "var(--syn-field)" },
  { tag: t.string, color: "var(--syn-string)" },
  { tag: [t.number, t.atom, t.bool, t.null], color: "var(--syn-number)" },
  { tag: [t.operator, t.bracket, t.punctuation, t.separator, t.squareBracket, t.brace], color: "var(--syn-operator)" },
  { tag: t.comment, color: "var(--syn-comment)", fontStyle: "italic" },
  { tag: t.heading, color: "var(--syn-heading)", fontWeight: "600" },
  { tag: t.attributeName, color: "var(--syn-key)" },
  { tag: t.docString, color: "var(--syn-doc)" },
  { tag: t.strong, fontWeight: "600" },
  { tag: t.link, color: "var(--accent)" },
  { tag: t.meta, color: "var(--muted)" },
  { tag: t.invalid, color: "var(--error)" },
]);

const frame = EditorView.theme({
  "&": { height: "100%", backgroundColor: "transparent", color: "var(--ink)", fontSize: "var(--code-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontVariantLigatures: "none", lineHeight: "1.65", overscrollBehavior: "contain" },
  ".cm-content": { padding: "10px 0 24px", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 16px 0 8px" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--faint)", border: "none", paddingLeft: "4px" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "2.6em", padding: "0 8px 0 4px", fontVariantNumeric: "tabular-nums" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "var(--line-tint)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLineGutter": { color: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selection)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--selection-match)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selection-match)", outline: "none" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "transparent", color: "var(--error)" },
  ".cm-placeholder": { color: "var(--faint)" },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    color: "var(--ink)",
    border: "1px solid var(--border)",
    borderRadius: "8px",
    boxShadow: "var(--shadow)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12.5px", maxHeight: "15em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 12px 3px 8px", lineHeight: "1.5" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-tint)", color: "var(--ink)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700", color: "var(--accent)" },
  ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal", marginLeft: "1.5em" },
  ".cm-completionInfo": { padding: "8px 12px", fontFamily: "var(--sans)", fontSize: "13px", lineHeight: "1.45", maxWidth: "22em" },
  ".cm-completionIcon": { opacity: "0.6", width: "1em" },
  ".cm-tooltip-lint": { maxWidth: "min(36em, 90vw)" },
  ".cm-diagnostic": { padding: "8px 12px", borderLeft: "3px solid var(--error)", fontFamily: "var(--sans)", fontSize: "13px" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--match)" },
  ".cm-diagnosticAction": {
    backgroundColor: "var(--accent)",
    color: "var(--on-accent)",
    borderRadius: "6px",
    padding: "3px 10px",
    margin: "6px 0 0",
    display: "block",
    font: "inherit",
    fontWeight: "500",
  },
  ".cm-lintRange": { backgroundImage: "none", paddingBottom: "0" },
  ".cm-lintRange-error": { textDecoration: "underline wavy var(--error) 1.5px", textUnderlineOffset: "4px", backgroundColor: "var(--error-tint)", borderRadius: "2px" },
  ".cm-lintRange-warning": { textDecoration: "underline wavy var(--match) 1.5px", textUnderlineOffset: "4px" },
  ".cm-lintPoint:after": { borderBottomColor: "var(--error)" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--ink)", borderColor: "var(--border)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--border)" },
  ".cm-panel.cm-search": { fontFamily: "var(--sans)", fontSize: "13px", padding: "6px 10px" },
  ".cm-panel.cm-search label": { fontSize: "12px" },
  ".cm-textfield": { backgroundColor: "var(--panel)", border: "1px solid var(--border)", borderRadius: "5px", color: "var(--ink)" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--panel)", border: "1px solid var(--border)", borderRadius: "5px", color: "var(--ink)" },
  ".cm-searchMatch": { backgroundColor: "var(--selection-match)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--selection)" },
});

/** How both editors look. */
export const look: Extension = [frame, syntaxHighlighting(colours)];
