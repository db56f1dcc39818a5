//! One tenant: a thread with an instance of its own, behind a bounded queue.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use rule_core::{CompileOptions, CompileReport, Limits, SessionOptions, Source};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::config::Tenant;
use super::counters::{Counters, Snapshot, add};
use super::sink::Sink;
use crate::engine::{Engine, EngineError, Handle, Instance};
use crate::input::{Batch, too_large_message};
use crate::rules::{self, RuleFiles, RulesError};

/// A rule set compiled in an instance, ready for events.
pub(super) struct Prepared {
    instance: Box<dyn Instance>,
    session: Handle,
    rules: usize,
    /// For a fresh instance after a failure.
    sources: Arc<Vec<Source>>,
    options: CompileOptions,
}

/// Why a rule set is not used.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The rule files cannot be read.
    #[error(transparent)]
    Read(#[from] RulesError),
    /// The mapping cannot be read.
    #[error("{} {message}", .path.display())]
    Mapping {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// Rules have errors.
    #[error("{} of {} rules have errors", .0.report.totals().2, .0.report.rules.len())]
    Rules(Box<Refused>),
    /// The instance failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A rule set with errors.
#[derive(Debug)]
pub struct Refused {
    /// What is wrong.
    pub report: CompileReport,
    /// The rule files, for excerpts.
    pub sources: Vec<Source>,
}

/// Reads and compiles a tenant's rules in a fresh instance.
pub(super) fn prepare(engine: &Engine, config: &Tenant) -> Result<Prepared, PrepareError> {
    let RuleFiles { sources, diagnostics } = rules::read(&config.rules, config.limits.max_rule_bytes)?;
    let mapping = config
        .mapping
        .as_ref()
        .map(|path| rules::read_mapping(path).map_err(|message| PrepareError::Mapping { path: path.clone(), message }));
    let options = CompileOptions { limits: config.limits.clone(), mapping: mapping.transpose()? };
    let (mut prepared, mut report) = start(engine, config, Arc::new(sources), options)?;
    report.diagnostics.splice(0..0, diagnostics);
    if report.has_errors() {
        let sources = std::mem::take(Arc::make_mut(&mut prepared.sources));
        return Err(PrepareError::Rules(Box::new(Refused { report, sources })));
    }
    Ok(prepared)
}

fn start(
    engine: &Engine,
    config: &Tenant,
    sources: Arc<Vec<Source>>,
    options: CompileOptions,
) -> Result<(Prepared, CompileReport), EngineError> {
    let mut instance = engine.instance(config.instance)?;
    let (rules, report) = instance.compile(&sources, &options)?;
    let session =
        instance.open(rules, &SessionOptions { alerts: true, notes: config.notes, ..SessionOptions::default() })?;
    let rules = report.totals().0;
    Ok((Prepared { instance, session, rules, sources, options }, report))
}

/// What a tenant's thread is told.
pub(super) enum Message {
    Events(Job),
    /// Go on with another rule set.
    Replace(Box<Prepared>),
    /// Take no more; evaluate what is in the queue.
    Stop,
}

/// A batch and where it came from.
pub(super) struct Job {
    pub batch: Batch,
    pub origin: Arc<str>,
    /// Who waits for the result.
    pub reply: Option<oneshot::Sender<Reply>>,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub accepted: u64,
    pub rejected: u64,
    pub rejections: Vec<RejectedLine>,
    /// The batch was lost, or its alerts were; why.
    pub failure: Option<String>,
    /// How many events were lost.
    pub failed: u64,
}

/// A rejected event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct RejectedLine {
    pub line: u64,
    pub offset: u64,
    pub message: String,
}

/// How the rest of the collector speaks to a tenant.
#[derive(Clone)]
pub(super) struct Mailbox {
    pub name: Arc<str>,
    pub limits: Arc<Limits>,
    queue: mpsc::Sender<Message>,
    counters: Arc<Counters>,
}

impl Mailbox {
    /// Waits for a place in the queue; false when the tenant has stopped. What was not taken is counted as failed.
    pub async fn send(&self, job: Job) -> bool {
        let unsent = Unsent { mailbox: self, events: count(&job.batch) };
        unsent.sent(self.queue.send(Message::Events(job)).await.is_ok())
    }

    /// As [`Self::send`], for a thread.
    pub fn blocking_send(&self, job: Job) -> bool {
        let unsent = Unsent { mailbox: self, events: count(&job.batch) };
        unsent.sent(self.queue.blocking_send(Message::Events(job)).is_ok())
    }

    pub async fn replace(&self, prepared: Prepared) {
        let _ = self.queue.send(Message::Replace(Box::new(prepared))).await;
    }

    pub async fn stop(&self) {
        let _ = self.queue.send(Message::Stop).await;
    }

    pub fn snapshot(&self) -> Snapshot {
        self.counters.snapshot(&self.name, self.queue.max_capacity() - self.queue.capacity())
    }

    pub fn reload_refused(&self) {
        add(&self.counters.reloads_refused, 1);
    }
}

/// Events on their way into the queue. At a stop the way may be cut off, by the tenant's end or in the middle of
/// waiting; then they are counted, as everything is.
struct Unsent<'a> {
    mailbox: &'a Mailbox,
    events: u64,
}

impl Unsent<'_> {
    fn sent(mut self, sent: bool) -> bool {
        if sent {
            self.events = 0;
        }
        sent
    }
}

impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        let Unsent { mailbox: Mailbox { name, counters, .. }, events } = *self;
        if events > 0 {
            add(&counters.events, events);
            add(&counters.failed, events);
            tracing::error!(tenant = %name, events, "events that came too late for the stop are not evaluated");
        }
    }
}

fn count(batch: &Batch) -> u64 {
    (batch.numbers.len() + batch.too_large.len()) as u64
}

/// Starts the tenant's thread.
pub(super) fn spawn(
    engine: Engine,
    config: Tenant,
    prepared: Prepared,
    sink: Arc<Sink>,
) -> io::Result<(Mailbox, thread::JoinHandle<()>)> {
    let (queue, messages) = mpsc::channel(config.queue);
    let counters = Arc::<Counters>::default();
    counters.rules.store(prepared.rules as u64, Ordering::Relaxed);
    let mailbox = Mailbox {
        name: config.name.as_str().into(),
        limits: Arc::new(config.limits.clone()),
        queue,
        counters: counters.clone(),
    };
    let retry = (prepared.sources.clone(), prepared.options.clone());
    let worker = Worker { engine, config, live: Some(prepared), retry, sink, counters };
    let thread = thread::Builder::new()
        .name(format!("tenant {}", mailbox.name))
        // The native engine evaluates on this stack.
        .stack_size(8 << 20)
        .spawn(move || worker.work(messages))?;
    Ok((mailbox, thread))
}

struct Worker {
    engine: Engine,
    config: Tenant,
    /// `None` when a fresh instance could not be made; every batch tries again.
    live: Option<Prepared>,
    retry: (Arc<Vec<Source>>, CompileOptions),
    sink: Arc<Sink>,
    counters: Arc<Counters>,
}

impl Worker {
    fn work(mut self, mut messages: mpsc::Receiver<Message>) {
        while let Some(message) = messages.blocking_recv() {
            match message {
                Message::Events(Job { batch, origin, reply }) => {
                    let result = self.evaluate(&batch, &origin);
                    if let Some(reply) = reply {
                        // Whoever asked may have hung up.
                        let _ = reply.send(result);
                    }
                }
                Message::Replace(prepared) => {
                    add(&self.counters.reloads, 1);
                    self.counters.rules.store(prepared.rules as u64, Ordering::Relaxed);
                    tracing::info!(tenant = %self.config.name, rules = prepared.rules, "rules reloaded");
                    self.retry = (prepared.sources.clone(), prepared.options.clone());
                    self.live = Some(*prepared);
                }
                // What is in the queue still comes.
                Message::Stop => messages.close(),
            }
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
                let lines = outcome.rejections.into_iter().map(|rejection| {
                    let index = usize::try_from(rejection.event.saturating_sub(outcome.first)).unwrap_or(usize::MAX);
                    let line = batch.numbers.get(index).copied().unwrap_or_else(|| batch.first_line());
                    RejectedLine { line, offset: rejection.offset, message: rejection.message }
                });
                reply.rejections.extend(lines.take(max));
                let matches = outcome.matches.len() as u64;
                add(&self.counters.matches, matches);
                if let Err(error) = self.sink.write(&self.config.name, &outcome.alerts) {
                    add(&self.counters.alerts_lost, matches);
                    tracing::error!(tenant = %self.config.name, %error, alerts = matches, "alerts cannot be written");
                    reply.failure = Some(format!("alerts cannot be written: {error}"));
                }
            }
            Err(error) => {
                add(&self.counters.failed, given);
                self.counters.failure(error.to_string());
                tracing::error!(
                    tenant = %self.config.name, origin, line = batch.first_line(), events = given, %error,
                    "a batch is lost"
                );
                reply.failed = given;
                reply.failure = Some(error.to_string());
                if error.is_fatal() {
                    // The failed instance goes first: it holds a place in the pool.
                    self.live = None;
                    self.restart();
                }
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

    fn outcome(&mut self, lines: &[u8]) -> Result<rule_core::Outcome, EngineError> {
        if self.live.is_none() {
            self.restart();
        }
        let live = self.live.as_mut().ok_or(EngineError::Discarded)?;
        live.instance.evaluate(live.session, lines)
    }

    fn restart(&mut self) {
        let (sources, options) = self.retry.clone();
        match start(&self.engine, &self.config, sources, options) {
            Ok((prepared, _)) => {
                self.live = Some(prepared);
                add(&self.counters.restarts, 1);
                tracing::warn!(tenant = %self.config.name, "restarted with a fresh instance");
            }
            Err(error) => {
                self.counters.failure(error.to_string());
                tracing::error!(tenant = %self.config.name, %error, "cannot make a fresh instance");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::Output;
    use super::*;
    use crate::engine::InstanceLimits;
    use bytesize::ByteSize;
    use std::fs;
    use std::time::Duration;

    fn tenant(name: &str, rules: PathBuf) -> Tenant {
        let instance =
            InstanceLimits { memory: ByteSize::mib(4), deadline: Duration::from_secs(1), ..InstanceLimits::default() };
        let (notes, mapping, queue) = (false, None, 4);
        Tenant { name: name.into(), rules: vec![rules], mapping, notes, limits: Limits::default(), instance, queue }
    }

    fn job(events: &[u8]) -> (Job, oneshot::Receiver<Reply>) {
        let (reply, result) = oneshot::channel();
        let lines = [events, b"\n"].concat();
        let batch = Batch { lines, first_id: 1, numbers: vec![1], ..Batch::default() };
        (Job { batch, origin: "test".into(), reply: Some(reply) }, result)
    }

    #[test]
    fn a_tenant_that_breaks_its_limits_is_restarted_alone() {
        let folder = tempfile::tempdir().unwrap();
        let rule = folder.path().join("rule.eql");
        fs::write(&rule, "any where true").unwrap();
        let engine = Engine::Wasm(crate::wasm::tests::misbehaving(3));
        let sink = Arc::new(Sink::open(&Output::File(folder.path().join("alerts"))).unwrap());
        let [(bad, bad_thread), (good, good_thread)] = ["bad", "good"].map(|name| {
            let config = tenant(name, rule.clone());
            let prepared = prepare(&engine, &config).unwrap();
            spawn(engine.clone(), config, prepared, sink.clone()).unwrap()
        });
        let ask = |mailbox: &Mailbox, events: &[u8]| {
            let (job, reply) = job(events);
            assert!(mailbox.blocking_send(job));
            reply.blocking_recv().unwrap()
        };
        for (events, failure) in [(&b"L"[..], "deadline of 1s"), (b"M", "memory limit of 4.0 MiB"), (b"T", "trapped")] {
            let reply = ask(&bad, events);
            assert!(reply.failure.as_deref().is_some_and(|words| words.contains(failure)), "{reply:?}");
            assert_eq!((reply.accepted, reply.failed), (0, 1));
            assert_eq!(ask(&bad, b"fine").failure, None, "there is a fresh instance");
            assert_eq!(ask(&good, b"fine").failure, None);
        }
        let counts = bad.snapshot();
        assert_eq!((counts.events, counts.failed, counts.restarts), (6, 3, 3));
        assert!(counts.last_failure.is_some());
        let counts = good.snapshot();
        assert_eq!((counts.events, counts.failed, counts.restarts), (3, 0, 0));

        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (mailbox, thread) in [(bad, bad_thread), (good, good_thread)] {
            // What is in the queue before the stop is still evaluated; what comes after it is counted.
            let (queued, reply) = job(b"fine");
            runtime.block_on(async {
                assert!(mailbox.send(queued).await);
                mailbox.stop().await;
            });
            thread.join().unwrap();
            assert_eq!(reply.blocking_recv().unwrap().failure, None);
            let failed = mailbox.snapshot().failed;
            assert!(!mailbox.blocking_send(job(b"late").0));
            assert_eq!(mailbox.snapshot().failed, failed + 1);
        }
    }
    #[test]
    fn events_that_are_cut_off_while_they_wait_are_counted() {
        let (queue, mut messages) = mpsc::channel(1);
        let mailbox = Mailbox { name: "web".into(), limits: Arc::default(), queue, counters: Arc::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            assert!(mailbox.send(job(b"first").0).await);
            tokio::select! {
                biased;
                _ = mailbox.send(job(b"second").0) => panic!("the queue is full"),
                () = std::future::ready(()) => {}
            }
            assert!(messages.recv().await.is_some());
        });
        assert!(messages.try_recv().is_err());
        let counts = mailbox.snapshot();
        assert_eq!((counts.events, counts.failed, counts.queued), (1, 1, 0));
    }
}
