//! Events counted by group, for the runs that see them.
//!
//! What a run sees begins at its tick minus the look-back and ends at its tick. So of the events between two neighbouring borders of any
//! runs either all are seen by a run or none is, and their number is all that need be kept of them: a *segment*.

use std::collections::{BTreeMap, VecDeque};

use super::{GROUP_BYTES, SEGMENT_BYTES, VALUE_BYTES, tick};
use crate::correlate::event::{Ledger, Stored, key_cost};
use crate::correlate::key::Key;
use crate::correlate::order::At;
use crate::correlate::table::Keys;
use crate::correlate::trace::{NoteKind, Trace};
use crate::sort;

/// The groups of one rule.
#[derive(Debug)]
pub struct Groups {
    pub(super) keys: Keys<Group>,
    /// Groups that have events since the last run, in no order.
    pub(super) touched: Vec<u32>,
    /// The tick of the next run, if it has anything to decide.
    pub(super) due: Option<i64>,
}

/// The events of a group that a run may still see.
#[derive(Debug, Default)]
pub struct Group {
    /// In order.
    pub(super) segments: VecDeque<Segment>,
    /// The hashes of the values to be counted, and when each was last seen, in milliseconds.
    pub(super) values: BTreeMap<[u8; 16], i64>,
    /// Whether it has events since the last run.
    pub(super) touched: bool,
}

/// Events between two borders of runs.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Segment {
    /// The border before them, in milliseconds since 1970.
    pub(super) start: i64,
    pub(super) count: u64,
    /// When the first and last happened, and their ordinals.
    pub(super) first: (At, u64),
    pub(super) last: (At, u64),
}

/// A group that reached its threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The group's values.
    pub key: Key,
    /// Its events.
    pub count: u64,
    /// Different values of the counted field; at least so many when the limit on them was reached.
    pub cardinality: u64,
    /// When the first and last event happened, and their ordinals.
    pub first: (At, u64),
    /// See `first`.
    pub last: (At, u64),
}

impl Reached {
    /// The first and the last of its events, once if that is the same.
    pub fn events(&self) -> Vec<Stored> {
        let event = |(at, arrival): (At, u64)| Stored { at, arrival, position: 0, source: None };
        let mut events = vec![event(self.first), event(self.last)];
        events.dedup_by_key(|event| event.arrival);
        events
    }
}

/// The grid of a rule's runs.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    /// Milliseconds from tick to tick.
    pub interval: u64,
    /// Milliseconds that a run sees.
    pub lookback: u64,
}

impl Grid {
    /// The border before or at an instant.
    fn border(self, ms: i64) -> i64 {
        let interval = i64::try_from(self.interval.max(1)).unwrap_or(i64::MAX);
        let lookback = i64::try_from(self.lookback).unwrap_or(i64::MAX);
        let ends = ms.saturating_sub(ms.rem_euclid(interval));
        let phase = lookback.checked_neg().map_or(0, |back| back.rem_euclid(interval));
        let since = ms.saturating_sub(phase).rem_euclid(interval);
        ends.max(ms.saturating_sub(since))
    }

    fn start(self, tick: i64) -> i64 {
        tick.saturating_sub_unsigned(self.lookback)
    }
}

impl Group {
    fn cost(&self, key: &Key) -> u64 {
        let (segments, values) = (self.segments.len() as u64, self.values.len() as u64);
        key_cost(key, 0) + GROUP_BYTES + segments * SEGMENT_BYTES + values * VALUE_BYTES
    }

    /// Forgets what a run that begins then does not see.
    fn begin(&mut self, start: i64, ledger: &mut Ledger) {
        while self.segments.front().is_some_and(|segment| segment.start < start) {
            self.segments.pop_front();
            ledger.remove(SEGMENT_BYTES);
        }
        let before = self.values.len();
        self.values.retain(|_, last| *last >= start);
        ledger.remove((before - self.values.len()) as u64 * VALUE_BYTES);
    }
}

impl Groups {
    /// Without any.
    pub fn new(seed: u64) -> Groups {
        Groups { keys: Keys::new(seed), touched: Vec::new(), due: None }
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.keys.len() as u64
    }

    /// Counts an event, which comes in order, with its values; no more than `most_values` different ones in a group.
    pub fn event<'v>(
        &mut self,
        grid: Grid,
        event: &Stored,
        key: &[u8],
        values: impl Iterator<Item = &'v [u8]>,
        most_values: u32,
        ledger: &mut Ledger,
    ) {
        self.due = Some(tick(event.at.ms, grid.interval));
        let number = self.keys.find(key).unwrap_or_else(|| {
            let key = Key::of(key);
            ledger.add(key_cost(&key, 0) + GROUP_BYTES);
            self.keys.insert(key, event.at, Group::default())
        });
        self.keys.renew(number, event.at);
        let Some(entry) = self.keys.get_mut(number) else { return };
        let group = &mut entry.state;
        let (start, at) = (grid.border(event.at.ms), (event.at, event.arrival));
        match group.segments.back_mut() {
            Some(segment) if segment.start == start => {
                segment.count += 1;
                segment.last = at;
            }
            _ => {
                ledger.add(SEGMENT_BYTES);
                group.segments.push_back(Segment { start, count: 1, first: at, last: at });
            }
        }
        for value in values {
            let hash = super::digest(value);
            if let Some(last) = group.values.get_mut(&hash) {
                *last = event.at.ms;
            } else if group.values.len() < most_values as usize {
                ledger.add(VALUE_BYTES);
                group.values.insert(hash, event.at.ms);
            }
        }
        if !std::mem::replace(&mut group.touched, true) {
            self.touched.push(number);
        }
    }

    /// The run that is due: which groups reached their threshold, in the order of their keys. What was counted for an alert does not
    /// count again, as in Kibana (`getThresholdBucketFilters`: events of the same terms up to the last alert's newest are left out).
    pub fn run(
        &mut self,
        grid: Grid,
        value: u64,
        cardinality: Option<u64>,
        ledger: &mut Ledger,
        trace: &mut Trace,
    ) -> Vec<Reached> {
        let Some(tick) = self.due.take() else { return Vec::new() };
        let start = grid.start(tick);
        let mut reached = Vec::new();
        for number in std::mem::take(&mut self.touched) {
            let Some(entry) = self.keys.get_mut(number) else { continue };
            let group = &mut entry.state;
            // The number of a group that was evicted may be another's now.
            if !std::mem::take(&mut group.touched) {
                continue;
            }
            group.begin(start, ledger);
            let count: u64 = group.segments.iter().map(|segment| segment.count).sum();
            let values = group.values.len() as u64;
            let is_enough = count >= value && cardinality.is_none_or(|least| values >= least);
            trace.note(u64::MAX, entry.key.bytes(), tick, NoteKind::Decided(count, values, is_enough));
            if !is_enough {
                continue;
            }
            if let (Some(first), Some(last)) = (group.segments.front(), group.segments.back()) {
                let (first, last) = (first.first, last.last);
                reached.push(Reached { key: entry.key.clone(), count, cardinality: values, first, last });
            }
            self.remove(number, ledger);
        }
        sort::unstable(&mut reached, |a, b| a.key.cmp(&b.key));
        reached
    }

    /// Forgets groups that no run from then on sees.
    pub fn expire(&mut self, grid: Grid, now: At, ledger: &mut Ledger) {
        // The run that is due has not seen them.
        let start = grid.start(self.due.unwrap_or(i64::MAX).min(tick(now.ms, grid.interval)));
        while let Some((number, oldest)) = self.keys.oldest() {
            if oldest.renewed.ms >= start {
                break;
            }
            self.remove(number, ledger);
        }
    }

    /// When the group that had no event for longest had its last.
    pub fn oldest(&self) -> Option<At> {
        self.keys.oldest().map(|(_, entry)| entry.renewed)
    }

    /// Forgets that group.
    pub fn evict(&mut self, ledger: &mut Ledger) -> bool {
        let Some((number, _)) = self.keys.oldest() else { return false };
        self.remove(number, ledger)
    }

    fn remove(&mut self, number: u32, ledger: &mut Ledger) -> bool {
        let Some(entry) = self.keys.remove(number) else { return false };
        ledger.remove(entry.state.cost(&entry.key));
        true
    }

    /// Takes over what was saved.
    pub(super) fn set(&mut self, key: Key, renewed: At, group: Group, ledger: &mut Ledger) {
        ledger.add(group.cost(&key));
        let touched = group.touched;
        let number = self.keys.insert(key, renewed, group);
        if touched {
            self.touched.push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_sees_is_made_of_whole_segments() {
        for (interval, lookback) in [(5, 6), (5, 5), (5, 13), (7, 21), (1, 1)] {
            let grid = Grid { interval, lookback };
            for ms in -40..40i64 {
                let border = grid.border(ms);
                assert!(border <= ms);
                for run in -20..20i64 {
                    let (end, start) = (run * interval as i64, grid.start(run * interval as i64));
                    let sees = |ms: i64| ms >= start && ms < end;
                    assert_eq!(sees(ms), sees(border), "{grid:?} {ms} {border} {run}");
                }
            }
        }
    }
}
