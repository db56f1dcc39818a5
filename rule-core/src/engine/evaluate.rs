//! One event through a program.

use super::Program;
use crate::decode::{Event, Slots, Value};
use crate::pattern::Fold;
use crate::plan::Predicate;
use crate::plan::script::{MAX_COMBINATIONS, TooManyCombinations};

/// The lines of a batch without their ends; blank ones are left out.
pub(crate) fn lines(batch: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = batch;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = rest[..end].trim_ascii();
            rest = &rest[(end + 1).min(rest.len())..];
            if !line.is_empty() {
                return Some(line);
            }
        }
        None
    })
}

/// The working memory of an evaluation, used again for every event.
#[derive(Debug, Default)]
pub(crate) struct Evaluator {
    slots: Slots,
    candidates: Vec<u32>,
    matched: Vec<u32>,
    answers: Answers,
}

/// The predicates' answers for the current event.
#[derive(Debug, Default)]
struct Answers {
    /// For each predicate the event at which it was answered, and the answer. A new event makes all of them old.
    known: Vec<(u32, bool)>,
    event: u32,
    fold: Fold,
    overflow: Option<TooManyCombinations>,
}

impl Evaluator {
    /// Evaluates one event. [`Self::matched`] then tells which filters hold. The error is where and why the event
    /// could not be evaluated in full.
    pub fn run(&mut self, program: &Program, line: &[u8]) -> Result<(), (usize, String)> {
        self.matched.clear();
        let decoded = program.projection.decode(line, &program.limits, &mut self.slots);
        decoded.map_err(|error| (error.offset, error.to_string()))?;
        let event = self.slots.view(line);
        candidates(program, event, &mut self.candidates);
        self.answers.start(program.plan.predicates.len());
        for number in &self.candidates {
            let filter = &program.filters[*number as usize];
            let answers = &mut self.answers;
            if filter.condition.holds(&mut |predicate| answers.get(program, event, predicate)) {
                self.matched.push(*number);
            }
        }
        match self.answers.overflow.take() {
            Some(TooManyCombinations) => {
                Err((0, format!("a condition has more than {MAX_COMBINATIONS} combinations of values to try")))
            }
            None => Ok(()),
        }
    }

    /// The filters that hold for the last event, in order.
    pub fn matched(&self) -> &[u32] {
        &self.matched
    }

    /// The last event.
    pub fn event<'a>(&'a self, line: &'a [u8]) -> Event<'a> {
        self.slots.view(line)
    }
}

/// The filters whose category the event has, in order.
fn candidates(program: &Program, event: Event<'_>, out: &mut Vec<u32>) {
    out.clear();
    out.extend_from_slice(&program.any);
    for (slot, by_name) in &program.by_category {
        for value in event.values(*slot as usize) {
            if let Value::String(name) = value
                && let Some(filters) = by_name.get(name)
            {
                out.extend_from_slice(filters);
            }
        }
    }
    // An event may have a category twice, and the groups are merged.
    out.sort_unstable();
    out.dedup();
}

impl Answers {
    fn start(&mut self, predicates: usize) {
        if self.known.len() != predicates || self.event == u32::MAX {
            self.known.clear();
            self.known.resize(predicates, (0, false));
            self.event = 0;
        }
        self.event += 1;
        self.overflow = None;
    }

    fn get(&mut self, program: &Program, event: Event<'_>, number: u32) -> bool {
        let (at, answer) = self.known[number as usize];
        if at == self.event {
            return answer;
        }
        let columns = &program.plan.columns;
        let answer = match &program.plan.predicates[number as usize] {
            Predicate::Field { slot, test } => {
                let column = &columns[*slot as usize];
                let fold = &mut self.fold;
                event
                    .values(*slot as usize)
                    .any(|value| column.stored(value).is_some_and(|value| test.passes(value, column, fold)))
            }
            Predicate::Script(script) => match script.holds(event, columns, &mut self.fold) {
                Ok(truth) => truth,
                Err(overflow) => {
                    self.overflow = Some(overflow);
                    false
                }
            },
        };
        self.known[number as usize] = (self.event, answer);
        answer
    }
}
