//! A tenant's thread: evaluates batches, and moves event time on while there are none.
//!
//! | file | what it is |
//! |---|---|
//! | `worker` | the loop: events, the clock, the stop |
//! | `worker/session` | the instance: replaced on a reload and after a failure, its state kept |

mod session;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rule_core::{Advance, CompileOptions, Outcome, SequenceStatus, Source};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use super::config::Tenant;
use super::counters::{Counters, add};
use super::notices::Notices;
use super::prepare::Prepared;
use super::sink::Sink;
use super::state::StateFile;
use super::tenant::{Job, Message, RejectedLine, Reply, count};
use crate::engine::{Engine, EngineError, EngineKind};
use crate::input::{Batch, too_large_message};
use session::Keeper;

/// How often the clock is looked at, where there are sequences.
const TICK: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    engine: Engine,
    config: Tenant,
    /// `None` when a fresh instance could not be made; every batch tries again.
    live: Option<Prepared>,
    /// The rules, for a fresh instance.
    retry: (Arc<Vec<Source>>, CompileOptions),
    keeper: Option<Keeper>,
    sink: Arc<Sink>,
    counters: Arc<Counters>,
    /// The sequences after the last call. None when there are none: then nothing here depends on the clock.
    sequences: Option<SequenceStatus>,
    /// Whether rules count or suppress what is not decided yet.
    undecided: bool,
    /// When the session was last told the time.
    told: Option<Instant>,
    /// When events last came.
    busy: Instant,
    notices: Notices,
    /// For waiting with a timeout.
    runtime: Runtime,
}

/// Why the thread woke up.
enum Woken {
    Message(Message),
    /// Nothing has come for a tick.
    Idle,
    /// Nothing will come.
    End,
}

impl Worker {
    pub fn new(
        engine: Engine,
        config: Tenant,
        prepared: &Prepared,
        state: Option<StateFile>,
        sink: Arc<Sink>,
        counters: Arc<Counters>,
    ) -> io::Result<Worker> {
        let memory = (engine.kind() == EngineKind::Wasm).then(|| config.instance.memory.as_u64());
        let keeper = state.zip(config.state.as_ref()).map(|(file, state)| Keeper::new(file, state.interval, memory));
        Ok(Worker {
            engine,
            live: None,
            retry: (prepared.sources.clone(), prepared.options.clone()),
            keeper,
            config,
            sink,
            counters,
            sequences: None,
            undecided: false,
            told: None,
            busy: Instant::now(),
            notices: Notices::default(),
            runtime: Builder::new_current_thread().enable_time().build()?,
        })
    }

    /// Works until it is told to stop and the queue is empty.
    pub fn work(mut self, prepared: Prepared, mut messages: mpsc::Receiver<Message>) {
        self.begin(prepared);
        loop {
            match self.wait(&mut messages) {
                Woken::Message(Message::Events(Job { batch, origin, reply })) => {
                    let result = self.evaluate(&batch, &origin);
                    self.busy = Instant::now();
                    if let Some(reply) = reply {
                        // Whoever asked may have hung up.
                        let _ = reply.send(result);
                    }
                }
                Woken::Message(Message::Replace(prepared)) => self.reload(*prepared),
                // What is in the queue still comes.
                Woken::Message(Message::Stop) => messages.close(),
                Woken::Idle => self.idle(),
                Woken::End => break,
            }
            self.save_if_due();
        }
        self.end();
    }

    fn wait(&self, messages: &mut mpsc::Receiver<Message>) -> Woken {
        let message = match self.sequences {
            Some(_) => self.runtime.block_on(async { tokio::time::timeout(TICK, messages.recv()).await }),
            None => Ok(messages.blocking_recv()),
        };
        match message {
            Ok(Some(message)) => Woken::Message(message),
            Ok(None) => Woken::End,
            Err(_) => Woken::Idle,
        }
    }

    fn evaluate(&mut self, batch: &Batch, origin: &str) -> Reply {
        let max = self.config.limits.max_rejections as usize;
        let too_large = batch.too_large.len() as u64;
        let mut reply = Reply { rejected: too_large, ..Reply::default() };
        reply.rejections.extend(batch.too_large.iter().take(max).map(|event| RejectedLine {
            line: event.line,
            offset: u64::from(self.config.limits.max_event_bytes),
            message: too_large_message(event, self.config.limits.max_event_bytes),
        }));
        add(&self.counters.events, count(batch));

        let given = batch.numbers.len() as u64;
        match self.outcome(&batch.lines) {
            Ok(outcome) => {
                reply.accepted = given.saturating_sub(outcome.rejected);
                reply.rejected += outcome.rejected;
                reply.failure = self.deliver(&outcome).err();
                let lines = outcome.rejections.into_iter().map(|rejection| {
                    let index = usize::try_from(rejection.event.saturating_sub(outcome.first)).unwrap_or(usize::MAX);
                    let line = batch.numbers.get(index).copied().unwrap_or_else(|| batch.first_line());
                    RejectedLine { line, offset: rejection.offset, message: rejection.message }
                });
                reply.rejections.extend(lines.take(max));
            }
            Err(error) => {
                add(&self.counters.failed, given);
                tracing::error!(
                    tenant = %self.config.name, origin, line = batch.first_line(), events = given, %error,
                    "a batch is lost"
                );
                reply.failed = given;
                reply.failure = Some(error.to_string());
                self.failed(&error);
            }
        }
        add(&self.counters.rejected, reply.rejected);
        if let Some(RejectedLine { line, offset, message }) = reply.rejections.first() {
            tracing::warn!(
                tenant = %self.config.name, origin, line, offset, reason = %message, rejected = reply.rejected,
                "events rejected"
            );
        }
        for RejectedLine { line, offset, message } in reply.rejections.iter().skip(1) {
            tracing::debug!(tenant = %self.config.name, origin, line, offset, reason = %message, "event rejected");
        }
        reply
    }

    fn outcome(&mut self, lines: &[u8]) -> Result<Outcome, EngineError> {
        if self.live.is_none() {
            self.restart();
        }
        if self.sequences.is_some()
            && let Err(error) = self.tell_time()
        {
            tracing::error!(tenant = %self.config.name, %error, "the session cannot be told the time");
            self.failed(&error);
        }
        let live = self.live.as_mut().ok_or(EngineError::Discarded)?;
        let outcome = live.instance.evaluate(live.session, lines)?;
        if let Some(keeper) = &mut self.keeper {
            keeper.evaluated();
        }
        Ok(outcome)
    }

    /// Says what time it is, so that an event from the future does not make the others late. Once a tick is enough.
    fn tell_time(&mut self) -> Result<(), EngineError> {
        if self.told.is_some_and(|told| told.elapsed() < TICK) {
            return Ok(());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let latest = now.saturating_add(self.config.clock_skew).as_millis();
        self.told = Some(Instant::now());
        self.advance(Advance::Ceiling(i64::try_from(latest).unwrap_or(i64::MAX)))
    }

    /// Nothing has come for a tick: what waits for time to pass is decided.
    fn idle(&mut self) {
        let idle = self.busy.elapsed();
        let waits = |status: SequenceStatus| status.held + status.join_keys + status.partial_matches > 0;
        if self.live.is_some() && self.sequences.is_some_and(waits) {
            let milliseconds = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
            if let Err(error) = self.advance(Advance::Idle(milliseconds)) {
                tracing::error!(tenant = %self.config.name, %error, "event time does not go on");
                self.failed(&error);
            }
        }
        if let Some(status) = self.sequences
            && idle > self.config.allowed_lateness + TICK
        {
            // All that happened before the last event has been let go.
            self.notices.ahead(status.held);
        }
        self.notices.tell(&self.config, Instant::now());
    }

    /// Moves event time, and delivers what that decides.
    fn advance(&mut self, time: Advance) -> Result<(), EngineError> {
        let live = self.live.as_mut().ok_or(EngineError::Discarded)?;
        let outcome = live.instance.advance(live.session, time)?;
        // What cannot be written is counted and logged there.
        let _ = self.deliver(&outcome);
        Ok(())
    }

    /// Writes alerts and counts what was found. The error is that they could not be written, in words.
    fn deliver(&mut self, outcome: &Outcome) -> Result<(), String> {
        let matches = outcome.matches.len() as u64;
        add(&self.counters.matches, matches);
        self.counters.sequences(outcome.sequences.as_ref());
        self.sequences = outcome.sequences;
        self.counters.detections(outcome.detections.as_ref());
        let held_back: u64 = outcome.held_back.iter().map(|held| held.count).sum();
        add(&self.counters.held_back, held_back);
        if held_back > 0 {
            self.notices.held_back(held_back);
            self.notices.tell(&self.config, Instant::now());
        }
        self.undecided = outcome.detections.is_some_and(|status| status.groups + status.suppressions > 0);
        if let Some(status) = &outcome.sequences {
            self.notices.take(&self.config, status, Instant::now());
        }
        if let Some(keeper) = &mut self.keeper {
            keeper.see(outcome.sequences);
        }
        self.sink.write(&self.config.name, &outcome.alerts).map_err(|error| {
            add(&self.counters.alerts_lost, matches);
            tracing::error!(tenant = %self.config.name, %error, alerts = matches, "alerts cannot be written");
            format!("alerts cannot be written: {error}")
        })
    }

    /// The queue is empty for good.
    fn end(&mut self) {
        let saved = self.keeper.is_some() && self.live.is_some() && self.save();
        if saved || self.live.is_none() || self.sequences.is_none() {
            return;
        }
        // Nothing keeps what is held back, so that it is put in order now.
        // What is counted or suppressed is decided early, rather than never.
        // Whether there is any of that is known when the events have their order.
        let mut ended = self.advance(Advance::Flush);
        if ended.is_ok() && self.undecided {
            ended = self.advance(Advance::Finish);
        }
        if let Err(error) = ended {
            self.counters.failure(error.to_string());
            tracing::error!(tenant = %self.config.name, %error, "events that were held back are lost");
        }
        if let Some(SequenceStatus { partial_matches: partials @ 1.., .. }) = self.sequences {
            tracing::info!(tenant = %self.config.name, partials, "partial matches end here; `state` would keep them");
        }
    }
}
