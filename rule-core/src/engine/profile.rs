//! What the rules of a set, and the predicates that they ask, cost on given events.
//!
//! The core has no clock: the host lends one, and times whole passes itself. A pass that stops early says by the difference to a
//! longer one what a stage costs, with no instrument in between. Single conditions cannot be told apart so; there the clock is read
//! around each, and what reading it costs is taken off. Times of single conditions are good for comparing them.

use std::sync::Arc;

use super::compile::compile_with_notes;
use super::evaluate::observe::Counts;
use super::{Evaluator, RuleSet, Target, lines};
use crate::Source;
use crate::api::{CompileOptions, CompileReport};
pub use crate::plan::access::reach::Reach;
pub use crate::plan::notes::Kind;

/// Something that tells time.
pub trait Clock {
    /// Time since some moment, in a unit of the host's choice: nanoseconds, say.
    fn now(&mut self) -> u64;
}

/// How far a pass goes. Each does what the one before it does, and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Events are found in the batch, and read for the fields of the rules.
    Decode,
    /// Their values are looked up in the tables, which gives the rules that could hold.
    Find,
    /// The conditions of these are evaluated.
    Conditions,
    /// They are evaluated a second time. All that they ask is known by then, so that this costs what conditions cost without
    /// the predicates in them.
    Again,
}

/// Runs a rule set's conditions, without sequences, to see what they cost.
#[derive(Debug)]
pub struct Profiler {
    rules: Arc<RuleSet>,
    evaluator: Evaluator,
    counts: Counts,
    /// What it took to read the clock, and how often that was tried.
    readings: (u64, u64),
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Events that could be read.
    pub events: u64,
    /// Each rule's condition; of a sequence or sample each term's.
    pub conditions: Vec<ConditionCost>,
    /// The predicates that were asked, but for those that the tables answer for all rules at once, such as comparisons with whole strings.
    pub predicates: Vec<PredicateCost>,
}

/// What a condition costs.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionCost {
    /// Index into [`RuleSet::rules`].
    pub rule: u32,
    /// Which term of a sequence or sample, counted from 0.
    pub term: Option<u16>,
    /// For how many events it was evaluated.
    pub evaluated: u64,
    /// For how many it held.
    pub held: u64,
    /// Time, its predicates included. Of a predicate that several conditions ask each has as large a part as it asks often; of a
    /// condition that several rules have, which is evaluated once, each has an equal part.
    pub time: f64,
    /// For which events it is evaluated.
    pub reach: Reach,
}

/// What a predicate costs.
#[derive(Clone, Debug, PartialEq)]
pub struct PredicateCost {
    /// Its number, for [`Profiler::text`].
    pub number: u32,
    /// What it is.
    pub kind: Kind,
    /// How often it was asked.
    pub asked: u64,
    /// How often its answer had to be found; an event's is, once.
    pub answered: u64,
    /// How often the answer was true.
    pub held: u64,
    /// Time.
    pub time: f64,
    /// The rules that ask it, in order.
    pub rules: Vec<u32>,
}

/// How often the clock is read to see what that costs.
const READINGS: u64 = 256;

impl Profiler {
    /// Compiles rules as [`compile`](crate::compile) does.
    pub fn compile(sources: &[Source], options: &CompileOptions) -> (Profiler, CompileReport) {
        let (rules, report) = compile_with_notes(sources, options);
        let mut counts = Counts::default();
        counts.filters.resize(rules.program.code.len(), Default::default());
        counts.predicates.resize(rules.program.plan.predicates.len(), Default::default());
        (Profiler { rules: Arc::new(rules), evaluator: Evaluator::default(), counts, readings: (0, 0) }, report)
    }

    /// The rule set.
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    /// Goes over a batch up to a stage. The answer depends on all of the work, so that a compiler does not leave any out.
    pub fn pass(&mut self, stage: Stage, batch: &[u8]) -> u64 {
        lines(batch).map(|line| self.evaluator.run_to(&self.rules.program, line, stage)).sum()
    }

    /// Goes over a batch and counts what each condition and predicate costs.
    pub fn observe<C: Clock>(&mut self, batch: &[u8], clock: &mut C) {
        for _ in 0..READINGS {
            let started = clock.now();
            self.readings.0 += clock.now().saturating_sub(started);
            self.readings.1 += 1;
        }
        for line in lines(batch) {
            self.evaluator.observe(&self.rules.program, line, &mut self.counts, clock);
        }
    }

    /// What was counted so far.
    pub fn profile(&self) -> Profile {
        let program = &self.rules.program;
        let Some(notes) = &program.plan.notes else { return Profile::default() };
        let reading = self.readings.0 as f64 / self.readings.1.max(1) as f64;
        let net = |time: u64, readings: u64| (time as f64 - readings as f64 * reading).max(0.0);

        let rule = |target: &Target| match *target {
            Target::Rule(rule) => (rule, None),
            Target::Threat(threat) => (program.threats[threat as usize].rule, None),
            Target::Detection(machine) => (program.correlations[machine as usize].rule, None),
            Target::Term(machine, term) => (program.correlations[machine as usize].rule, Some(term)),
        };
        let counts = &self.counts;
        let times: Vec<f64> = counts.predicates.iter().map(|count| net(count.time, count.answered)).collect();
        let mut of_filters: Vec<f64> = counts.filters.iter().map(|count| net(count.own, count.readings)).collect();
        // In order, so that sums of floats are the same each time.
        let mut asked: Vec<_> = counts.asked.iter().collect();
        asked.sort_unstable();
        for ((filter, predicate), times_asked) in asked {
            let all = counts.predicates[*predicate as usize].asked.max(1);
            of_filters[*filter as usize] += times[*predicate as usize] * *times_asked as f64 / all as f64;
        }
        let mut conditions = Vec::new();
        for (((filter, count), time), reach) in (0..).zip(&counts.filters).zip(of_filters).zip(&notes.reach) {
            let targets = program.targets.of(filter);
            conditions.extend(targets.iter().map(rule).map(|(rule, term)| ConditionCost {
                rule,
                term,
                evaluated: count.evaluated,
                held: count.held,
                time: time / targets.len() as f64,
                reach: reach.clone(),
            }));
        }
        conditions.sort_by_key(|condition| (condition.rule, condition.term));
        let predicates = (0..).zip(&counts.predicates).zip(times).filter(|((_, count), _)| count.asked > 0);
        let predicates = predicates.map(|((number, count), time)| {
            let filters = notes.filters[number as usize].iter();
            let mut rules: Vec<u32> =
                filters.flat_map(|filter| program.targets.of(*filter)).map(|target| rule(target).0).collect();
            rules.sort_unstable();
            rules.dedup();
            // What is counted is about what is written.
            let held = if notes.is_negated(number) { count.answered - count.held } else { count.held };
            PredicateCost {
                number,
                kind: notes.kinds[number as usize],
                asked: count.asked,
                answered: count.answered,
                held,
                time,
                rules,
            }
        });
        Profile { events: counts.events, predicates: predicates.collect(), conditions }
    }

    /// A predicate as the first rule that has it writes it, on one line.
    pub fn text(&self, predicate: u32) -> String {
        self.rules.program.plan.notes.as_ref().map_or_else(String::new, |notes| notes.text(predicate))
    }
}
