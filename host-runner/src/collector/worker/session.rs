//! The tenant's instance and the state of its session: at the start, over a reload, after a failure, at the stop.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rule_core::{Restored, SequenceStatus};

use super::Worker;
use crate::collector::counters::add;
use crate::collector::prepare::{self, Prepared};
use crate::collector::state::StateFile;
use crate::engine::EngineError;

/// How often instances that failed may go on from one and the same snapshot.
const MAX_RESTARTS: u32 = 3;

/// Keeps a tenant's state in a file, and judges whether what is there may be used.
pub(super) struct Keeper {
    file: StateFile,
    interval: Duration,
    /// When a snapshot was last taken or tried.
    tried: Instant,
    /// Whether there is anything that the file does not have.
    changed: bool,
    /// The sequences when they were last looked at.
    seen: Option<SequenceStatus>,
    /// How often an instance went on from the snapshot after a failure.
    restarts: u32,
    /// The instance went on from it and has not evaluated a batch yet.
    unproven: bool,
    /// Of more state than this no snapshot is tried: the instance would break on it.
    max_bytes: u64,
}

impl Keeper {
    /// `memory`: what the instance may have, if that is limited.
    pub fn new(file: StateFile, interval: Duration, memory: Option<u64>) -> Keeper {
        Keeper {
            file,
            interval,
            tried: Instant::now(),
            changed: false,
            seen: None,
            restarts: 0,
            unproven: false,
            // The state and the bytes of a snapshot take at least seven quarters of what the state is counted as.
            max_bytes: memory.map_or(u64::MAX, |memory| memory / 7 * 4),
        }
    }

    /// The instance has evaluated a batch.
    pub fn evaluated(&mut self) {
        (self.changed, self.unproven) = (true, false);
    }

    /// Takes note of how the sequences are.
    pub fn see(&mut self, now: Option<SequenceStatus>) {
        // Time that passes changes nothing by itself.
        let still = |status: SequenceStatus| SequenceStatus { watermark: None, ..status };
        self.changed |= self.seen.is_some() && self.seen.map(still) != now.map(still);
        self.seen = now;
    }

    /// The file has what the instance has.
    fn saved(&mut self) {
        self.changed = false;
        // That state can be written does not show that it can be worked with.
        if !self.unproven {
            self.restarts = 0;
        }
    }

    fn bytes(&self) -> u64 {
        self.seen.map_or(0, |status| status.state_bytes + status.held_bytes)
    }

    /// Whether an instance that failed may be followed by one with the state of the file. What breaks one instance after the other
    /// may be that state.
    fn is_trusted(&self) -> bool {
        !self.unproven && self.restarts < MAX_RESTARTS
    }
}

impl Worker {
    /// The first session, with the state that an earlier collector left.
    pub(super) fn begin(&mut self, prepared: Prepared) {
        self.live = Some(prepared);
        match self.keeper.as_ref().map(|keeper| keeper.file.read()) {
            Some(Ok(Some(state))) => match self.restore(&state) {
                Ok(Restored { rules, dropped }) => {
                    tracing::info!(
                        tenant = %self.config.name, sequences_restored = rules, sequences_dropped = dropped,
                        bytes = state.len(), "state restored"
                    );
                }
                Err(error) => self.refuse(&error.to_string()),
            },
            Some(Err(error)) => self.refuse(&error.to_string()),
            Some(Ok(None)) | None => {}
        }
        if self.live.is_none() {
            self.live = self.fresh();
        }
        self.opened();
        self.busy = Instant::now();
    }

    /// Goes on with another rule set. What it has in common with the old one goes on where it was.
    pub(super) fn reload(&mut self, prepared: Prepared) {
        let state = self.sequences.and_then(|_| self.carry());
        add(&self.counters.reloads, 1);
        self.counters.rules.store(prepared.rules as u64, Ordering::Relaxed);
        let rules = prepared.rules;
        self.retry = (prepared.sources.clone(), prepared.options.clone());
        self.live = Some(prepared);
        let restored = state.map(|state| self.restore(&state)).transpose().unwrap_or_else(|error| {
            self.counters.failure(error.to_string());
            tracing::error!(tenant = %self.config.name, %error, "sequences start anew: their state cannot be taken over");
            None
        });
        if self.live.is_none() {
            self.live = self.fresh();
        }
        self.opened();
        let Restored { rules: sequences_restored, dropped: sequences_dropped } = restored.unwrap_or_default();
        tracing::info!(tenant = %self.config.name, rules, sequences_restored, sequences_dropped, "rules reloaded");
    }

    /// The state of the session, which is about to be replaced and ends here; of one that failed, the last snapshot.
    fn carry(&mut self) -> Option<Vec<u8>> {
        let mut live = match self.live.take() {
            Some(live) => live,
            None => return self.trusted_state(),
        };
        live.instance.snapshot(live.session).map(Some).unwrap_or_else(|error| {
            self.counters.failure(error.to_string());
            tracing::error!(tenant = %self.config.name, %error, "the state of sequences cannot be carried over");
            self.trusted_state()
        })
    }

    /// Counts a failure. When it took the instance, there is a fresh one then.
    pub(super) fn failed(&mut self, error: &EngineError) {
        self.counters.failure(error.to_string());
        if error.is_fatal() {
            // The failed instance goes first: it holds a place in the pool.
            self.live = None;
            self.restart();
        }
    }

    /// A fresh instance, which goes on from the last snapshot if there is one.
    pub(super) fn restart(&mut self) {
        let state = self.trusted_state();
        self.live = self.fresh();
        if self.live.is_none() {
            return;
        }
        let mut restored = None;
        if let Some(state) = state {
            match self.restore(&state) {
                Ok(done) => restored = Some(done),
                Err(error) => self.refuse(&error.to_string()),
            }
            if self.live.is_none() {
                self.live = self.fresh();
            }
        }
        if let (Some(keeper), Some(_)) = (&mut self.keeper, restored) {
            keeper.restarts += 1;
            keeper.unproven = true;
            add(&self.counters.restarts_with_state, 1);
        }
        self.opened();
        if self.live.is_none() {
            return;
        }
        add(&self.counters.restarts, 1);
        let what = match (self.sequences, restored) {
            (_, Some(_)) => "restarted with a fresh instance; sequences go on from the last snapshot",
            (Some(_), None) => "restarted with a fresh instance; sequences start anew",
            (None, None) => "restarted with a fresh instance",
        };
        tracing::warn!(tenant = %self.config.name, "{what}");
    }

    /// The last snapshot, unless it may be what instances break on.
    fn trusted_state(&mut self) -> Option<Vec<u8>> {
        let keeper = self.keeper.as_ref()?;
        match keeper.file.read() {
            Ok(Some(state)) if keeper.is_trusted() => Some(state),
            Ok(Some(_)) => {
                self.refuse("instances that went on from it failed again");
                None
            }
            Ok(None) => None,
            Err(error) => {
                self.refuse(&error.to_string());
                None
            }
        }
    }

    /// An instance with the rules at work and no state.
    fn fresh(&self) -> Option<Prepared> {
        let (sources, options) = self.retry.clone();
        match prepare::start(&self.engine, &self.config, sources, options) {
            Ok((prepared, _)) => Some(prepared),
            Err(error) => {
                self.counters.failure(error.to_string());
                tracing::error!(tenant = %self.config.name, %error, "cannot make a fresh instance");
                None
            }
        }
    }

    /// Gives the session, which is new, its state. An instance that does not survive it is gone.
    fn restore(&mut self, state: &[u8]) -> Result<Restored, EngineError> {
        let live = self.live.as_mut().ok_or(EngineError::Discarded)?;
        let result = live.instance.restore(live.session, state);
        match &result {
            Ok(Restored { rules, dropped }) => {
                add(&self.counters.sequences_restored, (*rules).into());
                add(&self.counters.sequences_dropped, (*dropped).into());
            }
            Err(error) if error.is_fatal() => self.live = None,
            Err(_) => {}
        }
        result
    }

    /// Tells a new session the time, and so learns whether it has sequences.
    fn opened(&mut self) {
        (self.told, self.sequences) = (None, None);
        if self.live.is_none() {
            return;
        }
        if let Err(error) = self.tell_time() {
            // Trying again at once would fail again; the next batch tries.
            self.live = None;
            self.counters.failure(error.to_string());
            tracing::error!(tenant = %self.config.name, %error, "the session cannot be told the time");
        }
    }

    /// The snapshot in the file is not used. It is kept, for whoever wants to know why.
    fn refuse(&mut self, reason: &str) {
        let Some(keeper) = &mut self.keeper else { return };
        (keeper.restarts, keeper.unproven) = (0, false);
        add(&self.counters.state_refused, 1);
        self.counters.failure(format!("state refused: {reason}"));
        let (tenant, path) = (self.config.name.as_str(), display(keeper.file.path()));
        match keeper.file.set_aside() {
            Ok(aside) => {
                let kept = display(&aside);
                tracing::error!(tenant, path, reason, kept, "state refused; sequences start anew");
            }
            Err(error) => {
                tracing::error!(tenant, path, reason, %error, "state refused and not set aside; sequences start anew");
            }
        }
    }

    /// Takes a snapshot when it is time to and there is something new.
    pub(super) fn save_if_due(&mut self) {
        let Some(keeper) = &mut self.keeper else { return };
        if self.live.is_none() || self.sequences.is_none() || keeper.tried.elapsed() < keeper.interval {
            return;
        }
        keeper.tried = Instant::now();
        if !keeper.changed {
            return;
        }
        if !self.save() && self.live.is_none() {
            self.restart();
        }
    }

    /// Writes a snapshot; whether that was done. An instance that breaks on it is gone.
    pub(super) fn save(&mut self) -> bool {
        let (Some(keeper), Some(live)) = (&mut self.keeper, &mut self.live) else { return false };
        let bytes = keeper.bytes();
        if bytes > keeper.max_bytes {
            add(&self.counters.state_failed, 1);
            self.notices.unsaved();
            self.notices.tell(&self.config, Instant::now());
            return false;
        }
        let failure = match live.instance.snapshot(live.session) {
            Ok(state) => match keeper.file.write(&state) {
                Ok(()) => {
                    keeper.saved();
                    add(&self.counters.state_saved, 1);
                    tracing::debug!(tenant = %self.config.name, bytes = state.len(), "state saved");
                    return true;
                }
                Err(error) => {
                    let path = display(keeper.file.path());
                    tracing::error!(tenant = %self.config.name, path, %error, "state cannot be written");
                    format!("state cannot be written: {error}")
                }
            },
            Err(error) => {
                tracing::error!(tenant = %self.config.name, bytes, %error, "no snapshot can be taken");
                if error.is_fatal() {
                    keeper.max_bytes = bytes / 2;
                    self.live = None;
                }
                format!("no snapshot can be taken: {error}")
            }
        };
        add(&self.counters.state_failed, 1);
        self.counters.failure(failure);
        false
    }
}

fn display(path: &Path) -> String {
    path.display().to_string()
}
