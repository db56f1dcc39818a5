//! Every bound that keeps a stranger's rule or event from taking more than its share.
//!
//! One struct, one place: hosts expose each field as a flag or a setting, and each has a test.

use serde::de::{Deserialize, Deserializer, MapAccess};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::members::{self, Members};

/// Declares the limits and the table of them by which they are read and written: what serde derives has code of its own for each
/// field, several kilobytes in the module.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $default:expr,)*) => {
        /// Named limits with their defaults. A rule over a limit is a diagnostic; an event over a limit is a
        /// counted [`Rejection`](crate::Rejection); neither stops the rest of the input.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $($(#[$doc])* pub $name: u32,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Limits { $($name: $default,)* }
            }
        }

        /// The names of all limits.
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        impl Limits {
            /// All limits, in the order of [`NAMES`].
            fn all(&mut self) -> [&mut u32; NAMES.len()] {
                [$(&mut self.$name),*]
            }
        }
    };
}

limits! {
    /// Rules in one rule set.
    max_rules: 50_000,
    /// Bytes of one rule, and of a rule file other than an export.
    max_rule_bytes: 1 << 20,
    /// Bytes of one export of rules. Kibana takes as many in one import (`xpack.securitySolution.maxRuleImportPayloadBytes`).
    max_export_bytes: 10 << 20,
    /// Nesting of one query: parentheses, `not`, function calls, lists.
    max_query_depth: 128,
    /// Bytes of one wildcard or regular expression.
    max_pattern_bytes: 16 << 10,
    /// Bytes of one compiled regular expression (its automaton).
    max_regex_bytes: 1 << 20,
    /// Diagnostics reported for one rule file; the rest are counted.
    max_diagnostics: 50,
    /// Bytes of one event.
    max_event_bytes: 4 << 20,
    /// Nesting of objects and arrays in one event.
    max_event_depth: 512,
    /// Values that one event may bring for the fields that the rules read.
    max_event_values: 200_000,
    /// Normaliser files of one rule set.
    max_normalisers: 64,
    /// Ways to find fields in one normaliser file.
    max_normaliser_fields: 1_000,
    /// Bytes of text that a normaliser may make of one event.
    max_derived_bytes: 4 << 20,
    /// Combinations of values that one condition over several multi-valued fields may try on one event.
    max_combinations: 1 << 16,
    /// Stages of one sequence: its terms, each as often as its `runs`; and terms of one sample.
    max_sequence_stages: 1_000,
    /// Join keys that one sequence or sample keeps state for. Beyond it the key not renewed for longest is dropped.
    max_join_keys: 100_000,
    /// Partial matches that one sequence keeps, and events that one sample keeps. Beyond it the oldest is dropped.
    max_partial_matches: 200_000,
    /// Groups that one `threshold` rule counts, and suppressions that one rule has under way. Beyond it the oldest is dropped; of a
    /// suppression the alert is then given as it is.
    max_groups: 100_000,
    /// Different values that one group of a `threshold` rule tells apart for its `cardinality`. Beyond it they are at least so many.
    max_group_values: 10_000,
    /// Combinations of values that one `new_terms` rule remembers. Beyond it the one not seen for longest is forgotten.
    max_new_terms: 200_000,
    /// Runs of rules for which alerts are counted for `max_signals` as they come. Beyond it the earliest is forgotten, and gives no more
    /// alerts.
    max_signal_runs: 10_000,
    /// Indicators that one rule set loads for `threat_match`. The rest are left out and told.
    max_indicators: 200_000,
    /// Bytes of one file of indicators.
    max_indicator_bytes: 64 << 20,
    /// Bytes of state of all rules over several events of a session: sequences, samples, groups, terms, suppressions. Beyond it the oldest state is dropped.
    max_state_bytes: 48 << 20,
    /// Bytes of events that are held back until their order is known. Beyond it the earliest are put in order at once.
    max_held_bytes: 16 << 20,
    /// Rejected events described per batch; all are counted.
    max_rejections: 100,
    /// Results that one search may hold back for its answer (`size` cannot exceed it).
    max_search_size: 10_000,
    /// Events of one explanation; the rest are counted.
    max_explained_events: 1_000,
    /// Nodes of one explanation, over all events; events after them are counted.
    max_explained_nodes: 100_000,
}

impl Serialize for Limits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(NAMES.len()))?;
        for (name, limit) in NAMES.iter().zip(self.clone().all()) {
            map.serialize_entry(name, limit)?;
        }
        map.end()
    }
}

impl Members for Limits {
    const EXPECTED: &'static str = "struct Limits";
    const NAMES: &'static [&'static str] = NAMES;

    fn read<'de, A: MapAccess<'de>>(&mut self, at: usize, members: &mut A) -> Result<(), A::Error> {
        *self.all()[at] = members.next_value()?;
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Limits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        members::read(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_they_are_written() {
        let limits = Limits { max_rules: 7, max_explained_nodes: 8, ..Limits::default() };
        let json = serde_json::to_string(&limits).expect("JSON");
        assert!(json.starts_with(r#"{"max_rules":7,"max_rule_bytes":1048576,"#), "{json}");
        assert_eq!(serde_json::from_str::<Limits>(&json).expect("limits"), limits);
        assert_eq!(serde_json::from_str::<Limits>("{}").expect("limits"), Limits::default());
    }

    #[test]
    fn malformed_limits_are_refused_in_words() {
        let cases = [
            (r#"{"max_rule":7}"#, "unknown field `max_rule`, expected one of `max_rules`, `max_rule_bytes`, "),
            (r#"{"max_rules":7,"max_rules":7}"#, "duplicate field `max_rules`"),
            (r#"{"max_rules":-1}"#, "invalid value: integer `-1`, expected u32"),
            ("7", "invalid type: integer `7`, expected struct Limits"),
        ];
        for (json, expected) in cases {
            let error = serde_json::from_str::<Limits>(json).expect_err(json).to_string();
            assert!(error.starts_with(expected), "{json}: {error}");
        }
    }
}
