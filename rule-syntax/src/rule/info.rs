//! What a rule file says of its rule.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::exceptions::ExceptionListRef;
use super::types::{AlertSuppression, NewTerms, RiskScoreMapping, SeverityMapping, ThreatMatch, Threshold};

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
    /// The file says `enabled = false`. Rules that say nothing are run: who gives a rule to Tripline wants it.
    #[serde(skip_serializing_if = "is_false")]
    pub disabled: bool,
    /// The Kibana data view that the rule reads instead of `index`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_view_id: Option<String>,
    /// Kibana filters that events must pass beside the query, each `{"meta": {…}, "query": {…}}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Value>,
    /// The exception lists whose items take events away from the rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions_list: Vec<ExceptionListRef>,
    /// Of a `threshold` rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// Of a `new_terms` rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_terms: Option<NewTerms>,
    /// Of a `threat_match` rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threat_match: Option<ThreatMatch>,
    /// Which alerts count as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert_suppression: Option<AlertSuppression>,
    /// Which field of the event gives the alert its severity.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub severity_mapping: Vec<SeverityMapping>,
    /// Which field of the event gives the alert its risk score.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub risk_score_mapping: Vec<RiskScoreMapping>,
    /// The field of the event that names the alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_name_override: Option<String>,
    /// Kinds of events that look alike and are harmless.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub false_positives: Vec<String>,
    /// What must be set up for the rule to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup: Option<String>,
}

fn is_false(truth: &bool) -> bool {
    !truth
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

#[cfg(test)]
mod tests {
    use super::*;

    /// In the order of the fields; those that are left out without a value have one here.
    const FULL: &str = concat!(
        r#"{"id":"i","name":"n","type":"eql","language":"eql","query":"q","description":"d","severity":"low","risk_score":1,"#,
        r#""tags":["t"],"threat":[],"index":["x"],"version":null,"references":[],"interval":"5m","from":null,"max_signals":7,"#,
        r#""author":[],"license":null,"note":null,"event_category_override":null,"timestamp_override":null,"#,
        r#""timestamp_field":"ts","tiebreaker_field":"tb","building_block":false,"disabled":true,"data_view_id":"v","#,
        r#""filters":[{"query":{}}],"exceptions_list":[{"id":"","list_id":"l","namespace_type":"single","type":""}],"#,
        r#""threshold":{"field":["a"],"value":2},"new_terms":{"fields":["f"],"history_window_start":"now-1d"},"#,
        r#""threat_match":{"threat_query":"*","threat_language":"kuery","threat_mapping":[],"threat_indicator_path":"p"},"#,
        r#""alert_suppression":{"missing_fields_strategy":"suppress"},"#,
        r#""severity_mapping":[{"field":"s","operator":"equals","value":"1","severity":"high"}],"#,
        r#""risk_score_mapping":[{"field":"r","operator":"equals","value":""}],"rule_name_override":"m","#,
        r#""false_positives":["fp"],"setup":"su"}"#,
    );

    #[test]
    fn a_rule_is_written_as_it_is_read() {
        let rule: RuleInfo = serde_json::from_str(FULL).expect("a rule");
        assert_eq!(serde_json::to_string(&rule).expect("JSON"), FULL);
    }

    #[test]
    fn what_a_rule_lacks_is_null_or_left_out() {
        let json = serde_json::to_string(&RuleInfo::default()).expect("JSON");
        assert_eq!(json.matches("null").count(), 8, "{json}");
        let end = r#""event_category_override":null,"timestamp_override":null,"building_block":false}"#;
        assert!(json.ends_with(end), "{json}");
        assert_eq!(serde_json::from_str::<RuleInfo>(&json).expect("a rule"), RuleInfo::default());
    }
}
