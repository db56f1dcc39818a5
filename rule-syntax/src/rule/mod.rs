//! What a rule file says about its rule, in the terms of Elastic's detection rules, and how it is read.
//!
//! A file is recognised by its content, never by its name, because rules also come from an editor or over the network.
//! Each format ends in the same [`RuleFile`]; the query keeps a map back to the file, so that whatever is later found
//! wrong with it is shown where its author wrote it.

mod api;
mod api_exceptions;
mod api_types;
mod document;
mod elastic_toml;
mod exceptions;
mod fields;
mod format;
mod glob;
mod info;
mod json;
mod kibana;
mod kinds;
mod node;
mod overrides;
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
use kinds::language_of;
pub use kinds::{KINDS, RuleKind, rule_kind};
pub use overrides::Overrides;
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
    /// What stands for the rule in a file of several, its name; 0..0 where the file is the rule.
    pub at: Span,
}

/// An item of an exception list that a file has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadException {
    /// The item.
    pub item: ExceptionItem,
    /// Its name in the file.
    pub at: Span,
}

/// What a file has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileContents {
    /// Its rules, in the order of the file.
    pub rules: Vec<RuleFile>,
    /// Items of exception lists that it brings beside rules; those with mistakes are left out.
    pub exceptions: Vec<ReadException>,
    /// The exception lists that it has, also those without items.
    pub exception_lists: Vec<ExceptionListRef>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
    /// Diagnostics beyond [`Limits::max_diagnostics`] that an export would have.
    pub omitted: u32,
}

/// Reads a rule file. Diagnostics come with path, rule name and position; those past [`Limits::max_diagnostics`], which are
/// only counted, have no position.
pub fn read(source: &Source, limits: &Limits) -> FileContents {
    let text = &source.text;
    let format = format::recognise(text);
    let mut contents = match format {
        _ if text.len() > most_bytes(format, limits) => {
            FileContents { diagnostics: vec![file_too_large(text.len(), format, limits)], ..FileContents::default() }
        }
        Format::Empty => FileContents { diagnostics: vec![empty()], ..FileContents::default() },
        Format::Json => kibana::read(text, limits),
        Format::Toml => one(elastic_toml::read(text)),
        Format::Document => one(document::read(text)),
        Format::Query => one(bare_query(source)),
    };
    let name = match &contents.rules[..] {
        [rule] => Some(&rule.info.name).filter(|name| !name.is_empty()),
        _ => None,
    };
    for diagnostic in &mut contents.diagnostics {
        diagnostic.path.clone_from(&source.path);
        if diagnostic.rule.is_none() {
            diagnostic.rule = name.cloned();
        }
    }
    // Finding a line takes a walk through the file.
    let kept = contents.diagnostics.iter_mut().take(limits.max_diagnostics as usize);
    kept.for_each(|diagnostic| diagnostic.locate(text));
    contents
}

/// Whether a text, found in a folder under the name of a rule file, is one: READMEs and other JSON lie there too. A text that
/// could be one with a mistake is.
pub fn is_rule_file(text: &str) -> bool {
    match format::recognise(text) {
        Format::Json => kibana::is_export(text),
        Format::Document => format::is_page(text),
        Format::Empty | Format::Toml | Format::Query => true,
    }
}

fn one((rule, diagnostics): (RuleFile, Vec<Diagnostic>)) -> FileContents {
    FileContents { rules: vec![rule], diagnostics, ..FileContents::default() }
}

/// An export holds many rules.
fn most_bytes(format: Format, limits: &Limits) -> usize {
    let rule = limits.max_rule_bytes as usize;
    if format == Format::Json { rule.max(limits.max_export_bytes as usize) } else { rule }
}

fn file_too_large(len: usize, format: Format, limits: &Limits) -> Diagnostic {
    if format != Format::Json {
        return too_large(len, limits);
    }
    let message = format!("the file has {len} bytes, more than the {} allowed", most_bytes(format, limits));
    Diagnostic::error(codes::TOO_LARGE, message, Span::default())
        .help("split the export, or raise the limit `max_export_bytes` if its author is trusted")
}

/// What is said of a rule, or a file of one, that is larger than allowed.
pub fn too_large(len: usize, limits: &Limits) -> Diagnostic {
    let message = format!("the file has {len} bytes, more than the {} allowed", limits.max_rule_bytes);
    Diagnostic::error(codes::TOO_LARGE, message, Span::default())
        .help("split the file, or raise the limit `max_rule_bytes` if its author is trusted")
}

fn empty() -> Diagnostic {
    Diagnostic::error(codes::RULE_FILE, "the file is empty", Span::default())
        .help("write an EQL query like `process where process.name == \"nc\"`, or a rule in Elastic's TOML form")
}

/// A file with nothing but the query: its name is the rule's, its text makes the id.
fn bare_query(source: &Source) -> (RuleFile, Vec<Diagnostic>) {
    // A byte order mark is no part of the query.
    let start = source.text.len() - source.text.trim_start_matches('\u{feff}').len();
    let query = QueryText::verbatim(&source.text, start..source.text.len());
    let file = source.path.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let id = hash(&query.text);
    let kind = if format::is_eql(&query.text, file) { "eql" } else { "query" };
    let info = RuleInfo {
        name: if stem.is_empty() { format!("query {}", &id[..8]) } else { stem.to_owned() },
        id,
        kind: kind.into(),
        language: language_of(kind).into(),
        query: query.text.clone(),
        severity: DEFAULT_SEVERITY.into(),
        risk_score: DEFAULT_RISK_SCORE,
        ..RuleInfo::default()
    };
    (RuleFile { info, query: Some(query), ..RuleFile::default() }, Vec::new())
}

/// Where a file says nothing, what Kibana's form for a new rule starts with.
const DEFAULT_SEVERITY: &str = "low";
const DEFAULT_RISK_SCORE: u32 = 21;

/// The id of a rule that brings none: the same text is the same rule.
fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
