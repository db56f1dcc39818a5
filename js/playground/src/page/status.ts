import type { Result } from "../engine/protocol.js";
import { byId, count, duration, h, size } from "../view/dom.js";

/** Shows the numbers of a run: in the status line, beside the events, and on the tab of a narrow page. */
export function summarise({ report, fates, matchCount, rejectedCount, bytes, evaluateMs }: Result): void {
  const errors = report.diagnostics.filter(({ level }) => level === "error").length;
  const warnings = report.diagnostics.length - errors;
  const matches = count(matchCount, "match", "matches");
  const events = count(fates.length, "event");
  byId("events-facts").textContent = fates.length > 0 ? `${events}, ${size(bytes)}` : "";
  byId("tab-count").textContent = matchCount > 0 ? matchCount.toLocaleString("en") : "";
  setStatus(
    errors > 0 && h("strong", { class: "bad" }, count(errors, "error")),
    warnings > 0 && h("span", {}, count(warnings, "warning")),
    h("strong", { class: matchCount > 0 ? "hit" : "" }, matches),
    `in ${events}`,
    rejectedCount > 0 && h("span", { class: "bad" }, `${rejectedCount.toLocaleString("en")} rejected`),
    h("span", {}, duration(evaluateMs)),
    // The clock of a page is too coarse to speak of speed for less.
    bytes > 250_000 && evaluateMs > 1 && h("span", {}, `${size((bytes / evaluateMs) * 1000)}/s`),
  );
  announce(errors > 0 ? `${count(errors, "error")} in the rule` : `${matches} in ${events}`);
}

/** Replaces the status line. */
export function setStatus(...parts: (Node | string | false)[]): void {
  byId("status").replaceChildren(...parts.filter((part) => part !== false).flatMap((part) => [part, " "]));
}

let announcing: ReturnType<typeof setTimeout> | undefined;

/** Tells screen readers, once the typing pauses. */
function announce(message: string): void {
  clearTimeout(announcing);
  announcing = setTimeout(() => {
    const live = byId("announce");
    if (live.textContent !== message) live.textContent = message;
  }, 800);
}
