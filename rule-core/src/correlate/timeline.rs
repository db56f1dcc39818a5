//! Events held back until they can be put in order.
//!
//! A timeline orders events by timestamp, tiebreaker and arrival. Its watermark is the greatest timestamp seen, minus the
//! allowed lateness: what happened before it is in order for good. Whatever the order in which events arrive, as long as
//! none comes later than that, they leave the timeline in the same order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::key::Key;
use super::order::{At, Ordinal};

/// What holding an event costs beside its bytes and its keys.
pub const HELD_BYTES: u64 = 160;

/// An event that some term matched, waiting for its turn.
#[derive(Debug)]
pub struct Held {
    /// The terms that it matched and the join keys it has for them: machine, term, key.
    pub hits: Vec<(u32, u16, Key)>,
    /// What its result needs.
    pub source: Option<Arc<[u8]>>,
}

impl Held {
    /// What it costs to hold it.
    pub fn cost(&self) -> u64 {
        let keys: u64 = self.hits.iter().map(|(.., key)| 40 + key.bytes().len() as u64).sum();
        HELD_BYTES + keys + self.source.as_ref().map_or(0, |source| source.len() as u64)
    }
}

/// The events of one order.
#[derive(Debug)]
pub struct Timeline {
    /// The greatest timestamp seen.
    pub latest: Option<At>,
    /// What happened before is in order.
    pub watermark: At,
    /// What is held.
    pub held: BTreeMap<Ordinal, Held>,
}

impl Timeline {
    /// Without events.
    pub fn new() -> Timeline {
        Timeline { latest: None, watermark: At::MIN, held: BTreeMap::new() }
    }

    /// Notes that an event happened then.
    pub fn see(&mut self, at: At, lateness: Option<u64>) {
        self.latest = self.latest.max(Some(at));
        if let (Some(latest), Some(lateness)) = (self.latest, lateness) {
            self.watermark = self.watermark.max(latest.minus_ms(lateness));
        }
    }

    /// The first held event that happened before the watermark.
    pub fn pop_ready(&mut self) -> Option<(Ordinal, Held)> {
        let entry = self.held.first_entry()?;
        (entry.key().at < self.watermark).then(|| entry.remove_entry())
    }

    /// The first held event, ready or not: order is given up for what would come before it.
    pub fn pop_early(&mut self) -> Option<(Ordinal, Held)> {
        let (ordinal, held) = self.held.pop_first()?;
        self.watermark = self.watermark.max(ordinal.at);
        Some((ordinal, held))
    }
}
