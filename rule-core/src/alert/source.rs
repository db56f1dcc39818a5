//! What an alert keeps and changes of its event.

use std::collections::HashSet;

use super::write::Fields;
use crate::json::{self, Member};

/// An event's source, taken apart as far as an alert changes it.
pub(super) struct Parts<'s> {
    members: Vec<(String, Member)>,
    /// The members of `event`, by their name below it.
    pub event_fields: Vec<(String, &'s str)>,
    pub timestamp: Option<&'s str>,
}

impl<'s> Parts<'s> {
    pub fn of(source: &'s str) -> Parts<'s> {
        let members: Vec<(String, Member)> = json::members(source).into_iter().map(|m| (key(source, &m), m)).collect();
        let mut parts = Parts { members, event_fields: Vec::new(), timestamp: None };
        for (name, member) in &parts.members {
            let value = &source[member.value.clone()];
            if name == "@timestamp" {
                // What is no date, such as null, dates nothing.
                if value.starts_with(['"', '-']) || value.starts_with(|c: char| c.is_ascii_digit()) {
                    parts.timestamp.get_or_insert(value);
                }
            } else if name == "event" && value.starts_with('{') {
                let inner = json::members(value);
                parts.event_fields.extend(inner.into_iter().map(|m| (key(value, &m), &value[m.value])));
            } else if let Some(below) = name.strip_prefix("event.") {
                parts.event_fields.push((below.to_owned(), value));
            }
        }
        parts.event_fields.retain(|(_, value)| !value.starts_with('{'));
        // Of two members with one name the first is told.
        let mut seen = HashSet::new();
        parts.event_fields.retain(|(name, _)| seen.insert(name.clone()));
        parts
    }

    /// The event's members, with `event.kind` made `signal` and without what looks like an alert's own fields or is `written`
    /// elsewhere.
    pub fn write_event(&self, source: &str, written: &[(&'static str, String)], alert: &mut Fields<'_>) {
        let mut signalled = false;
        for (name, member) in &self.members {
            let value = &source[member.value.clone()];
            if name == "event.kind" || name == "kibana" || name.starts_with("kibana.") {
                continue;
            }
            if written.iter().any(|(other, _)| other == name) {
                continue;
            }
            alert.key(&source[member.key.clone()]);
            if name != "event" || !value.starts_with('{') {
                // Of several members `event` readers take the last.
                signalled &= name != "event";
                alert.out.push_str(value);
                continue;
            }
            let mut event = Fields { out: alert.out, first: true };
            event.string("kind", "signal");
            signalled = true;
            for inner in json::members(value) {
                if key(value, &inner) != "kind" {
                    event.key(&value[inner.key]);
                    event.out.push_str(&value[inner.value]);
                }
            }
            event.out.push('}');
        }
        if !signalled {
            alert.string("event.kind", "signal");
        }
    }
}

/// A member's name with its escapes undone.
fn key(json: &str, member: &Member) -> String {
    let raw = &json[member.key.clone()];
    serde_json::from_str(raw).unwrap_or_else(|_| raw.trim_matches('"').to_owned())
}
