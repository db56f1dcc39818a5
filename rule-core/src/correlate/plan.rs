//! Rules over several events as the engine runs them.

use super::key::KeyField;
use crate::detect;

/// A query over several events, of a rule or of a search.
#[derive(Debug)]
pub struct Correlation {
    /// Index of the rule.
    pub rule: u32,
    /// Index of the timeline that orders its events.
    pub timeline: u32,
    /// Its terms, `until` included.
    pub terms: Vec<Term>,
    /// What they make together.
    pub shape: Shape,
    /// What the state depends on, hashed: state is restored only into the same rule.
    pub hash: [u8; 16],
    /// The number of what suppresses alerts of this sequence or sample.
    pub suppressed: Option<u32>,
}

impl Correlation {
    /// Whether each event of the rule is a match, told at once.
    pub fn is_each(&self) -> bool {
        matches!(&self.shape, Shape::Detection(plan) if plan.stage == detect::Stage::Each)
    }

    /// Of a rule of [`detect`] the terms that an event is of: the first, and those that ask for something.
    pub fn wanted(&self) -> impl Iterator<Item = u16> {
        (0..).zip(&self.terms).filter(|(number, term)| *number == 0 || !term.keys.is_empty()).map(|(number, _)| number)
    }
}

/// The fields that give events their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineFields {
    /// The slot of the timestamp.
    pub timestamp: u32,
    /// The slot of what says when, for events that do not have the timestamp.
    pub fallback: Option<u32>,
    /// The slot of the tiebreaker.
    pub tiebreaker: Option<u32>,
}

/// `[ filter ] by key, …`
#[derive(Debug)]
pub struct Term {
    /// Its join keys, the query's `by` first.
    pub keys: Vec<KeyField>,
    /// Whether all values that an event has in a field are one value of the key, whatever their order; else each combination of
    /// values is a key.
    pub whole: bool,
    /// What an event of this term does.
    pub role: Role,
}

/// What an event of a term does in a sequence; of a sample, nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Role {
    /// The stages that it advances to, the last first. Several for `with runs`.
    pub stages: Vec<u16>,
    /// Where it must be missing.
    pub missing: Option<Place>,
    /// Whether it ends what is under way.
    pub until: bool,
}

impl Role {
    /// Whether a key begins to matter with such an event.
    pub fn begins(&self) -> bool {
        self.stages.contains(&0) || self.missing == Some(Place::Leading)
    }
}

/// Where a missing event stands among the positive terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the first.
    Leading,
    /// After the positive stage of this number, before the next.
    After(u16),
    /// After the last.
    Trailing,
}

/// How the terms of a query belong together.
#[derive(Debug)]
pub enum Shape {
    /// One after the other.
    Sequence(Sequence),
    /// In any order.
    Sample(Sample),
    /// Counted, remembered or suppressed.
    Detection(detect::Plan),
}

/// `sequence`
#[derive(Debug)]
pub struct Sequence {
    /// How many positive stages there are: every term that is not missing, as often as its `runs`.
    pub stages: u16,
    /// For each part of the result its stage; none for a missing event.
    pub layout: Vec<Option<u16>>,
    /// Milliseconds from the first event to the last.
    pub maxspan: Option<u64>,
    /// Whether there are missing events at each place.
    pub leading: bool,
    /// See `leading`.
    pub trailing: bool,
    /// For each stage, whether an event must be missing between it and the next.
    pub gaps: Vec<bool>,
}

impl Sequence {
    /// Whether any event must be missing.
    pub fn has_missing(&self) -> bool {
        self.leading || self.trailing || self.gaps.contains(&true)
    }
}

/// `sample`
#[derive(Debug)]
pub struct Sample {
    /// How many samples one key may give.
    pub per_key: u32,
    /// Milliseconds of event time for which an event can be part of a sample; none in a search.
    pub window: Option<u64>,
}
