//! The alert for a whole sequence or sample: what its events have in common, as Kibana builds it
//! (`rule_types/eql/build_alert_group_from_sequence.ts`: `buildAlertRoot`, `objectArrayIntersection`).

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::told::{Told, reason};
use super::write::{Fields, digest, to_json, uuid};
use super::{AlertBuilder, Ancestor, Block, Seen, Shell, grade};
use crate::{Limits, RuleInfo};

impl AlertBuilder {
    /// Appends the alert that the alerts of the events are building blocks of, and a line end.
    pub(super) fn shell(&mut self, number: u32, rule: &RuleInfo, shell: &Shell<'_>, limits: &Limits, out: &mut String) {
        let blocks = shell.blocks;
        let mut common = common(blocks);
        common.retain(|key, _| key != "kibana" && !key.starts_with("kibana."));
        // When the last event came, the alert was due.
        let timestamp = blocks.last().and_then(|block| block.timestamp.clone());
        let text = Value::Object(common.clone()).to_string();
        let limits = Limits { max_event_values: u32::MAX, ..limits.clone() };
        let told = Told::of_rule(rule);
        let reason = match self.fields.decode(text.as_bytes(), &limits, &mut self.slots) {
            Ok(()) => reason(Seen { names: &self.names, event: self.slots.view(text.as_bytes()) }, &told),
            Err(_) => String::new(),
        };
        signal(&mut common);
        common.remove("@timestamp");
        for (name, _) in &shell.extra.members {
            common.remove(*name);
        }
        let mut alert = Fields { out, first: true };
        if let Some(timestamp) = &timestamp {
            alert.raw("@timestamp", timestamp);
        }
        for (key, value) in &common {
            alert.raw(key, &value.to_string());
        }
        alert.string("kibana.alert.uuid", &uuid(&digest(&[shell.id.as_bytes(), b"\0shell"])));
        alert.string("kibana.alert.status", "active");
        alert.string("kibana.alert.workflow_status", "open");
        alert.raw("kibana.alert.depth", "2");
        grade(&mut alert, &told, &reason);
        if let Some(timestamp) = &timestamp {
            alert.raw("kibana.alert.start", timestamp);
        }
        if let Some(first) = blocks.first().and_then(|block| block.timestamp.as_ref()) {
            alert.raw("kibana.alert.original_time", first);
        }
        let ancestors: Vec<Ancestor> = blocks
            .iter()
            .flat_map(|block| {
                let alert = Ancestor {
                    id: block.uuid.clone(),
                    kind: "signal",
                    index: String::new(),
                    depth: 1,
                    rule: Some(rule.id.clone()),
                };
                [block.ancestor.clone(), alert]
            })
            .collect();
        alert.raw("kibana.alert.ancestors", &to_json(&ancestors[..]));
        alert.string("kibana.alert.group.id", shell.id);
        shell.extra.write(&mut alert);
        self.end(number, rule, &rule.name, out);
    }
}

/// The fields that all events have with the same value, and of lists the values that all have.
fn common(blocks: &[Block]) -> Map<String, Value> {
    let mut sources = blocks.iter().map(|block| match serde_json::from_str(&block.source) {
        Ok(Value::Object(fields)) => fields,
        // Nested more deeply than the reader goes: nothing is known to be common.
        _ => Map::new(),
    });
    let first = sources.next().unwrap_or_default();
    sources.fold(first, |common, other| intersect(&common, &other))
}

fn intersect(a: &Map<String, Value>, b: &Map<String, Value>) -> Map<String, Value> {
    let same = |(key, value): (&String, &Value)| {
        let value = match (value, b.get(key)?) {
            (Value::Object(a), Value::Object(b)) => {
                let common = intersect(a, b);
                if common.is_empty() {
                    return None;
                }
                Value::Object(common)
            }
            (a, b) if a == b => a.clone(),
            // A value is a list of one, as it is in an index. Kibana keeps a list with nothing in common, empty.
            (a, b) if a.is_array() || b.is_array() => {
                let common = shared(list(a), list(b));
                if common.is_empty() {
                    return None;
                }
                Value::Array(common)
            }
            _ => return None,
        };
        Some((key.clone(), value))
    };
    let mut common = Map::new();
    for (key, value) in a.iter().filter_map(same) {
        common.insert(key, value);
    }
    common
}

fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(list) => list,
        value => std::slice::from_ref(value),
    }
}

/// The values of one list that are in the other too, each once, in its order.
fn shared(a: &[Value], b: &[Value]) -> Vec<Value> {
    let mut wanted: HashSet<String> = b.iter().map(Value::to_string).collect();
    a.iter().filter(|value| wanted.remove(&value.to_string())).cloned().collect()
}

/// Makes `event.kind` a signal's, however it is written.
fn signal(fields: &mut Map<String, Value>) {
    fields.remove("event.kind");
    match fields.get_mut("event") {
        Some(Value::Object(event)) => {
            event.insert("kind".to_owned(), "signal".into());
        }
        _ => {
            fields.insert("event.kind".to_owned(), "signal".into());
        }
    }
}
