//! Events held back until they can be put in order.
//!
//! A timeline orders events by timestamp, tiebreaker and arrival. Its watermark is the greatest timestamp seen, minus the
//! allowed lateness: what happened before it is in order for good. Whatever the order in which events arrive, as long as
//! none comes later than that, they leave the timeline in the same order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::order::{At, Ordinal};

/// What holding an event costs beside its bytes and its keys.
pub const HELD_BYTES: u64 = 160;
/// What holding it costs for each term and key.
pub const HIT_BYTES: u64 = 40;

/// The memory of so many events that were held is kept for the next ones,
const MOST_SPARE: usize = 64;
/// if it is no more than this.
const MOST_SPARE_BYTES: usize = 4096;

/// An event that some term matched, waiting for its turn.
#[derive(Debug, Default)]
pub struct Held {
    /// What it is to which rule.
    pub hits: Vec<Hit>,
    /// Its join keys, packed, one after the other.
    pub keys: Vec<u8>,
    /// What its result needs.
    pub source: Option<Arc<[u8]>>,
}

/// That an event is of a term, with one of the join keys that it has for it.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    /// The rule's machine.
    pub machine: u32,
    /// Its term.
    pub term: u16,
    /// Whether a key begins to matter with it.
    pub begins: bool,
    /// Whether its machine sees all hits of an event at once, whatever their keys.
    pub together: bool,
    /// Where the key is in [`Held::keys`].
    pub key: Span,
}

/// A part of [`Held::keys`].
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Its first byte.
    pub start: u32,
    /// How many there are.
    pub len: u32,
}

impl Held {
    /// Adds a hit. A key that one of the last has as well is kept once.
    pub fn add(&mut self, machine: u32, term: u16, (begins, together): (bool, bool), key: &[u8]) {
        let same = self.hits.iter().rev().take(8).find(|hit| self.key(hit) == key).map(|hit| hit.key);
        let key = same.unwrap_or_else(|| {
            let start = self.keys.len() as u32;
            self.keys.extend_from_slice(key);
            Span { start, len: key.len() as u32 }
        });
        self.hits.push(Hit { machine, term, begins, together, key });
    }

    /// The key of one of its hits.
    pub fn key(&self, hit: &Hit) -> &[u8] {
        let Span { start, len } = hit.key;
        &self.keys[start as usize..][..len as usize]
    }

    /// What it costs to hold it. Each hit counts with its key, though hits share keys: which of them do is not for limits to
    /// depend on.
    pub fn cost(&self) -> u64 {
        let hits: u64 = self.hits.iter().map(|hit| HIT_BYTES + u64::from(hit.key.len)).sum();
        HELD_BYTES + hits + self.source.as_ref().map_or(0, |source| source.len() as u64)
    }
}

/// The events of one order.
#[derive(Debug)]
pub struct Timeline {
    /// The greatest timestamp seen.
    pub latest: Option<At>,
    /// What happened before is in order.
    pub watermark: At,
    /// The earliest timestamp that did not come too late; none before the first event.
    pub begun: Option<At>,
    /// What is held and came in order, which most does; every event in it is later than the one before.
    in_order: VecDeque<(Ordinal, Held)>,
    /// What is held and came behind a later event.
    behind: BTreeMap<Ordinal, Held>,
    /// Memory of events that are gone.
    spare: Vec<Held>,
}

impl Timeline {
    /// Without events.
    pub fn new() -> Timeline {
        Timeline {
            latest: None,
            watermark: At::MIN,
            begun: None,
            in_order: VecDeque::new(),
            behind: BTreeMap::new(),
            spare: Vec::new(),
        }
    }

    /// Notes that an event happened then, before the watermark moves. When it has passed an event, nothing earlier comes: the beginning
    /// is then the same for any order of arrival.
    pub fn begin(&mut self, at: At) {
        if at >= self.watermark && self.begun.is_none_or(|begun| at < begun) {
            self.begun = Some(at);
        }
    }

    /// Notes that an event happened then; whether the watermark moved.
    pub fn see(&mut self, at: At, lateness: Option<u64>) -> bool {
        self.latest = self.latest.max(Some(at));
        let before = self.watermark;
        if let (Some(latest), Some(lateness)) = (self.latest, lateness) {
            self.watermark = self.watermark.max(latest.minus_ms(lateness));
        }
        self.watermark != before
    }

    /// How many events are held.
    pub fn len(&self) -> usize {
        self.in_order.len() + self.behind.len()
    }

    /// What is held, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Ordinal, &Held)> {
        let mut in_order = self.in_order.iter().map(|(ordinal, held)| (ordinal, held)).peekable();
        let mut behind = self.behind.iter().peekable();
        std::iter::from_fn(move || match (in_order.peek(), behind.peek()) {
            (Some((a, _)), Some((b, _))) if b < a => behind.next(),
            (Some(_), _) => in_order.next(),
            (None, _) => behind.next(),
        })
    }

    /// When the first held event happened.
    pub fn first(&self) -> Option<At> {
        let at = [self.in_order.front().map(|(ordinal, _)| ordinal.at), self.behind.keys().next().map(|o| o.at)];
        at.into_iter().flatten().min()
    }

    /// Holds an event.
    pub fn hold(&mut self, ordinal: Ordinal, held: Held) {
        if self.in_order.back().is_none_or(|(last, _)| *last < ordinal) {
            self.in_order.push_back((ordinal, held));
        } else {
            self.behind.insert(ordinal, held);
        }
    }

    /// The first held event.
    pub fn pop(&mut self) -> Option<(Ordinal, Held)> {
        match (self.in_order.front(), self.behind.first_entry()) {
            (None, Some(behind)) => Some(behind.remove_entry()),
            (Some((first, _)), Some(behind)) if behind.key() < first => Some(behind.remove_entry()),
            _ => self.in_order.pop_front(),
        }
    }

    /// The first held event that happened before the watermark.
    pub fn pop_ready(&mut self) -> Option<(Ordinal, Held)> {
        if self.first()? < self.watermark { self.pop() } else { None }
    }

    /// The first held event, ready or not: order is given up for what would come before it.
    pub fn pop_early(&mut self) -> Option<(Ordinal, Held)> {
        let (ordinal, held) = self.pop()?;
        self.watermark = self.watermark.max(ordinal.at);
        Some((ordinal, held))
    }

    /// Memory for an event.
    pub fn spare(&mut self) -> Held {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes back the memory of an event that is not held any more.
    pub fn give_back(&mut self, mut held: Held) {
        let bytes = held.hits.capacity() * size_of::<Hit>() + held.keys.capacity();
        if self.spare.len() < MOST_SPARE && bytes <= MOST_SPARE_BYTES {
            held.hits.clear();
            held.keys.clear();
            held.source = None;
            self.spare.push(held);
        }
    }
}
