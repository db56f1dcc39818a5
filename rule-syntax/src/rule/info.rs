//! What a rule file says of its rule.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::exceptions::ExceptionListRef;
use super::types::{AlertSuppression, NewTerms, RiskScoreMapping, SeverityMapping, ThreatMatch, Threshold};

/// A rule without its query: who it is and what it means when it fires.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
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
    pub timestamp_field: Option<String>,
    /// Orders the events of a sequence that happened at the same time.
    pub tiebreaker_field: Option<String>,
    /// Not shown as an alert by itself.
    pub building_block: bool,
    /// The file says `enabled = false`. Rules that say nothing are run: who gives a rule to Tripline wants it.
    pub disabled: bool,
    /// The Kibana data view that the rule reads instead of `index`.
    pub data_view_id: Option<String>,
    /// Kibana filters that events must pass beside the query, each `{"meta": {…}, "query": {…}}`.
    pub filters: Vec<Value>,
    /// The exception lists whose items take events away from the rule.
    pub exceptions_list: Vec<ExceptionListRef>,
    /// Of a `threshold` rule.
    pub threshold: Option<Threshold>,
    /// Of a `new_terms` rule.
    pub new_terms: Option<NewTerms>,
    /// Of a `threat_match` rule.
    pub threat_match: Option<ThreatMatch>,
    /// Which alerts count as one.
    pub alert_suppression: Option<AlertSuppression>,
    /// Which field of the event gives the alert its severity.
    pub severity_mapping: Vec<SeverityMapping>,
    /// Which field of the event gives the alert its risk score.
    pub risk_score_mapping: Vec<RiskScoreMapping>,
    /// The field of the event that names the alert.
    pub rule_name_override: Option<String>,
    /// Kinds of events that look alike and are harmless.
    pub false_positives: Vec<String>,
    /// What must be set up for the rule to work.
    pub setup: Option<String>,
}

/// As serde would derive it, with what fields of one type need in one place: derived, it is 14 KB of the module.
impl Serialize for RuleInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let RuleInfo {
            id,
            name,
            kind,
            language,
            query,
            description,
            severity,
            risk_score,
            tags,
            threat,
            index,
            version,
            references,
            interval,
            from,
            max_signals,
            author,
            license,
            note,
            event_category_override,
            timestamp_override,
            timestamp_field,
            tiebreaker_field,
            building_block,
            disabled,
            data_view_id,
            filters,
            exceptions_list,
            threshold,
            new_terms,
            threat_match,
            alert_suppression,
            severity_mapping,
            risk_score_mapping,
            rule_name_override,
            false_positives,
            setup,
        } = self;
        let mut map = serializer.serialize_map(None)?;
        let members = &mut map;
        put(members, "id", id)?;
        put(members, "name", name)?;
        put(members, "type", kind)?;
        put(members, "language", language)?;
        put(members, "query", query)?;
        put(members, "description", description)?;
        put(members, "severity", severity)?;
        put(members, "risk_score", risk_score)?;
        put(members, "tags", tags)?;
        put(members, "threat", threat)?;
        put(members, "index", index)?;
        put(members, "version", version)?;
        put(members, "references", references)?;
        put(members, "interval", interval)?;
        put(members, "from", from)?;
        put(members, "max_signals", max_signals)?;
        put(members, "author", author)?;
        put(members, "license", license)?;
        put(members, "note", note)?;
        put(members, "event_category_override", event_category_override)?;
        put(members, "timestamp_override", timestamp_override)?;
        put_some(members, "timestamp_field", timestamp_field.as_ref())?;
        put_some(members, "tiebreaker_field", tiebreaker_field.as_ref())?;
        put(members, "building_block", building_block)?;
        put_some(members, "disabled", disabled.then_some(disabled))?;
        put_some(members, "data_view_id", data_view_id.as_ref())?;
        put_some(members, "filters", some(filters))?;
        put_some(members, "exceptions_list", some(exceptions_list))?;
        put_some(members, "threshold", threshold.as_ref())?;
        put_some(members, "new_terms", new_terms.as_ref())?;
        put_some(members, "threat_match", threat_match.as_ref())?;
        put_some(members, "alert_suppression", alert_suppression.as_ref())?;
        put_some(members, "severity_mapping", some(severity_mapping))?;
        put_some(members, "risk_score_mapping", some(risk_score_mapping))?;
        put_some(members, "rule_name_override", rule_name_override.as_ref())?;
        put_some(members, "false_positives", some(false_positives))?;
        put_some(members, "setup", setup.as_ref())?;
        map.end()
    }
}

#[inline(never)]
fn put<M: SerializeMap, T: Serialize>(members: &mut M, name: &'static str, value: &T) -> Result<(), M::Error> {
    members.serialize_entry(name, value)
}

#[inline(never)]
fn put_some<M: SerializeMap, T: Serialize>(
    members: &mut M,
    name: &'static str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| members.serialize_entry(name, value))
}

/// A list that is left out when it is empty.
fn some<T>(list: &Vec<T>) -> Option<&Vec<T>> {
    (!list.is_empty()).then_some(list)
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
