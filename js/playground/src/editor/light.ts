import { StateEffect, StateField, type Extension } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";

/** Lights a part of the text up; null: nothing any more. */
export const light = StateEffect.define<{ from: number; to: number } | null>();

const LIT = Decoration.mark({ class: "cm-lit" });

/** The part of the text that is lit up. A change of the text puts it out, since it may be about something else then. */
export const lights: Extension = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(lit, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(light)) continue;
      const { length } = transaction.newDoc;
      const from = Math.min(effect.value?.from ?? 0, length);
      const to = Math.min(effect.value?.to ?? 0, length);
      return from < to ? Decoration.set(LIT.range(from, to)) : Decoration.none;
    }
    return transaction.docChanged ? Decoration.none : lit;
  },
  provide: (field) => EditorView.decorations.from(field),
});
