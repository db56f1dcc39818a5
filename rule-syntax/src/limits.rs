//! Every bound that keeps a stranger's rule or event from taking more than its share.
//!
//! One struct, one place: hosts expose each field as a flag or a setting, and each has a test.

use serde::{Deserialize, Serialize};

/// Named limits with their defaults. A rule over a limit is a diagnostic; an event over a limit is a
/// counted [`Rejection`](crate::Rejection); neither stops the rest of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Rules in one rule set.
    pub max_rules: u32,
    /// Bytes of one rule, and of a rule file other than an export.
    pub max_rule_bytes: u32,
    /// Bytes of one export of rules. Kibana takes as many in one import (`xpack.securitySolution.maxRuleImportPayloadBytes`).
    pub max_export_bytes: u32,
    /// Nesting of one query: parentheses, `not`, function calls, lists.
    pub max_query_depth: u32,
    /// Bytes of one wildcard or regular expression.
    pub max_pattern_bytes: u32,
    /// Bytes of one compiled regular expression (its automaton).
    pub max_regex_bytes: u32,
    /// Diagnostics reported for one rule file; the rest are counted.
    pub max_diagnostics: u32,
    /// Bytes of one event.
    pub max_event_bytes: u32,
    /// Nesting of objects and arrays in one event.
    pub max_event_depth: u32,
    /// Values that one event may bring for the fields that the rules read.
    pub max_event_values: u32,
    /// Normaliser files of one rule set.
    pub max_normalisers: u32,
    /// Ways to find fields in one normaliser file.
    pub max_normaliser_fields: u32,
    /// Bytes of text that a normaliser may make of one event.
    pub max_derived_bytes: u32,
    /// Combinations of values that one condition over several multi-valued fields may try on one event.
    pub max_combinations: u32,
    /// Stages of one sequence: its terms, each as often as its `runs`; and terms of one sample.
    pub max_sequence_stages: u32,
    /// Join keys that one sequence or sample keeps state for. Beyond it the key not renewed for longest is dropped.
    pub max_join_keys: u32,
    /// Partial matches that one sequence keeps, and events that one sample keeps. Beyond it the oldest is dropped.
    pub max_partial_matches: u32,
    /// Groups that one `threshold` rule counts, and suppressions that one rule has under way. Beyond it the oldest is dropped; of a
    /// suppression the alert is then given as it is.
    pub max_groups: u32,
    /// Different values that one group of a `threshold` rule tells apart for its `cardinality`. Beyond it they are at least so many.
    pub max_group_values: u32,
    /// Combinations of values that one `new_terms` rule remembers. Beyond it the one not seen for longest is forgotten.
    pub max_new_terms: u32,
    /// Runs of rules for which alerts are counted for `max_signals` as they come. Beyond it the earliest is forgotten, and gives no more
    /// alerts.
    pub max_signal_runs: u32,
    /// Indicators that one rule set loads for `threat_match`. The rest are left out and told.
    pub max_indicators: u32,
    /// Bytes of one file of indicators.
    pub max_indicator_bytes: u32,
    /// Bytes of state of all rules over several events of a session: sequences, samples, groups, terms, suppressions. Beyond it the oldest state is dropped.
    pub max_state_bytes: u32,
    /// Bytes of events that are held back until their order is known. Beyond it the earliest are put in order at once.
    pub max_held_bytes: u32,
    /// Rejected events described per batch; all are counted.
    pub max_rejections: u32,
    /// Results that one search may hold back for its answer (`size` cannot exceed it).
    pub max_search_size: u32,
    /// Events of one explanation; the rest are counted.
    pub max_explained_events: u32,
    /// Nodes of one explanation, over all events; events after them are counted.
    pub max_explained_nodes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_rules: 50_000,
            max_rule_bytes: 1 << 20,
            max_export_bytes: 10 << 20,
            max_query_depth: 128,
            max_pattern_bytes: 16 << 10,
            max_regex_bytes: 1 << 20,
            max_diagnostics: 50,
            max_event_bytes: 4 << 20,
            max_event_depth: 512,
            max_event_values: 200_000,
            max_normalisers: 64,
            max_normaliser_fields: 1_000,
            max_derived_bytes: 4 << 20,
            max_combinations: 1 << 16,
            max_sequence_stages: 1_000,
            max_join_keys: 100_000,
            max_partial_matches: 200_000,
            max_groups: 100_000,
            max_group_values: 10_000,
            max_new_terms: 200_000,
            max_signal_runs: 10_000,
            max_indicators: 200_000,
            max_indicator_bytes: 64 << 20,
            max_state_bytes: 48 << 20,
            max_held_bytes: 16 << 20,
            max_rejections: 100,
            max_search_size: 10_000,
            max_explained_events: 1_000,
            max_explained_nodes: 100_000,
        }
    }
}
