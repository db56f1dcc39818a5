//! What a rule file says about its rule, in the terms of Elastic's detection rules, and how it is read.
//!
//! A file is recognised by its content, never by its name, because rules also come from an editor or over the network.
//! Each format ends in the same [`RuleFile`]; the query keeps a map back to the file, so that whatever is later found
//! wrong with it is shown where its author wrote it.

mod document;
mod elastic_toml;
mod format;
mod query_text;
mod rewrite;
mod toml_string;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::api::Source;
use crate::diagnostic::{Diagnostic, Span, codes};
use crate::limits::Limits;
use format::Format;
pub use query_text::{QueryText, TextMap};
pub use rewrite::format_rule;

/// One rule of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleFile {
    /// What the file says of it; of a broken file as much as could be read.
    pub info: RuleInfo,
    /// Its query; none when the file is broken there or the rule is of a kind that has none.
    pub query: Option<QueryText>,
    /// Whether a diagnostic of level error concerns it.
    pub failed: bool,
}

/// Reads a rule file: its rules and what is wrong with it. Diagnostics come with path, rule name and position; those
/// past [`Limits::max_diagnostics`], which are only counted, have no position.
pub fn read(source: &Source, limits: &Limits) -> (Vec<RuleFile>, Vec<Diagnostic>) {
    let text = &source.text;
    let (rules, mut diagnostics) = if text.len() > limits.max_rule_bytes as usize {
        (Vec::new(), vec![too_large(text.len(), limits)])
    } else {
        match format::recognise(text) {
            Format::Empty => (Vec::new(), vec![empty()]),
            Format::Json => (Vec::new(), vec![json(text)]),
            Format::Toml => one(elastic_toml::read(text)),
            Format::Document => one(document::read(text)),
            Format::Query => one(bare_query(source)),
        }
    };
    let name = rules.first().map(|rule| rule.info.name.clone()).filter(|name| !name.is_empty());
    for diagnostic in &mut diagnostics {
        diagnostic.path.clone_from(&source.path);
        diagnostic.rule.clone_from(&name);
    }
    // Finding a line takes a walk through the file.
    diagnostics.iter_mut().take(limits.max_diagnostics as usize).for_each(|diagnostic| diagnostic.locate(text));
    (rules, diagnostics)
}

fn one((rule, diagnostics): (RuleFile, Vec<Diagnostic>)) -> (Vec<RuleFile>, Vec<Diagnostic>) {
    (vec![rule], diagnostics)
}

pub(crate) fn too_large(len: usize, limits: &Limits) -> Diagnostic {
    let message = format!("the file has {len} bytes, more than the {} allowed", limits.max_rule_bytes);
    Diagnostic::error(codes::TOO_LARGE, message, Span::default())
        .help("split the file, or raise the limit `max_rule_bytes` if its author is trusted")
}

fn empty() -> Diagnostic {
    Diagnostic::error(codes::RULE_FILE, "the file is empty", Span::default())
        .help("write an EQL query like `process where process.name == \"nc\"`, or a rule in Elastic's TOML form")
}

fn json(text: &str) -> Diagnostic {
    let start = text.find(['{', '[']).unwrap_or(0) as u32;
    Diagnostic::error(codes::RULE_FILE, "rules as JSON are not read by this version yet", Span::new(start, start + 1))
        .label("looks like rules exported from Kibana")
        .help("give the rule as Elastic's TOML, as its documentation page, or as a bare EQL query")
}

/// A file with nothing but the query: its name is the rule's, its text makes the id.
fn bare_query(source: &Source) -> (RuleFile, Vec<Diagnostic>) {
    // A byte order mark is no part of the query.
    let start = source.text.len() - source.text.trim_start_matches('\u{feff}').len();
    let query = QueryText::verbatim(&source.text, start..source.text.len());
    let file = source.path.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let id = hash(&query.text);
    let info = RuleInfo {
        name: if stem.is_empty() { format!("query {}", &id[..8]) } else { stem.to_owned() },
        id,
        kind: "eql".into(),
        language: "eql".into(),
        query: query.text.clone(),
        severity: DEFAULT_SEVERITY.into(),
        risk_score: DEFAULT_RISK_SCORE,
        ..RuleInfo::default()
    };
    (RuleFile { info, query: Some(query), failed: false }, Vec::new())
}

/// Where a file says nothing, what Kibana's form for a new rule starts with.
const DEFAULT_SEVERITY: &str = "low";
const DEFAULT_RISK_SCORE: u32 = 21;

/// The language of a rule type, where the file does not say.
fn language_of(kind: &str) -> &'static str {
    match kind {
        "eql" => "eql",
        "esql" => "esql",
        "query" | "saved_query" | "threshold" | "new_terms" | "threat_match" => "kuery",
        _ => "",
    }
}

/// The id of a rule that brings none: the same text is the same rule.
fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A rule without its query: who it is and what it means when it fires.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleInfo {
    /// `rule_id`; for a bare query the hash of its text.
    pub id: String,
    /// Shown to people.
    pub name: String,
    /// `eql`, `query`, `threshold`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// `eql`, `kuery`, …
    pub language: String,
    /// The query's text.
    pub query: String,
    /// What the rule detects.
    pub description: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: String,
    /// 0 to 100.
    pub risk_score: u32,
    /// Free labels.
    pub tags: Vec<String>,
    /// ATT&CK mapping, as Elastic's rules write it.
    pub threat: Vec<Threat>,
    /// Index patterns of the events that the rule is meant for.
    pub index: Vec<String>,
    /// The rule's version, where the file gives one.
    pub version: Option<u32>,
    /// Links.
    pub references: Vec<String>,
    /// How often Elastic runs it, like `5m`.
    pub interval: Option<String>,
    /// How far back a run looks, like `now-9m`.
    pub from: Option<String>,
    /// Most alerts of one run.
    pub max_signals: Option<u32>,
    /// Who wrote it.
    pub author: Vec<String>,
    /// The licence of the rule's text.
    pub license: Option<String>,
    /// The investigation guide.
    pub note: Option<String>,
    /// The field that `process where …` tests, if not `event.category`.
    pub event_category_override: Option<String>,
    /// The field that says when, if not `@timestamp`.
    pub timestamp_override: Option<String>,
    /// The field that puts the events of a sequence in order, if not `@timestamp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_field: Option<String>,
    /// Orders the events of a sequence that happened at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiebreaker_field: Option<String>,
    /// Not shown as an alert by itself.
    pub building_block: bool,
}

/// One ATT&CK tactic and its techniques.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Threat {
    /// `MITRE ATT&CK`.
    pub framework: String,
    /// The tactic.
    pub tactic: ThreatEntry,
    /// Its techniques.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub technique: Vec<Technique>,
}

/// An id with its name and page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThreatEntry {
    /// `TA0002`, `T1059.004`.
    pub id: String,
    /// `Execution`.
    pub name: String,
    /// Its page.
    pub reference: String,
}

/// A technique with its sub-techniques.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Technique {
    /// `T1059`.
    pub id: String,
    /// `Command and Scripting Interpreter`.
    pub name: String,
    /// Its page.
    pub reference: String,
    /// `T1059.004` and the like.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subtechnique: Vec<ThreatEntry>,
}
