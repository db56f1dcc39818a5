//! The conditions of a rule set as one array, arranged for speed.
//!
//! A condition is a tree. Here it is a run of numbers, parents before their parts, so that evaluating one reads memory from front to
//! back. The parts of an `and` or `or` stand in the order of what they cost, since their truth does not depend on it.

use super::access::weight;
use super::condition::Condition;
use super::test::Spec;
use super::{Plan, Predicate};

/// The conditions of all filters.
#[derive(Debug, Default)]
pub struct Code {
    /// Nodes: a kind and a number. See the constants below.
    nodes: Vec<u32>,
    /// Where each filter's condition begins.
    starts: Vec<u32>,
}

/// The bits of a node that say what it is.
const KIND: u32 = 0b111 << 29;
/// All of the parts, which are in so many nodes, hold.
const AND: u32 = 0;
/// One of the parts, which are in so many nodes, holds.
const OR: u32 = 1 << 29;
/// What follows does not hold.
const NOT: u32 = 2 << 29;
/// The predicate of that number, about whole values alone: the tables know the answer.
const WORD: u32 = 3 << 29;
/// The predicate of that number, any other.
const ASK: u32 = 4 << 29;
/// A constant: 0 or 1.
const CONSTANT: u32 = 5 << 29;

/// What knows the answers of predicates for an event.
pub trait Answers {
    /// The answer of a predicate about whole values.
    fn word(&self, predicate: u32) -> bool;
    /// The answer of another, `None` if it cannot be had.
    fn ask(&mut self, predicate: u32) -> Option<bool>;
}

impl Code {
    /// Lays out conditions. `specs` goes by the predicates' numbers.
    pub fn new<'a>(
        conditions: impl Iterator<Item = &'a Condition>,
        specs: &[Option<(u32, Spec)>],
        plan: &Plan,
    ) -> Code {
        let mut code = Code::default();
        let costs = Costs { specs, plan };
        for condition in conditions {
            code.starts.push(code.nodes.len() as u32);
            code.add(condition, &costs);
        }
        code
    }

    fn add(&mut self, condition: &Condition, costs: &Costs<'_>) {
        match condition {
            Condition::Constant(truth) => self.nodes.push(CONSTANT | u32::from(*truth)),
            Condition::Predicate(number) => {
                self.nodes.push(if costs.is_word(*number) { WORD } else { ASK } | number);
            }
            Condition::Not(inner) => {
                self.nodes.push(NOT);
                self.add(inner, costs);
            }
            Condition::And(parts) => self.add_parts(AND, parts, costs),
            Condition::Or(parts) => self.add_parts(OR, parts, costs),
        }
    }

    fn add_parts(&mut self, kind: u32, parts: &[Condition], costs: &Costs<'_>) {
        let mut order: Vec<(u64, u32)> = (0..).zip(parts).map(|(number, part)| (costs.of(part), number)).collect();
        order.sort_unstable();
        let at = self.nodes.len();
        self.nodes.push(kind);
        for (_, number) in order {
            self.add(&parts[number as usize], costs);
        }
        self.nodes[at] |= (self.nodes.len() - at - 1) as u32;
    }

    /// How many conditions there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// The truth of a filter's condition. It is known when it is the same whatever the missing answers are, as Kleene's logic has
    /// it.
    #[inline]
    pub fn holds(&self, filter: u32, answers: &mut impl Answers) -> Option<bool> {
        let mut at = self.starts[filter as usize] as usize;
        self.node(&mut at, answers)
    }

    /// The truth of the node at `at`, which is moved behind it.
    fn node(&self, at: &mut usize, answers: &mut impl Answers) -> Option<bool> {
        let node = self.nodes[*at];
        let number = node & !KIND;
        *at += 1;
        match node & KIND {
            WORD => Some(answers.word(number)),
            ASK => answers.ask(number),
            NOT => self.node(at, answers).map(|truth| !truth),
            CONSTANT => Some(number != 0),
            kind => {
                let end = *at + number as usize;
                let decisive = kind == OR;
                let mut truth = Some(!decisive);
                while *at < end {
                    match self.node(at, answers) {
                        Some(decided) if decided == decisive => {
                            truth = Some(decisive);
                            break;
                        }
                        Some(_) => {}
                        None => truth = None,
                    }
                }
                *at = end;
                truth
            }
        }
    }
}

/// What predicates cost, roughly.
struct Costs<'a> {
    specs: &'a [Option<(u32, Spec)>],
    plan: &'a Plan,
}

impl Costs<'_> {
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
                    (None, Predicate::Field { .. }) => 1600,
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
            Spec::AnyOf(list) => list.iter().map(Spec::cost).sum(),
        }
    }
}
