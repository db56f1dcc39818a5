//! A rule in the words of Kibana's detection engine API, which detection-rules TOML and exports share.
//!
//! Source of the bounds: "Create a detection rule", Elastic Security API,
//! <https://www.elastic.co/docs/api/doc/kibana/operation/operation-createrule>. What Kibana accepts is no error here.

use super::fields::{Reader, one_of};
use super::kinds::{KINDS, language_of, rule_kind, unknown};
use super::node::{Data, Notation, Table};
use super::query_text::QueryText;
use super::{
    DEFAULT_RISK_SCORE, DEFAULT_SEVERITY, RuleFile, RuleInfo, Technique, Threat, ThreatEntry, json, toml_string,
};
use crate::diagnostic::{Diagnostic, Span, codes};
use crate::nearest;

/// What an alert's severity may be.
pub(super) const SEVERITIES: &[&str] = &["low", "medium", "high", "critical"];

impl Reader<'_> {
    /// Reads a rule; `at` is what a missing field is blamed on.
    pub(super) fn rule(&mut self, table: &Table, at: Span) -> RuleFile {
        let mut info = RuleInfo {
            id: self.string(table, "rule_id").unwrap_or_default(),
            name: self.required(table, "name", at, "\"what the rule finds\""),
            kind: self.required(table, "type", at, "\"eql\""),
            description: self.string(table, "description").unwrap_or_default().trim().to_owned(),
            severity: self.choice(table, "severity", "severity", SEVERITIES).unwrap_or(DEFAULT_SEVERITY).to_owned(),
            risk_score: self.number(table, "risk_score", 0, 100).unwrap_or(DEFAULT_RISK_SCORE),
            tags: self.strings(table, "tags"),
            threat: self.tables(table, "threat").into_iter().map(|(table, _)| self.threat(table)).collect(),
            index: self.strings(table, "index"),
            version: self.number(table, "version", 0, u32::MAX),
            references: self.strings(table, "references"),
            interval: self.interval(table),
            from: self.date_math(table, "from"),
            max_signals: self.number(table, "max_signals", 1, u32::MAX),
            author: self.strings(table, "author"),
            license: self.filled(table, "license"),
            note: self.filled(table, "note"),
            event_category_override: self.filled(table, "event_category_override"),
            timestamp_override: self.filled(table, "timestamp_override"),
            timestamp_field: self.filled(table, "timestamp_field"),
            tiebreaker_field: self.filled(table, "tiebreaker_field"),
            building_block: table.get("building_block_type").is_some(),
            disabled: self.boolean(table, "enabled") == Some(false),
            data_view_id: self.filled(table, "data_view_id"),
            filters: self.filters(table, "filters"),
            exceptions_list: self.exception_lists(table),
            severity_mapping: self.severity_mapping(table),
            risk_score_mapping: self.risk_score_mapping(table),
            rule_name_override: self.filled(table, "rule_name_override"),
            false_positives: self.strings(table, "false_positives"),
            setup: self.filled(table, "setup"),
            ..RuleInfo::default()
        };
        self.language(table, &mut info);
        match info.kind.as_str() {
            "threshold" => info.threshold = self.threshold(table, at),
            "new_terms" => info.new_terms = self.new_terms(table, at),
            "threat_match" => info.threat_match = self.threat_match(table, at),
            _ => {}
        }
        info.alert_suppression = self.suppression(table, info.kind == "threshold");
        let query = self.query(table, &info, at);
        info.query = query.as_ref().map(|query| query.text.clone()).unwrap_or_default();
        if info.id.is_empty() {
            info.id = super::hash(if info.query.is_empty() { &info.name } else { &info.query });
        }
        let at = table.get("name").map_or(at, |name| name.span);
        RuleFile { info, query, failed: false, at }
    }

    /// Checks the type and the language, which belong together.
    fn language(&mut self, table: &Table, info: &mut RuleInfo) {
        let language = self.filled(table, "language");
        let Some(kind) = rule_kind(&info.kind) else {
            info.language = language.unwrap_or_default();
            self.unknown_kind(table, &info.kind);
            return;
        };
        info.language = language.unwrap_or_else(|| language_of(kind.name).to_owned());
        let (at, is_its_own) = match table.get("language") {
            Some(node) => (node.span, kind.languages.is_empty() || kind.languages.contains(&info.language.as_str())),
            None => return,
        };
        if !is_its_own && !info.language.is_empty() {
            let message = format!("rules of type `{}` have no queries in `{}`", kind.name, info.language);
            let only = kind.languages.first().filter(|_| kind.languages.len() == 1);
            let diagnostic = self.error(message, at, format!("write {}", one_of(kind.languages)));
            if let Some(only) = only {
                let suggested = Diagnostic::clone(diagnostic).suggest(at, format!("{only:?}"), "write its language");
                *diagnostic = suggested;
            }
        }
    }

    fn unknown_kind(&mut self, table: &Table, kind: &str) {
        let Some(node) = table.get("type").filter(|_| !kind.is_empty()) else { return };
        let mut diagnostic = unknown(kind, node.span);
        if let Some(near) = nearest::nearest(kind, KINDS.iter().map(|kind| kind.name)) {
            diagnostic = diagnostic.suggest(node.span, format!("{near:?}"), format!("did you mean `{near}`?"));
        }
        self.diagnostics.push(diagnostic);
    }

    /// The query; of a rule in KQL or Lucene it may be empty, and then every event passes it.
    fn query(&mut self, table: &Table, info: &RuleInfo, at: Span) -> Option<QueryText> {
        let may_be_empty = matches!(info.language.as_str(), "kuery" | "lucene");
        let Some(node) = table.get("query") else {
            let is_mistyped = table.keys().any(|key| nearest::distance(key, "query") == 1);
            return match info.kind.as_str() {
                "machine_learning" | "saved_query" => None,
                "query" if !is_mistyped => Some(QueryText::default()),
                _ => {
                    let example = match self.notation {
                        Notation::Toml => "'''process where process.name == \"nc\"'''",
                        Notation::Json => "\"process where process.name == \\\"nc\\\"\"",
                    };
                    self.missing(table, "query", at, example);
                    None
                }
            };
        };
        let Data::String(text) = &node.data else {
            self.mismatch("query", node, super::fields::Wanted::String);
            return None;
        };
        let query = match self.notation {
            Notation::Toml => toml_string::query(self.text, node.span.range(), text),
            Notation::Json => json::query(self.text, node.span),
        };
        if query.text.is_empty() && !may_be_empty {
            self.diagnostics.push(Diagnostic::error(codes::RULE_FILE, "the rule's `query` is empty", node.span));
            return None;
        }
        Some(query)
    }

    fn threat(&mut self, table: &Table) -> Threat {
        let tactic = self.table(table, "tactic").map(|(tactic, _)| self.entry(tactic)).unwrap_or_default();
        let technique = self.tables(table, "technique").into_iter().map(|(table, _)| {
            let ThreatEntry { id, name, reference } = self.entry(table);
            let subtechnique = self.tables(table, "subtechnique").into_iter();
            let subtechnique = subtechnique.map(|(table, _)| self.entry(table)).collect();
            Technique { id, name, reference, subtechnique }
        });
        let technique = technique.collect();
        Threat { framework: self.string(table, "framework").unwrap_or_default(), tactic, technique }
    }

    fn entry(&mut self, table: &Table) -> ThreatEntry {
        ThreatEntry {
            id: self.string(table, "id").unwrap_or_default(),
            name: self.string(table, "name").unwrap_or_default(),
            reference: self.string(table, "reference").unwrap_or_default(),
        }
    }

    fn interval(&mut self, table: &Table) -> Option<String> {
        let text = self.filled(table, "interval")?;
        let digits = text.trim_end_matches(['s', 'm', 'h', 'd']);
        let is_duration = digits.len() + 1 == text.len() && digits.parse::<u32>().is_ok_and(|count| count > 0);
        if !is_duration {
            let at = table.get("interval").map_or(Span::default(), |node| node.span);
            let message = format!("`interval` is {text:?}, which is no duration");
            self.error(message, at, "a duration is a number and its unit: `30s`, `5m`, `1h` or `1d`");
            return None;
        }
        Some(text)
    }

    /// A date relative to a run, like `now-9m`.
    pub(super) fn date_math(&mut self, table: &Table, key: &str) -> Option<String> {
        let text = self.filled(table, key)?;
        if !is_date_math(&text) {
            let at = table.get(key).map_or(Span::default(), |node| node.span);
            let message = format!("`{key}` is {text:?}, which is no date relative to now");
            self.error(
                message,
                at,
                "write `now-` with a number and its unit: `now-90s`, `now-9m`, `now-2h` or `now-14d`",
            );
            return None;
        }
        Some(text)
    }
}

/// Elasticsearch's date math: `now`, what is added or taken away, and a rounding; or a date itself.
fn is_date_math(text: &str) -> bool {
    let Some(mut rest) = text.strip_prefix("now") else {
        return text.as_bytes().iter().take(4).filter(|byte| byte.is_ascii_digit()).count() == 4;
    };
    while let [sign @ (b'+' | b'-' | b'/'), ..] = rest.as_bytes() {
        let digits = rest.bytes().skip(1).take_while(u8::is_ascii_digit).count();
        let has_unit = rest.as_bytes().get(1 + digits).is_some_and(|unit| b"yMwdhHms".contains(unit));
        if !has_unit || (*sign == b'/' && digits > 0) {
            return false;
        }
        rest = &rest[digits + 2..];
    }
    rest.is_empty()
}
