//! The evaluation of an event, stopped early or watched with a clock.
//!
//! Beside [`Evaluator::run`] and not in it: the path that events take in production has no hook, so that it costs the same and what is
//! measured is what runs.

use std::collections::HashMap;

use super::{Evaluator, Questions, has_category};
use crate::decode::Line;
use crate::engine::Program;
use crate::engine::profile::{Clock, Stage};
use crate::plan::code;

/// What was counted over all events, in the clock's units.
#[derive(Debug, Default)]
pub(in crate::engine) struct Counts {
    /// Events that could be read.
    pub events: u64,
    /// By filter.
    pub filters: Vec<FilterCount>,
    /// By predicate.
    pub predicates: Vec<PredicateCount>,
    /// How often a filter asked a predicate.
    pub asked: HashMap<(u32, u32), u64>,
}

/// What was counted for a filter.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct FilterCount {
    pub evaluated: u64,
    pub held: u64,
    /// Time without that of predicates.
    pub own: u64,
    /// How many readings of the clock that has in it.
    pub readings: u64,
}

/// What was counted for a predicate that the tables do not answer.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct PredicateCount {
    pub asked: u64,
    /// Of these, how often the answer was not known. Each has one reading of the clock in its time.
    pub answered: u64,
    pub held: u64,
    pub time: u64,
}

impl Evaluator {
    /// One event, up to a stage. What is given back depends on all of the work, so that none of it can be left out.
    pub(in crate::engine) fn run_to(&mut self, program: &Program, line: Line<'_>, stage: Stage) -> u64 {
        self.matched.clear();
        if program.decode(line, &mut self.slots, &mut self.scratch).is_err() || stage == Stage::Decode {
            return 1;
        }
        let event = self.slots.view_line(line);
        program.access.find(event, &program.plan.columns, &mut self.finder);
        self.answers.start(program.plan.predicates.len());
        let found = self.finder.take_found();
        let mut sum = found.len() as u64;
        if stage != Stage::Find {
            let mut questions = Questions { program, event, finder: &mut self.finder, answers: &mut self.answers };
            for number in &found {
                let truth = program.code.holds(*number, &mut questions);
                if truth != Some(false) && has_category(program, *number, event) && truth.is_some() {
                    self.matched.push(*number);
                }
            }
            if stage == Stage::Again {
                for number in &found {
                    sum += u64::from(program.code.holds(*number, &mut questions) == Some(true));
                }
            }
        }
        self.finder.give_back(found);
        sum + self.matched.len() as u64
    }

    /// One event, with a look at the clock around each condition and each predicate.
    pub(in crate::engine) fn observe<C: Clock>(
        &mut self,
        program: &Program,
        line: Line<'_>,
        counts: &mut Counts,
        clock: &mut C,
    ) {
        if program.decode(line, &mut self.slots, &mut self.scratch).is_err() {
            return;
        }
        counts.events += 1;
        let event = self.slots.view_line(line);
        program.access.find(event, &program.plan.columns, &mut self.finder);
        self.answers.start(program.plan.predicates.len());
        let found = self.finder.take_found();
        let questions = Questions { program, event, finder: &mut self.finder, answers: &mut self.answers };
        let mut watch = Watch { questions, counts, clock, filter: 0, since: 0 };
        for number in &found {
            watch.filter = *number;
            watch.go_on();
            let truth = program.code.holds(*number, &mut watch);
            let holds = truth != Some(false) && has_category(program, *number, event);
            watch.pause();
            let count = &mut watch.counts.filters[*number as usize];
            count.evaluated += 1;
            count.held += u64::from(holds && truth.is_some());
        }
        self.finder.give_back(found);
    }
}

/// Passes questions on and takes the time. What it does itself is done while no time is taken.
struct Watch<'a, C> {
    questions: Questions<'a>,
    counts: &'a mut Counts,
    clock: &'a mut C,
    filter: u32,
    since: u64,
}

impl<C: Clock> Watch<'_, C> {
    /// The filter's own time goes on.
    fn go_on(&mut self) {
        self.since = self.clock.now();
    }

    /// It is interrupted.
    fn pause(&mut self) {
        let now = self.clock.now();
        let count = &mut self.counts.filters[self.filter as usize];
        count.own += now.saturating_sub(self.since);
        count.readings += 1;
    }
}

impl<C: Clock> code::Answers for Watch<'_, C> {
    fn word(&self, predicate: u32) -> bool {
        self.questions.word(predicate)
    }

    fn ask(&mut self, predicate: u32) -> Option<bool> {
        self.pause();
        let known = self.questions.answers.known[predicate as usize].0 == self.questions.answers.event;
        let started = self.clock.now();
        let answer = self.questions.ask(predicate);
        let time = self.clock.now().saturating_sub(started);
        let count = &mut self.counts.predicates[predicate as usize];
        count.asked += 1;
        if !known {
            count.answered += 1;
            count.held += u64::from(answer == Some(true));
            count.time += time;
        }
        *self.counts.asked.entry((self.filter, predicate)).or_default() += 1;
        self.go_on();
        answer
    }

    fn seek(&mut self, group: &code::Group) {
        self.questions.seek(group);
    }

    fn sought(&mut self) -> Option<u32> {
        self.questions.sought()
    }
}
