//! Alerts that count as one.
//!
//! With a duration the first makes an alert at once, and those that follow within it are counted; when it is over, the alert is given
//! again with their number. Without one the alerts of a run are one, given when the run is decided.

use super::GROUP_BYTES;
use super::finding::Found;
use crate::correlate::event::{LINK_BYTES, Ledger, Stored, key_cost};
use crate::correlate::key::Key;
use crate::correlate::order::At;
use crate::correlate::table::Keys;

/// An alert before suppression.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What is found.
    pub found: Found,
    /// The values that the match is told with.
    pub key: Key,
    /// Its events.
    pub events: Vec<Stored>,
    /// When the first and the last event happened.
    pub start: At,
    /// See `start`.
    pub end: At,
    /// When it is given, in milliseconds since 1970: when its event happened, or at the tick of a run.
    pub given: i64,
    /// The tick of its run.
    pub run: i64,
}

/// An alert and those that count as part of it.
#[derive(Debug)]
pub struct Open {
    /// The alert.
    pub first: Candidate,
    /// When the last of the others ended.
    pub end: At,
    /// How many others there are.
    pub others: u64,
}

/// The suppressions of one rule that go on.
#[derive(Debug)]
pub struct Suppressions {
    pub(super) open: Keys<Open>,
}

impl Candidate {
    /// The ordinal of its last event.
    pub fn arrival(&self) -> u64 {
        self.events.last().map_or(0, |event| event.arrival)
    }
}

impl Suppressions {
    /// Without any.
    pub fn new(seed: u64) -> Suppressions {
        Suppressions { open: Keys::new(seed) }
    }

    /// How many go on.
    pub fn len(&self) -> u64 {
        self.open.len() as u64
    }

    /// Counts an alert as part of another, if there is one that goes on, and gives that.
    pub fn joins(&mut self, group: &[u8], candidate: &Candidate) -> Option<&Open> {
        let number = self.open.find(group)?;
        let entry = self.open.get_mut(number)?;
        entry.state.others += 1;
        entry.state.end = entry.state.end.max(candidate.end);
        Some(&entry.state)
    }

    /// Begins a suppression.
    pub fn begin(&mut self, group: &[u8], first: Candidate, ledger: &mut Ledger) {
        let end = first.end;
        self.set(Key::of(group), At::from_ms(first.given), Open { first, end, others: 0 }, ledger);
    }

    /// When the next is over, in milliseconds since 1970.
    pub fn due(&self, duration: Option<u64>) -> Option<i64> {
        // All last equally long, so that the one that began first ends first.
        self.open.oldest().map(|(_, entry)| over(&entry.state, duration))
    }

    /// Takes out the next one that is over by then.
    pub fn take_over(&mut self, now: At, duration: Option<u64>, ledger: &mut Ledger) -> Option<(Key, Open)> {
        let (number, entry) = self.open.oldest()?;
        if over(&entry.state, duration) > now.ms { None } else { self.remove(number, ledger) }
    }

    /// When the one that goes on for longest began.
    pub fn oldest(&self) -> Option<At> {
        self.open.oldest().map(|(_, entry)| entry.renewed)
    }

    /// Takes that one out.
    pub fn take_oldest(&mut self, ledger: &mut Ledger) -> Option<(Key, Open)> {
        let (number, _) = self.open.oldest()?;
        self.remove(number, ledger)
    }

    fn remove(&mut self, number: u32, ledger: &mut Ledger) -> Option<(Key, Open)> {
        let entry = self.open.remove(number)?;
        ledger.remove(cost(&entry.key, &entry.state));
        Some((entry.key, entry.state))
    }

    /// Adds one.
    pub(super) fn set(&mut self, group: Key, at: At, open: Open, ledger: &mut Ledger) {
        ledger.add(cost(&group, &open));
        self.open.insert(group, at, open);
    }
}

fn cost(group: &Key, open: &Open) -> u64 {
    key_cost(group, 0) + GROUP_BYTES + key_cost(&open.first.key, 0) + open.first.events.len() as u64 * LINK_BYTES
}

fn over(open: &Open, duration: Option<u64>) -> i64 {
    match duration {
        Some(duration) => open.first.given.saturating_add_unsigned(duration),
        None => open.first.run,
    }
}
