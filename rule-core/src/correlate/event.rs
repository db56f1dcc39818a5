//! Events that state refers to, and what state costs.

use std::sync::Arc;

use super::key::Key;
use super::order::At;

/// An event that takes part in something under way.
#[derive(Clone, Debug)]
pub struct Stored {
    /// When it happened.
    pub at: At,
    /// Its ordinal: how many events arrived before it.
    pub arrival: u64,
    /// How many events were put in order before it.
    pub position: u64,
    /// What its result needs: the event's own bytes, or its hit. Shared by all that the event takes part in.
    pub source: Option<Arc<[u8]>>,
}

// What things cost in memory, rounded up from what they take natively, so that every host evicts at the same point.
// `docs/limits.md` has the same numbers.

/// A join key beside its values.
pub const KEY_BYTES: u64 = 112;
/// An event in a partial match, beside its own bytes.
pub const LINK_BYTES: u64 = 96;
/// An event's own bytes, beside what they are.
pub const SOURCE_BYTES: u64 = 32;

/// What a join key costs, with one slot for each of its stages.
pub fn key_cost(key: &Key, slots: usize) -> u64 {
    KEY_BYTES + key.bytes().len() as u64 + 4 * slots as u64
}

/// Bytes that state takes, over all rules of a session.
#[derive(Debug, Default)]
pub struct Ledger {
    /// By the costs above.
    pub bytes: u64,
}

impl Ledger {
    /// Adds a cost.
    pub fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// Takes a cost back.
    pub fn remove(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Adds the cost of an event's bytes, if anything but the event at hand holds on to them.
    pub fn keep(&mut self, event: &Stored) {
        if let Some(source) = &event.source
            && Arc::strong_count(source) > 1
        {
            self.add(SOURCE_BYTES + source.len() as u64);
        }
    }

    /// Lets go of an event; the last to do so takes the cost of its bytes back.
    pub fn forget(&mut self, event: Stored) {
        if let Some(source) = event.source
            && Arc::strong_count(&source) == 1
        {
            self.remove(SOURCE_BYTES + source.len() as u64);
        }
    }
}
