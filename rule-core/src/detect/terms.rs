//! Terms that were seen.
//!
//! A term is known by 128 bits of its hash ([`digest`](super::digest)), so that it costs the same however long it is.

use super::TERM_BYTES;
use crate::correlate::event::Ledger;
use crate::correlate::key::Key;
use crate::correlate::order::At;
use crate::correlate::table::Keys;

/// The terms of one rule, and when each was last seen.
#[derive(Debug)]
pub struct Terms {
    pub(super) seen: Keys<()>,
}

impl Terms {
    /// Without any.
    pub fn new(seed: u64) -> Terms {
        Terms { seen: Keys::new(seed) }
    }

    /// How many are known.
    pub fn len(&self) -> u64 {
        self.seen.len() as u64
    }

    /// When a term was last seen.
    pub fn last(&self, term: &[u8]) -> Option<At> {
        let number = self.seen.find(&super::digest(term))?;
        self.seen.get(number).map(|entry| entry.renewed)
    }

    /// Sees a term; true when it was not seen for `window` milliseconds.
    pub fn see(&mut self, term: &[u8], at: At, window: u64, ledger: &mut Ledger) -> bool {
        let hash = super::digest(term);
        let Some(number) = self.seen.find(&hash) else {
            ledger.add(TERM_BYTES);
            self.seen.insert(Key::of(&hash), at, ());
            return true;
        };
        let is_new = self.seen.get(number).is_some_and(|entry| entry.renewed.plus_ms(window) < at);
        self.seen.renew(number, at);
        is_new
    }

    /// Forgets what was last seen longer ago than the window.
    pub fn expire(&mut self, now: At, window: u64, ledger: &mut Ledger) {
        while self.seen.oldest().is_some_and(|(_, oldest)| oldest.renewed.plus_ms(window) < now) {
            if !self.evict(ledger) {
                break;
            }
        }
    }

    /// When the term that was not seen for longest was last seen.
    pub fn oldest(&self) -> Option<At> {
        self.seen.oldest().map(|(_, entry)| entry.renewed)
    }

    /// Forgets that term.
    pub fn evict(&mut self, ledger: &mut Ledger) -> bool {
        let Some((number, _)) = self.seen.oldest() else { return false };
        ledger.remove(TERM_BYTES);
        self.seen.remove(number).is_some()
    }
}
