//! The conditions of a rule set as one program of jumps, arranged for speed.
//!
//! A condition is a tree. Here only its leaves are left: each asks a predicate, and says where to go on for one of the answers; for the
//! other the next one follows. So evaluating a condition visits nothing but the predicates that decide it, reading memory from
//! front to back. The parts of an `and` or `or` stand in the order of what they cost, since their truth does not depend on it.
//!
//! Some rules look for any of hundreds of phrases in one text. Such predicates make a group, of which only those are asked that
//! the text has a clue of.

use super::access::{Access, weight};
use super::condition::Condition;
use super::test::Spec;
use super::{Plan, Predicate};
use crate::sort;

/// The conditions of all filters.
#[derive(Debug, Default)]
pub struct Code {
    steps: Vec<Step>,
    /// Where each filter's condition begins.
    starts: Vec<u32>,
    groups: Vec<Group>,
}

/// Predicates on one field of which one must hold, each with clues in the values of the field.
#[derive(Debug)]
pub struct Group {
    /// The field.
    pub slot: u32,
    /// In order.
    pub members: Box<[u32]>,
}

/// Fewer predicates are asked one by one.
const FEWEST: usize = 6;

/// One step: what to ask, and where to go.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// The predicate, and the bits below.
    ask: u32,
    /// The step after the answer [`LEAVES_IF`]. After the other the next step follows.
    to: u32,
}

/// A predicate about whole values alone: the tables know the answer.
const WORD: u32 = 1 << 31;
/// The answer after which the step goes elsewhere.
const LEAVES_IF: u32 = 1 << 30;
/// The answer that makes the condition hold rather than not. It is the one that is assumed when the answer cannot be had and the
/// condition is to hold if it can.
const FAVOURS: u32 = 1 << 29;
/// Instead of a predicate it asks for any of a group.
const ANY: u32 = 1 << 28;
/// The bits of the predicate or group; all of them set for a step that asks nothing, and is left in any case.
const PREDICATE: u32 = ANY - 1;

/// Where a condition ends.
const HOLDS: u32 = u32::MAX;
const FAILS: u32 = u32::MAX - 1;

/// What knows the answers of predicates for an event.
pub trait Answers {
    /// The answer of a predicate about whole values.
    fn word(&self, predicate: u32) -> bool;
    /// The answer of another, `None` if it cannot be had.
    fn ask(&mut self, predicate: u32) -> Option<bool>;
    /// Finds out which of a group have a clue in the event. The others do not hold.
    fn seek(&mut self, group: &Group);
    /// One of those, each once or several times.
    fn sought(&mut self) -> Option<u32>;
}

impl Code {
    /// Lays out conditions. `specs` goes by the predicates' numbers.
    pub fn new<'a>(
        conditions: impl Iterator<Item = &'a Condition>,
        specs: &[Option<(u32, Spec)>],
        plan: &Plan,
        access: &Access,
    ) -> Code {
        let mut code = Code::default();
        let costs = Costs { specs, plan, access };
        for condition in conditions {
            code.starts.push(code.steps.len() as u32);
            let mut writer =
                Writer { steps: &mut code.steps, groups: &mut code.groups, labels: Vec::new(), costs: &costs };
            let (holds, fails) = (writer.label(), writer.label());
            let from = writer.steps.len();
            writer.add(condition, true, holds, fails, holds);
            // What falls through holds.
            writer.labels[holds] = HOLDS;
            writer.labels[fails] = FAILS;
            let labels = writer.labels;
            code.steps.push(Step { ask: PREDICATE, to: holds as u32 });
            code.steps[from..].iter_mut().for_each(|step| step.to = labels[step.to as usize]);
        }
        code.steps.shrink_to_fit();
        code
    }

    /// How many conditions there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// The truth of a filter's condition. It is known when it is the same whatever the missing answers are, as Kleene's logic has
    /// it.
    #[inline]
    pub fn holds(&self, filter: u32, answers: &mut impl Answers) -> Option<bool> {
        let mut complete = true;
        // What holds though all that is missing speaks against it, holds.
        let holds = self.run(filter, answers, false, &mut complete);
        if complete || holds {
            return Some(holds);
        }
        let may_hold = self.run(filter, answers, true, &mut complete);
        if may_hold { None } else { Some(false) }
    }

    /// The truth if every answer that cannot be had is in favour of it, or against it.
    #[inline]
    fn run(&self, filter: u32, answers: &mut impl Answers, in_favour: bool, complete: &mut bool) -> bool {
        let mut at = self.starts[filter as usize];
        loop {
            let Step { ask, to } = self.steps[at as usize];
            let predicate = ask & PREDICATE;
            let leaves_if = ask & LEAVES_IF != 0;
            let answer = if ask & WORD != 0 {
                answers.word(predicate)
            } else if ask & ANY != 0 {
                self.any(predicate, answers)
            } else if predicate != PREDICATE {
                match answers.ask(predicate) {
                    Some(answer) => answer,
                    None => {
                        *complete = false;
                        (ask & FAVOURS != 0) == in_favour
                    }
                }
            } else {
                leaves_if
            };
            at = if answer == leaves_if { to } else { at + 1 };
            if at >= FAILS {
                return at == HOLDS;
            }
        }
    }
}

impl Code {
    /// Whether any of a group holds. Tests on one field always have an answer.
    fn any(&self, group: u32, answers: &mut impl Answers) -> bool {
        answers.seek(&self.groups[group as usize]);
        while let Some(predicate) = answers.sought() {
            if answers.ask(predicate) == Some(true) {
                return true;
            }
        }
        false
    }
}

/// A place that is not known yet.
type Label = usize;

/// Writes one condition.
struct Writer<'a> {
    steps: &'a mut Vec<Step>,
    groups: &'a mut Vec<Group>,
    /// Where labels are. Steps refer to them by number until all are known.
    labels: Vec<u32>,
    costs: &'a Costs<'a>,
}

impl Writer<'_> {
    fn label(&mut self) -> Label {
        self.labels.push(0);
        self.labels.len() - 1
    }

    /// Writes a condition, or its complement if `wanted` is false, that goes to `holds` or to `fails`. One of them is `next`, the place
    /// behind what is written.
    fn add(&mut self, condition: &Condition, wanted: bool, holds: Label, fails: Label, next: Label) {
        match condition {
            Condition::Constant(truth) => {
                let to = if *truth == wanted { holds } else { fails };
                if to != next {
                    self.steps.push(Step { ask: PREDICATE, to: to as u32 });
                }
            }
            Condition::Predicate(number) => {
                let word = if self.costs.is_word(*number) { WORD } else { 0 };
                self.ask(number | word, wanted, holds, fails, next);
            }
            Condition::Not(inner) => self.add(inner, !wanted, holds, fails, next),
            Condition::And(parts) => self.parts(parts, wanted, wanted, holds, fails, next),
            Condition::Or(parts) => self.parts(parts, wanted, !wanted, holds, fails, next),
        }
    }

    /// Writes the question, whose answer is to be `wanted`.
    fn ask(&mut self, ask: u32, wanted: bool, holds: Label, fails: Label, next: Label) {
        // Where the answers yes and no lead.
        let (yes, no) = if wanted { (holds, fails) } else { (fails, holds) };
        let (leaves_if, to) = if yes == next { (0, no) } else { (LEAVES_IF, yes) };
        let favours = if wanted { FAVOURS } else { 0 };
        self.steps.push(Step { ask: ask | leaves_if | favours, to: to as u32 });
    }

    /// Writes parts of which all must hold, or one if `all` is false.
    fn parts(&mut self, parts: &[Condition], wanted: bool, all: bool, holds: Label, fails: Label, next: Label) {
        // That one of them holds, or that none does.
        let is_any = wanted != all;
        let groups = if is_any { self.costs.groups(parts) } else { Vec::new() };
        let grouped = |number: u32| groups.iter().any(|group| group.members.binary_search(&number).is_ok());
        let mut order: Vec<(u64, Item<'_>)> = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Condition::Predicate(number) if grouped(*number) => {}
                part => order.push((self.costs.of(part), Item::Part(part))),
            }
        }
        for group in groups {
            let cost = group.members.iter().map(|number| self.costs.of(&Condition::Predicate(*number))).sum();
            order.push((cost, Item::Any(self.groups.len() as u32)));
            self.groups.push(group);
        }
        sort::by_key(&mut order, |(cost, _)| *cost);
        let Some((last, others)) = order.split_last() else {
            return self.add(&Condition::Constant(all), true, holds, fails, next);
        };
        for (_, item) in others {
            let behind = self.label();
            let (holds, fails) = if all { (behind, fails) } else { (holds, behind) };
            self.item(item, wanted, holds, fails, behind);
            self.labels[behind] = self.steps.len() as u32;
        }
        self.item(&last.1, wanted, holds, fails, next);
    }

    fn item(&mut self, item: &Item<'_>, wanted: bool, holds: Label, fails: Label, next: Label) {
        match item {
            Item::Part(part) => self.add(part, wanted, holds, fails, next),
            Item::Any(group) => self.ask(group | ANY, wanted, holds, fails, next),
        }
    }
}

/// What an `and` or `or` consists of.
enum Item<'a> {
    Part(&'a Condition),
    /// A group, by number.
    Any(u32),
}

/// What predicates cost, roughly.
struct Costs<'a> {
    specs: &'a [Option<(u32, Spec)>],
    plan: &'a Plan,
    access: &'a Access,
}

impl Costs<'_> {
    /// The groups among the parts.
    fn groups(&self, parts: &[Condition]) -> Vec<Group> {
        let clued = parts.iter().filter_map(|part| match part {
            Condition::Predicate(number) => Some((self.access.clue(*number)?, *number)),
            _ => None,
        });
        let mut clued: Vec<(u32, u32)> = clued.collect();
        sort::unstable(&mut clued, Ord::cmp);
        clued.dedup();
        let groups = clued.chunk_by(|(a, _), (b, _)| a == b).filter(|group| group.len() >= FEWEST);
        groups
            .map(|group| Group { slot: group[0].0, members: group.iter().map(|(_, number)| *number).collect() })
            .collect()
    }

    fn is_word(&self, predicate: u32) -> bool {
        self.specs[predicate as usize].as_ref().is_some_and(|(_, spec)| spec.words().is_some())
    }

    fn of(&self, condition: &Condition) -> u64 {
        match condition {
            Condition::Constant(_) => 0,
            Condition::Predicate(number) => {
                match (&self.specs[*number as usize], &self.plan.predicates[*number as usize]) {
                    // Of equal ones first what is less likely to hold: the others, such as the operating system, are what the filter was
                    // found by.
                    (Some((slot, spec)), _) => {
                        16 * spec.cost() + (15.0 * weight(&self.plan.columns[*slot as usize].path)) as u64
                    }
                    (None, Predicate::Script(script)) => 1600 + 1600 * script.mentions.len() as u64,
                    (None, Predicate::Document(_)) => 1 << 20,
                    (None, Predicate::Field { .. } | Predicate::Words) => 1600,
                }
            }
            Condition::Not(inner) => self.of(inner),
            Condition::And(parts) | Condition::Or(parts) => 1 + parts.iter().map(|part| self.of(part)).sum::<u64>(),
        }
    }
}

impl Spec {
    /// The strings of which a value must be one and whether their case is ignored, for tests that nothing but whole strings
    /// pass.
    pub fn words(&self) -> Option<(&[String], bool)> {
        use crate::syntax::ast::CompareOp::Equal;
        match self {
            Spec::Text(Equal, text) => Some((std::slice::from_ref(text), false)),
            Spec::TextIn(list, insensitive) => Some((list, *insensitive)),
            Spec::Like(list, insensitive) if !list.iter().any(|text| text.contains(['*', '?'])) => {
                Some((list, *insensitive))
            }
            _ => None,
        }
    }

    /// What the test costs, roughly, when one about words is 1.
    fn cost(&self) -> u64 {
        match self {
            spec if spec.words().is_some() => 1,
            Spec::Exists | Spec::Bool(_) | Spec::Never => 2,
            Spec::Number(..) | Spec::StartsWith(..) | Spec::EndsWith(..) | Spec::Text(..) => 5,
            Spec::NumberIn(_) | Spec::Contains(..) => 10,
            Spec::Date(..) | Spec::DateIn(_) | Spec::Address(..) | Spec::Ranges(_) | Spec::Version(..) => 20,
            Spec::Like(list, _) | Spec::TextIn(list, _) => 10 * list.len() as u64,
            Spec::Regex(list, _) => 100 * list.len() as u64,
            Spec::AnyOf(list) | Spec::AllOf(list) => list.iter().map(Spec::cost).sum(),
            Spec::AnyWord(inner) => 50 * inner.cost(),
            Spec::Phrase(_) => 100,
        }
    }
}
