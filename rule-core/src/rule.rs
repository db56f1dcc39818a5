//! What a rule file says about its rule, in the terms of Elastic's detection rules.

use serde::{Deserialize, Serialize};

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
