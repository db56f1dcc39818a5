//! What rules of single types say, and what is done to alerts.
//!
//! Source of the bounds: "Create a detection rule", Elastic Security API,
//! <https://www.elastic.co/docs/api/doc/kibana/operation/operation-createrule>.

use serde_json::Value;

use super::fields::{Reader, Wanted};
use super::node::{Data, Table};
use super::{
    AlertSuppression, Cardinality, MissingFields, NewTerms, RiskScoreMapping, SeverityMapping, SuppressionDuration,
    ThreatEntryMapping, ThreatMapping, ThreatMatch, Threshold, TimeUnit,
};
use crate::diagnostic::{Diagnostic, Span, codes};

/// The most fields that new terms take.
const MAX_FIELDS: usize = 3;
/// The most fields that suppression takes: three until Kibana 9.2.
const MAX_GROUP_BY: usize = 5;

impl Reader<'_> {
    pub(super) fn threshold(&mut self, table: &Table, at: Span) -> Option<Threshold> {
        if table.get("threshold").is_none() {
            self.missing(table, "threshold", at, "{ \"field\": [\"host.id\"], \"value\": 10 }");
            return None;
        }
        let (table, at) = self.table(table, "threshold")?;
        // A single field may stand without brackets.
        let mut field = match table.get("field").and_then(|node| node.as_str()) {
            Some(field) => vec![field.to_owned()],
            None => self.strings(table, "field"),
        };
        field.retain(|field| !field.is_empty());
        if table.get("value").is_none() {
            self.missing(table, "value", at, "10");
        }
        let value = self.number(table, "value", 1, u32::MAX)?;
        let mut cardinality = Vec::new();
        for (entry, at) in self.tables(table, "cardinality") {
            let (field, value) = (self.filled(entry, "field"), self.number(entry, "value", 0, u32::MAX));
            match (field, value) {
                (Some(field), Some(value)) if cardinality.is_empty() => {
                    cardinality.push(Cardinality { field, value: value.into() });
                }
                (Some(_), Some(_)) => {
                    let message = "only the first `cardinality` counts, as in Kibana";
                    self.diagnostics.push(Diagnostic::warning(codes::RULE_FILE, message, at));
                }
                _ => {
                    if entry.get("field").is_none() || entry.get("value").is_none() {
                        self.error("a `cardinality` needs a `field` and a `value`", at, "give both");
                    }
                }
            }
        }
        Some(Threshold { field, value: value.into(), cardinality })
    }

    /// In an export `new_terms_fields` and `history_window_start`; in TOML a table with both inside.
    pub(super) fn new_terms(&mut self, rule: &Table, at: Span) -> Option<NewTerms> {
        if rule.get("new_terms").is_none() {
            if rule.get("new_terms_fields").is_none() {
                self.missing(rule, "new_terms_fields", at, "[\"host.id\"]");
            }
            if rule.get("history_window_start").is_none() {
                self.missing(rule, "history_window_start", at, "\"now-14d\"");
            }
            let fields = self.some_fields(rule, "new_terms_fields", MAX_FIELDS)?;
            let history_window_start = self.date_math(rule, "history_window_start")?;
            return Some(NewTerms { fields, history_window_start });
        }
        let (table, at) = self.table(rule, "new_terms")?;
        if table.get("value").is_none() {
            self.missing(table, "value", at, "[\"host.id\"]");
        }
        let fields = self.some_fields(table, "value", MAX_FIELDS);
        let windows = self.tables(table, "history_window_start");
        let window = windows.first().and_then(|(window, _)| self.date_math(window, "value"));
        if windows.first().is_none_or(|(window, _)| window.get("value").is_none()) {
            let example = "[{ field = \"history_window_start\", value = \"now-14d\" }]";
            self.missing(table, "history_window_start", at, example);
        }
        Some(NewTerms { fields: fields?, history_window_start: window? })
    }

    fn some_fields(&mut self, table: &Table, key: &str, most: usize) -> Option<Vec<String>> {
        let node = table.get(key)?;
        let fields = self.strings(table, key);
        let Data::Array(items) = &node.data else { return None };
        if (1..=most).contains(&items.len()) {
            return Some(fields);
        }
        let message = format!("`{key}` has {} fields", items.len());
        self.error(message, node.span, format!("give one to {most} fields, as Kibana has it"));
        None
    }

    pub(super) fn threat_match(&mut self, table: &Table, at: Span) -> Option<ThreatMatch> {
        if table.get("threat_mapping").is_none() {
            let example = "[{ \"entries\": [{ \"field\": \"…\", \"type\": \"mapping\", \"value\": \"…\" }] }]";
            self.missing(table, "threat_mapping", at, example);
            return None;
        }
        let mut mapping = Vec::new();
        for (group, at) in self.tables(table, "threat_mapping") {
            let entries: Vec<_> = self.tables(group, "entries").into_iter().collect();
            let entries: Vec<_> = entries.into_iter().filter_map(|(entry, at)| self.mapping_entry(entry, at)).collect();
            if entries.is_empty() {
                self.error(
                    "the group of mappings has no `entries`",
                    at,
                    "give at least one field and its indicator field",
                );
            }
            mapping.push(ThreatMapping { entries });
        }
        if let Some(node) = table.get("threat_mapping").filter(|_| mapping.is_empty()) {
            self.error("`threat_mapping` is empty", node.span, "give at least one group of `entries`");
        }
        let language = self.choice(table, "threat_language", "language", &["kuery", "lucene"]).unwrap_or("kuery");
        Some(ThreatMatch {
            query: self.string(table, "threat_query").unwrap_or_default().trim().to_owned(),
            language: language.to_owned(),
            filters: self.filters(table, "threat_filters"),
            index: self.strings(table, "threat_index"),
            mapping,
            indicator_path: self
                .filled(table, "threat_indicator_path")
                .unwrap_or_else(|| "threat.indicator".to_owned()),
        })
    }

    fn mapping_entry(&mut self, entry: &Table, at: Span) -> Option<ThreatEntryMapping> {
        let (field, value) = (self.filled(entry, "field"), self.filled(entry, "value"));
        let kind = self.choice(entry, "type", "type of mapping", &["mapping"]).unwrap_or("mapping").to_owned();
        let negate = self.boolean(entry, "negate").unwrap_or_default();
        if field.is_none() || value.is_none() {
            let help = "give the event's `field`, and as `value` the indicator's field";
            self.error("the mapping needs a `field` and a `value`", at, help);
        }
        Some(ThreatEntryMapping { field: field?, kind, value: value?, negate })
    }

    /// Kibana's filters, as they are.
    pub(super) fn filters(&mut self, table: &Table, key: &str) -> Vec<Value> {
        let Some(node) = table.get(key) else { return Vec::new() };
        let Data::Array(items) = &node.data else {
            self.mismatch(key, node, Wanted::Array);
            return Vec::new();
        };
        items.iter().map(|item| item.to_json()).collect()
    }

    /// A threshold rule suppresses by the fields of its threshold; others name theirs.
    pub(super) fn suppression(&mut self, table: &Table, is_threshold: bool) -> Option<AlertSuppression> {
        let (table, at) = self.table(table, "alert_suppression")?;
        let duration = self.table(table, "duration").and_then(|(duration, at)| self.duration(duration, at));
        let strategies = ["suppress", "doNotSuppress"];
        let strategy = self.choice(table, "missing_fields_strategy", "strategy", &strategies);
        let missing_fields_strategy = match strategy {
            Some("doNotSuppress") => MissingFields::DoNotSuppress,
            _ => MissingFields::Suppress,
        };
        if is_threshold {
            if table.get("duration").is_none() {
                let help = "write how long: `value` and `unit`";
                self.error("the suppression of a threshold rule needs a `duration`", at, help);
            }
            return Some(AlertSuppression { group_by: Vec::new(), duration, missing_fields_strategy });
        }
        if table.get("group_by").is_none() {
            self.error("the suppression has no `group_by`", at, format!("name one to {MAX_GROUP_BY} fields"));
        }
        let group_by = self.some_fields(table, "group_by", MAX_GROUP_BY)?;
        Some(AlertSuppression { group_by, duration, missing_fields_strategy })
    }

    fn duration(&mut self, table: &Table, at: Span) -> Option<SuppressionDuration> {
        if table.get("value").is_none() || table.get("unit").is_none() {
            self.error(
                "a duration needs a `value` and a `unit`",
                at,
                "such as `value` 5 and `unit` \"m\", five minutes",
            );
            return None;
        }
        let value = self.number(table, "value", 1, u32::MAX)?;
        let unit = match self.choice(table, "unit", "unit", &["s", "m", "h"])? {
            "s" => TimeUnit::Seconds,
            "h" => TimeUnit::Hours,
            _ => TimeUnit::Minutes,
        };
        Some(SuppressionDuration { value: value.into(), unit })
    }

    /// Rows that name no field are what Kibana's form leaves of unused ones.
    pub(super) fn severity_mapping(&mut self, table: &Table) -> Vec<SeverityMapping> {
        let mut mappings = Vec::new();
        for (row, _) in self.tables(table, "severity_mapping") {
            let severity = self.choice(row, "severity", "severity", super::api::SEVERITIES);
            let (Some(field), operator) = (self.filled(row, "field"), self.operator(row)) else { continue };
            let value = self.string(row, "value").unwrap_or_default();
            if let Some(severity) = severity {
                mappings.push(SeverityMapping { field, operator, value, severity: severity.to_owned() });
            }
        }
        mappings
    }

    pub(super) fn risk_score_mapping(&mut self, table: &Table) -> Vec<RiskScoreMapping> {
        let mut mappings = Vec::new();
        for (row, _) in self.tables(table, "risk_score_mapping") {
            let risk_score = self.number(row, "risk_score", 0, 100);
            let (Some(field), operator) = (self.filled(row, "field"), self.operator(row)) else { continue };
            let value = self.string(row, "value").unwrap_or_default();
            mappings.push(RiskScoreMapping { field, operator, value, risk_score });
        }
        mappings
    }

    fn operator(&mut self, row: &Table) -> String {
        self.choice(row, "operator", "operator", &["equals"]).unwrap_or("equals").to_owned()
    }
}
