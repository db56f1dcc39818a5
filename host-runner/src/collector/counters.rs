//! What a tenant has done, for the log and for `GET /status`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Counts that several threads add to.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub events: AtomicU64,
    pub rejected: AtomicU64,
    pub failed: AtomicU64,
    pub matches: AtomicU64,
    pub alerts_lost: AtomicU64,
    pub restarts: AtomicU64,
    pub reloads: AtomicU64,
    pub reloads_refused: AtomicU64,
    pub rules: AtomicU64,
    pub last_failure: Mutex<Option<String>>,
}

/// A tenant's counts at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// The tenant.
    pub tenant: String,
    /// Events taken out of the queue: evaluated, rejected or failed.
    pub events: u64,
    /// Events that could not be read.
    pub rejected: u64,
    /// Events that were lost with an instance that exceeded a limit.
    pub failed: u64,
    /// Matches.
    pub matches: u64,
    /// Alerts that could not be written.
    pub alerts_lost: u64,
    /// Fresh instances after a failure.
    pub restarts: u64,
    /// Rule sets taken over on SIGHUP.
    pub reloads: u64,
    /// Rule sets refused on SIGHUP.
    pub reloads_refused: u64,
    /// Rules at work.
    pub rules: u64,
    /// Batches that wait.
    pub queued: u64,
    /// The last failure, in words.
    pub last_failure: Option<String>,
}

pub(super) fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

impl Counters {
    pub fn failure(&self, message: String) {
        *self.last_failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(message);
    }

    pub fn snapshot(&self, tenant: &str, queued: usize) -> Snapshot {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            tenant: tenant.to_owned(),
            events: get(&self.events),
            rejected: get(&self.rejected),
            failed: get(&self.failed),
            matches: get(&self.matches),
            alerts_lost: get(&self.alerts_lost),
            restarts: get(&self.restarts),
            reloads: get(&self.reloads),
            reloads_refused: get(&self.reloads_refused),
            rules: get(&self.rules),
            queued: queued as u64,
            last_failure: self.last_failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone(),
        }
    }
}
