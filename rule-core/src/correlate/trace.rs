//! What happens to partial matches, step by step, for people who ask why.

use serde::{Deserialize, Serialize};

use super::event::Stored;
use super::key::Key;

/// One thing that happened to one partial match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Ordinal of the event that caused it; none when time did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub event: Option<u64>,
    /// Values of the join key.
    pub key: Vec<serde_json::Value>,
    /// What happened.
    pub what: StepKind,
    /// How many positive events the partial match had.
    pub stage: u16,
    /// Ordinals of the events that it had.
    pub events: Vec<u64>,
}

/// What can happen to a partial match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The first event came.
    Started,
    /// The next event came.
    Advanced,
    /// The last event came; an event that must be missing may still come.
    Waiting,
    /// It is a match.
    Completed,
    /// A newer one took its place: the latest counts.
    Replaced,
    /// `maxspan` has passed.
    Expired,
    /// The `until` event came.
    Until,
    /// An event that must be missing came before the first.
    MissingBefore,
    /// An event that must be missing came between two others.
    MissingBetween,
    /// An event that must be missing came after the last.
    MissingAfter,
    /// It had to make room.
    Evicted,
}

/// A partial match, and what it waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// Values of the join key.
    pub key: Vec<serde_json::Value>,
    /// How many positive events it has; the next is that of this stage, counted from 0. When it has all, it waits for
    /// [`Self::until`] to pass without an event that must be missing.
    pub stage: u16,
    /// Ordinals of its events; of a sample the latest event of each term that has one.
    pub events: Vec<u64>,
    /// Event time, in milliseconds since 1970, until which it can go on; none when it is for ever.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<i64>,
    /// Of a sample, the terms that have no event yet, counted from 0.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub lacks: Vec<u16>,
}

/// What a rule that counts, remembers or suppresses made of an event.
#[derive(Clone, Debug)]
pub struct Note {
    /// The event's ordinal; of several events that of the last, and of what a run decided the greatest number.
    pub event: u64,
    /// The group or term that it is about.
    pub key: Key,
    /// The tick of the run.
    pub run: i64,
    /// What it is.
    pub what: NoteKind,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// It happened then, in milliseconds since 1970, and counts for the group.
    Counted(i64),
    /// A run saw so many events of the group, and different values of what is counted; `true`: enough.
    Decided(u64, u64, bool),
    /// It has the term, which was last seen then, in milliseconds since 1970.
    Known(i64),
    /// It has the term, which is learned without an alert.
    Learned,
    /// It has the term, which is new.
    New,
    /// It is an alert.
    Alert,
    /// It is part of the alert of an event, as that of so many others.
    Suppressed(u64, u64),
    /// The run had its `max_signals` alerts.
    HeldBack,
    /// It has no timestamp.
    Undated,
}

/// Collects steps, when anyone asks.
#[derive(Debug, Default)]
pub struct Trace {
    /// In the order in which they happened; none when nobody asks.
    pub steps: Option<Vec<Step>>,
    /// The same of the rules of [`detect`](crate::detect).
    pub notes: Vec<Note>,
}

impl Trace {
    /// Notes what became of an event.
    pub fn note(&mut self, event: u64, key: &[u8], run: i64, what: NoteKind) {
        if self.steps.is_some() {
            self.notes.push(Note { event, key: Key::of(key), run, what });
        }
    }

    /// Notes a step.
    pub fn step(&mut self, what: StepKind, cause: Option<&Stored>, key: &Key, events: impl Fn() -> Vec<Stored>) {
        let Some(steps) = &mut self.steps else { return };
        let events: Vec<u64> = events().iter().map(|event| event.arrival).collect();
        let event = cause.map(|event| event.arrival);
        steps.push(Step { event, key: key.to_json(), what, stage: events.len() as u16, events });
    }
}
