//! The alert for a whole sequence or sample: what its events have in common, as Kibana builds it
//! (`buildAlertGroupFromSequence`, `objectArrayIntersection`).

use serde_json::{Map, Value};

use super::{AlertBuilder, Ancestor, Block, Fields, digest, reason, uuid};
use crate::{Limits, RuleInfo};

impl AlertBuilder {
    /// Appends the alert that the alerts of the events are building blocks of, and a line end.
    pub(super) fn shell(
        &mut self,
        number: u32,
        rule: &RuleInfo,
        group: &str,
        blocks: &[Block],
        limits: &Limits,
        out: &mut String,
    ) {
        let mut common = common(blocks);
        common.retain(|key, _| key != "kibana" && !key.starts_with("kibana."));
        // When the last event came, the alert was due.
        let timestamp = blocks.last().and_then(|block| block.timestamp.clone());
        let text = Value::Object(common.clone()).to_string();
        let limits = Limits { max_event_values: u32::MAX, ..limits.clone() };
        let reason = match self.fields.decode(text.as_bytes(), &limits, &mut self.slots) {
            Ok(()) => reason(self.slots.view(text.as_bytes()), rule),
            Err(_) => String::new(),
        };
        signal(&mut common);
        common.remove("@timestamp");
        let mut alert = Fields { out, first: true };
        if let Some(timestamp) = &timestamp {
            alert.raw("@timestamp", timestamp);
        }
        for (key, value) in &common {
            alert.value(key, value);
        }
        alert.string("kibana.alert.uuid", &uuid(&digest(&[group.as_bytes(), b"\0shell"])));
        alert.string("kibana.alert.status", "active");
        alert.string("kibana.alert.workflow_status", "open");
        alert.raw("kibana.alert.depth", "2");
        alert.string("kibana.alert.severity", &rule.severity);
        alert.value("kibana.alert.risk_score", &rule.risk_score);
        alert.string("kibana.alert.reason", &reason);
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
        alert.value("kibana.alert.ancestors", &ancestors);
        alert.string("kibana.alert.group.id", group);
        self.end(number, rule, out);
    }
}

/// The fields that all events have with the same value.
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
            (a, b) => (a == b).then(|| a.clone())?,
        };
        Some((key.clone(), value))
    };
    a.iter().filter_map(same).collect()
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
