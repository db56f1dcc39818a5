//! The state of a rule as it is saved: what it keeps, with events by their number in the snapshot.

use serde::{Deserialize, Serialize};

use super::finding::Found;
use super::machine::Machine;
use super::signals::Current;
use super::suppress::{Candidate, Open};
use super::threshold::{Group, Reached, Segment};
use crate::correlate::event::{Ledger, Stored};
use crate::correlate::key::Key;
use crate::correlate::order::At;

/// See [`Machine::save`].
#[derive(Serialize, Deserialize)]
pub struct State {
    begun: Option<At>,
    signals: Current,
    due: Option<i64>,
    /// The oldest first, as the others.
    groups: Vec<(Key, At, GroupState)>,
    terms: Vec<(Key, At)>,
    suppressions: Vec<(Key, At, OpenState)>,
}

#[derive(Serialize, Deserialize)]
struct GroupState {
    segments: Vec<Segment>,
    values: Vec<([u8; 16], i64)>,
    touched: bool,
}

#[derive(Serialize, Deserialize)]
struct OpenState {
    found: FoundState,
    key: Key,
    /// Numbers of events in the snapshot; for a threshold their times and ordinals are in `found`.
    events: Vec<u32>,
    start: At,
    first_end: At,
    given: i64,
    run: i64,
    end: At,
    others: u64,
}

#[derive(Serialize, Deserialize)]
enum FoundState {
    Event,
    Group(Key),
    Terms(Key),
    Threshold { key: Key, count: u64, cardinality: u64, first: (At, u64), last: (At, u64) },
}

impl Machine {
    /// The state to be written. `number` gives the numbers of events.
    pub fn save(&self, number: &mut dyn FnMut(&Stored) -> u32) -> State {
        let group = |group: &Group| GroupState {
            segments: group.segments.iter().cloned().collect(),
            values: group.values.iter().map(|(value, last)| (*value, *last)).collect(),
            touched: group.touched,
        };
        let mut open = |open: &Open| {
            let Candidate { found, key, events, start, end: first_end, given, run } = &open.first;
            let (found, is_group) = match found {
                Found::Event => (FoundState::Event, false),
                Found::Group(key) => (FoundState::Group(key.clone()), false),
                Found::Terms(term) => (FoundState::Terms(term.clone()), false),
                Found::Threshold(reached) => {
                    let Reached { key, count, cardinality, first, last } = (**reached).clone();
                    (FoundState::Threshold { key, count, cardinality, first, last }, true)
                }
            };
            let events = events.iter().filter(|_| !is_group).map(&mut *number).collect();
            let (end, others) = (open.end, open.others);
            let (key, start, first_end, given, run) = (key.clone(), *start, *first_end, *given, *run);
            OpenState { found, key, events, start, first_end, given, run, end, others }
        };
        State {
            begun: self.begun,
            signals: self.signals,
            due: self.groups.due,
            groups: self.groups.keys.iter().map(|(_, e)| (e.key.clone(), e.renewed, group(&e.state))).collect(),
            terms: self.terms.seen.iter().map(|(_, e)| (e.key.clone(), e.renewed)).collect(),
            suppressions: self
                .suppressions
                .open
                .iter()
                .map(|(_, e)| (e.key.clone(), e.renewed, open(&e.state)))
                .collect(),
        }
    }

    /// Takes a state over; `None` when it makes no sense.
    pub fn restore(&mut self, state: &State, events: &[Stored], ledger: &mut Ledger) -> Option<()> {
        self.begun = state.begun;
        self.signals = state.signals;
        self.groups.due = state.due;
        for (key, renewed, GroupState { segments, values, touched }) in &state.groups {
            let in_order = segments.is_sorted_by(|a, b| a.start < b.start);
            if self.groups.keys.find(key.bytes()).is_some() || segments.is_empty() || !in_order {
                return None;
            }
            let mut group =
                Group { segments: segments.iter().cloned().collect(), touched: *touched, ..Group::default() };
            for (value, last) in values {
                group.values.insert(*value, *last);
            }
            self.groups.set(key.clone(), *renewed, group, ledger);
        }
        for (key, renewed) in &state.terms {
            if self.terms.seen.find(key.bytes()).is_some() {
                return None;
            }
            ledger.add(super::TERM_BYTES);
            self.terms.seen.insert(key.clone(), *renewed, ());
        }
        for (group, at, open) in &state.suppressions {
            if self.suppressions.open.find(group.bytes()).is_some() {
                return None;
            }
            self.suppressions.set(group.clone(), *at, restore_open(open, events)?, ledger);
        }
        Some(())
    }
}

fn restore_open(open: &OpenState, events: &[Stored]) -> Option<Open> {
    let mut taken: Vec<Stored> =
        open.events.iter().map(|number| events.get(*number as usize).cloned()).collect::<Option<_>>()?;
    let found = match &open.found {
        FoundState::Event => Found::Event,
        FoundState::Group(key) => Found::Group(key.clone()),
        FoundState::Terms(term) => Found::Terms(term.clone()),
        FoundState::Threshold { key, count, cardinality, first, last } => {
            let reached =
                Reached { key: key.clone(), count: *count, cardinality: *cardinality, first: *first, last: *last };
            taken = reached.events();
            Found::Threshold(Box::new(reached))
        }
    };
    let OpenState { key, start, first_end, given, run, end, others, .. } = open;
    let first =
        Candidate { found, key: key.clone(), events: taken, start: *start, end: *first_end, given: *given, run: *run };
    Some(Open { first, end: *end, others: *others })
}
