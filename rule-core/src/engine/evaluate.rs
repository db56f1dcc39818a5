//! One event through a program.

use super::Program;
use crate::decode::{Event, Slots, Value};
use crate::pattern::Fold;
use crate::plan::Predicate;
use crate::plan::script::TooManyCombinations;

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
    known: Vec<(u32, Answer)>,
    event: u32,
    fold: Fold,
    /// Whether an undecided predicate was asked.
    undecided: bool,
    /// What stands for the answer of an undecided predicate.
    assume: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    No,
    Yes,
    /// It would take more combinations of values than may be tried.
    Undecided,
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
        let mut complete = true;
        for number in &self.candidates {
            let condition = &program.filters[*number as usize].condition;
            let answers = &mut self.answers;
            (answers.undecided, answers.assume) = (false, false);
            let mut holds = condition.holds(&mut |predicate| answers.get(program, event, predicate));
            if answers.undecided {
                complete = false;
                // A match must not rest on what is not known: it has to hold either way.
                answers.assume = true;
                holds &= condition.holds(&mut |predicate| answers.get(program, event, predicate));
            }
            if holds {
                self.matched.push(*number);
            }
        }
        if complete {
            return Ok(());
        }
        let most = program.limits.max_combinations;
        Err((0, format!("a condition has more than {most} combinations of values to try")))
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
            self.known.resize(predicates, (0, Answer::No));
            self.event = 0;
        }
        self.event += 1;
    }

    fn get(&mut self, program: &Program, event: Event<'_>, number: u32) -> bool {
        let (at, known) = self.known[number as usize];
        let answer = if at == self.event { known } else { self.ask(program, event, number) };
        self.known[number as usize] = (self.event, answer);
        self.undecided |= answer == Answer::Undecided;
        answer == Answer::Yes || answer == Answer::Undecided && self.assume
    }

    fn ask(&mut self, program: &Program, event: Event<'_>, number: u32) -> Answer {
        let columns = &program.plan.columns;
        let truth = match &program.plan.predicates[number as usize] {
            Predicate::Field { slot, test } => {
                let column = &columns[*slot as usize];
                let fold = &mut self.fold;
                event
                    .values(*slot as usize)
                    .any(|value| column.stored(value).is_some_and(|value| test.passes(value, column, fold)))
            }
            Predicate::Script(script) => {
                match script.holds(event, columns, program.limits.max_combinations, &mut self.fold) {
                    Ok(truth) => truth,
                    Err(TooManyCombinations) => return Answer::Undecided,
                }
            }
        };
        if truth { Answer::Yes } else { Answer::No }
    }
}
