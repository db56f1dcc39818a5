//! The parts of a rule set, put together when it is known which rules are in it.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Target;
use crate::RuleInfo;
use crate::check::correlation::Lowered;
use crate::correlate::key::KeyKind;
use crate::correlate::plan::{Correlation, TimelineFields};
use crate::plan::{Filter, Plan};
use crate::schema::Schema;

/// The field that says when.
const TIMESTAMP_FIELD: &str = "@timestamp";

/// The parts of a rule set.
#[derive(Default)]
pub(super) struct Assembly {
    pub rules: Vec<Arc<RuleInfo>>,
    pub filters: Vec<Filter>,
    pub targets: Vec<Target>,
    pub correlations: Vec<Correlation>,
    pub timelines: Vec<TimelineFields>,
}

impl Assembly {
    /// Adds the filter of the rule that is about to be added.
    pub fn filter(&mut self, filter: Filter) {
        self.filters.push(filter);
        self.targets.push(Target::Rule(self.rules.len() as u32));
    }

    /// Adds a sequence or sample of the rule that is about to be added.
    pub fn correlation(&mut self, info: &RuleInfo, lowered: Lowered, plan: &mut Plan, schema: &Schema) {
        let timestamp = info.timestamp_field.as_deref().unwrap_or(TIMESTAMP_FIELD);
        plan.add_date(timestamp);
        let fields = TimelineFields {
            timestamp: plan.slot(schema, timestamp),
            tiebreaker: info.tiebreaker_field.as_deref().map(|name| plan.slot(schema, name)),
        };
        let timeline = self.timelines.iter().position(|other| *other == fields).unwrap_or_else(|| {
            self.timelines.push(fields);
            self.timelines.len() - 1
        });
        let number = self.correlations.len() as u32;
        let hash = state_hash(info, &lowered);
        self.targets.extend((0..lowered.filters.len()).map(|term| Target::Term(number, term as u16)));
        self.filters.extend(lowered.filters);
        self.correlations.push(Correlation {
            rule: self.rules.len() as u32,
            timeline: timeline as u32,
            hash,
            terms: lowered.terms,
            shape: lowered.shape,
        });
    }
}

/// What the state of a sequence or sample depends on.
fn state_hash(info: &RuleInfo, lowered: &Lowered) -> [u8; 16] {
    let mut hasher = Sha256::new();
    let options = [&info.event_category_override, &info.timestamp_field, &info.tiebreaker_field];
    let kinds: Vec<Vec<KeyKind>> =
        lowered.terms.iter().map(|term| term.keys.iter().map(|key| key.kind).collect()).collect();
    hasher.update(format!("{}\0{}\0{options:?}\0{kinds:?}\0{:?}", info.id, info.query, lowered.shape));
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize()[..16]);
    hash
}
