//! The alerts of rules that count, remember, suppress or look up indicators: the event's alert with what the rule found.

use serde_json::Value;

use super::{AlertBuilder, Extra, ThresholdResult};
use crate::detect::{Finding, Found, Plan, Stage};
use crate::{Limits, RuleInfo};

impl AlertBuilder {
    /// Appends the alert of a finding, and a line end. `lines`: its events; `more`: members beside the finding's.
    ///
    /// That of a threshold has no event but the fields of its group: "Other fields are omitted, because they can vary across all source
    /// documents that were counted toward the threshold" (Elastic, Create a detection rule, "Create a threshold rule").
    pub fn push_finding(
        &mut self,
        (number, rule): (u32, &RuleInfo),
        (plan, finding): (&Plan, &Finding),
        lines: &[&[u8]],
        more: Vec<(&'static str, Value)>,
        limits: &Limits,
        out: &mut String,
    ) {
        let members = finding.members(plan, &rule.id).into_iter().chain(more);
        let extra = members.fold(Extra::keyed(&finding.id()), |extra, (name, value)| extra.with(name, &value));
        match (&finding.found, &plan.stage) {
            (Found::Group(key), _) => self.push_group_with(number, rule, (key.bytes(), lines), &extra, limits, out),
            (Found::Threshold(reached), Stage::Threshold { fields, cardinality, .. }) => {
                let values: Vec<String> =
                    reached.key.values().iter().map(|value| value.to_json().to_string()).collect();
                let terms: Vec<(&str, &str)> =
                    fields.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
                let result = ThresholdResult {
                    terms: &terms,
                    cardinality: cardinality.as_ref().map(|(field, _)| (field.as_str(), reached.cardinality)),
                    count: reached.count,
                    from: reached.first.0.ms,
                    to: reached.last.0.ms,
                    window: finding.run,
                };
                self.push_threshold(number, rule, &result, extra, limits, out);
            }
            _ => {
                if let Some(line) = lines.first() {
                    self.push_with(number, rule, line, &extra, limits, out);
                }
            }
        }
    }
}
