//! One sequence rule at work: a state machine for every join key.
//!
//! Events come in their order. What Elasticsearch's `SequenceMatcher` does stage by stage over lists of hits comes to this
//! when it is done event by event: of the partial matches at one stage only the latest can ever go on, because an event takes
//! the latest and throws away the older ones. So a key has at most one partial match per stage, and an event takes the one
//! of the stage before its own, last stage first, so that it is not used twice in one match. A partial match that is taken
//! and then turned down (`maxspan`, `until`) is gone; there is no way back to an older one.
//!
//! Missing events follow `TumblingWindow.doCheckMissingEvents`: they are looked for between the milliseconds of the positive
//! events, and do not keep a partial match from taking the place of another.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};

use super::event::{LINK_BYTES, Ledger, Stored, key_cost};
use super::key::Key;
use super::order::At;
use super::plan::{Place, Role, Sequence};
use super::table::{Entry, Keys, NONE, Slab};
use super::trace::{Pending, StepKind, Trace};
use super::{Completion, Tally};
use crate::Limits;
use crate::sort;

/// What the machine works with beside its own state.
pub struct Context<'a> {
    /// Where memory is counted.
    pub ledger: &'a mut Ledger,
    /// Where evictions and the like are counted.
    pub tally: &'a mut Tally,
    /// Where matches go.
    pub done: &'a mut Vec<Completion>,
    /// Where steps go.
    pub trace: &'a mut Trace,
    /// [`Limits::max_join_keys`](crate::Limits::max_join_keys)
    pub max_keys: u32,
    /// [`Limits::max_partial_matches`](crate::Limits::max_partial_matches)
    pub max_partials: u32,
    /// Bounds.
    pub limits: &'a Limits,
    /// Number of the rule's machine.
    pub machine: u32,
}

/// The state of one rule.
#[derive(Debug)]
pub struct Machine {
    pub(super) keys: Keys<KeyState>,
    pub(super) links: Slab<Link>,
    /// Matches that a missing event may still undo, by the time until which it may.
    pub(super) waiting: BTreeMap<(At, u64), Waiting>,
    pub(super) waited: u64,
    pub(super) partials: u64,
}

/// The partial matches of one join key.
#[derive(Debug)]
pub struct KeyState {
    /// For each stage but the last, the last link of its partial match.
    pub(super) slots: SmallVec<[u32; 2]>,
    /// What only missing events need.
    pub(super) missing: Option<Box<KeyMissing>>,
}

#[derive(Debug, Default)]
pub(super) struct KeyMissing {
    /// The latest leading event, and the latest of an earlier millisecond.
    pub leading: [Option<At>; 2],
    /// Where the key's waiting matches are, in the order of their last events, which is that of their first ones too.
    pub waiting: VecDeque<(At, u64)>,
}

/// An event of a partial match and the link before it.
#[derive(Debug)]
pub(super) struct Link {
    pub event: Stored,
    pub before: u32,
    /// When the first event happened.
    pub first: At,
    /// What only missing events need.
    pub missing: Option<Box<LinkMissing>>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct LinkMissing {
    /// The latest leading event before the first.
    pub leading: Option<At>,
    /// The first event since the last that must be missing here.
    pub hit: Option<At>,
    /// Whether such an event came between two others.
    pub spoilt: bool,
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub link: u32,
    pub key: u32,
    pub started: At,
}

impl KeyState {
    pub(super) fn new(slots: usize) -> KeyState {
        KeyState { slots: smallvec![NONE; slots], missing: None }
    }

    fn is_empty(&self) -> bool {
        let idle = |missing: &KeyMissing| missing.waiting.is_empty() && missing.leading == [None; 2];
        self.slots.iter().all(|slot| *slot == NONE) && self.missing.as_deref().is_none_or(idle)
    }
}

impl Machine {
    /// Without any state.
    pub fn new(seed: u64) -> Machine {
        Machine { keys: Keys::new(seed), links: Slab::default(), waiting: BTreeMap::new(), waited: 0, partials: 0 }
    }

    /// How many join keys and partial matches are kept.
    pub fn len(&self) -> (u64, u64) {
        (self.keys.len() as u64, self.partials)
    }

    /// The time of the oldest state.
    pub fn oldest(&self) -> Option<At> {
        let key = self.keys.oldest().map(|(_, entry)| entry.renewed);
        let waiting = self.waiting.first_key_value().map(|(_, waiting)| waiting.started);
        match (key, waiting) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// An event that plays the given roles for the key.
    pub fn event(&mut self, shape: &Sequence, event: &Stored, key: &[u8], roles: &[&Role], cx: &mut Context<'_>) {
        let mut number = self.keys.find(key);
        let mut stages: SmallVec<[u16; 8]> = roles.iter().flat_map(|role| role.stages.iter().copied()).collect();
        sort::unstable(&mut stages, |a, b| b.cmp(a));
        for stage in stages {
            match (stage, number) {
                (0, _) => {
                    let number = *number.get_or_insert_with(|| self.add_key(shape, key, event.at, cx));
                    self.start(shape, event, number, cx);
                }
                (_, Some(number)) => self.advance(shape, event, number, stage, cx),
                (_, None) => {}
            }
        }
        for place in roles.iter().filter_map(|role| role.missing) {
            match (place, number) {
                (Place::Leading, _) => {
                    let number = *number.get_or_insert_with(|| self.add_key(shape, key, event.at, cx));
                    self.leading(event.at, number);
                }
                (Place::After(stage), Some(number)) => self.between(event.at, number, stage),
                (Place::Trailing, Some(number)) => self.trailing(event, number, cx),
                (_, None) => {}
            }
        }
        let Some(number) = number else { return };
        if roles.iter().any(|role| role.until) {
            self.drop_partials(number, StepKind::Until, Some(event), cx);
        }
        if self.keys.get(number).is_some_and(|entry| entry.state.is_empty()) {
            self.remove_key(number, cx);
        }
        while self.keys.len() as u64 > u64::from(cx.max_keys) {
            self.evict_key(cx);
        }
        while self.partials > u64::from(cx.max_partials) && self.evict(cx) {}
    }

    /// Everything before `now` has happened: decides the matches that waited for it and forgets what is too old.
    pub fn expire(&mut self, shape: &Sequence, now: At, cx: &mut Context<'_>) {
        self.decide(now, cx);
        let Some(maxspan) = shape.maxspan else { return };
        while let Some((number, entry)) = self.keys.oldest()
            && entry.renewed.plus_ms(maxspan) < now
        {
            self.drop_partials(number, StepKind::Expired, None, cx);
            self.remove_key(number, cx);
        }
    }

    /// Decides the matches that wait for a time before `now`.
    pub fn decide(&mut self, now: At, cx: &mut Context<'_>) {
        while let Some(entry) = self.waiting.first_entry()
            && entry.key().0 < now
        {
            let (at, waiting) = entry.remove_entry();
            self.unlist_waiting(at, waiting.key);
            self.complete(waiting.key, waiting.link, None, cx);
            if self.keys.get(waiting.key).is_some_and(|entry| entry.state.is_empty()) {
                self.remove_key(waiting.key, cx);
            }
        }
    }

    /// The partial matches, the oldest key first, at most `most`.
    pub fn pending(&self, shape: &Sequence, most: usize) -> Vec<Pending> {
        let pending = |entry: &Entry<KeyState>, link: u32, until: Option<At>| {
            let events: Vec<u64> = self.chain(link).iter().map(|event| event.arrival).collect();
            let stage = events.len() as u16;
            Pending { key: entry.key.to_json(), stage, events, until: until.map(|at| at.ms), lacks: Vec::new() }
        };
        let mut found = Vec::new();
        for (_, entry) in self.keys.iter() {
            for link in entry.state.slots.iter().filter(|link| **link != NONE) {
                let first = self.links.get(*link).map(|link| link.first);
                let until = first.zip(shape.maxspan).map(|(first, maxspan)| first.plus_ms(maxspan));
                found.push(pending(entry, *link, until));
            }
            let waiting = entry.state.missing.iter().flat_map(|missing| &missing.waiting);
            for at in waiting {
                if let Some(waiting) = self.waiting.get(at) {
                    found.push(pending(entry, waiting.link, Some(at.0)));
                }
            }
            if found.len() >= most {
                found.truncate(most);
                break;
            }
        }
        found
    }

    /// Drops the oldest partial match, or the oldest key with all of its partial matches. False when there is nothing.
    pub fn evict(&mut self, cx: &mut Context<'_>) -> bool {
        let oldest_key = self.keys.oldest().map(|(_, entry)| entry.renewed);
        if let Some(first) = self.waiting.first_entry()
            && oldest_key.is_none_or(|renewed| first.get().started <= renewed)
        {
            let (at, waiting) = first.remove_entry();
            self.undo_waiting(at, &waiting, StepKind::Evicted, None, cx);
            cx.tally.evicted_partials += 1;
            if self.keys.get(waiting.key).is_some_and(|entry| entry.state.is_empty()) {
                self.remove_key(waiting.key, cx);
            }
            return true;
        }
        self.evict_key(cx)
    }

    fn evict_key(&mut self, cx: &mut Context<'_>) -> bool {
        let Some((number, entry)) = self.keys.oldest() else { return false };
        for at in entry.state.missing.as_ref().map(|missing| missing.waiting.clone()).unwrap_or_default() {
            if let Some(waiting) = self.waiting.remove(&at) {
                self.undo_waiting(at, &waiting, StepKind::Evicted, None, cx);
                cx.tally.evicted_partials += 1;
            }
        }
        let dropped = self.drop_partials(number, StepKind::Evicted, None, cx);
        cx.tally.evicted_partials += dropped;
        cx.tally.evicted_keys += 1;
        self.remove_key(number, cx);
        true
    }

    fn add_key(&mut self, shape: &Sequence, key: &[u8], at: At, cx: &mut Context<'_>) -> u32 {
        let slots = usize::from(shape.stages) - 1;
        let key = Key::of(key);
        cx.ledger.add(key_cost(&key, slots));
        self.keys.insert(key, at, KeyState::new(slots))
    }

    fn remove_key(&mut self, number: u32, cx: &mut Context<'_>) {
        if let Some(entry) = self.keys.remove(number) {
            cx.ledger.remove(key_cost(&entry.key, entry.state.slots.len()));
        }
    }

    /// The first event of a partial match.
    fn start(&mut self, shape: &Sequence, event: &Stored, number: u32, cx: &mut Context<'_>) {
        self.keys.renew(number, event.at);
        let leading = self.keys.get(number).and_then(|entry| {
            let [latest, earlier] = entry.state.missing.as_ref()?.leading;
            latest.filter(|at| at.ms < event.at.ms).or(earlier)
        });
        let missing = shape.has_missing().then(|| Box::new(LinkMissing { leading, ..LinkMissing::default() }));
        let link = self.add_link(Link { event: event.clone(), before: NONE, first: event.at, missing }, cx);
        self.partials += 1;
        if shape.stages == 1 {
            return self.all_positive(shape, number, link, event, cx);
        }
        self.note(StepKind::Started, Some(event), number, link, cx);
        self.put(number, 0, link, event, cx);
    }

    /// A further event, for the partial match of the stage before.
    fn advance(&mut self, shape: &Sequence, event: &Stored, number: u32, stage: u16, cx: &mut Context<'_>) {
        let Some(entry) = self.keys.get_mut(number) else { return };
        let Some(slot) = entry.state.slots.get_mut(usize::from(stage) - 1) else { return };
        let before = std::mem::replace(slot, NONE);
        let Some(link) = self.links.get_mut(before) else { return };
        let first = link.first;
        if shape.maxspan.is_some_and(|maxspan| event.at > first.plus_ms(maxspan)) {
            return self.drop_partial(number, before, StepKind::Expired, Some(event), cx);
        }
        let mut missing = link.missing.take();
        if let Some(missing) = &mut missing {
            missing.spoilt |= missing.hit.take().is_some_and(|at| at.ms < event.at.ms);
        }
        let link = self.add_link(Link { event: event.clone(), before, first, missing }, cx);
        if stage + 1 == shape.stages {
            return self.all_positive(shape, number, link, event, cx);
        }
        self.note(StepKind::Advanced, Some(event), number, link, cx);
        self.put(number, stage, link, event, cx);
    }

    /// Makes it the partial match of its stage.
    fn put(&mut self, number: u32, stage: u16, link: u32, event: &Stored, cx: &mut Context<'_>) {
        let Some(entry) = self.keys.get_mut(number) else { return };
        let Some(slot) = entry.state.slots.get_mut(usize::from(stage)) else { return };
        let replaced = std::mem::replace(slot, link);
        if replaced != NONE {
            self.drop_partial(number, replaced, StepKind::Replaced, Some(event), cx);
        }
    }

    /// All positive events are there: what about the missing ones?
    fn all_positive(&mut self, shape: &Sequence, number: u32, link: u32, event: &Stored, cx: &mut Context<'_>) {
        let Some(Link { first, missing, .. }) = self.links.get(link) else { return };
        let first = *first;
        let LinkMissing { leading, spoilt, .. } = missing.as_deref().cloned().unwrap_or_default();
        if spoilt {
            return self.drop_partial(number, link, StepKind::MissingBetween, Some(event), cx);
        }
        let maxspan = shape.maxspan.unwrap_or(u64::MAX);
        let decided = match (shape.leading, shape.trailing) {
            (false, false) => None,
            (true, false) => match leading {
                // The last event is more than maxspan after the leading one.
                Some(leading) if event.at <= leading.plus_ms(maxspan) => {
                    return self.drop_partial(number, link, StepKind::MissingBefore, Some(event), cx);
                }
                _ => None,
            },
            (false, true) => Some(first.plus_ms(maxspan)),
            // With both, only a leading and a trailing event together undo the match.
            (true, true) => leading.map(|leading| leading.plus_ms(maxspan)).filter(|until| *until > event.at),
        };
        let Some(until) = decided else { return self.complete(number, link, Some(event), cx) };
        self.note(StepKind::Waiting, Some(event), number, link, cx);
        self.waited += 1;
        let at = (until, self.waited);
        self.waiting.insert(at, Waiting { link, key: number, started: first });
        if let Some(entry) = self.keys.get_mut(number) {
            entry.state.missing.get_or_insert_default().waiting.push_back(at);
        }
    }

    /// A match.
    fn complete(&mut self, number: u32, link: u32, cause: Option<&Stored>, cx: &mut Context<'_>) {
        self.note(StepKind::Completed, cause, number, link, cx);
        let Some(entry) = self.keys.get(number) else { return };
        let key = entry.key.clone();
        let events = self.take_chain(link, cx);
        self.partials -= 1;
        let position = events.last().map_or(0, |event| event.position);
        cx.done.push(Completion { machine: cx.machine, position, key, events, finding: None });
    }

    /// An event that must be missing before the first.
    fn leading(&mut self, at: At, number: u32) {
        self.keys.renew(number, at);
        let Some(entry) = self.keys.get_mut(number) else { return };
        let leading = &mut entry.state.missing.get_or_insert_default().leading;
        *leading = match *leading {
            [Some(latest), earlier] if latest.ms == at.ms => [Some(at), earlier],
            [latest, _] => [Some(at), latest],
        };
    }

    /// An event that must be missing after the event of a stage.
    fn between(&mut self, at: At, number: u32, stage: u16) {
        let slot = self.keys.get(number).and_then(|entry| entry.state.slots.get(usize::from(stage)).copied());
        let Some(link) = slot.and_then(|slot| self.links.get_mut(slot)) else { return };
        if at.ms > link.event.at.ms
            && let Some(missing) = &mut link.missing
        {
            missing.hit.get_or_insert(at);
        }
    }

    /// An event that must be missing after the last.
    fn trailing(&mut self, event: &Stored, number: u32, cx: &mut Context<'_>) {
        let Some(entry) = self.keys.get_mut(number) else { return };
        let Some(missing) = &mut entry.state.missing else { return };
        // In the order of their last events: those of this millisecond are at the end.
        let earlier = |at: &(At, u64)| {
            let waiting = self.waiting.get(at);
            waiting.and_then(|w| self.links.get(w.link)).is_none_or(|link| link.event.at.ms < event.at.ms)
        };
        let undone = missing.waiting.iter().position(|at| !earlier(at)).unwrap_or(missing.waiting.len());
        let undone: Vec<(At, u64)> = missing.waiting.drain(..undone).collect();
        for at in undone {
            if let Some(waiting) = self.waiting.remove(&at) {
                self.drop_partial(number, waiting.link, StepKind::MissingAfter, Some(event), cx);
            }
        }
    }

    fn undo_waiting(
        &mut self,
        at: (At, u64),
        waiting: &Waiting,
        what: StepKind,
        cause: Option<&Stored>,
        cx: &mut Context<'_>,
    ) {
        self.unlist_waiting(at, waiting.key);
        self.drop_partial(waiting.key, waiting.link, what, cause, cx);
    }

    fn unlist_waiting(&mut self, at: (At, u64), key: u32) {
        let Some(missing) = self.keys.get_mut(key).and_then(|entry| entry.state.missing.as_mut()) else { return };
        if missing.waiting.front() == Some(&at) {
            missing.waiting.pop_front();
        } else {
            missing.waiting.retain(|other| *other != at);
        }
    }

    /// Drops the partial matches of a key that do not wait; says how many.
    fn drop_partials(&mut self, number: u32, what: StepKind, cause: Option<&Stored>, cx: &mut Context<'_>) -> u64 {
        let Some(entry) = self.keys.get_mut(number) else { return 0 };
        let mut dropped = 0;
        let slots: SmallVec<[u32; 8]> =
            entry.state.slots.iter_mut().map(|slot| std::mem::replace(slot, NONE)).collect();
        for link in slots.into_iter().filter(|link| *link != NONE) {
            self.drop_partial(number, link, what, cause, cx);
            dropped += 1;
        }
        dropped
    }

    fn drop_partial(&mut self, number: u32, link: u32, what: StepKind, cause: Option<&Stored>, cx: &mut Context<'_>) {
        self.note(what, cause, number, link, cx);
        self.partials -= 1;
        for event in self.take_chain(link, cx) {
            cx.ledger.forget(event);
        }
    }

    fn add_link(&mut self, link: Link, cx: &mut Context<'_>) -> u32 {
        cx.ledger.add(LINK_BYTES);
        self.links.insert(link)
    }

    /// Takes a chain of links apart: its events, the first first.
    fn take_chain(&mut self, mut link: u32, cx: &mut Context<'_>) -> Vec<Stored> {
        let mut events = Vec::new();
        while let Some(taken) = self.links.remove(link) {
            cx.ledger.remove(LINK_BYTES);
            events.push(taken.event);
            link = taken.before;
        }
        events.reverse();
        events
    }

    /// The events of a chain, the first first.
    pub(super) fn chain(&self, mut number: u32) -> Vec<Stored> {
        let mut events = Vec::new();
        while let Some(link) = self.links.get(number) {
            events.push(link.event.clone());
            number = link.before;
        }
        events.reverse();
        events
    }

    fn note(&self, what: StepKind, cause: Option<&Stored>, number: u32, link: u32, cx: &mut Context<'_>) {
        if cx.trace.steps.is_some()
            && let Some(entry) = self.keys.get(number)
        {
            cx.trace.step(what, cause, &entry.key, || self.chain(link));
        }
    }
}
