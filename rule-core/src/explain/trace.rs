//! What a sequence or sample makes of the events: the engine's own machines, watched.

use super::data::SequenceTrace;
use crate::Limits;
use crate::api::Match;
use crate::check::Checker;
use crate::correlate::plan::{Correlation, TimelineFields};
use crate::correlate::{Correlator, Setting};
use crate::detect;
use crate::engine::{Evaluator, Program, Target, Targets, lines, window};
use crate::normalise::Files;
use crate::plan::Plan;
use crate::rule::RuleInfo;
use crate::schema::Schema;
use crate::syntax::ast::{Query, QueryKind};

/// The fields that the rule or its reader names.
pub(super) struct Fields<'a> {
    pub normalisers: &'a Files,
    pub category: &'a str,
    pub timestamp: &'a str,
    pub tiebreaker: Option<&'a str>,
}

/// Runs a query that has no errors over the events, all of them one data set; none for an event query.
pub(super) fn trace(
    query: (&Query, &str),
    info: &RuleInfo,
    schema: &Schema,
    limits: &Limits,
    fields: &Fields<'_>,
    events: &[u8],
) -> Option<SequenceTrace> {
    let (query, text) = query;
    let mut plan = Plan::with_dates(vec![fields.timestamp.to_owned()]);
    // What is wrong with the query was reported already.
    let mut errors = Vec::new();
    let mut checker = Checker { text, schema, limits, plan: &mut plan, errors: &mut errors };
    let lowered = match &query.kind {
        QueryKind::Event(_) => return None,
        QueryKind::Sequence(sequence) => checker.sequence(sequence, fields.category)?,
        QueryKind::Sample(sample) => checker.sample(sample, fields.category, 1, Some(window(info.from.as_deref())))?,
    };
    let order = TimelineFields {
        timestamp: plan.slot(schema, fields.timestamp),
        fallback: None,
        tiebreaker: fields.tiebreaker.map(|name| plan.slot(schema, name)),
    };
    let targets: Vec<_> = (0..lowered.filters.len()).map(|term| Target::Term(0, term as u16)).collect();
    let (filters, targets) = Targets::share(lowered.filters, &targets);
    let correlation = Correlation {
        rule: 0,
        timeline: 0,
        terms: lowered.terms,
        shape: lowered.shape,
        hash: [0; 16],
        suppressed: None,
    };
    let program = Program::new(plan, filters, limits.clone())
        .with_correlations(targets, vec![correlation], vec![order])
        .with_normalisers(fields.normalisers);
    let setting = program.setting();
    let mut correlator = Correlator::new(setting, None, 0, detect::Options::default());
    correlator.trace();
    let mut evaluator = Evaluator::default();
    for (ordinal, line) in (0..).zip(lines(events)) {
        // An event that cannot be read in full is told with its tree.
        let readable = evaluator.run(&program, line).is_ok();
        let terms: Vec<(u32, u16)> = program.targets.terms(evaluator.matched()).collect();
        if readable || !terms.is_empty() {
            let _ = correlator.observe(setting, evaluator.event(line), ordinal, &terms, || None);
        }
    }
    correlator.finish(setting);
    Some(collect(&mut correlator, setting, limits))
}

fn collect(correlator: &mut Correlator, setting: Setting<'_>, limits: &Limits) -> SequenceTrace {
    let mut steps = correlator.take_steps();
    let most = limits.max_explained_nodes as usize;
    let omitted = steps.len().saturating_sub(most) as u64;
    steps.truncate(most);
    let matches = correlator.take_matches().into_iter().map(|completion| {
        let events = completion.events.iter().map(|event| event.arrival).collect();
        Match { rule: 0, events, join_keys: completion.key.to_json() }
    });
    SequenceTrace {
        matches: matches.take(most).collect(),
        pending: correlator.pending(setting, 0, limits.max_explained_events as usize),
        undated: correlator.take_tally().undated,
        steps,
        omitted,
    }
}
