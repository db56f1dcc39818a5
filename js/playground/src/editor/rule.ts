import { acceptCompletion, autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { isolateHistory } from "@codemirror/commands";
import { StreamLanguage, type StreamParser } from "@codemirror/language";
import { lintKeymap, setDiagnostics, type Diagnostic as Mark } from "@codemirror/lint";
import { Compartment, EditorState, Prec, type Extension } from "@codemirror/state";
import { EditorView, hoverTooltip, keymap, placeholder } from "@codemirror/view";
import { ByteOffsets, type Diagnostic, type Span } from "@tripline/engine";
import type { Field } from "../events/fields.js";
import { complete } from "../language/completion.js";
import { explain } from "../language/hover.js";
import { eqlParser } from "../language/eql.js";
import { markdownParser } from "../language/markdown.js";
import { queryRegion, recognise, type RuleKind } from "../language/recognise.js";
import { tomlParser } from "../language/toml.js";
import { common } from "./common.js";
import { code, h, sentence } from "../view/dom.js";
import { follow } from "./follow.js";
import { light, lights } from "./light.js";
import { tokenTable } from "./look.js";

function language<State>(parser: StreamParser<State>): Extension {
  return StreamLanguage.define({ ...parser, tokenTable });
}

const LANGUAGES: Record<RuleKind, Extension> = {
  eql: language(eqlParser),
  toml: language(tomlParser),
  markdown: language(markdownParser),
};

/** The editor of the rule. */
export class RuleEditor {
  readonly view: EditorView;
  readonly #language = new Compartment();
  readonly #extensions: Extension;
  #fields: readonly Field[] = [];
  #kind: RuleKind = "eql";
  /** The diagnostics that are drawn, for the quick fix from the keyboard. */
  #shown: readonly Diagnostic[] = [];

  constructor(parent: HTMLElement, on: { change(): void; run(): void }) {
    this.#extensions = [
      common("Rule", on.run),
      this.#language.of(LANGUAGES.eql),
      EditorView.lineWrapping,
      EditorState.tabSize.of(2),
      lights,
      autocompletion({ override: [(context) => complete(context, this.#fields)], icons: false, maxRenderedOptions: 60 }),
      hoverTooltip((view, pos) => {
        const found = explain(view.state.doc.toString(), pos, this.#fields);
        if (!found) return null;
        const { from, to, title, about } = found;
        return { pos: from, end: to, above: true, create: () => ({ dom: h("div", { class: "explain" }, h("code", {}, title), h("p", {}, ...code(about))) }) };
      }),
      Prec.high(keymap.of([{ key: "Tab", run: acceptCompletion }])),
      keymap.of([...completionKeymap, ...lintKeymap, { key: "Mod-.", run: () => this.#fixFirst() }]),
      placeholder('process where process.name == "bash"\n\nWrite an EQL query, or paste a whole rule file'),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        this.#recognise();
        on.change();
      }),
    ];
    this.view = new EditorView({ parent, state: this.#state("") });
  }

  /** The rule's text. */
  get text(): string {
    return this.view.state.doc.toString();
  }

  /** The form in which the rule is written. */
  get kind(): RuleKind {
    return this.#kind;
  }

  /** Replaces everything, history included, and shows the query. */
  load(text: string): void {
    this.#shown = [];
    this.view.setState(this.#state(text));
    this.#recognise();
    const region = queryRegion(this.text, this.#kind);
    if (!region || this.#kind === "eql") return;
    // Long rule files have their query at the end; that is what one wants to read.
    this.view.dispatch({
      selection: { anchor: region.from },
      effects: EditorView.scrollIntoView(region.from, { y: "start", yMargin: 4 }),
    });
  }

  /** Takes the same rule in another form as one step of the history; the cursor stays at its word. */
  reform(text: string): void {
    const before = this.text;
    const most = Math.min(before.length, text.length);
    let from = 0;
    while (from < most && before[from] === text[from]) from += 1;
    let same = 0;
    while (same < most - from && before.at(-1 - same) === text.at(-1 - same)) same += 1;
    const { anchor, head } = this.view.state.selection.main;
    this.view.dispatch({
      changes: { from, to: before.length - same, insert: text.slice(from, text.length - same) },
      selection: { anchor: follow(before, anchor, text), head: follow(before, head, text) },
      annotations: isolateHistory.of("full"),
      userEvent: "format",
      scrollIntoView: true,
    });
  }

  /** The fields that completion offers. */
  set fields(fields: readonly Field[]) {
    this.#fields = fields;
  }

  /** Draws diagnostics of the current text at their places. */
  show(diagnostics: readonly Diagnostic[]): void {
    this.#shown = diagnostics;
    const offsets = new ByteOffsets(this.text);
    const length = this.view.state.doc.length;
    const marks = diagnostics.flatMap((diagnostic): Mark[] => {
      const [label] = diagnostic.labels;
      if (!label) return [];
      const { start, end } = offsets.span(label.span);
      const { suggestion } = diagnostic;
      return [
        {
          from: Math.min(start, length),
          to: Math.min(Math.max(end, start), length),
          severity: diagnostic.level,
          message: notes(diagnostic).join("\n"),
          renderMessage: () => h("div", {}, ...notes(diagnostic).map((note) => h("p", {}, ...code(note)))),
          ...(suggestion && { actions: [{ name: fixLabel(suggestion.replacement), apply: () => this.fix(diagnostic) }] }),
        },
      ];
    });
    this.view.dispatch(setDiagnostics(this.view.state, marks));
  }

  /** Applies a diagnostic's suggestion. */
  fix({ suggestion }: Diagnostic): void {
    if (!suggestion) return;
    const { start, end } = new ByteOffsets(this.text).span(suggestion.span);
    this.view.dispatch({
      changes: { from: start, to: end, insert: suggestion.replacement },
      selection: { anchor: start + suggestion.replacement.length },
      userEvent: "input.fix",
      scrollIntoView: true,
    });
    this.view.focus();
  }

  /** Puts the cursor at a diagnostic. */
  reveal(diagnostic: Diagnostic): void {
    const [label] = diagnostic.labels;
    if (label) this.select(label.span);
  }

  /** Selects a part of the rule and goes there. */
  select(span: Span): void {
    const { start, end } = new ByteOffsets(this.text).span(span);
    this.view.dispatch({
      selection: { anchor: start, head: end },
      effects: EditorView.scrollIntoView(start, { y: "center" }),
    });
    this.view.focus();
  }

  /** Lights a part of the rule up, in place of another; null: none. */
  light(span: Span | null): void {
    const lit = span && new ByteOffsets(this.text).span(span);
    this.view.dispatch({ effects: light.of(lit && { from: lit.start, to: lit.end }) });
  }

  #state(text: string): EditorState {
    return EditorState.create({ doc: text, extensions: this.#extensions });
  }

  #recognise(): void {
    const kind = recognise(this.text);
    if (kind !== this.#kind || this.#language.get(this.view.state) !== LANGUAGES[kind]) {
      this.#kind = kind;
      this.view.dispatch({ effects: this.#language.reconfigure(LANGUAGES[kind]) });
    }
  }

  /** The fix nearest to the cursor. */
  #fixFirst(): boolean {
    const offsets = new ByteOffsets(this.text);
    const { head } = this.view.state.selection.main;
    const [nearest] = this.#shown
      .filter(({ suggestion }) => suggestion)
      .map((diagnostic) => ({ diagnostic, away: Math.abs(offsets.toUtf16(diagnostic.suggestion!.span.start) - head) }))
      .sort((a, b) => a.away - b.away);
    if (!nearest) return false;
    this.fix(nearest.diagnostic);
    return true;
  }
}

/** Everything that a diagnostic says, the message first. */
export function notes({ message, labels, help = [] }: Diagnostic): string[] {
  return [message, ...labels.map((label) => label.message), ...help].filter(Boolean).map(sentence);
}

/** What the button that applies a suggestion says. */
export function fixLabel(replacement: string): string {
  const short = replacement.length > 40 ? `${replacement.slice(0, 39)}…` : replacement;
  return replacement === "" ? "Remove" : `Replace with ${short}`;
}
