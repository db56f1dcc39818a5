//! What crosses the border between the core and its hosts: plain data, serialisable, the same on every host.

use std::sync::Arc;

use rule_syntax::members;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Level};
use crate::rule::RuleInfo;
use crate::{Limits, Source};

/// How to compile a rule set.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CompileOptions {
    /// Bounds on rules and, for sessions opened on the rule set, on events.
    pub limits: Limits,
    /// An Elasticsearch mapping (`{"properties": …}`). With one, a field outside it is an error; without
    /// one, types come from the values and from the Elastic Common Schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<serde_json::Value>,
    /// What this deployment changes of the rules, TOML; see [`Overrides`](crate::rule::Overrides).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<Source>,
    /// Value lists that exceptions mention: one value per line. A list's id is its file's name, as when Kibana imports it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub value_lists: Vec<Source>,
    /// Files of indicators for `threat_match` rules: NDJSON (ECS documents with `threat.indicator.*`, or search hits of them), or CSV
    /// whose header names the fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub indicators: Vec<Source>,
    /// Normaliser files ([`normaliser`](crate::normaliser)): records of the sources that they know are taken for the events that
    /// they stand for. They are asked in this order; of two with one name the first is taken. Without any, which is the default, every
    /// event is taken as it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub normalisers: Vec<Source>,
    /// The name of the one that is used for every event that is not one of the Elastic Common Schema; none: each record is
    /// recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normaliser: Option<String>,
}

members!(CompileOptions { limits, mapping, overrides, value_lists, indicators, normalisers, normaliser });

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleStatus {
    /// It runs; [`Match::rule`] refers to it by this index.
    Compiled {
        /// Index into [`RuleSet::rules`](crate::RuleSet::rules).
        index: u32,
    },
    /// It is well-formed, but disabled, superseded by another version, or of a kind that is not evaluated. Unless it is disabled,
    /// the reason is a warning too.
    Skipped {
        /// In words.
        reason: String,
    },
    /// It has at least one error.
    Failed,
}

/// One rule of the input and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleReport {
    /// The rule file.
    pub path: String,
    /// What happened.
    pub status: RuleStatus,
    /// What the file says of the rule. The rule set shares it.
    #[serde(with = "shared")]
    pub rule: Arc<RuleInfo>,
}

/// A shared rule, written as if it were not.
mod shared {
    use super::{Arc, Deserialize as _, RuleInfo, Serialize as _};

    pub fn serialize<S: serde::Serializer>(rule: &Arc<RuleInfo>, serializer: S) -> Result<S::Ok, S::Error> {
        rule.as_ref().serialize(serializer)
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Arc<RuleInfo>, D::Error> {
        RuleInfo::deserialize(deserializer).map(Arc::new)
    }
}

/// The result of compiling, beside the rule set itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CompileReport {
    /// Every rule found, in input order.
    pub rules: Vec<RuleReport>,
    /// Everything wrong, in input order.
    pub diagnostics: Vec<Diagnostic>,
    /// Diagnostics left out because of [`Limits::max_diagnostics`].
    pub diagnostics_omitted: u32,
}

impl CompileReport {
    /// Whether any rule or file has an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.level == Level::Error)
    }

    /// How many rules compiled, were skipped and failed.
    pub fn totals(&self) -> (usize, usize, usize) {
        let mut totals = (0, 0, 0);
        for rule in &self.rules {
            match rule.status {
                RuleStatus::Compiled { .. } => totals.0 += 1,
                RuleStatus::Skipped { .. } => totals.1 += 1,
                RuleStatus::Failed => totals.2 += 1,
            }
        }
        totals
    }
}

/// How to run a rule set over events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionOptions {
    /// Also build an alert document for each match ([`Outcome::alerts`]).
    pub alerts: bool,
    /// Put `kibana.alert.rule.note` (the investigation guide) and other long texts into alerts.
    pub notes: bool,
    /// Milliseconds by which an event may arrive later than one that happened after it, and still take its place in a sequence.
    /// `None`: any; sequences are then matched by [`Session::flush`](crate::Session::flush) or
    /// [`finish`](crate::Session::finish). Default 10 seconds.
    pub lateness_ms: Option<u64>,
    /// Milliseconds of event time, from the first event, during which the combinations of values of `new_terms` rules are learned without
    /// alerts. Without it every one is new at first. Default 0.
    pub learning_ms: u64,
    /// Whether a rule gives no more alerts in one run than its `max_signals` says ([`Outcome::held_back`]). Matches are told all the same.
    /// Default true.
    pub max_signals: bool,
    /// The index or data stream of events that do not say theirs; rules have patterns for it (`index`). Without it such events are
    /// for every rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// A secret number from the host that keeps strangers from choosing join keys that collide. No result depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_seed: Option<u64>,
}

members!(SessionOptions { alerts, notes, lateness_ms, learning_ms, max_signals, index, hash_seed });

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions {
            alerts: false,
            notes: false,
            lateness_ms: Some(10_000),
            learning_ms: 0,
            max_signals: true,
            index: None,
            hash_seed: None,
        }
    }
}

/// What moves a session's event time on without an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Advance {
    /// See [`Session::idle`](crate::Session::idle).
    Idle(u64),
    /// See [`Session::set_ceiling`](crate::Session::set_ceiling).
    Ceiling(i64),
    /// See [`Session::flush`](crate::Session::flush).
    Flush,
    /// See [`Session::finish`](crate::Session::finish).
    Finish,
}

/// A rule matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// Index of the rule in [`RuleSet::rules`](crate::RuleSet::rules).
    pub rule: u32,
    /// Ordinals of the events that matched, counted from 0 since the session was opened. One for an event query; for a
    /// sequence or sample one for each term, missing events left out; for a threshold the first and the last of those counted.
    pub events: Vec<u64>,
    /// Values of the join keys, in the order of `by`, of a sequence or sample that has some; of the fields of a `threshold` or `new_terms`
    /// rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub join_keys: Vec<serde_json::Value>,
}

/// An event that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Its ordinal, counted from 0 since the session was opened.
    pub event: u64,
    /// Where in the event's own bytes it went wrong.
    pub offset: u64,
    /// What went wrong, in words that do not change between hosts.
    pub message: String,
}

/// What one batch of events led to. Serialised with `serde_json` it is the same bytes on every host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Ordinal of the batch's first event.
    pub first: u64,
    /// Events in the batch, rejected ones included. Blank lines are not events.
    pub events: u64,
    /// Matches, in the order in which they were decided; those of one event by rule.
    pub matches: Vec<Match>,
    /// How many events were rejected.
    pub rejected: u64,
    /// The first of them, at most [`Limits::max_rejections`].
    pub rejections: Vec<Rejection>,
    /// Alert documents, one per line, in the order in which they were decided; empty unless asked for. One for an event query; for a
    /// sequence or sample one for each event (a building block), then one for all of them. Matches that are suppressed or held back
    /// have none, and a suppression that is over gives its alert again, with the same id.
    pub alerts: String,
    /// Alerts over `max_signals` that were held back, by rule and run, in the order in which the first was; empty without alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_back: Vec<HeldBack>,
    /// How what waits for its place in time is doing: sequences, samples, and what [`Self::detections`] counts; absent when the rule set
    /// has none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequences: Option<SequenceStatus>,
    /// How the rules do that count, remember, suppress or look up indicators; absent when the rule set has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detections: Option<DetectionStatus>,
}

/// Alerts of one run of a rule that were over its `max_signals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// Index of the rule in [`RuleSet::rules`](crate::RuleSet::rules).
    pub rule: u32,
    /// The tick of the run, in milliseconds since 1970: a multiple of the rule's interval.
    pub run: i64,
    /// How many of its alerts were held back during the batch.
    pub count: u64,
}

/// The state of the rules of a session that count (`threshold`), remember (`new_terms`), suppress (`alert_suppression`) or look up
/// indicators (`threat_match`) after a batch, and what was counted during it. Their events are counted in [`SequenceStatus`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectionStatus {
    /// Groups of thresholds that have events which count.
    pub groups: u64,
    /// Combinations of values that are remembered.
    pub terms: u64,
    /// Suppressions under way.
    pub suppressions: u64,
    /// Indicators that are loaded, counted for each rule.
    pub indicators: u64,
    /// New combinations learned without an alert, because learning goes on.
    pub learned: u64,
    /// Alerts that became part of another.
    pub suppressed: u64,
    /// Groups dropped to make room.
    pub evicted_groups: u64,
    /// Combinations forgotten to make room.
    pub evicted_terms: u64,
    /// Suppressions ended before their time to make room.
    pub evicted_suppressions: u64,
}

/// The state of a session's sequences and samples after a batch, and what was counted during it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceStatus {
    /// Events held back until their order is known.
    pub held: u64,
    /// Bytes that these take, of [`Limits::max_held_bytes`].
    pub held_bytes: u64,
    /// Join keys with state.
    pub join_keys: u64,
    /// Partial matches.
    pub partial_matches: u64,
    /// Bytes of state, of [`Limits::max_state_bytes`].
    pub state_bytes: u64,
    /// Event time, in milliseconds since 1970, before which everything is in order; none before the first event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark: Option<i64>,
    /// Events that a term matched but that came too late for their place.
    pub late: u64,
    /// Events that a term matched but that have no timestamp.
    pub undated: u64,
    /// Events put in order before their time, because too much was held.
    pub hurried: u64,
    /// Join keys dropped to make room.
    pub evicted_keys: u64,
    /// Partial matches dropped to make room.
    pub evicted_partials: u64,
}

/// How to run one query over a finite data set, after Elasticsearch's EQL search API.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchOptions {
    /// The field that orders events. Default `@timestamp`.
    pub timestamp_field: String,
    /// Orders events with equal timestamps; events without it sort last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiebreaker_field: Option<String>,
    /// The field that `process where …` tests. Default `event.category`.
    pub event_category_field: String,
    /// How many results when the query has no `head` or `tail`. Default 10.
    pub size: u32,
    /// Which end of the results `size` keeps. Default `tail`: the most recent.
    pub result_position: ResultPosition,
    /// How many samples one key may give. Default 1.
    pub max_samples_per_key: u32,
    /// An Elasticsearch mapping; see [`CompileOptions::mapping`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<serde_json::Value>,
    /// Bounds.
    pub limits: Limits,
}

members!(SearchOptions {
    timestamp_field,
    tiebreaker_field,
    event_category_field,
    size,
    result_position,
    max_samples_per_key,
    mapping,
    limits
});

impl Default for SearchOptions {
    fn default() -> Self {
        SearchOptions {
            timestamp_field: "@timestamp".into(),
            tiebreaker_field: None,
            event_category_field: "event.category".into(),
            size: 10,
            result_position: ResultPosition::Tail,
            max_samples_per_key: 1,
            mapping: None,
            limits: Limits::default(),
        }
    }
}

/// Which end of a search's results to keep; both are shown in ascending order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResultPosition {
    /// The earliest.
    Head,
    /// The most recent.
    #[default]
    Tail,
}

/// What became of a batch given to a search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchProgress {
    /// Events in the batch, rejected ones included.
    pub events: u64,
    /// How many events were rejected.
    pub rejected: u64,
    /// The first of them; `event` counts from 0 since the search was opened.
    pub rejections: Vec<Rejection>,
    /// Events of a sequence that were left out: they have no timestamp, or came after events had to be put in order because
    /// too many were held ([`Limits::max_held_bytes`]).
    #[serde(default)]
    pub left_out: u64,
    /// Partial matches and join keys dropped to make room.
    #[serde(default)]
    pub evicted: u64,
}
