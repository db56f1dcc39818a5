import type { Result } from "../engine/protocol.js";
import { count, h, sentence } from "./dom.js";

/** Something that one may do about it. */
export interface Action {
  label: string;
  run(): void;
}

/** Says that there is nothing, and why. */
export function empty(title: string, text: string, action?: Action): HTMLElement {
  return h(
    "div",
    { class: "empty" },
    h("h3", {}, title),
    h("p", {}, text),
    action && h("button", { type: "button", class: "button", onclick: action.run }, action.label),
  );
}

/** Why no event is listed. `other` shows those that do not match. */
export function nothing({ report, fates }: Result, rule: string, listed: "matched" | "others", other: () => void): HTMLElement {
  if (fates.length === 0) return empty("No events yet", "Paste events as NDJSON or as a JSON array, or drop a file on the left.");
  const { rules } = report;
  if (rule.trim() === "") return empty("No rule yet", "Write an EQL query on the left, or choose an example.");
  const failed = rules.length === 0 || rules.some(({ status }) => status === "failed");
  if (failed && listed === "matched") {
    return empty("The rule has an error", "Mend it and the matches appear here. What is wrong is said below the rule.");
  }
  const skipped = rules.find(({ status }) => typeof status === "object" && "skipped" in status);
  if (skipped && typeof skipped.status === "object" && "skipped" in skipped.status && listed === "matched") {
    return empty("This rule is not evaluated", sentence(skipped.status.skipped.reason));
  }
  if (listed === "others") return empty("Every event matches", "The rule might be wider than you want.");
  return empty("No event matches", `The rule looked at ${count(fates.length, "event")}. Loosen a condition, or see what it passed over.`, {
    label: "Show the events that do not match",
    run: other,
  });
}
