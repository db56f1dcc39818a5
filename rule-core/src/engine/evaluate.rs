//! One event through a program.

#[cfg(feature = "profile")]
pub(super) mod observe;

use super::Program;
use crate::decode::{Event, Line, Slots, Value};
use crate::normalise::Scratch;
use crate::pattern::Fold;
use crate::plan::access::Finder;
use crate::plan::{Predicate, code};

/// The lines of a batch without their ends; blank ones are left out.
pub(crate) fn lines(batch: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let all = Line::new(batch);
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < batch.len() {
            let start = at;
            let end = memchr::memchr(b'\n', &batch[at..]).map_or(batch.len(), |newline| at + newline);
            at = end + 1;
            let line = &batch[start..end];
            let blank = line.len() - line.trim_ascii_start().len();
            let trimmed = line.trim_ascii();
            if !trimmed.is_empty() {
                return Some(all.part(start + blank, start + blank + trimmed.len()));
            }
        }
        None
    })
}

/// The working memory of an evaluation, used again for every event.
#[derive(Debug, Default)]
pub(crate) struct Evaluator {
    slots: Slots,
    scratch: Scratch,
    finder: Finder,
    matched: Vec<u32>,
    answers: Answers,
}

/// The predicates' answers for the current event.
#[derive(Debug, Default)]
struct Answers {
    /// For each predicate the event at which it was answered, and the answer. A new event makes all of them old.
    known: Vec<(u32, Option<bool>)>,
    event: u32,
    fold: Fold,
}

impl Evaluator {
    /// Evaluates one event. [`Self::matched`] then tells which filters hold. The error is where and why the event
    /// could not be evaluated in full.
    pub fn run(&mut self, program: &Program, line: Line<'_>) -> Result<(), (usize, String)> {
        self.matched.clear();
        program.decode(line, &mut self.slots, &mut self.scratch)?;
        let event = self.slots.view_line(line);
        program.access.find(event, &program.plan.columns, &mut self.finder);
        self.answers.start(program.plan.predicates.len());
        let mut complete = true;
        let found = self.finder.take_found();
        let mut questions = Questions { program, event, finder: &mut self.finder, answers: &mut self.answers };
        for number in &found {
            match program.code.holds(*number, &mut questions) {
                Some(false) => {}
                truth if has_category(program, *number, event) => match truth {
                    // A match must not rest on what is not known.
                    None => complete = false,
                    _ => self.matched.push(*number),
                },
                _ => {}
            }
        }
        self.finder.give_back(found);
        if complete {
            return Ok(());
        }
        let most = program.limits.max_combinations;
        Err((0, format!("a condition has more than {most} combinations of values to try")))
    }

    /// Reads an event without asking anything of it.
    pub fn read<'a>(&'a mut self, program: &Program, line: Line<'a>) -> Option<Event<'a>> {
        self.matched.clear();
        program.decode(line, &mut self.slots, &mut self.scratch).ok()?;
        Some(self.slots.view_line(line))
    }

    /// The filters that hold for the last event, in order.
    pub fn matched(&self) -> &[u32] {
        &self.matched
    }

    /// The last event.
    pub fn event<'a>(&'a self, line: Line<'a>) -> Event<'a> {
        self.slots.view_line(line)
    }
}

/// Whether the event is of the category that the filter is about.
fn has_category(program: &Program, filter: u32, event: Event<'_>) -> bool {
    let Some((slot, name)) = &program.categories[filter as usize] else { return true };
    event.values(*slot as usize).any(|value| value == Value::String(name))
}

impl Answers {
    fn start(&mut self, predicates: usize) {
        if self.known.len() != predicates || self.event == u32::MAX {
            self.known.clear();
            self.known.resize(predicates, (0, None));
            self.event = 0;
        }
        self.event += 1;
    }
}

/// What conditions ask of one event.
struct Questions<'a> {
    program: &'a Program,
    event: Event<'a>,
    finder: &'a mut Finder,
    answers: &'a mut Answers,
}

impl code::Answers for Questions<'_> {
    #[inline]
    fn word(&self, predicate: u32) -> bool {
        self.program.access.passes(predicate, self.finder)
    }

    #[inline]
    fn ask(&mut self, predicate: u32) -> Option<bool> {
        let (at, known) = self.answers.known[predicate as usize];
        if at == self.answers.event {
            return known;
        }
        let Questions { program, event, .. } = *self;
        let answer = match program.access.rules_out(predicate, event, &program.plan.columns, self.finder) {
            true => Some(false),
            false => self.find_out(predicate),
        };
        self.answers.known[predicate as usize] = (self.answers.event, answer);
        answer
    }

    fn seek(&mut self, group: &code::Group) {
        let Questions { program, event, .. } = *self;
        program.access.seek(group.slot, &group.members, event, &program.plan.columns, self.finder);
    }

    fn sought(&mut self) -> Option<u32> {
        self.finder.sought()
    }
}

impl Questions<'_> {
    /// The answer; `None` when it would take more combinations of values than may be tried.
    fn find_out(&mut self, predicate: u32) -> Option<bool> {
        let columns = &self.program.plan.columns;
        let fold = &mut self.answers.fold;
        match &self.program.plan.predicates[predicate as usize] {
            Predicate::Words => Some(self.program.access.passes(predicate, self.finder)),
            Predicate::Field { slot, test } => {
                let column = &columns[*slot as usize];
                let mut values = self.event.values(*slot as usize);
                Some(values.any(|value| column.stored(value).is_some_and(|value| test.passes(value, column, fold))))
            }
            Predicate::Document(document) => Some(document.holds(self.event, &self.program.limits, fold)),
            Predicate::Script(script) => {
                script.holds(self.event, columns, self.program.limits.max_combinations, fold).ok()
            }
        }
    }
}
