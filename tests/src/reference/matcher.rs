//! The algorithm. Names of Java classes are those of `x-pack/plugin/eql/src/main/java/org/elasticsearch/xpack/eql/execution/sequence`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Event, Key, Keys, MS, Query, Sequence, Term};

/// One stage of a query, and what its search finds: for every key, the places of the events in the ordered list.
struct Stage {
    missing: bool,
    hits: BTreeMap<Keys, Vec<usize>>,
}

impl Stage {
    fn search(query: &Query, term: &Term, ordered: &[&Event]) -> Stage {
        let mut hits: BTreeMap<Keys, Vec<usize>> = BTreeMap::new();
        for (place, event) in ordered.iter().enumerate() {
            if term.filter.passes(event) {
                for keys in combinations(event, query.by.iter().chain(&term.by)) {
                    hits.entry(keys).or_default().push(place);
                }
            }
        }
        Stage { missing: term.missing, hits }
    }

    /// What is found for one key, in order.
    fn of(&self, keys: &Keys) -> &[usize] {
        self.hits.get(keys).map_or(&[], Vec::as_slice)
    }
}

/// A sequence under way: the places of its events in the ordered list.
#[derive(Clone)]
struct Partial {
    places: Vec<usize>,
}

impl Partial {
    fn first(&self) -> usize {
        self.places[0]
    }

    fn last(&self) -> usize {
        self.places[self.places.len() - 1]
    }
}

/// Events by timestamp, then tiebreaker, those without one last, then arrival (`Ordinal.compareTo`).
pub fn in_order(events: &[Event]) -> Vec<&Event> {
    let mut ordered: Vec<&Event> = events.iter().collect();
    ordered.sort_by_key(|event| (event.ts_ns, event.tiebreaker.is_none(), event.tiebreaker, event.arrival));
    ordered
}

/// The keys under which an event takes part: every combination of its values. None at all when a key is null
/// that may not be (`Optimizer.AddMandatoryJoinKeyFilter`, `TumblingWindow.extractJoinKeys`).
pub fn combinations<'k>(event: &Event, keys: impl IntoIterator<Item = &'k Key>) -> BTreeSet<Keys> {
    let mut found = BTreeSet::from([Vec::new()]);
    for key in keys {
        let values = event.fields.get(key.field).map(|field| field.values()).unwrap_or_default();
        let choices: Vec<_> = match (values.is_empty(), key.optional) {
            (true, false) => return BTreeSet::new(),
            (true, true) => vec![None],
            (false, _) => values.into_iter().map(Some).collect(),
        };
        let mut longer = BTreeSet::new();
        for keys in &found {
            for choice in &choices {
                let mut keys = keys.clone();
                keys.push(choice.clone());
                longer.insert(keys);
            }
        }
        found = longer;
    }
    found
}

/// All sequences, in the order of the results: by the place of the last event, and for one event that completes several, by the keys
/// (`Sequence.compareTo`, `SequenceKey.compareTo`).
pub fn sequences(query: &Query, events: &[Event]) -> Vec<Sequence> {
    let ordered = in_order(events);
    let search = |term| Stage::search(query, term, &ordered);
    let stages: Vec<Stage> =
        query.terms.iter().flat_map(|term| (0..term.runs).map(move |_| term)).map(search).collect();
    let until = query.until.as_ref().map(search);
    let positive: Vec<&Stage> = stages.iter().filter(|stage| !stage.missing).collect();

    let mut found = Vec::new();
    // A sequence has an event of the first positive stage, so that no other keys come into question.
    for keys in positive[0].hits.keys() {
        let until = until.as_ref().map_or(&[][..], |stage| stage.of(keys));
        for complete in completed(&positive, until, keys, &ordered, query.maxspan_ms) {
            if survives_missing(&complete, &stages, keys, &ordered, query.maxspan_ms) {
                let mut places = complete.places.iter();
                let mut event = |stage: &Stage| if stage.missing { None } else { places.next() };
                let events = stages.iter().map(|stage| event(stage).map(|place| ordered[*place].arrival)).collect();
                found.push((complete.last(), Sequence { keys: keys.clone(), events }));
            }
        }
    }
    found.sort();
    found.into_iter().map(|(_, sequence)| sequence).collect()
}

/// The positive stages of one key, one after the other (`SequenceMatcher.match`).
fn completed(
    positive: &[&Stage],
    until: &[usize],
    keys: &Keys,
    ordered: &[&Event],
    maxspan_ms: Option<i64>,
) -> Vec<Partial> {
    // Every hit of the first stage begins a sequence.
    let mut group: Vec<Partial> = positive[0].of(keys).iter().map(|place| Partial { places: vec![*place] }).collect();
    for stage in &positive[1..] {
        let mut next = Vec::new();
        for &hit in stage.of(keys) {
            // The latest partial strictly before the hit. It and all older ones leave the group, whatever comes of it
            // (`OrdinalGroup.trimBefore`).
            let Some(at) = group.iter().rposition(|partial| partial.last() < hit) else { continue };
            let mut partial = group.drain(..=at).next_back().expect("the range is not empty");
            let span = ordered[hit].ts_ns - ordered[partial.first()].ts_ns;
            if maxspan_ms.is_some_and(|maxspan| span > maxspan.saturating_mul(MS)) {
                continue;
            }
            // The nearest until strictly before the hit ends the sequence when it comes with or after the event matched last.
            let nearest = until.iter().copied().filter(|place| *place < hit).max();
            if nearest.is_some_and(|nearest| nearest >= partial.last()) {
                continue;
            }
            partial.places.push(hit);
            next.push(partial);
        }
        group = next;
    }
    group
}

/// The missing events of a sequence that is complete otherwise (`TumblingWindow.prepareQueryForMissingEvents` and
/// `doCheckMissingEvents`): they are looked for by whole milliseconds, not by order.
fn survives_missing(
    complete: &Partial,
    stages: &[Stage],
    keys: &Keys,
    ordered: &[&Event],
    maxspan_ms: Option<i64>,
) -> bool {
    if stages.iter().all(|stage| !stage.missing) {
        return true;
    }
    let events: Vec<&Event> = complete.places.iter().map(|place| ordered[*place]).collect();
    let (first, last) = (events[0], events[events.len() - 1]);
    let mut positives_before = 0;
    // In nanoseconds, as the events have it.
    let mut last_leading: Option<i64> = None;
    let mut first_trailing: Option<i64> = None;
    for stage in stages {
        if !stage.missing {
            positives_before += 1;
            continue;
        }
        let mut hits = stage.of(keys).iter().map(|place| ordered[*place]);
        if positives_before == 0 {
            let before = hits.filter(|hit| hit.ts_ms() < first.ts_ms()).map(|hit| hit.ts_ns);
            last_leading = last_leading.max(before.max());
        } else if positives_before == events.len() {
            let after = hits.filter(|hit| hit.ts_ms() > last.ts_ms()).map(|hit| hit.ts_ns);
            first_trailing = first_trailing.into_iter().chain(after).min();
        } else {
            let (from, to) = (events[positives_before - 1], events[positives_before]);
            if hits.any(|hit| hit.ts_ms() > from.ts_ms() && hit.ts_ms() < to.ts_ms()) {
                return false;
            }
        }
    }
    let leads = stages[0].missing;
    let trails = stages[stages.len() - 1].missing;
    let exceeds = |from: i64, to: i64| maxspan_ms.is_some_and(|maxspan| to - from > maxspan.saturating_mul(MS));
    match (last_leading, first_trailing) {
        (None, None) => true,
        (None, Some(_)) if leads => true,
        (Some(_), None) if trails => true,
        (Some(leading), Some(trailing)) => exceeds(leading, trailing),
        (Some(leading), None) => exceeds(leading, last.ts_ns),
        (None, Some(trailing)) => exceeds(first.ts_ns, trailing),
    }
}
