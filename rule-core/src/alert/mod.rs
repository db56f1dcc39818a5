//! Alerts: the document that Kibana's alert views understand.
//!
//! An alert is the event, with `event.kind` made `signal`, and flat `kibana.alert.*` fields. The event's own bytes are kept
//! as they were. Nothing depends on where or when it is built: the same rule and event give the same alert, id
//! included, so a replay never makes a second one.

mod group;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::decode::{Event, Projection, Slots, Value};
use crate::json::{self, Member};
use crate::normalise::{Documents, Files};
use crate::plan::test::text;
use crate::{Limits, RuleInfo, Threat};

/// The fields of the event that an alert is told with.
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
    fields: Projection,
    slots: Slots,
    /// What is the same in all alerts of a rule, made when the rule first fires.
    rule_parts: Vec<Option<String>>,
    notes: bool,
    /// Writes raw records as the events that they were taken for.
    documents: Option<Documents>,
}

impl AlertBuilder {
    /// For so many rules, counted from 0. `notes`: with the investigation guide.
    pub fn new(rules: usize, notes: bool) -> AlertBuilder {
        let (fields, slots, rule_parts) = (Projection::new(FIELDS), Slots::default(), vec![None; rules]);
        AlertBuilder { fields, slots, rule_parts, notes, documents: None }
    }

    /// Has raw records be told as the events that they were taken for.
    pub fn with_normalisers(mut self, files: Option<&Files>) -> AlertBuilder {
        self.documents = files.map(Documents::new);
        self
    }

    /// Appends the alert of a rule for a decodable event, and a line end.
    pub fn push(&mut self, number: u32, rule: &RuleInfo, line: &[u8], limits: &Limits, out: &mut String) {
        self.event(number, rule, line, limits, None, out);
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
        let id = hex(&hasher.finalize()[..16]);
        let mut blocks = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let group = Group { id: &id, index };
            blocks.extend(self.event(number, rule, line, limits, Some(&group), out));
        }
        self.shell(number, rule, &id, &blocks, limits, out);
    }

    /// Appends the alert for one event and tells what the alert for its group needs of it.
    fn event(
        &mut self,
        number: u32,
        rule: &RuleInfo,
        line: &[u8],
        limits: &Limits,
        group: Option<&Group<'_>>,
        out: &mut String,
    ) -> Option<Block> {
        // The event was decoded for the rule; these few fields cannot bring it over a limit that it kept.
        let mut limits = Limits { max_event_values: u32::MAX, ..limits.clone() };
        let record = self.documents.as_mut().and_then(|documents| documents.event(line, &limits).ok().flatten());
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
        let event = self.slots.view(line);
        let source = json::minify(event.source());
        let parts = Parts::of(&source);
        let mut alert = Fields { out, first: true };
        parts.write_event(&source, &mut alert);

        let reason = reason(event, rule);
        let id = event.id().map_or_else(|| hex(&digest(&[source.as_bytes()])), str::to_owned);
        let index = event.index().map_or_else(|| data_stream(event), str::to_owned);
        let own = match group {
            None => uuid(&digest(&[rule.id.as_bytes(), b"\0", source.as_bytes()])),
            Some(Group { id, index }) => uuid(&digest(&[id.as_bytes(), index.to_string().as_bytes()])),
        };
        alert.string("kibana.alert.uuid", &own);
        alert.string("kibana.alert.status", "active");
        alert.string("kibana.alert.workflow_status", "open");
        alert.raw("kibana.alert.depth", "1");
        alert.string("kibana.alert.severity", &rule.severity);
        alert.value("kibana.alert.risk_score", &rule.risk_score);
        alert.string("kibana.alert.reason", &reason);
        if let Some(timestamp) = &parts.timestamp {
            alert.raw("kibana.alert.start", timestamp);
            alert.raw("kibana.alert.original_time", timestamp);
        }
        let ancestor = Ancestor { id, kind: "event", index, depth: 0, rule: None };
        alert.value("kibana.alert.ancestors", &[&ancestor]);
        for (key, value) in &parts.event_fields {
            alert.raw(&format!("kibana.alert.original_event.{key}"), value);
        }
        if let Some(group) = group {
            alert.string("kibana.alert.group.id", group.id);
            alert.value("kibana.alert.group.index", &group.index);
            if !rule.building_block {
                alert.string("kibana.alert.building_block_type", "default");
            }
        }
        let timestamp = parts.timestamp.map(str::to_owned);
        self.end(number, rule, out);
        Some(Block { uuid: own, ancestor, source, timestamp })
    }

    /// Appends what all alerts of the rule end with.
    fn end(&mut self, number: u32, rule: &RuleInfo, out: &mut String) {
        let notes = self.notes;
        let rule_part = self.rule_parts[number as usize].get_or_insert_with(|| rule_part(rule, notes));
        out.push(',');
        out.push_str(rule_part);
        out.push_str("}\n");
    }
}

/// An event's source, taken apart as far as an alert changes it.
struct Parts<'s> {
    members: Vec<(String, Member)>,
    /// The members of `event`, by their name below it.
    event_fields: Vec<(String, &'s str)>,
    timestamp: Option<&'s str>,
}

impl<'s> Parts<'s> {
    fn of(source: &'s str) -> Parts<'s> {
        let members: Vec<(String, Member)> = json::members(source).into_iter().map(|m| (key(source, &m), m)).collect();
        let mut parts = Parts { members, event_fields: Vec::new(), timestamp: None };
        for (name, member) in &parts.members {
            let value = &source[member.value.clone()];
            if name == "@timestamp" {
                parts.timestamp.get_or_insert(value);
            } else if name == "event" && value.starts_with('{') {
                let inner = json::members(value);
                parts.event_fields.extend(inner.into_iter().map(|m| (key(value, &m), &value[m.value])));
            } else if let Some(below) = name.strip_prefix("event.") {
                parts.event_fields.push((below.to_owned(), value));
            }
        }
        parts.event_fields.retain(|(_, value)| !value.starts_with('{'));
        // Of two members with one name the first is told.
        let mut seen = std::collections::HashSet::new();
        parts.event_fields.retain(|(name, _)| seen.insert(name.clone()));
        parts
    }

    /// The event's members, with `event.kind` made `signal` and without what looks like an alert's own fields.
    fn write_event(&self, source: &str, alert: &mut Fields<'_>) {
        let mut signalled = false;
        for (name, member) in &self.members {
            let value = &source[member.value.clone()];
            if name == "event.kind" || name == "kibana" || name.starts_with("kibana.") {
                continue;
            }
            alert.key(&source[member.key.clone()]);
            if name != "event" || !value.starts_with('{') {
                alert.out.push_str(value);
                continue;
            }
            let mut event = Fields { out: alert.out, first: true };
            if !signalled {
                event.string("kind", "signal");
                signalled = true;
            }
            for inner in json::members(value) {
                if key(value, &inner) != "kind" {
                    event.key(&value[inner.key]);
                    event.out.push_str(&value[inner.value]);
                }
            }
            if event.first {
                event.out.push('{');
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

/// An object under construction.
struct Fields<'o> {
    out: &'o mut String,
    first: bool,
}

impl Fields<'_> {
    /// Writes a key that is JSON already.
    fn key(&mut self, json: &str) {
        self.out.push(if std::mem::take(&mut self.first) { '{' } else { ',' });
        self.out.push_str(json);
        self.out.push(':');
    }

    fn raw(&mut self, key: &str, json: &str) {
        self.value(key, &());
        self.out.truncate(self.out.len() - "null".len());
        self.out.push_str(json);
    }

    fn string(&mut self, key: &str, text: &str) {
        self.value(key, text);
    }

    fn value<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) {
        // Strings, numbers and lists of them always serialise.
        let key = serde_json::to_string(key).unwrap_or_default();
        self.key(&key);
        self.out.push_str(&serde_json::to_string(value).unwrap_or_default());
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

/// What the alert for a group needs of the alert for one of its events.
struct Block {
    uuid: String,
    ancestor: Ancestor,
    source: String,
    timestamp: Option<String>,
}

/// The members that every alert of a rule ends with.
fn rule_part(rule: &RuleInfo, notes: bool) -> String {
    let mut out = String::new();
    let mut part = Fields { out: &mut out, first: true };
    part.string("kibana.alert.rule.name", &rule.name);
    part.string("kibana.alert.rule.uuid", &uuid(&digest(&[b"rule\0", rule.id.as_bytes()])));
    part.string("kibana.alert.rule.rule_id", &rule.id);
    part.string("kibana.alert.rule.type", &rule.kind);
    part.string("kibana.alert.rule.severity", &rule.severity);
    part.value("kibana.alert.rule.risk_score", &rule.risk_score);
    if let Some(version) = rule.version {
        part.value("kibana.alert.rule.version", &version);
    }
    part.value("kibana.alert.rule.tags", &rule.tags);
    part.value::<[Threat]>("kibana.alert.rule.threat", &rule.threat);
    part.value("kibana.alert.rule.references", &rule.references);
    if let (true, Some(note)) = (notes, &rule.note) {
        part.string("kibana.alert.rule.note", note);
    }
    if rule.building_block {
        part.string("kibana.alert.building_block_type", "default");
    }
    out.split_off(1)
}

/// One sentence in the wording of Kibana's reasons.
fn reason(event: Event<'_>, rule: &RuleInfo) -> String {
    let first = |name: &str| {
        let slot = FIELDS.iter().position(|f| *f == name)?;
        event.values(slot).find(|v| *v != Value::Null).map(|v| text(&v)).filter(|t| !t.is_empty())
    };
    let categories: Vec<_> = event.values(0).filter(|v| *v != Value::Null).map(|v| text(&v)).collect();
    let mut told = String::new();
    let mut tell = |what: &str, name: &str, port: Option<&str>| {
        if let Some(value) = first(name) {
            told += &match port.and_then(first) {
                Some(port) => format!(" {what} {value}:{port},"),
                None => format!(" {what} {value},"),
            };
        }
    };
    tell("process", "process.name", None);
    tell("parent process", "process.parent.name", None);
    tell("file", "file.name", None);
    tell("source", "source.ip", Some("source.port"));
    tell("destination", "destination.ip", Some("destination.port"));
    let mut sentence = categories.join(", ");
    if !sentence.is_empty() {
        sentence.push(' ');
    }
    sentence.push_str("event");
    let by: String = [("by", "user.name"), ("on", "host.name")]
        .iter()
        .filter_map(|(word, name)| first(name).map(|value| format!(" {word} {value}")))
        .collect();
    if !told.is_empty() {
        sentence.push_str(" with");
    }
    format!("{sentence}{told}{by} created {} alert {}.", rule.severity, rule.name)
}

/// The name of the event's data stream, empty when it does not say.
fn data_stream(event: Event<'_>) -> String {
    let at = FIELDS.len() - 3;
    let part = |slot: usize| event.values(slot).find(|v| *v != Value::Null).map(|v| text(&v));
    match (part(at), part(at + 1), part(at + 2)) {
        (Some(kind), Some(dataset), Some(namespace)) => format!("{kind}-{dataset}-{namespace}"),
        _ => String::new(),
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize()[..16]);
    id
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A version 8 UUID (RFC 9562: of the maker's own making) of a hash.
fn uuid(hash: &[u8; 16]) -> String {
    let mut bytes = *hash;
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
