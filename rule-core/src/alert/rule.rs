//! What every alert of a rule says of the rule.
//!
//! The names are those of elastic/kibana's `factories/utils/build_alert.ts`; `rule_type_id` and `category` those of its rule types.
//! What only Kibana knows (who made the rule and when, its schedule's actions, the space) is left out, and so are long texts that
//! nobody asked for.

use super::write::{Fields, digest, to_json, uuid};
use crate::{RuleInfo, Threat};

/// Types of rules: `type`, `rule_type_id`, `category`.
const TYPES: &[(&str, &str, &str)] = &[
    ("eql", "siem.eqlRule", "Event Correlation Rule"),
    ("query", "siem.queryRule", "Custom Query Rule"),
    ("threshold", "siem.thresholdRule", "Threshold Rule"),
    ("new_terms", "siem.newTermsRule", "New Terms Rule"),
    ("threat_match", "siem.indicatorRule", "Indicator Match Rule"),
];

/// The members that every alert of a rule ends with. `notes`: with the long texts.
pub(super) fn rule_part(rule: &RuleInfo, notes: bool) -> String {
    let mut out = String::new();
    let mut part = Fields { out: &mut out, first: true };
    part.string("kibana.alert.rule.uuid", &uuid(&digest(&[b"rule\0", rule.id.as_bytes()])));
    part.string("kibana.alert.rule.rule_id", &rule.id);
    part.string("kibana.alert.rule.type", &rule.kind);
    if let Some((_, id, category)) = TYPES.iter().find(|(kind, ..)| *kind == rule.kind) {
        part.string("kibana.alert.rule.rule_type_id", id);
        part.string("kibana.alert.rule.category", category);
    }
    part.string("kibana.alert.rule.consumer", "siem");
    part.string("kibana.alert.rule.producer", "siem");
    // The rule's own, whatever the alert's have become.
    part.string("kibana.alert.rule.severity", &rule.severity);
    part.raw("kibana.alert.rule.risk_score", &to_json(&rule.risk_score));
    for (key, number) in
        [("kibana.alert.rule.version", rule.version), ("kibana.alert.rule.max_signals", rule.max_signals)]
    {
        if let Some(number) = number {
            part.raw(key, &to_json(&number));
        }
    }
    if !rule.description.is_empty() {
        part.string("kibana.alert.rule.description", &rule.description);
    }
    for (key, text) in [
        ("kibana.alert.rule.from", &rule.from),
        ("kibana.alert.rule.interval", &rule.interval),
        ("kibana.alert.rule.license", &rule.license),
        ("kibana.alert.rule.timestamp_override", &rule.timestamp_override),
        ("kibana.alert.rule.rule_name_override", &rule.rule_name_override),
    ] {
        if let Some(text) = text {
            part.string(key, text);
        }
    }
    // Views group alerts by these: they are there when empty, too.
    part.raw("kibana.alert.rule.tags", &to_json(&rule.tags));
    part.raw("kibana.alert.rule.threat", &to_json::<[Threat]>(&rule.threat));
    part.raw("kibana.alert.rule.references", &to_json(&rule.references));
    for (key, list) in [
        ("kibana.alert.rule.author", &rule.author),
        ("kibana.alert.rule.false_positives", &rule.false_positives),
        ("kibana.alert.rule.indices", &rule.index),
    ] {
        if !list.is_empty() {
            part.raw(key, &to_json(list));
        }
    }
    if !rule.severity_mapping.is_empty() {
        part.raw("kibana.alert.rule.severity_mapping", &to_json(&rule.severity_mapping));
    }
    if !rule.risk_score_mapping.is_empty() {
        part.raw("kibana.alert.rule.risk_score_mapping", &to_json(&rule.risk_score_mapping));
    }
    if let Some(parameters) = parameters(rule, notes) {
        part.raw("kibana.alert.rule.parameters", &parameters);
    }
    if let (true, Some(note)) = (notes, &rule.note) {
        part.string("kibana.alert.rule.note", note);
    }
    if rule.building_block {
        part.string("kibana.alert.rule.building_block_type", "default");
        part.string("kibana.alert.building_block_type", "default");
    }
    out.split_off(1)
}

/// What views need to know of the rule to investigate an alert, as an object, and what has no field of its own.
fn parameters(rule: &RuleInfo, notes: bool) -> Option<String> {
    let mut out = String::new();
    let mut object = Fields { out: &mut out, first: true };
    if let Some(threshold) = &rule.threshold {
        object.raw("threshold", &to_json(threshold));
    }
    if let Some(new_terms) = &rule.new_terms {
        object.raw("new_terms_fields", &to_json(&new_terms.fields));
        object.string("history_window_start", &new_terms.history_window_start);
    }
    if let Some(threats) = &rule.threat_match {
        object.string("threat_query", &threats.query);
        object.string("threat_indicator_path", &threats.indicator_path);
    }
    if let Some(suppression) = &rule.alert_suppression {
        object.raw("alert_suppression", &to_json(suppression));
    }
    if notes {
        object.string("query", &rule.query);
        object.string("language", &rule.language);
        if let Some(setup) = &rule.setup {
            object.string("setup", setup);
        }
    }
    (!object.first).then(|| out + "}")
}
