//! What is found, as members of an alert.

use serde::Serialize;
use serde_json::{Value, json};

use super::plan::Plan;
use super::threshold::Reached;
use crate::correlate::key::{Key, KeyValue};
use crate::correlate::order::At;
use crate::time;

/// What a rule found beyond that an event matches.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What makes the alert.
    pub found: Found,
    /// What it stands for, if other alerts count as part of it.
    pub suppressed: Option<Suppressed>,
    /// The tick of the run.
    pub run: i64,
    /// Whether it is a match, not told before.
    pub is_match: bool,
    /// Whether it is an alert.
    pub is_alert: bool,
}

/// What makes an alert.
#[derive(Clone, Debug)]
pub enum Found {
    /// The event.
    Event,
    /// The events of a sequence or sample, with their join key.
    Group(Key),
    /// A term that the event has.
    Terms(Key),
    /// A group that reached its threshold.
    Threshold(Box<Reached>),
}

/// The alerts that one stands for.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// The values that they have in common.
    pub group: Key,
    /// When the first of their events happened.
    pub start: At,
    /// When the last did.
    pub end: At,
    /// How many they are beside the one.
    pub others: u64,
}

#[derive(Serialize)]
struct Term<'a> {
    field: &'a str,
    value: Value,
}

/// Members of an alert: names and values.
pub type Members = Vec<(&'static str, Value)>;

impl Finding {
    /// What tells the alert apart from others of the same rule and event. The same when an alert is given again.
    pub fn id(&self) -> Vec<u8> {
        let mut id = Vec::new();
        match &self.found {
            // The id of a sequence's alerts has its key already.
            Found::Event | Found::Group(_) => {}
            Found::Terms(term) => id.extend([&b"terms\0"[..], term.bytes()].concat()),
            Found::Threshold(reached) => {
                id.extend([&b"threshold\0"[..], &self.run.to_le_bytes(), reached.key.bytes()].concat());
            }
        }
        if let Some(suppressed) = &self.suppressed {
            id.extend([&b"\0suppressed\0"[..], suppressed.group.bytes()].concat());
        }
        id
    }

    /// What the alert says beside its event and its rule. `rule`: the rule's id.
    ///
    /// Names and shapes are Kibana's: `kibana.alert.new_terms` (the
    /// README of its rule type), `kibana.alert.suppression.*` and `kibana.alert.instance.id` (`wrapSuppressedAlerts`,
    /// `getSuppressionAlertFields`).
    pub fn members(&self, plan: &Plan, rule: &str) -> Members {
        let mut members = Members::new();
        if let Found::Terms(term) = &self.found {
            members.push(("kibana.alert.new_terms", term.values().iter().map(KeyValue::to_json).collect()));
        }
        if let (Some(suppressed), Some(suppression)) = (&self.suppressed, &plan.suppression) {
            let terms = terms(&suppression.fields, &suppressed.group, suppression.whole);
            let instance = super::digest(&[rule.as_bytes(), b"\0", suppressed.group.bytes()].concat());
            let hex: String = instance.iter().map(|byte| format!("{byte:02x}")).collect();
            members.extend([
                ("kibana.alert.suppression.terms", json!(terms)),
                ("kibana.alert.suppression.docs_count", suppressed.others.into()),
                ("kibana.alert.suppression.start", date(suppressed.start)),
                ("kibana.alert.suppression.end", date(suppressed.end)),
                ("kibana.alert.instance.id", hex.into()),
            ]);
        }
        members
    }
}

/// Fields with their values. Kibana takes those of a group that is told by whole fields from `fields`, where every value is in an array.
fn terms<'a>(fields: &'a [String], key: &Key, whole: bool) -> Vec<Term<'a>> {
    let value = |value: KeyValue| match (value.to_json(), whole) {
        (Value::Null, _) => Value::Null,
        (list @ Value::Array(_), _) => list,
        (one, true) => json!([one]),
        (one, false) => one,
    };
    let values = key.values().into_iter().map(value);
    fields.iter().zip(values).map(|(field, value)| Term { field, value }).collect()
}

/// An instant as alerts have it.
fn date(at: At) -> Value {
    time::format(at.ms, at.ns).into()
}
