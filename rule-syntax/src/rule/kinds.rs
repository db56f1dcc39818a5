//! The types of rules that Elastic Security has, and which of them cannot be evaluated where events are born.
//!
//! Source: "Create a detection rule", Elastic Security API, `type` and `language`,
//! <https://www.elastic.co/docs/api/doc/kibana/operation/operation-createrule>.

use super::fields::one_of;
use crate::diagnostic::{Diagnostic, Span, codes};

/// A type of rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleKind {
    /// As files write it.
    pub name: &'static str,
    /// The languages that its query may be in; the first is the one that is meant where none is given.
    pub languages: &'static [&'static str],
    /// Why rules of this type are left out; none for those that need nothing but events.
    pub skipped: Option<&'static str>,
}

const KUERY: &[&str] = &["kuery", "lucene"];

/// All types.
pub const KINDS: &[RuleKind] = &[
    RuleKind { name: "eql", languages: &["eql"], skipped: None },
    RuleKind { name: "query", languages: KUERY, skipped: None },
    RuleKind { name: "threshold", languages: KUERY, skipped: None },
    RuleKind { name: "new_terms", languages: KUERY, skipped: None },
    RuleKind { name: "threat_match", languages: KUERY, skipped: None },
    RuleKind {
        name: "esql",
        languages: &["esql"],
        skipped: Some("ES|QL aggregates and joins what Elasticsearch has stored"),
    },
    RuleKind {
        name: "machine_learning",
        languages: &[],
        skipped: Some("its anomalies come from a machine learning job in Elasticsearch"),
    },
    RuleKind {
        name: "saved_query",
        languages: KUERY,
        skipped: Some("its query is kept in Kibana, where the file only points to"),
    },
];

/// The type of a name.
pub fn rule_kind(name: &str) -> Option<&'static RuleKind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The language of a rule type, where the file does not say.
pub(super) fn language_of(kind: &str) -> &'static str {
    rule_kind(kind).and_then(|kind| kind.languages.first()).copied().unwrap_or_default()
}

/// What is said of a type that does not exist.
pub(super) fn unknown(kind: &str, at: Span) -> Diagnostic {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    Diagnostic::error(codes::RULE_TYPE, format!("`{kind}` is no type of rule"), at)
        .help(format!("a rule is of type {}", one_of(&names)))
}
