//! Rule sets and sessions.

mod assembly;
mod compile;
mod evaluate;
mod exceptions;
#[cfg(feature = "profile")]
pub mod inspect;
mod lines;
mod pieces;
#[cfg(feature = "profile")]
pub mod profile;
mod session;
mod signals;
mod streams;
mod targets;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(crate) use assembly::TIMESTAMP_FIELD;
pub(crate) use compile::{Alone, CATEGORY_FIELD, NO_PIPES, locate, schema, window};
pub use compile::{compile, compile_each, fold_constant};
pub(crate) use evaluate::{Evaluator, lines};
pub(crate) use exceptions::LoweredExceptions;
pub use session::Session;
pub(crate) use streams::{FIELDS as STREAM_FIELDS, Seen, Streams};
pub(crate) use targets::{Target, Targets};

use crate::api::Rejection;
use crate::correlate::Setting;
use crate::correlate::plan::{Correlation, TimelineFields};
use crate::decode::{Line, Projection, Slots};
use crate::detect::threat::Threat;
use crate::normalise::{Files, Normalisers, Scratch};
use crate::plan::access::Access;
use crate::plan::code::Code;
use crate::plan::{Filter, Plan};
use crate::{Limits, RuleInfo};

/// A compiled rule set: shared by all sessions on it.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Arc<RuleInfo>>,
    program: Program,
}

impl RuleSet {
    /// The rules that compiled, in input order. [`Match::rule`](crate::Match::rule) is an index into it.
    pub fn rules(&self) -> &[Arc<RuleInfo>] {
        &self.rules
    }

    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    /// The fields that the rules read, in the order in which they were first mentioned.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.program.plan.columns.iter().map(|c| c.path.as_str())
    }
}

/// What the evaluator runs: filters over one plan, and how they are reached.
#[derive(Debug)]
pub(crate) struct Program {
    pub plan: Plan,
    pub projection: Projection,
    /// The field and value of each filter's category, if it has one.
    pub categories: Vec<Option<(u32, String)>>,
    /// The filters' conditions.
    pub code: Code,
    /// What each filter is for. A program without targets is not told: the filters are all that is wanted.
    pub targets: Targets,
    pub correlations: Vec<Correlation>,
    pub timelines: Vec<TimelineFields>,
    /// Rules that look for indicators, in the order of their rules.
    pub threats: Vec<Threat>,
    /// Which data streams the rules are meant for.
    pub streams: Streams,
    pub limits: Limits,
    /// Which filters could hold.
    pub access: Access,
    /// What makes events of raw records, and the files that it came from; none where every event is taken as it is.
    pub normalisers: Option<(Normalisers, Files)>,
}

impl Program {
    /// Arranges filters for evaluation.
    pub fn new(mut plan: Plan, filters: Vec<Filter>, limits: Limits) -> Program {
        let specs = plan.take_specs();
        #[cfg(feature = "profile")]
        if let Some(notes) = &mut plan.notes {
            notes.complete(&specs, &plan.columns, &filters);
        }
        let paths: Vec<&str> = plan.columns.iter().map(|c| c.path.as_str()).collect();
        let access = Access::new(&specs, &plan.columns, &filters);
        Program {
            projection: Projection::new(&paths),
            code: Code::new(filters.iter().map(|filter| &filter.condition), &specs, &plan, &access),
            access,
            categories: filters.into_iter().map(|filter| filter.category).collect(),
            plan,
            targets: Targets::default(),
            correlations: Vec::new(),
            timelines: Vec::new(),
            threats: Vec::new(),
            streams: Streams::default(),
            limits,
            normalisers: None,
        }
    }

    /// Says what the filters are for.
    pub fn with_correlations(
        self,
        targets: Targets,
        correlations: Vec<Correlation>,
        timelines: Vec<TimelineFields>,
    ) -> Program {
        Program { targets, correlations, timelines, ..self }
    }

    /// Has the fields that are read filled from raw records.
    pub fn with_normalisers(mut self, files: &Files) -> Program {
        if !files.files.is_empty() {
            let (normalisers, paths) = files.compile(self.plan.columns.iter().map(|column| column.path.as_str()));
            self.projection = Projection::new(&paths);
            self.normalisers = Some((normalisers, files.clone()));
        }
        self
    }

    /// Decodes an event into the slots of the fields. The error is where and why it cannot be.
    #[inline]
    pub fn decode(&self, line: Line<'_>, slots: &mut Slots, scratch: &mut Scratch) -> Result<(), (usize, String)> {
        let decoded = self.projection.decode_line(line, &self.limits, slots);
        decoded.map_err(|error| (error.offset, error.to_string()))?;
        match &self.normalisers {
            None => Ok(()),
            Some((normalisers, _)) => {
                normalisers.apply(line, slots, scratch, &self.limits).map_err(|message| (0, message))
            }
        }
    }

    /// What the sequences and samples work with.
    pub fn setting(&self) -> Setting<'_> {
        Setting {
            correlations: &self.correlations,
            timelines: &self.timelines,
            columns: &self.plan.columns,
            limits: &self.limits,
        }
    }
}

/// Counts a rejected event and describes it while there is room.
pub(crate) fn reject(
    count: &mut u64,
    described: &mut Vec<Rejection>,
    limits: &Limits,
    event: u64,
    offset: usize,
    message: String,
) {
    *count += 1;
    if described.len() < limits.max_rejections as usize {
        described.push(Rejection { event, offset: offset as u64, message });
    }
}
