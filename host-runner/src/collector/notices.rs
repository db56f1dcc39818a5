//! Warnings about sequences, which a stream would repeat with every batch: told once a minute, with how many there were.

use std::time::{Duration, Instant};

use rule_core::SequenceStatus;

use super::config::Tenant;

/// How long a warning that was told is kept quiet.
const QUIET: Duration = Duration::from_secs(60);

/// What a tenant's log says of its sequences.
#[derive(Debug, Default)]
pub(super) struct Notices {
    late: Notice,
    undated: Notice,
    hurried: Notice,
    evicted_keys: Notice,
    evicted_partials: Notice,
    ahead: Notice,
    unsaved: Notice,
    held_back: Notice,
}

impl Notices {
    /// Takes note of what a call to the session counted, and tells what is due.
    pub fn take(&mut self, tenant: &Tenant, status: &SequenceStatus, now: Instant) {
        self.late.count(status.late);
        self.undated.count(status.undated);
        self.hurried.count(status.hurried);
        self.evicted_keys.count(status.evicted_keys);
        self.evicted_partials.count(status.evicted_partials);
        // Event time has not begun although events came: none of them told a time that is believed.
        self.ahead(if status.watermark.is_none() { status.held } else { 0 });
        self.tell(tenant, now);
    }

    /// Events are held although all others were let go, `held` of them.
    pub fn ahead(&mut self, held: u64) {
        self.ahead.set(held);
    }

    /// So many alerts were held back.
    pub fn held_back(&mut self, alerts: u64) {
        self.held_back.count(alerts);
    }

    /// A snapshot was not taken, because the state is too large for one.
    pub fn unsaved(&mut self) {
        self.unsaved.count(1);
    }

    /// Tells what is due, for nothing may happen that would tell it.
    pub fn tell(&mut self, tenant: &Tenant, now: Instant) {
        let name = tenant.name.as_str();
        let limits = &tenant.limits;
        if let Some(events) = self.late.due(now) {
            let lateness = humantime::format_duration(tenant.allowed_lateness);
            tracing::warn!(
                tenant = name,
                events,
                "events came too late for their place in sequences, later than `allowed_lateness` ({lateness}) allows"
            );
        }
        if let Some(events) = self.undated.due(now) {
            tracing::warn!(tenant = name, events, "events without a timestamp are left out of sequences");
        }
        if let Some(events) = self.hurried.due(now) {
            tracing::warn!(
                tenant = name,
                events,
                "events were put in order before `allowed_lateness` was over, because more were held back than \
                 `limits.max_held_bytes` ({}) allows",
                limits.max_held_bytes
            );
        }
        if let Some(keys) = self.evicted_keys.due(now) {
            tracing::warn!(
                tenant = name,
                keys,
                "join keys of sequences were dropped to stay within `limits.max_join_keys` ({}) and \
                 `limits.max_state_bytes` ({})",
                limits.max_join_keys,
                limits.max_state_bytes
            );
        }
        if let Some(partials) = self.evicted_partials.due(now) {
            tracing::warn!(
                tenant = name,
                partials,
                "partial matches of sequences were dropped to stay within `limits.max_partial_matches` ({}) and \
                 `limits.max_state_bytes` ({})",
                limits.max_partial_matches,
                limits.max_state_bytes
            );
        }
        if let Some(events) = self.ahead.due(now) {
            let skew = humantime::format_duration(tenant.clock_skew);
            tracing::warn!(
                tenant = name,
                events,
                "events wait for their time to come: they are further ahead of the clock here than `clock_skew` ({skew}) \
                 allows"
            );
        }
        if let Some(alerts) = self.held_back.due(now) {
            tracing::warn!(
                tenant = name,
                alerts,
                "alerts were held back: they are over the `max_signals` of their rule and run"
            );
        }
        if let Some(snapshots) = self.unsaved.due(now) {
            tracing::warn!(
                tenant = name,
                snapshots,
                "no snapshot is taken: `memory_limit` ({}) cannot hold the state and a snapshot of it; raise it, or lower \
                 `limits.max_state_bytes` ({}) and `limits.max_held_bytes` ({})",
                tenant.instance.memory,
                limits.max_state_bytes,
                limits.max_held_bytes
            );
        }
    }
}

/// One warning.
#[derive(Debug, Default)]
struct Notice {
    /// Not told yet.
    pending: u64,
    told: Option<Instant>,
}

impl Notice {
    fn count(&mut self, more: u64) {
        self.pending += more;
    }

    fn set(&mut self, pending: u64) {
        self.pending = pending;
    }

    /// How many to tell of, if it is time to.
    fn due(&mut self, now: Instant) -> Option<u64> {
        let quiet = self.told.is_some_and(|told| now.saturating_duration_since(told) < QUIET);
        if self.pending == 0 || quiet {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.pending))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_told_once_a_minute_with_its_count() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut notice = Notice::default();
        assert_eq!(notice.due(start), None);
        notice.count(2);
        assert_eq!(notice.due(start), Some(2));
        notice.count(1);
        assert_eq!(notice.due(after(1)), None);
        notice.count(4);
        assert_eq!(notice.due(after(59)), None);
        assert_eq!(notice.due(after(60)), Some(5), "what came meanwhile is not forgotten");
        assert_eq!(notice.due(after(200)), None, "nothing new");
    }
}
