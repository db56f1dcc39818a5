import type { ExplainedNode, Span } from "@tripline/engine";
import type { Word } from "../explain/found.js";
import { fold, rows, type Row } from "../explain/tree.js";
import { TRUTHS } from "../explain/words.js";
import { code, h } from "./dom.js";
import { sign } from "./signs.js";

/** What a tree does to the rule's editor. */
export interface Spans {
  /** Light a part of the rule up while somebody looks at its node; null: no more. */
  light(span: Span | null): void;
  /** Go to a part of the rule. */
  reveal(span: Span): void;
}

/** The condition of a term over one event: a tree that arrow keys walk through. */
export function conditionTree(filter: ExplainedNode, label: string, spans: Spans): HTMLElement {
  const tree = h("ul", { class: "why-tree", role: "tree", aria: { label } }, ...siblings(rows(filter), "and", 1));
  const items = (): HTMLElement[] => [...tree.querySelectorAll<HTMLElement>('[role="treeitem"]')];
  const step = (to: HTMLElement | null | undefined): void => {
    if (!to) return;
    for (const item of items()) item.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  };
  const [first] = items();
  if (first) first.tabIndex = 0;

  const itemOf = (target: EventTarget | null): HTMLElement | null =>
    target instanceof Element ? target.closest<HTMLElement>('[role="treeitem"]') : null;
  const spanOf = (item: HTMLElement | null): Span | null => {
    const start = item?.dataset["start"];
    return start === undefined ? null : { start: Number(start), end: Number(item?.dataset["end"]) };
  };
  const act = (item: HTMLElement): void => {
    const span = spanOf(item);
    if (span) spans.reveal(span);
    else if (item.classList.contains("folded")) step(unfold(item));
  };
  tree.addEventListener("pointerover", (event) => spans.light(spanOf(itemOf(event.target))));
  tree.addEventListener("pointerleave", () => spans.light(null));
  tree.addEventListener("focusin", (event) => spans.light(spanOf(itemOf(event.target))));
  tree.addEventListener("focusout", () => spans.light(null));
  tree.addEventListener("click", (event) => {
    const item = itemOf(event.target);
    // Somebody who marks a value wants to copy it.
    if (item && getSelection()?.isCollapsed !== false) act(item);
  });
  tree.addEventListener("keydown", (event) => {
    const item = itemOf(event.target);
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = items();
    const at = all.indexOf(item);
    if (event.key === "ArrowDown") step(all[at + 1]);
    else if (event.key === "ArrowUp") step(all[at - 1]);
    else if (event.key === "ArrowLeft") step(itemOf(item.parentElement));
    else if (event.key === "ArrowRight") step(item.querySelector<HTMLElement>('[role="treeitem"]'));
    else if (event.key === "Home") step(all[0]);
    else if (event.key === "End") step(all.at(-1));
    else if (event.key === "Enter" || event.key === " ") act(item);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return tree;
}

const hidden = new WeakMap<HTMLElement, () => HTMLElement[]>();

/** Puts the rows that a line stands for in its place. */
function unfold(item: HTMLElement): HTMLElement | undefined {
  const rows = hidden.get(item)?.() ?? [];
  item.replaceWith(...rows);
  return rows[0];
}

function siblings(rows: readonly Row[], joinedBy: "and" | "or", level: number): HTMLElement[] {
  return fold(rows, joinedBy).map((shown) => {
    if ("row" in shown) return rowView(shown.row, level);
    const truth = shown.folded[0]!.truth;
    const item = h(
      "li",
      { class: "why-row folded", role: "treeitem", tabIndex: -1, aria: { level: String(level), label: `${shown.text}. Show them.` } },
      h("div", { class: "why-line" }, sign(truth), h("span", { class: "why-text said" }, shown.text)),
    );
    hidden.set(item, () => shown.folded.map((row) => rowView(row, level)));
    return item;
  });
}

function rowView(row: Row, level: number): HTMLElement {
  const { node, truth, text, joins, decides, words, notes, parts } = row;
  // Filters and exceptions are not written in the query.
  const data: Record<string, string> = node.span.end > 0 ? { start: String(node.span.start), end: String(node.span.end) } : {};
  return h(
    "li",
    {
      class: `why-row ${truth} ${decides ? "decides" : ""}`,
      role: "treeitem",
      tabIndex: -1,
      aria: { level: String(level), label: spoken(row), ...(parts.length > 0 && { expanded: "true" }) },
      data,
    },
    h(
      "div",
      { class: "why-line" },
      sign(truth),
      h("span", { class: joins ? "why-text said" : "why-text" }, text),
      h("span", { class: "why-found" }, ...words.map(wordView), countsAs(row)),
    ),
    ...notes.map((note) => h("p", { class: "why-note" }, ...code(note))),
    parts.length > 0 && h("ul", { role: "group" }, ...siblings(parts, node.kind === "or" ? "or" : "and", level + 1)),
  );
}

function wordView({ name, text, kind }: Word): HTMLElement {
  return h("span", { class: `word ${kind}` }, name ? h("span", { class: "name" }, `${name} `) : "", text);
}

/** Null is what engineers stumble over, so it is said what becomes of it. */
function countsAs({ truth, node }: Row): HTMLElement | false {
  return truth === "null" && h("span", { class: "word said" }, `null counts as ${String(node.counts_as)}`);
}

/** The row for those who do not see it. */
function spoken({ truth, node, text, decides, words, notes }: Row): string {
  const counts = truth === "null" ? `, counts as ${String(node.counts_as)}` : "";
  const found = words.map(({ name, text }) => (name ? `${name} ${text}` : text)).join(", ");
  const parts = [`${TRUTHS[truth]}${counts}${decides ? ", decides" : ""}`, text, found && `found ${found}`, ...notes];
  return parts.filter(Boolean).join("; ").replaceAll("`", "");
}
