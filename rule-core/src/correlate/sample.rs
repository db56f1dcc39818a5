//! One sample rule at work: events of every term with the same key, in any order.
//!
//! Of each term a key keeps no more events than could ever be used: as many as there are terms (for each sample that it may
//! give), since an event may not appear twice in a sample.

use crate::sort;
use std::collections::VecDeque;

use super::Completion;
use super::event::{LINK_BYTES, Stored, key_cost};
use super::key::Key;
use super::order::At;
use super::plan::Sample;
use super::sequence::Context;
use super::table::Keys;
use super::trace::{Pending, StepKind};

/// The state of one rule.
#[derive(Debug)]
pub struct Sampler {
    pub(super) keys: Keys<Vec<VecDeque<Stored>>>,
    pub(super) events: u64,
}

impl Sampler {
    /// Without any state.
    pub fn new(seed: u64) -> Sampler {
        Sampler { keys: Keys::new(seed), events: 0 }
    }

    /// How many join keys and events are kept.
    pub fn len(&self) -> (u64, u64) {
        (self.keys.len() as u64, self.events)
    }

    /// The time of the oldest state.
    pub fn oldest(&self) -> Option<At> {
        self.keys.oldest().map(|(_, entry)| entry.renewed)
    }

    /// An event that matches the given ones of `terms` terms, with the key. On a stream a key that completes gives its sample and
    /// starts over.
    pub fn event(
        &mut self,
        shape: &Sample,
        event: &Stored,
        key: &[u8],
        matched: &[u16],
        terms: usize,
        cx: &mut Context<'_>,
    ) {
        let number = self.keys.find(key).unwrap_or_else(|| {
            let key = Key::of(key);
            cx.ledger.add(key_cost(&key, terms));
            self.keys.insert(key, event.at, vec![VecDeque::new(); terms])
        });
        self.keys.renew(number, event.at);
        let Some(entry) = self.keys.get_mut(number) else { return };
        if let Some(window) = shape.window {
            for events in &mut entry.state {
                while events.front().is_some_and(|old| old.at.plus_ms(window) < event.at) {
                    if let Some(old) = events.pop_front() {
                        self.events -= 1;
                        cx.ledger.remove(LINK_BYTES);
                        cx.ledger.forget(old);
                    }
                }
            }
        }
        let most = terms.saturating_mul(shape.per_key.max(1) as usize);
        for term in matched {
            let Some(events) = entry.state.get_mut(usize::from(*term)) else { continue };
            if events.len() >= most {
                // A search takes what comes first; on a stream the latest counts.
                if shape.window.is_none() {
                    continue;
                }
                if let Some(old) = events.pop_front() {
                    self.events -= 1;
                    cx.ledger.remove(LINK_BYTES);
                    cx.ledger.forget(old);
                }
            }
            events.push_back(event.clone());
            self.events += 1;
            cx.ledger.add(LINK_BYTES);
        }
        cx.trace.step(StepKind::Advanced, Some(event), &entry.key, || {
            entry.state.iter().filter_map(|events| events.back().cloned()).collect()
        });
        if shape.window.is_some()
            && let Some(events) = assign(&entry.state, &[])
        {
            cx.trace.step(StepKind::Completed, Some(event), &entry.key, || events.clone());
            let (position, key) = (event.position, entry.key.clone());
            cx.done.push(Completion { machine: cx.machine, position, key, events, finding: None });
            self.remove(number, cx);
        }
        while self.keys.len() as u64 > u64::from(cx.max_keys) || self.events > u64::from(cx.max_partials) {
            if !self.evict(cx) {
                break;
            }
        }
    }

    /// The keys that have no sample yet, the oldest first, at most `most`.
    pub fn pending(&self, shape: &Sample, most: usize) -> Vec<Pending> {
        let pending = self.keys.iter().map(|(_, entry)| Pending {
            key: entry.key.to_json(),
            stage: entry.state.iter().filter(|events| !events.is_empty()).count() as u16,
            events: entry.state.iter().filter_map(|events| Some(events.back()?.arrival)).collect(),
            until: shape.window.map(|window| entry.renewed.plus_ms(window).ms),
            lacks: (0..).zip(&entry.state).filter(|(_, events)| events.is_empty()).map(|(term, _)| term).collect(),
        });
        pending.take(most).collect()
    }

    /// Forgets what is too old to be part of a sample.
    pub fn expire(&mut self, shape: &Sample, now: At, cx: &mut Context<'_>) {
        let Some(window) = shape.window else { return };
        while let Some((number, entry)) = self.keys.oldest()
            && entry.renewed.plus_ms(window) < now
        {
            self.remove(number, cx);
        }
    }

    /// Drops the oldest key. False when there is none.
    pub fn evict(&mut self, cx: &mut Context<'_>) -> bool {
        let Some((number, _)) = self.keys.oldest() else { return false };
        let before = self.events;
        self.remove(number, cx);
        cx.tally.evicted_keys += 1;
        cx.tally.evicted_partials += before - self.events;
        true
    }

    /// All samples of a finite data set, by ascending key.
    pub fn finish(&mut self, shape: &Sample, size: usize, cx: &mut Context<'_>) {
        let mut numbers: Vec<_> = self.keys.iter().map(|(number, entry)| (entry.key.values(), number)).collect();
        sort::unstable(&mut numbers, Ord::cmp);
        let mut left = size;
        for (_, number) in numbers {
            let Some(entry) = self.keys.get(number) else { continue };
            let mut found = Vec::new();
            let most = left.min(shape.per_key.max(1) as usize);
            enumerate(&entry.state, &mut Vec::new(), most, &mut found);
            left -= found.len();
            for events in found {
                let key = entry.key.clone();
                cx.done.push(Completion { machine: cx.machine, position: 0, key, events, finding: None });
            }
        }
    }

    fn remove(&mut self, number: u32, cx: &mut Context<'_>) {
        let Some(entry) = self.keys.remove(number) else { return };
        cx.ledger.remove(key_cost(&entry.key, entry.state.len()));
        for event in entry.state.into_iter().flatten() {
            self.events -= 1;
            cx.ledger.remove(LINK_BYTES);
            cx.ledger.forget(event);
        }
    }
}

/// Samples in the order of a depth-first search, at most `most`. It only goes where there is a sample to be found.
fn enumerate(terms: &[VecDeque<Stored>], chosen: &mut Vec<Stored>, most: usize, found: &mut Vec<Vec<Stored>>) {
    let Some(events) = terms.get(chosen.len()) else {
        found.push(chosen.clone());
        return;
    };
    for event in events {
        if found.len() >= most {
            return;
        }
        if chosen.iter().any(|other| other.arrival == event.arrival) {
            continue;
        }
        chosen.push(event.clone());
        if assign(terms, chosen).is_some() {
            enumerate(terms, chosen, most, found);
        }
        chosen.pop();
    }
}

/// A different event for each term, of which the first are `chosen` already: a matching in a bipartite graph, by augmenting paths.
fn assign(terms: &[VecDeque<Stored>], chosen: &[Stored]) -> Option<Vec<Stored>> {
    if terms.iter().any(VecDeque::is_empty) {
        return None;
    }
    // The term that each event, by arrival, is given to.
    let mut given: Vec<(u64, usize)> = Vec::new();
    for term in chosen.len()..terms.len() {
        if !augment(terms, chosen, term, &mut given, &mut vec![false; terms.len()]) {
            return None;
        }
    }
    let mut events = chosen.to_vec();
    for (term, candidates) in terms.iter().enumerate().skip(chosen.len()) {
        let (arrival, _) = given.iter().find(|(_, owner)| *owner == term)?;
        events.push(candidates.iter().find(|event| event.arrival == *arrival)?.clone());
    }
    Some(events)
}

fn augment(
    terms: &[VecDeque<Stored>],
    chosen: &[Stored],
    term: usize,
    given: &mut Vec<(u64, usize)>,
    asked: &mut [bool],
) -> bool {
    if std::mem::replace(&mut asked[term], true) {
        return false;
    }
    for event in terms[term].iter().filter(|event| chosen.iter().all(|other| other.arrival != event.arrival)) {
        match given.iter().position(|(arrival, _)| *arrival == event.arrival) {
            None => {
                given.push((event.arrival, term));
                return true;
            }
            Some(at) => {
                let owner = given[at].1;
                if augment(terms, chosen, owner, given, asked) {
                    // The owner has another one now.
                    if let Some(taken) = given.iter_mut().find(|(arrival, _)| *arrival == event.arrival) {
                        taken.1 = term;
                    }
                    return true;
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(lists: &[&[u64]]) -> Vec<VecDeque<Stored>> {
        let event = |arrival: &u64| Stored { at: At::MIN, arrival: *arrival, position: *arrival, source: None };
        lists.iter().map(|list| list.iter().map(event).collect()).collect()
    }

    fn arrivals(events: &[Stored]) -> Vec<u64> {
        events.iter().map(|event| event.arrival).collect()
    }

    /// The examples of Elasticsearch's `SampleIterator.matchSamples`.
    #[test]
    fn no_event_appears_twice() {
        let mut found = Vec::new();
        enumerate(&terms(&[&[1, 2, 3], &[4, 5], &[4, 5, 3]]), &mut Vec::new(), 1, &mut found);
        assert_eq!(found.iter().map(|s| arrivals(s)).collect::<Vec<_>>(), [[1, 4, 5]]);
        assert!(assign(&terms(&[&[1], &[1], &[1, 3]]), &[]).is_none());
        assert_eq!(assign(&terms(&[&[1, 2], &[1]]), &[]).map(|s| arrivals(&s)), Some(vec![2, 1]));
        assert_eq!(assign(&terms(&[&[1, 2], &[1, 2], &[1, 2, 3]]), &[]).map(|s| s.len()), Some(3));
    }

    /// Twelve terms over eleven events: a search that tried all orders would not end.
    #[test]
    fn a_hopeless_search_ends() {
        let events: Vec<u64> = (0..11).collect();
        let lists: Vec<&[u64]> = vec![&events; 12];
        let mut found = Vec::new();
        enumerate(&terms(&lists), &mut Vec::new(), 10, &mut found);
        assert!(found.is_empty());
    }
}
