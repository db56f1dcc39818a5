//! What a rule file says about its rule, in the terms of Elastic's detection rules, and how it is read.
//!
//! A file is recognised by its content, never by its name, because rules also come from an editor or over the network.
//! Each format ends in the same [`RuleFile`]; the query keeps a map back to the file, so that whatever is later found
//! wrong with it is shown where its author wrote it.

mod document;
mod elastic_toml;
mod exceptions;
mod format;
mod info;
mod query_text;
mod rewrite;
mod toml_string;
mod types;

use sha2::{Digest, Sha256};

use crate::Limits;
use crate::Source;
use crate::diagnostic::{Diagnostic, Span, codes};
pub use exceptions::{Entry, EntryTest, ExceptionItem, ExceptionListRef, ListOperator, Namespace, ValueListRef};
use format::Format;
pub use info::{RuleInfo, Technique, Threat, ThreatEntry};
pub use query_text::{QueryText, TextMap};
pub use rewrite::format_rule;
pub use types::*;

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

/// What is said of a file that is larger than allowed.
pub fn too_large(len: usize, limits: &Limits) -> Diagnostic {
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
