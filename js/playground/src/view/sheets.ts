import { EXAMPLES, type Example } from "../examples/index.js";
import { FUNCTIONS, OPERATORS, type Entry } from "../language/reference.js";
import { byId, code, h } from "./dom.js";

/** Makes a dialog open from a button, and close by its cross, Escape or a click beside it. */
function sheet(id: string, opener: string, opened?: (dialog: HTMLDialogElement) => void): HTMLDialogElement {
  const dialog = byId<HTMLDialogElement>(id);
  byId(opener).addEventListener("click", () => {
    dialog.showModal();
    opened?.(dialog);
  });
  dialog.addEventListener("click", (click) => {
    if (click.target === dialog || (click.target as Element).closest("[data-close]")) dialog.close();
  });
  return dialog;
}

/** The gallery of examples. */
export function gallery(current: () => string | null, choose: (example: Example) => void | Promise<void>): void {
  const dialog = sheet("gallery", "open-gallery", () => {
    for (const button of dialog.querySelectorAll<HTMLButtonElement>("[data-id]")) {
      const chosen = button.dataset["id"] === current();
      button.setAttribute("aria-current", String(chosen));
      if (chosen) button.focus();
    }
  });
  const group = (name: Example["group"], title: string): HTMLElement =>
    h(
      "section",
      { class: name },
      h("h3", {}, title),
      h(
        "ul",
        {},
        ...EXAMPLES.filter((example) => example.group === name).map((example) =>
          h(
            "li",
            {},
            h(
              "button",
              {
                type: "button",
                data: { id: example.id },
                onclick: () => {
                  dialog.close();
                  void choose(example);
                },
              },
              h("strong", {}, example.title),
              h("small", {}, ...code(example.about)),
            ),
          ),
        ),
      ),
    );
  const list = byId("gallery-list");
  list.append(group("lessons", "Learn the language"), group("detections", "Detections"));
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const buttons = [...list.querySelectorAll<HTMLElement>("button")];
    const next = buttons[buttons.indexOf(document.activeElement as HTMLElement) + step];
    if (next) next.focus();
    event.preventDefault();
  });
}

const KEYS: readonly [string[], string][] = [
  [["Mod", "Enter"], "Evaluate now (it also happens by itself)"],
  [["Ctrl", "Space"], "Complete fields, values and functions"],
  [["Mod", "."], "Apply the suggested fix"],
  [["Shift", "Alt", "F"], "Format the rule"],
  [["F8"], "Go to the next problem"],
  [["↑", "↓"], "Walk through the results, an explanation, or the timeline (there ← → too)"],
  [["Mod", "F"], "Search in the editor"],
  [["Esc", "Tab"], "Leave the editor"],
];

/** The page about the language. */
export function help(): void {
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  sheet("help", "open-help");
  const table = (entries: readonly Entry[]): HTMLElement =>
    h("dl", {}, ...entries.flatMap(({ form, about }) => [h("dt", {}, form), h("dd", {}, ...code(about))]));
  byId("help-body").append(
    h("h3", {}, "Conditions"),
    table(OPERATORS),
    h("h3", {}, "Functions; with ~ after the name they ignore case"),
    table(FUNCTIONS),
    h("h3", {}, "Keys"),
    h(
      "dl",
      {},
      ...KEYS.flatMap(([keys, about]) => [
        h("dt", {}, ...keys.flatMap((key) => [h("kbd", {}, key === "Mod" ? (mac ? "⌘" : "Ctrl") : key), " "])),
        h("dd", {}, about),
      ]),
    ),
  );
}
