//! What an alert says of its event in words and grades: the reason, and the severity, risk score and name that the rule takes from
//! the event.
//!
//! Source: elastic/kibana, `security_solution/server/lib/detection_engine/rule_types/utils`: `reason_formatters.ts` (all types of
//! rules share one wording), `mappings/build_severity_from_mapping.ts`, `mappings/build_risk_score_from_mapping.ts`,
//! `mappings/build_rule_name_from_mapping.ts`.

use std::borrow::Cow;

use super::Seen;
use super::write::to_json;
use crate::RuleInfo;
use crate::decode::Value;
use crate::plan::test::{number, text};

/// The severity, risk score and name of one alert.
pub(super) struct Told<'a> {
    pub severity: &'a str,
    /// JSON: a mapped one need not be whole.
    pub risk_score: String,
    pub name: Cow<'a, str>,
}

impl<'a> Told<'a> {
    /// What the rule says itself. Kibana leaves it at that for sequences.
    pub fn of_rule(rule: &'a RuleInfo) -> Told<'a> {
        Told { severity: &rule.severity, risk_score: to_json(&rule.risk_score), name: Cow::Borrowed(&rule.name) }
    }

    /// What the rule's mappings find in the event, or else what the rule says itself.
    pub fn of_event(rule: &'a RuleInfo, event: Seen<'_>) -> Told<'a> {
        let mut told = Told::of_rule(rule);
        if let Some(severity) = severity(rule, event) {
            told.severity = severity;
        }
        if let Some(score) = risk_score(rule, event) {
            told.risk_score = if score.fract() == 0.0 { to_json(&(score as u32)) } else { to_json(&score) };
        }
        if let Some(name) = rule.rule_name_override.as_deref().and_then(|field| name(event, field)) {
            told.name = Cow::Owned(name);
        }
        told
    }
}

/// The highest severity that a mapping gives.
fn severity<'a>(rule: &'a RuleInfo, event: Seen<'_>) -> Option<&'a str> {
    let rank = |severity: &str| ["low", "medium", "high", "critical"].iter().position(|name| *name == severity);
    let mut best = None;
    for mapping in &rule.severity_mapping {
        let Some(rank) = rank(&mapping.severity) else { continue };
        if best.is_some_and(|(other, _)| other > rank) {
            continue;
        }
        // `event.severity` is a number in ECS: there the mapping's value is one too, rounded down.
        let is_number = mapping.field == "event.severity";
        let wanted = mapping.value.trim().parse::<f64>().ok().map(|wanted| wanted.floor());
        let holds = event.values(&mapping.field).any(|value| match value {
            Value::Number(found) if is_number => wanted == Some(found.as_f64()),
            Value::Number(found) => found.as_i64().is_some() && found.text() == mapping.value,
            Value::String(found) => !is_number && found == mapping.value,
            _ => false,
        });
        if holds {
            best = Some((rank, mapping.severity.as_str()));
        }
    }
    best.map(|(_, severity)| severity)
}

/// The largest number from 0 to 100 in the field of the first mapping; only that counts.
fn risk_score(rule: &RuleInfo, event: Seen<'_>) -> Option<f64> {
    let field = &rule.risk_score_mapping.first()?.field;
    let score = |value| match value {
        Value::Number(found) => Some(found.as_f64()),
        Value::String(found) => number(found.trim()),
        _ => None,
    };
    let scores = event.values(field).filter_map(score).filter(|score| (0.0..=100.0).contains(score));
    scores.reduce(f64::max)
}

/// The field's value, if it has one and that is a string with something in it.
fn name(event: Seen<'_>, field: &str) -> Option<String> {
    let mut values = event.values(field);
    match (values.next(), values.next()) {
        (Some(Value::String(name)), None) if !name.trim().is_empty() => Some(name.to_owned()),
        _ => None,
    }
}

/// One sentence in the wording of Kibana's reasons.
pub(super) fn reason(event: Seen<'_>, told: &Told<'_>) -> String {
    let all = |field: &str| {
        let values: Vec<_> = event.values(field).filter(|value| *value != Value::Null).collect();
        let texts: Vec<&str> = values.iter().map(text).collect();
        // Kibana takes one dash for no value.
        let list = if texts == ["-"] { String::new() } else { texts.join(", ") };
        Some(list).filter(|list| !list.is_empty())
    };
    let mut with = String::new();
    for (what, field) in [("process", "process.name"), ("parent process", "process.parent.name"), ("file", "file.name")]
    {
        if let Some(value) = all(field) {
            with += &format!(" {what} {value},");
        }
    }
    for (what, address, port) in
        [("source", "source.ip", "source.port"), ("destination", "destination.ip", "destination.port")]
    {
        if let Some(value) = all(address) {
            with += &format!(" {what} {value}");
            // The comma comes with the port.
            if let Some(port) = all(port) {
                with += &format!(":{port},");
            }
        }
    }
    let mut sentence = all("event.category").unwrap_or_default();
    if !sentence.is_empty() {
        sentence.push(' ');
    }
    sentence.push_str("event");
    if !with.is_empty() {
        sentence.push_str(" with");
        sentence.push_str(&with);
    }
    for (word, field) in [("by", "user.name"), ("on", "host.name")] {
        if let Some(value) = all(field) {
            sentence += &format!(" {word} {value}");
        }
    }
    format!("{sentence} created {} alert {}.", told.severity, told.name)
}
