import { json } from "@codemirror/lang-json";
import { Compartment, EditorState, RangeSetBuilder, StateEffect, StateField, type ChangeDesc, type Extension, type Text } from "@codemirror/state";
import { Decoration, EditorView, gutter, GutterMarker, placeholder, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { Fate } from "../engine/protocol.js";
import { eventAt } from "../events/split.js";
import { common } from "./common.js";

/** Where the events are and what became of them. */
export interface Verdicts {
  starts: Uint32Array;
  ends: Uint32Array;
  fates: Uint8Array;
}

const setVerdicts = StateEffect.define<Verdicts>();
const setSpotlight = StateEffect.define<{ from: number; to: number } | null>();

/** The verdicts, and the changes since they were found: the next ones are a moment away, the old must not jump. */
interface Known {
  verdicts: Verdicts | null;
  since: ChangeDesc | null;
}

const known = StateField.define<Known>({
  create: () => ({ verdicts: null, since: null }),
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setVerdicts)) return { verdicts: effect.value, since: null };
    if (!transaction.docChanged || !value.verdicts) return value;
    const inverse = transaction.changes.invertedDesc;
    return { verdicts: value.verdicts, since: value.since ? inverse.composeDesc(value.since) : inverse };
  },
});

const spotlight = StateField.define<{ from: number; to: number } | null>({
  create: () => null,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setSpotlight)) return effect.value;
    return transaction.docChanged ? null : value;
  },
});

function fateAt(state: EditorState, offset: number): Fate {
  const { verdicts, since } = state.field(known);
  if (!verdicts) return Fate.Unmatched;
  const event = eventAt(verdicts, since ? since.mapPos(offset, 1) : offset);
  return event < 0 ? Fate.Unmatched : (verdicts.fates[event] as Fate);
}

class FateMarker extends GutterMarker {
  constructor(
    override readonly elementClass: string,
    readonly title: string,
  ) {
    super();
  }
  override toDOM(): Node {
    const mark = document.createElement("span");
    mark.title = this.title;
    return mark;
  }
}

const MARKERS = {
  [Fate.Matched]: new FateMarker("fate-matched", "This event matches"),
  [Fate.Rejected]: new FateMarker("fate-rejected", "This is not a valid event"),
};
const LINES = {
  [Fate.Matched]: Decoration.line({ class: "line-matched" }),
  [Fate.Rejected]: Decoration.line({ class: "line-rejected" }),
};
const SPOTLIGHT = Decoration.line({ class: "line-spotlight" });

/** Only the visible lines are drawn, so that the number of events does not matter. */
const lineColours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = decorate(view);
    }
    update(update: ViewUpdate): void {
      if (
        update.docChanged ||
        update.viewportChanged ||
        update.startState.field(known) !== update.state.field(known) ||
        update.startState.field(spotlight) !== update.state.field(spotlight)
      ) {
        this.decorations = decorate(update.view);
      }
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function decorate(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const lit = view.state.field(spotlight);
  let last = -1;
  for (const { from, to } of view.visibleRanges) {
    for (let pos = from; pos <= to; ) {
      const line = view.state.doc.lineAt(pos);
      if (line.from > last) {
        const fate = fateAt(view.state, line.from + indent(line.text));
        if (fate !== Fate.Unmatched) builder.add(line.from, line.from, LINES[fate]);
        if (lit && line.from <= lit.to && line.to >= lit.from) builder.add(line.from, line.from, SPOTLIGHT);
        last = line.from;
      }
      pos = line.to + 1;
    }
  }
  return builder.finish();
}

/** An event in an array may start after some space. */
function indent(line: string): number {
  return /^[\s[,]*/.exec(line.slice(0, 200))![0].length;
}

/** The editor of the events. */
export class EventsEditor {
  readonly view: EditorView;
  readonly #extensions: Extension;
  readonly #wrapping = new Compartment();
  #wrap = false;
  #text: { doc: Text | null; text: string } = { doc: null, text: "" };

  constructor(parent: HTMLElement, on: { change(): void; run(): void }) {
    this.#extensions = [
      common("Events", on.run),
      json(),
      known,
      spotlight,
      lineColours,
      gutter({
        class: "cm-fate",
        lineMarker: (view, block) => {
          const line = view.state.doc.lineAt(block.from);
          const fate = fateAt(view.state, line.from + indent(line.text));
          return fate === Fate.Unmatched ? null : MARKERS[fate];
        },
        lineMarkerChange: (update) => update.startState.field(known) !== update.state.field(known),
      }),
      placeholder('{"event": {"category": "process"}, "process": {"name": "bash"}}\n\nOne JSON event per line, or an array. Drop a file here'),
      EditorView.updateListener.of((update) => update.docChanged && on.change()),
    ];
    this.view = new EditorView({ parent, state: this.#state("") });
  }

  /** The events' text. It may be large, so it is only put together when it has changed. */
  get text(): string {
    const { doc } = this.view.state;
    if (this.#text.doc !== doc) this.#text = { doc, text: doc.toString() };
    return this.#text.text;
  }

  /** How long the text is, in UTF-16 units. */
  get length(): number {
    return this.view.state.doc.length;
  }

  /** Replaces everything, history included. */
  load(text: string): void {
    this.view.setState(this.#state(text));
  }

  /** Marks the lines of events that matched or were rejected. */
  show(verdicts: Verdicts): void {
    this.view.dispatch({ effects: setVerdicts.of(verdicts) });
  }

  /** Scrolls to part of the text and lights its lines up. */
  reveal(from: number, to: number, focus: boolean): void {
    const { length } = this.view.state.doc;
    const range = { from: Math.min(from, length), to: Math.min(to, length) };
    this.view.dispatch({
      selection: { anchor: range.from },
      effects: [setSpotlight.of(range), EditorView.scrollIntoView(range.from, { y: "center", x: "start" })],
    });
    if (focus) this.view.focus();
  }

  /** Scrolls an offset into view, if it is not. */
  scrollTo(offset: number): void {
    const at = Math.min(offset, this.view.state.doc.length);
    this.view.dispatch({ effects: EditorView.scrollIntoView(at, { y: "nearest", yMargin: 60 }) });
  }

  /** The number of the line that holds an offset. */
  lineAt(offset: number): number {
    const { doc } = this.view.state;
    return doc.lineAt(Math.min(offset, doc.length)).number;
  }

  /** Whether long lines are wrapped. */
  get wrap(): boolean {
    return this.#wrap;
  }

  set wrap(on: boolean) {
    this.#wrap = on;
    this.view.dispatch({ effects: this.#wrapping.reconfigure(on ? EditorView.lineWrapping : []) });
  }

  #state(text: string): EditorState {
    const wrapping = this.#wrapping.of(this.#wrap ? EditorView.lineWrapping : []);
    return EditorState.create({ doc: text, extensions: [this.#extensions, wrapping] });
  }
}
