//! Alerts: the document that Kibana's alert views understand.
//!
//! An alert is the event, with `event.kind` made `signal`, and flat `kibana.alert.*` fields. The event's own bytes are kept
//! as they were. Nothing depends on where or when it is built: the same rule and event give the same alert, id
//! included, so a replay never makes a second one.
//!
//! | file | what it does |
//! |---|---|
//! | `source` | takes the event apart, as far as an alert changes it |
//! | `told` | the reason; severity, risk score and name, where the rule takes them from the event |
//! | `rule` | what all alerts of a rule say of it |
//! | `extra` | what threshold, new terms, threat match and suppression add |
//! | `group` | the alert for all events of a sequence or sample |
//! | `write` | JSON members, and ids |
//!
//! `schemas/alert.schema.json` describes the result, `docs/alerts.md` tells of it.

mod extra;
mod finding;
mod group;
mod rule;
mod source;
#[cfg(test)]
mod tests;
mod told;
mod write;

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub use extra::Extra;
pub use extra::ThresholdResult;
use rule::rule_part;
use source::Parts;
use told::{Told, reason};
use write::{Fields, digest, half, hex, to_json, uuid};

use crate::decode::{Event, Projection, Slots, Value, Values};
use crate::normalise::{Documents, Files};
use crate::plan::test::text;
use crate::{Limits, RuleInfo, json};

/// The fields of the event that an alert of any rule is told with.
const FIELDS: &[&str] = &[
    "event.category",
    "process.name",
    "process.parent.name",
    "file.name",
    "source.ip",
    "source.port",
    "destination.ip",
    "destination.port",
    "user.name",
    "host.name",
    "data_stream.type",
    "data_stream.dataset",
    "data_stream.namespace",
];

/// Builds alerts for the rules of one rule set.
#[derive(Debug)]
pub struct AlertBuilder {
    /// The fields that are read: [`FIELDS`], and after them those that rules take severities, scores and names from.
    names: Vec<String>,
    fields: Projection,
    slots: Slots,
    /// What is the same in all alerts of a rule, made when the rule first fires.
    rule_parts: Vec<Option<String>>,
    notes: bool,
    /// Writes raw records as the events that they were taken for.
    documents: Option<Documents>,
}

impl AlertBuilder {
    /// For these rules, counted from 0. `notes`: with the investigation guide and other long texts.
    pub fn new(rules: &[Arc<RuleInfo>], notes: bool) -> AlertBuilder {
        let mapped = rules.iter().flat_map(|rule| {
            let severities = rule.severity_mapping.iter().map(|mapping| &mapping.field);
            let scores = rule.risk_score_mapping.iter().map(|mapping| &mapping.field);
            severities.chain(scores).chain(&rule.rule_name_override).cloned()
        });
        let mut seen = HashSet::new();
        let names = FIELDS.iter().map(|field| (*field).to_owned()).chain(mapped);
        let names: Vec<String> = names.filter(|name| seen.insert(name.clone())).collect();
        let fields = Projection::new(&names);
        let (slots, rule_parts) = (Slots::default(), vec![None; rules.len()]);
        AlertBuilder { names, fields, slots, rule_parts, notes, documents: None }
    }

    /// Has raw records be told as the events that they were taken for.
    pub fn with_normalisers(mut self, files: Option<&Files>) -> AlertBuilder {
        self.documents = files.map(Documents::new);
        self
    }

    /// Appends the alert of a rule for a decodable event, and a line end.
    pub fn push(&mut self, number: u32, rule: &RuleInfo, line: &[u8], limits: &Limits, out: &mut String) {
        self.event(number, rule, line, limits, &Kind::default(), out);
    }

    /// The same with what the type of the rule adds. Pushed again with the same event and key, it is an update: the id is the same.
    pub fn push_with(
        &mut self,
        number: u32,
        rule: &RuleInfo,
        line: &[u8],
        extra: &Extra,
        limits: &Limits,
        out: &mut String,
    ) {
        self.event(number, rule, line, limits, &Kind { extra: Some(extra), ..Kind::default() }, out);
    }

    /// Appends the alert of a threshold rule for a group of events, and a line end. It has the group's fields alone; pushed again for
    /// the same window it is an update.
    pub fn push_threshold(
        &mut self,
        number: u32,
        rule: &RuleInfo,
        result: &ThresholdResult<'_>,
        extra: Extra,
        limits: &Limits,
        out: &mut String,
    ) {
        let extra = extra.with_json("kibana.alert.threshold_result", result.json());
        let kind = Kind { extra: Some(&extra), threshold: Some(result.id(rule)), ..Kind::default() };
        self.event(number, rule, result.event().as_bytes(), limits, &kind, out);
    }

    /// Appends the alerts of a rule for the decodable events of a sequence or sample: one for each, which is a building block of
    /// the one for all of them, which is the last. `key` tells matches apart that have the same events: one event can have several
    /// join keys.
    pub fn push_group(
        &mut self,
        number: u32,
        rule: &RuleInfo,
        key: &[u8],
        lines: &[&[u8]],
        limits: &Limits,
        out: &mut String,
    ) {
        self.push_group_with(number, rule, (key, lines), &Extra::new(), limits, out);
    }

    /// The same with what suppression adds to the last.
    pub fn push_group_with(
        &mut self,
        number: u32,
        rule: &RuleInfo,
        (key, lines): (&[u8], &[&[u8]]),
        extra: &Extra,
        limits: &Limits,
        out: &mut String,
    ) {
        let mut hasher = Sha256::new();
        hasher.update(b"group\0");
        hasher.update(rule.id.as_bytes());
        // With its length, so that a key cannot pass for an event.
        hasher.update((key.len() as u64).to_le_bytes());
        hasher.update(key);
        for line in lines {
            hasher.update(b"\0");
            hasher.update(line);
        }
        let id = hex(&half(hasher));
        let mut blocks = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let kind = Kind { group: Some(Group { id: &id, index }), ..Kind::default() };
            blocks.extend(self.event(number, rule, line, limits, &kind, out));
        }
        self.shell(number, rule, &Shell { id: &id, blocks: &blocks, extra }, limits, out);
    }

    /// Appends the alert for one event and tells what the alert for its group needs of it.
    fn event(
        &mut self,
        number: u32,
        rule: &RuleInfo,
        line: &[u8],
        limits: &Limits,
        kind: &Kind<'_>,
        out: &mut String,
    ) -> Option<Block> {
        // The event was decoded for the rule; these few fields cannot bring it over a limit that it kept.
        let mut limits = Limits { max_event_values: u32::MAX, ..limits.clone() };
        // What a threshold rule counted is no record.
        let documents = self.documents.as_mut().filter(|_| kind.threshold.is_none());
        let record = documents.and_then(|documents| documents.event(line, &limits).ok().flatten());
        let line = record.as_ref().map_or(line, |record| record.event.as_bytes());
        if record.is_some() {
            // It stands below a name in the event, and that in a search hit.
            limits = Limits {
                max_event_bytes: u32::MAX,
                max_event_depth: limits.max_event_depth.saturating_add(2),
                ..limits
            };
        }
        self.fields.decode(line, &limits, &mut self.slots).ok()?;
        let event = Seen { names: &self.names, event: self.slots.view(line) };
        let source = json::minify(event.event.source());
        let parts = Parts::of(&source);
        let extra = kind.extra.map_or(&[][..], |extra| &extra.members);
        let mut alert = Fields { out, first: true };
        parts.write_event(&source, extra, &mut alert);

        let told = if kind.group.is_some() { Told::of_rule(rule) } else { Told::of_event(rule, event) };
        let reason = reason(event, &told);
        let own = kind.id(rule, &source);
        let (id, index) = match kind.threshold {
            // As in Kibana: what the group was found in, and an id that no event has.
            Some(hash) => (hex(&hash), rule.index.join(",")),
            None => (
                event.event.id().map_or_else(|| hex(&digest(&[source.as_bytes()])), str::to_owned),
                event.event.index().map_or_else(|| event.data_stream(), str::to_owned),
            ),
        };
        alert.string("kibana.alert.uuid", &own);
        alert.string("kibana.alert.status", "active");
        alert.string("kibana.alert.workflow_status", "open");
        alert.raw("kibana.alert.depth", "1");
        grade(&mut alert, &told, &reason);
        if let Some(timestamp) = &parts.timestamp {
            alert.raw("kibana.alert.start", timestamp);
            alert.raw("kibana.alert.original_time", timestamp);
        }
        let ancestor = Ancestor { id, kind: "event", index, depth: 0, rule: None };
        alert.raw("kibana.alert.ancestors", &to_json(std::slice::from_ref(&ancestor)));
        for (key, value) in &parts.event_fields {
            alert.raw(&format!("kibana.alert.original_event.{key}"), value);
        }
        if let Some(group) = &kind.group {
            alert.string("kibana.alert.group.id", group.id);
            alert.raw("kibana.alert.group.index", &group.index.to_string());
            if !rule.building_block {
                alert.string("kibana.alert.building_block_type", "default");
            }
        }
        if let Some(extra) = kind.extra {
            extra.write(&mut alert);
        }
        let timestamp = parts.timestamp.map(str::to_owned);
        let name = told.name.into_owned();
        self.end(number, rule, &name, out);
        Some(Block { uuid: own, ancestor, source, timestamp })
    }

    /// Appends what an alert says of its rule, which ends it.
    fn end(&mut self, number: u32, rule: &RuleInfo, name: &str, out: &mut String) {
        let mut alert = Fields { out, first: false };
        alert.string("kibana.alert.rule.name", name);
        out.push(',');
        let notes = self.notes;
        match self.rule_parts.get_mut(number as usize) {
            Some(part) => out.push_str(part.get_or_insert_with(|| rule_part(rule, notes))),
            None => out.push_str(&rule_part(rule, notes)),
        }
        out.push_str("}\n");
    }
}

/// How bad it is and what it was.
fn grade(alert: &mut Fields<'_>, told: &Told<'_>, reason: &str) {
    alert.string("kibana.alert.severity", told.severity);
    alert.raw("kibana.alert.risk_score", &told.risk_score);
    alert.string("kibana.alert.reason", reason);
}

/// An event with its fields by name.
#[derive(Clone, Copy)]
struct Seen<'a> {
    names: &'a [String],
    event: Event<'a>,
}

impl<'a> Seen<'a> {
    /// The values of one of the builder's fields.
    fn values(&self, field: &str) -> Values<'a> {
        // Of another field there are none: no slot has that number.
        let slot = self.names.iter().position(|name| name == field).unwrap_or(usize::MAX);
        self.event.values(slot)
    }

    /// The name of the event's data stream, empty when it does not say.
    fn data_stream(&self) -> String {
        let part = |field| self.values(field).find(|v| *v != Value::Null).map(|v| text(&v));
        match (part("data_stream.type"), part("data_stream.dataset"), part("data_stream.namespace")) {
            (Some(kind), Some(dataset), Some(namespace)) => format!("{kind}-{dataset}-{namespace}"),
            _ => String::new(),
        }
    }
}

/// What makes one alert different from another for the same event.
#[derive(Default)]
struct Kind<'a> {
    group: Option<Group<'a>>,
    extra: Option<&'a Extra>,
    /// For a group that a threshold rule counted: its id. The event is made up.
    threshold: Option<[u8; 16]>,
}

impl Kind<'_> {
    /// The alert's id.
    fn id(&self, rule: &RuleInfo, source: &str) -> String {
        let rule = rule.id.as_bytes();
        uuid(&match (&self.group, self.threshold, self.extra) {
            (Some(Group { id, index }), ..) => digest(&[id.as_bytes(), index.to_string().as_bytes()]),
            (_, Some(hash), _) => hash,
            (_, _, Some(Extra { key, .. })) if !key.is_empty() => {
                // With its length, so that a key cannot pass for a part of the event.
                digest(&[rule, b"\0key\0", &(key.len() as u64).to_le_bytes(), key, source.as_bytes()])
            }
            _ => digest(&[rule, b"\0", source.as_bytes()]),
        })
    }
}

/// A document that an alert came from.
#[derive(Clone, Debug, Serialize)]
struct Ancestor {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    index: String,
    depth: u32,
    /// For an alert the rule that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

/// The sequence or sample that an alert belongs to.
struct Group<'a> {
    id: &'a str,
    /// Its place.
    index: usize,
}

/// What the alert for a group is made of.
struct Shell<'a> {
    id: &'a str,
    blocks: &'a [Block],
    extra: &'a Extra,
}

/// What the alert for a group needs of the alert for one of its events.
struct Block {
    uuid: String,
    ancestor: Ancestor,
    source: String,
    timestamp: Option<String>,
}
