import { StateEffect, StateField, type Extension, type Text } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";

/** Lights a part of the text up; null: nothing any more. */
export const light = StateEffect.define<{ from: number; to: number } | null>();

const LIT = Decoration.mark({ class: "cm-lit" });

/** The part of the text that is lit up. A change of the text puts it out, since it may be about something else then. */
export const lights: Extension = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(lit, transaction) {
    for (const effect of transaction.effects) if (effect.is(light)) return marks(transaction.newDoc, effect.value);
    return transaction.docChanged ? Decoration.none : lit;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** One mark per line, around what is written there rather than the space before it. */
function marks(doc: Text, range: { from: number; to: number } | null): DecorationSet {
  if (!range) return Decoration.none;
  const ranges = [];
  const end = Math.min(range.to, doc.length);
  for (let at = Math.min(range.from, end); at < end; at = doc.lineAt(at).to + 1) {
    const to = Math.min(end, doc.lineAt(at).to);
    const text = doc.sliceString(at, to);
    const from = at + text.length - text.trimStart().length;
    if (from < to) ranges.push(LIT.range(from, at + text.trimEnd().length));
  }
  return Decoration.set(ranges);
}
