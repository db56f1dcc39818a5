//! The alerts of rules that count, remember, suppress or look up indicators: the event's alert with what the rule found.

use serde_json::{Map, Value};

use super::{AlertBuilder, digest, uuid};
use crate::detect::{Finding, Found, Plan, Stage, date};
use crate::{Limits, RuleInfo};

impl AlertBuilder {
    /// Appends the alert of a rule for an event with more members than others have, and a line end. `id` tells it apart from other alerts
    /// of the same rule and event.
    pub fn push_more(
        &mut self,
        (number, rule): (u32, &RuleInfo),
        line: &[u8],
        id: &[u8],
        members: &[(&'static str, Value)],
        limits: &Limits,
        out: &mut String,
    ) {
        let start = out.len();
        self.push(number, rule, line, limits, out);
        if out.len() == start {
            return;
        }
        if !id.is_empty() {
            // The alert's own id is the first such key: what an event has of that name is left out.
            const KEY: &str = r#""kibana.alert.uuid":""#;
            let own = uuid(&digest(&[rule.id.as_bytes(), b"\0", line, b"\0", id]));
            if let Some(at) = out[start..].find(KEY).map(|at| start + at + KEY.len())
                && out.is_char_boundary(at + own.len())
            {
                out.replace_range(at..at + own.len(), &own);
            }
        }
        append(members, out);
    }

    /// Appends the alert of a finding, and a line end. `lines`: its events; `more`: members beside the finding's.
    ///
    /// That of a threshold has no event but the fields of its group: "Other fields are omitted, because they can vary across all source
    /// documents that were counted toward the threshold" (Elastic, Create a detection rule, "Create a threshold rule").
    pub fn push_finding(
        &mut self,
        rule: (u32, &RuleInfo),
        (plan, finding): (&Plan, &Finding),
        lines: &[&[u8]],
        more: Vec<(&'static str, Value)>,
        limits: &Limits,
        out: &mut String,
    ) {
        let mut members = finding.members(plan, &rule.1.id);
        members.extend(more);
        if let Found::Group(key) = &finding.found {
            self.push_group(rule.0, rule.1, key.bytes(), lines, limits, out);
            return append(&members, out);
        }
        let grouped;
        let line = match (&finding.found, &plan.stage) {
            (Found::Threshold(reached), Stage::Threshold { fields, .. }) => {
                let values = reached.key.values();
                let mut event = Map::from_iter([("@timestamp".to_owned(), date(reached.last.0))]);
                event.extend(fields.iter().cloned().zip(values.iter().map(|value| value.to_json())));
                grouped = Value::Object(event).to_string();
                Some(grouped.as_bytes())
            }
            _ => lines.first().copied(),
        };
        if let Some(line) = line {
            self.push_more(rule, line, &finding.id(), &members, limits, out);
        }
    }
}

/// Adds members to the last alert.
fn append(members: &[(&'static str, Value)], out: &mut String) {
    let Some(end) = out.strip_suffix("}\n").map(str::len) else { return };
    out.truncate(end);
    for (name, value) in members {
        out.push_str(&format!(",\"{name}\":{value}"));
    }
    out.push_str("}\n");
}
