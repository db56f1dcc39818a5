//! A second, slow and plain implementation of sequences, to judge the engine by.
//!
//! It follows Elasticsearch's algorithm: a sequence query is one search per term, and what the searches found is joined stage after stage
//! over complete lists. The engine takes event after event instead, so that the two share no idea that could be wrong in both.
//!
//! * [`Event`], [`Query`], [`Sequence`]: plain data, what goes in and what comes out.
//! * [`sequences`]: the algorithm, with the place in Elasticsearch's source for each step.
//! * `print`: a query as EQL, an event as JSON, which is what the engine is given.
//! * [`Case`]: a query and events, made at random and made smaller when they show a fault.
//! * [`Run`]: many random cases, with a seed to have the same ones again.
//! * [`engine`]: the same question put to `rule_core`.

pub mod engine;
mod matcher;
mod print;
mod random;
mod run;
pub mod session;
mod shrink;

use std::collections::{BTreeMap, BTreeSet};

pub use matcher::{combinations, in_order, sequences};
pub use random::Case;
pub use run::{Run, Tally};

/// One value of a join key. Numbers sort as numbers, texts by their characters; a field has one kind only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyValue {
    /// An integer.
    Number(i64),
    /// A string.
    Text(String),
}

/// The join keys of a sequence, in the order of the query; `None` is null.
pub type Keys = Vec<Option<KeyValue>>;

/// What an event has in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// A value, or an explicit null.
    One(Option<KeyValue>),
    /// An array, with or without nulls in it, perhaps empty.
    Many(Vec<Option<KeyValue>>),
}

impl Field {
    /// The distinct values that are not null.
    fn values(&self) -> BTreeSet<KeyValue> {
        match self {
            Field::One(value) => value.iter().cloned().collect(),
            Field::Many(values) => values.iter().flatten().cloned().collect(),
        }
    }
}

/// An event. What a query can ask of it is its kind (the event category), its level (a number), and its fields (join keys).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `@timestamp`, in nanoseconds since 1970.
    pub ts_ns: i64,
    /// The value of the tiebreaker field.
    pub tiebreaker: Option<i64>,
    /// Its number in the data, counted from 0.
    pub arrival: usize,
    /// `event.category`.
    pub kind: char,
    /// `level`.
    pub level: i64,
    /// The fields that it has.
    pub fields: BTreeMap<&'static str, Field>,
}

/// Nanoseconds in a millisecond.
pub const MS: i64 = 1_000_000;

impl Event {
    /// `@timestamp` in milliseconds, cut off.
    pub fn ts_ms(&self) -> i64 {
        self.ts_ns.div_euclid(MS)
    }
}

/// `kind where level >= least`, or `any where …`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// `None` is `any`.
    pub kind: Option<char>,
    /// 0 is every level.
    pub least: i64,
}

impl Filter {
    /// Every event of a kind.
    pub fn kind(kind: char) -> Filter {
        Filter { kind: Some(kind), least: 0 }
    }

    /// Whether an event passes.
    pub fn passes(&self, event: &Event) -> bool {
        self.kind.is_none_or(|kind| kind == event.kind) && event.level >= self.least
    }
}

/// A join key as the query names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The field.
    pub field: &'static str,
    /// `?field`: may be null.
    pub optional: bool,
}

/// `[ filter ] by key, … with runs=N`, or `![ filter ] …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Which events.
    pub filter: Filter,
    /// Whether there must be none.
    pub missing: bool,
    /// Keys after those of the whole sequence.
    pub by: Vec<Key>,
    /// How many copies of the term there are.
    pub runs: usize,
}

/// `sequence by key, … with maxspan=… [ … ] … until [ … ]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Keys of every term.
    pub by: Vec<Key>,
    /// In milliseconds.
    pub maxspan_ms: Option<i64>,
    /// In order.
    pub terms: Vec<Term>,
    /// What ends a sequence under way.
    pub until: Option<Term>,
}

impl Query {
    /// Whether Elasticsearch takes a query of this form: two stages or more, one that is not missing, the same number of keys
    /// everywhere, and a maxspan where something is missing.
    pub fn is_valid(&self) -> bool {
        let stages: usize = self.terms.iter().map(|term| term.runs).sum();
        let mut keys = self.terms.iter().chain(&self.until).map(|term| term.by.len());
        let first = keys.next();
        stages >= 2
            && self.terms.iter().any(|term| !term.missing)
            && keys.all(|count| Some(count) == first)
            && (self.maxspan_ms.is_some() || self.terms.iter().all(|term| !term.missing))
    }
}

/// A sequence that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequence {
    /// Its join keys.
    pub keys: Keys,
    /// For each stage the arrival number of its event; `None` is a missing event.
    pub events: Vec<Option<usize>>,
}
