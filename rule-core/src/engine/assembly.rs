//! The parts of a rule set, put together when it is known which rules are in it.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{LoweredExceptions, Target};
use crate::RuleInfo;
use crate::check::correlation::Lowered;
use crate::correlate::key::KeyKind;
use crate::correlate::plan::{Correlation, Shape, TimelineFields};
use crate::detect;
use crate::detect::indicators::{self, Indicators};
use crate::detect::threat::{self, Threat, Wanted};
use crate::diagnostic::Diagnostic;
use crate::plan::condition::Condition;
use crate::plan::{Filter, Plan};
use crate::schema::Schema;

/// The field that says when.
pub(crate) const TIMESTAMP_FIELD: &str = "@timestamp";

/// The parts of a rule set.
#[derive(Default)]
pub(super) struct Assembly {
    pub rules: Vec<Arc<RuleInfo>>,
    pub filters: Vec<Filter>,
    pub targets: Vec<Target>,
    pub correlations: Vec<Correlation>,
    pub timelines: Vec<TimelineFields>,
    pub threats: Vec<Threat>,
    /// Read when the first rule needs them.
    indicators: Option<Arc<Indicators>>,
}

impl Assembly {
    /// Adds the filter of the rule that is about to be added. The error says in words what is wrong with the rule.
    pub fn filter(
        &mut self,
        info: &RuleInfo,
        mut filter: Filter,
        plan: &mut Plan,
        schema: &Schema,
        exceptions: &LoweredExceptions<'_>,
        found: &mut Vec<Diagnostic>,
    ) -> Result<(), String> {
        let rule = self.rules.len() as u32;
        let options = exceptions.options;
        let target = match info.threat_match.as_ref().filter(|_| info.kind == "threat_match") {
            None => self.detection(info, None, plan, schema).map_or(Target::Rule(rule), Target::Detection),
            Some(threat) => {
                let limits = &options.limits;
                let indicators = self
                    .indicators
                    .get_or_insert_with(|| Arc::new(indicators::read(&options.indicators, limits, found)));
                let mut threat =
                    threat::load(&Wanted { rule, info, threat, indicators, exceptions, schema, limits }, plan)?;
                threat.machine = self.detection(info, None, plan, schema);
                if threat.meant == 0 {
                    // Without indicators no event matches, and none need be looked at.
                    filter = Filter { category: None, condition: Condition::Constant(false) };
                }
                self.threats.push(threat);
                Target::Threat(self.threats.len() as u32 - 1)
            }
        };
        self.filters.push(filter);
        self.targets.push(target);
        Ok(())
    }

    /// Adds what the rule that is about to be added counts, remembers or suppresses, and gives the number of its correlation.
    /// `timeline`: that of the sequence whose alerts it suppresses.
    fn detection(&mut self, info: &RuleInfo, timeline: Option<u32>, plan: &mut Plan, schema: &Schema) -> Option<u32> {
        let rule = self.rules.len() as u32;
        let lowered = detect::lower(info, plan, schema)?;
        let hash = hash(&format!("{}\0{}\0{}", info.id, info.query, lowered.state_key()));
        let timeline = timeline.unwrap_or_else(|| self.timeline(lowered.timeline));
        let shape = Shape::Detection(lowered.plan);
        self.correlations.push(Correlation { rule, timeline, terms: lowered.terms, shape, hash, suppressed: None });
        Some(self.correlations.len() as u32 - 1)
    }

    /// The number of a timeline, the same for the same fields.
    fn timeline(&mut self, fields: TimelineFields) -> u32 {
        let known = self.timelines.iter().position(|other| *other == fields);
        known.unwrap_or_else(|| {
            self.timelines.push(fields);
            self.timelines.len() - 1
        }) as u32
    }

    /// Adds a sequence or sample of the rule that is about to be added.
    pub fn correlation(&mut self, info: &RuleInfo, lowered: Lowered, plan: &mut Plan, schema: &Schema) {
        let timestamp = info.timestamp_field.as_deref().unwrap_or(TIMESTAMP_FIELD);
        plan.add_date(timestamp);
        let fields = TimelineFields {
            timestamp: plan.slot(schema, timestamp),
            fallback: None,
            tiebreaker: info.tiebreaker_field.as_deref().map(|name| plan.slot(schema, name)),
        };
        let timeline = self.timeline(fields);
        let number = self.correlations.len() as u32;
        let hash = state_hash(info, &lowered);
        self.targets.extend((0..lowered.filters.len()).map(|term| Target::Term(number, term as u16)));
        self.filters.extend(lowered.filters);
        let rule = self.rules.len() as u32;
        let Lowered { terms, shape, .. } = lowered;
        self.correlations.push(Correlation { rule, timeline, hash, terms, shape, suppressed: None });
        let suppression = self.detection(info, Some(timeline), plan, schema);
        if let Some(sequence) = self.correlations.get_mut(number as usize) {
            sequence.suppressed = suppression;
        }
    }
}

/// What the state of a sequence or sample depends on.
fn state_hash(info: &RuleInfo, lowered: &Lowered) -> [u8; 16] {
    let options = [&info.event_category_override, &info.timestamp_field, &info.tiebreaker_field];
    let kinds: Vec<Vec<KeyKind>> =
        lowered.terms.iter().map(|term| term.keys.iter().map(|key| key.kind).collect()).collect();
    hash(&format!("{}\0{}\0{options:?}\0{kinds:?}\0{:?}", info.id, info.query, lowered.shape))
}

fn hash(text: &str) -> [u8; 16] {
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(text)[..16]);
    hash
}
