//! Rule sets and sessions.

mod compile;
mod evaluate;

use std::sync::Arc;

pub(crate) use compile::{CATEGORY_FIELD, locate, query_filter, schema, to_file};
pub use compile::{compile, fold_constant};
pub(crate) use evaluate::{Evaluator, lines};

use crate::alert::AlertBuilder;
use crate::api::{Outcome, Rejection, SessionOptions};
use crate::decode::Projection;
use crate::plan::{Filter, Plan};
use crate::{Limits, Match, RuleInfo};

/// A compiled rule set: shared by all sessions on it.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<RuleInfo>,
    program: Program,
}

impl RuleSet {
    /// The rules that compiled, in input order. [`Match::rule`](crate::Match::rule) is an index into it.
    pub fn rules(&self) -> &[RuleInfo] {
        &self.rules
    }

    /// The fields that the rules read, in the order in which they were first mentioned.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.program.plan.columns.iter().map(|c| c.path.as_str())
    }
}

/// What the evaluator runs: filters over one plan, reached through the category that they need.
#[derive(Debug)]
pub(crate) struct Program {
    pub plan: Plan,
    pub projection: Projection,
    pub filters: Vec<Filter>,
    pub limits: Limits,
    /// Filters without a category.
    pub any: Vec<u32>,
    /// For each field that holds a category, the filters for each category.
    pub by_category: Vec<(u32, std::collections::HashMap<String, Vec<u32>>)>,
}

impl Program {
    /// Arranges filters for evaluation.
    pub fn new(plan: Plan, filters: Vec<Filter>, limits: Limits) -> Program {
        let paths: Vec<&str> = plan.columns.iter().map(|c| c.path.as_str()).collect();
        let projection = Projection::new(&paths);
        let mut program = Program { plan, projection, filters, limits, any: Vec::new(), by_category: Vec::new() };
        for (number, filter) in program.filters.iter().enumerate() {
            let number = number as u32;
            let Some((slot, name)) = &filter.category else {
                program.any.push(number);
                continue;
            };
            let at = program.by_category.iter().position(|(s, _)| s == slot).unwrap_or_else(|| {
                program.by_category.push((*slot, Default::default()));
                program.by_category.len() - 1
            });
            program.by_category[at].1.entry(name.clone()).or_default().push(number);
        }
        program
    }
}

/// A rule set at work on a stream of events.
///
/// ```
/// use rule_core::{CompileOptions, Session, SessionOptions, Source, compile};
///
/// let rule = Source { path: "any.eql".into(), text: r#"process where process.name : "nc*""#.into() };
/// let (rules, report) = compile(&[rule], &CompileOptions::default());
/// assert!(!report.has_errors());
/// let mut session = Session::open(rules.into(), SessionOptions::default());
/// let outcome = session.evaluate(br#"{"event":{"category":"process"},"process":{"name":"ncat"}}"#);
/// assert_eq!(outcome.matches[0].events, [0]);
/// ```
#[derive(Debug)]
pub struct Session {
    rules: Arc<RuleSet>,
    evaluator: Evaluator,
    alerts: Option<AlertBuilder>,
    /// Events seen so far.
    seen: u64,
}

impl Session {
    /// Opens a session.
    pub fn open(rules: Arc<RuleSet>, options: SessionOptions) -> Self {
        let alerts = options.alerts.then(|| AlertBuilder::new(&rules.rules, options.notes));
        Session { evaluator: Evaluator::default(), rules, alerts, seen: 0 }
    }

    /// Evaluates a batch: one JSON event per line, whole lines only. An event that cannot be read is counted and
    /// described in the outcome; the others are not affected.
    pub fn evaluate(&mut self, batch: &[u8]) -> Outcome {
        let program = &self.rules.program;
        let mut outcome = Outcome { first: self.seen, ..Outcome::default() };
        for line in lines(batch) {
            let event = self.seen;
            self.seen += 1;
            let result = self.evaluator.run(program, line);
            if let Err((offset, message)) = result {
                reject(&mut outcome.rejected, &mut outcome.rejections, &program.limits, event, offset, message);
            }
            for rule in self.evaluator.matched() {
                outcome.matches.push(Match { rule: *rule, events: vec![event] });
                if let Some(builder) = &mut self.alerts {
                    builder.push(*rule, &self.rules.rules[*rule as usize], line, &program.limits, &mut outcome.alerts);
                }
            }
        }
        outcome.events = self.seen - outcome.first;
        outcome
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
