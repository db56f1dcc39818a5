//! What types of rules add to an alert.

use serde::Serialize;

use super::write::{Fields, digest, to_json};
use crate::RuleInfo;

/// What a type of rule adds to an alert: members with flat names, as in Kibana.
///
/// | who | members |
/// |---|---|
/// | new terms | `kibana.alert.new_terms`: the values, an array |
/// | threat match | `threat.enrichments`: `{indicator, feed, matched: {atomic, field, id, index, type}}` for each indicator |
/// | suppression | `kibana.alert.instance.id`, `kibana.alert.suppression.terms` (`{field, value}` each), `.docs_count`, `.start`, `.end` |
///
/// An alert that is updated, as suppression does, is the alert of the same event with other members: its id is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    pub(super) key: Vec<u8>,
    pub(super) members: Vec<(&'static str, String)>,
}

impl Extra {
    /// Nothing.
    pub fn new() -> Extra {
        Extra::default()
    }

    /// Tells an alert apart from others that the rule makes of the same event: a part of the id.
    pub fn keyed(key: &[u8]) -> Extra {
        Extra { key: key.to_vec(), members: Vec::new() }
    }

    /// With a member, instead of the event's of the same name.
    pub fn with<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Extra {
        self.with_json(name, to_json(value))
    }

    /// With a member that is JSON already, on one line.
    pub fn with_json(mut self, name: &'static str, json: String) -> Extra {
        self.members.retain(|(other, _)| *other != name);
        self.members.push((name, json));
        self
    }

    pub(super) fn write(&self, alert: &mut Fields<'_>) {
        for (name, json) in &self.members {
            alert.raw(name, json);
        }
    }
}

/// As many events of a group as a threshold rule asks for.
#[derive(Clone, Copy, Debug)]
pub struct ThresholdResult<'a> {
    /// The rule's fields and the group's values of them, which are JSON.
    pub terms: &'a [(&'a str, &'a str)],
    /// The field whose different values were counted, and how many there are.
    pub cardinality: Option<(&'a str, u64)>,
    /// How many events there are.
    pub count: u64,
    /// When the first of them was, in milliseconds since 1970.
    pub from: i64,
    /// When the last of them was.
    pub to: i64,
    /// What tells this alert apart from others for the same group: the same for an update of it, such as the time at which its window
    /// begins.
    pub window: i64,
}

impl ThresholdResult<'_> {
    /// The event that stands for the group: the last time and the group's values.
    pub(super) fn event(&self) -> String {
        let mut out = String::new();
        let mut event = Fields { out: &mut out, first: true };
        event.string("@timestamp", &date(self.to));
        for (index, (field, value)) in self.terms.iter().enumerate() {
            let again = self.terms[..index].iter().any(|(other, _)| other == field);
            if !again && *field != "@timestamp" {
                event.raw(field, value);
            }
        }
        out + "}"
    }

    /// `kibana.alert.threshold_result`, in Kibana's order (`threshold/bulk_create_threshold_signals.ts`).
    pub(super) fn json(&self) -> String {
        let counted = self.cardinality.map(|(field, value)| {
            let field = to_json(field);
            format!(r#""cardinality":[{{"field":{field},"value":{value}}}],"#)
        });
        let terms: Vec<String> = self
            .terms
            .iter()
            .map(|(field, value)| format!(r#"{{"field":{},"value":{value}}}"#, to_json(field)))
            .collect();
        format!(
            r#"{{{}"count":{},"from":{},"terms":[{}]}}"#,
            counted.unwrap_or_default(),
            self.count,
            to_json(&date(self.from)),
            terms.join(",")
        )
    }

    /// Of the rule, the group and the window.
    pub(super) fn id(&self, rule: &RuleInfo) -> [u8; 16] {
        let terms: Vec<[&str; 2]> = self.terms.iter().map(|(field, value)| [*field, *value]).collect();
        // JSON keeps names and values apart.
        let terms = to_json(&terms);
        digest(&[b"threshold\0", rule.id.as_bytes(), b"\0", &self.window.to_le_bytes(), terms.as_bytes()])
    }
}

fn date(milliseconds: i64) -> String {
    crate::time::format(milliseconds, 0)
}
