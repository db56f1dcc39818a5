//! What rules say beside their query, in the words of Kibana's detection engine API.
//!
//! Source: "Create a detection rule", Elastic Security API, <https://www.elastic.co/docs/api/doc/kibana/operation/operation-createrule>.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// `threshold`: as many events in one run as `value`, of the same values of the fields, make an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// Events are counted for each combination of these fields' values; all together when there are none.
    #[serde(default, deserialize_with = "one_or_more")]
    pub field: Vec<String>,
    /// The least number of events.
    pub value: u64,
    /// Beside `value`: the least number of different values of another field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cardinality: Vec<Cardinality>,
}

/// The least number of different values that the events of a threshold must have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cardinality {
    /// The field whose values are counted.
    pub field: String,
    /// How many different ones there must be.
    pub value: u64,
}

/// `new_terms`: a combination of values not seen in the history window makes an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTerms {
    /// One to three fields.
    pub fields: Vec<String>,
    /// How far back history goes, like `now-14d`.
    pub history_window_start: String,
}

/// `threat_match`: an event with a value of an indicator makes an alert.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThreatMatch {
    /// Which indicators count, in `language`.
    #[serde(rename = "threat_query")]
    pub query: String,
    /// The language of `query`: `kuery` or `lucene`.
    #[serde(rename = "threat_language", default = "kuery")]
    pub language: String,
    /// Kibana filters that indicators must pass.
    #[serde(rename = "threat_filters", default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Value>,
    /// Where Kibana has the indicators.
    #[serde(rename = "threat_index", default, skip_serializing_if = "Vec::is_empty")]
    pub index: Vec<String>,
    /// Any of these must hold.
    #[serde(rename = "threat_mapping")]
    pub mapping: Vec<ThreatMapping>,
    /// Where an indicator document has the indicator. Kibana's default is `threat.indicator`.
    #[serde(rename = "threat_indicator_path", default = "indicator_path")]
    pub indicator_path: String,
}

/// All of its entries must hold for the same indicator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreatMapping {
    /// Its entries.
    pub entries: Vec<ThreatEntryMapping>,
}

/// A field of the event has a value of a field of the indicator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreatEntryMapping {
    /// The event's field.
    pub field: String,
    /// `mapping`.
    #[serde(rename = "type", default = "mapping")]
    pub kind: String,
    /// The indicator's field.
    pub value: String,
    /// The entry holds when the field does not have the value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub negate: bool,
}

/// `alert_suppression`: alerts with the same values are one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertSuppression {
    /// The fields whose values must be the same. A threshold rule has none: its own fields count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
    /// For how long; without it during one run of the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<SuppressionDuration>,
    /// What happens to events that lack a field.
    #[serde(default)]
    pub missing_fields_strategy: MissingFields,
}

/// A time with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppressionDuration {
    /// How many.
    pub value: u64,
    /// Of what.
    pub unit: TimeUnit,
}

impl SuppressionDuration {
    /// In milliseconds.
    pub fn milliseconds(self) -> u64 {
        let unit = match self.unit {
            TimeUnit::Seconds => 1_000,
            TimeUnit::Minutes => 60_000,
            TimeUnit::Hours => 3_600_000,
        };
        self.value.saturating_mul(unit)
    }
}

/// The unit of a suppression's duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeUnit {
    /// `s`
    #[serde(rename = "s")]
    Seconds,
    /// `m`
    #[serde(rename = "m")]
    Minutes,
    /// `h`
    #[serde(rename = "h")]
    Hours,
}

/// What suppression does with events that lack one of its fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MissingFields {
    /// A missing value is a value like others.
    #[default]
    Suppress,
    /// They are not suppressed: each makes an alert.
    DoNotSuppress,
}

/// An event with this value in this field makes an alert of this severity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeverityMapping {
    /// The field.
    pub field: String,
    /// `equals`.
    #[serde(default = "equals")]
    pub operator: String,
    /// The value.
    pub value: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: String,
}

/// The field whose number becomes the alert's risk score.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskScoreMapping {
    /// The field.
    pub field: String,
    /// `equals`.
    #[serde(default = "equals")]
    pub operator: String,
    /// Unused by Kibana: the field's own value is taken.
    #[serde(default)]
    pub value: String,
    /// The score, where the mapping gives one itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_score: Option<u32>,
}

fn equals() -> String {
    "equals".to_owned()
}

fn mapping() -> String {
    "mapping".to_owned()
}

fn kuery() -> String {
    "kuery".to_owned()
}

fn indicator_path() -> String {
    "threat.indicator".to_owned()
}

/// One string, which may be empty, or an array of them.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(String),
        More(Vec<String>),
    }
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(one) => vec![one],
        OneOrMore::More(more) => more,
    }
    .into_iter()
    .filter(|field| !field.is_empty())
    .collect())
}
