//! What a tenant has done, for the log and for `GET /status`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rule_core::{DetectionStatus, SequenceStatus};
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
    pub restarts_with_state: AtomicU64,
    pub reloads: AtomicU64,
    pub reloads_refused: AtomicU64,
    pub rules: AtomicU64,
    pub state_saved: AtomicU64,
    pub state_failed: AtomicU64,
    pub state_refused: AtomicU64,
    pub sequences_restored: AtomicU64,
    pub sequences_dropped: AtomicU64,
    pub held_back: AtomicU64,
    sequences: Mutex<Option<SequenceStatus>>,
    detections: Mutex<Option<DetectionStatus>>,
    last_failure: Mutex<Option<String>>,
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
    /// Matches whose alerts could not be written.
    pub alerts_lost: u64,
    /// Fresh instances after a failure.
    pub restarts: u64,
    /// Those whose sequences went on from the last snapshot.
    pub restarts_with_state: u64,
    /// Rule sets taken over on SIGHUP.
    pub reloads: u64,
    /// Rule sets refused on SIGHUP.
    pub reloads_refused: u64,
    /// Rules at work.
    pub rules: u64,
    /// Batches that wait.
    pub queued: u64,
    /// Snapshots written.
    pub state_saved: u64,
    /// Snapshots that could not be taken or written.
    pub state_failed: u64,
    /// Snapshots that could not be used, and were set aside.
    pub state_refused: u64,
    /// Sequences and samples whose state was taken over: at the start, by a reload, after a failure.
    pub sequences_restored: u64,
    /// Those whose state was let go, because the rule had changed or was gone.
    pub sequences_dropped: u64,
    /// The sequences and samples: what there is of them now, and what was counted since the start. None when no rule is about
    /// several events.
    pub sequences: Option<SequenceStatus>,
    /// Alerts that were over `max_signals` of their rule and run.
    pub held_back: u64,
    /// The rules that count, remember, suppress or look up indicators: what there is now, and what was counted since the start.
    pub detections: Option<DetectionStatus>,
    /// The last failure, in words.
    pub last_failure: Option<String>,
}

pub(super) fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

/// What a thread that panicked left behind is a number or a text all the same.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Counters {
    pub fn failure(&self, message: String) {
        *lock(&self.last_failure) = Some(message);
    }

    /// Takes over what there is now, and adds what was counted.
    pub fn sequences(&self, now: Option<&SequenceStatus>) {
        let mut known = lock(&self.sequences);
        if let (None, None) = (now, &*known) {
            return;
        }
        let (now, before) = (now.copied().unwrap_or_default(), known.unwrap_or_default());
        *known = Some(SequenceStatus {
            late: before.late + now.late,
            undated: before.undated + now.undated,
            hurried: before.hurried + now.hurried,
            evicted_keys: before.evicted_keys + now.evicted_keys,
            evicted_partials: before.evicted_partials + now.evicted_partials,
            ..now
        });
    }

    /// The same for rules that count, remember, suppress or look up.
    pub fn detections(&self, now: Option<&DetectionStatus>) {
        let Some(now) = now else { return };
        let mut known = lock(&self.detections);
        let before = known.unwrap_or_default();
        *known = Some(DetectionStatus {
            learned: before.learned + now.learned,
            suppressed: before.suppressed + now.suppressed,
            evicted_groups: before.evicted_groups + now.evicted_groups,
            evicted_terms: before.evicted_terms + now.evicted_terms,
            evicted_suppressions: before.evicted_suppressions + now.evicted_suppressions,
            ..*now
        });
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
            restarts_with_state: get(&self.restarts_with_state),
            reloads: get(&self.reloads),
            reloads_refused: get(&self.reloads_refused),
            rules: get(&self.rules),
            queued: queued as u64,
            state_saved: get(&self.state_saved),
            state_failed: get(&self.state_failed),
            state_refused: get(&self.state_refused),
            sequences_restored: get(&self.sequences_restored),
            sequences_dropped: get(&self.sequences_dropped),
            sequences: *lock(&self.sequences),
            held_back: get(&self.held_back),
            detections: *lock(&self.detections),
            last_failure: lock(&self.last_failure).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauges_are_replaced_and_counts_added() {
        let counters = Counters::default();
        counters.sequences(None);
        assert_eq!(counters.snapshot("web", 0).sequences, None);
        let first = SequenceStatus { held: 3, late: 1, evicted_keys: 2, watermark: Some(5), ..Default::default() };
        counters.sequences(Some(&first));
        counters.sequences(Some(&SequenceStatus { held: 1, late: 4, watermark: Some(7), ..Default::default() }));
        let both = SequenceStatus { held: 1, late: 5, evicted_keys: 2, watermark: Some(7), ..Default::default() };
        assert_eq!(counters.snapshot("web", 0).sequences, Some(both));
        // The rules were replaced by some without sequences.
        counters.sequences(None);
        let left = SequenceStatus { late: 5, evicted_keys: 2, ..Default::default() };
        assert_eq!(counters.snapshot("web", 0).sequences, Some(left));
    }
}
