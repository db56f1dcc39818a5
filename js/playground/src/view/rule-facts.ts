import type { CompileReport } from "@tripline/engine";
import type { RuleKind } from "../language/recognise.js";
import { h } from "./dom.js";

const FORMS: Record<RuleKind, string> = { eql: "EQL query", toml: "TOML rule file", markdown: "Markdown page" };

/** Says what the rule is: its name, how severe, which technique, and the form in which it is written. */
export function describeRule(parent: HTMLElement, kind: RuleKind, report: CompileReport | undefined): void {
  const rule = report?.rules[0]?.rule;
  const technique = rule?.threat.flatMap(({ technique }) => technique ?? [])[0];
  const id = technique?.subtechnique?.[0]?.id ?? technique?.id;
  const about = kind !== "eql" && rule;
  parent.replaceChildren(
    ...[
      about && rule.name && h("span", { class: "name", title: rule.description }, rule.name),
      about && rule.severity && h("span", { class: `chip severity ${rule.severity}`, title: `Risk score ${rule.risk_score}` }, rule.severity),
      about && id && h("span", { class: "chip", title: technique?.name ?? "" }, id),
      h("span", { class: "form" }, FORMS[kind]),
    ].filter((child): child is HTMLSpanElement => Boolean(child)),
  );
}
