//! One tenant as the rest of the collector sees it: a bounded queue, with a thread behind it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use rule_core::Limits;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::config::Tenant;
use super::counters::{Counters, Snapshot, add};
use super::prepare::Prepared;
use super::sink::Sink;
use super::state::StateFile;
use super::worker::Worker;
use crate::engine::Engine;
use crate::input::Batch;

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

/// How many events a batch stands for.
pub(super) fn count(batch: &Batch) -> u64 {
    (batch.numbers.len() + batch.too_large.len()) as u64
}

/// Starts the tenant's thread.
pub(super) fn spawn(
    engine: Engine,
    config: Tenant,
    prepared: Prepared,
    state: Option<StateFile>,
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
    let worker = Worker::new(engine, config, &prepared, state, sink, counters)?;
    let thread = thread::Builder::new()
        .name(format!("tenant {}", mailbox.name))
        // The native engine evaluates on this stack.
        .stack_size(8 << 20)
        .spawn(move || worker.work(prepared, messages))?;
    Ok((mailbox, thread))
}

#[cfg(test)]
mod tests {
    use super::super::config::{AlertFormat, Output};
    use super::super::prepare::prepare;
    use super::*;
    use crate::engine::InstanceLimits;
    use bytesize::ByteSize;
    use std::fs;
    use std::path::PathBuf;
    use std::time::Duration;

    fn tenant(name: &str, rules: PathBuf) -> Tenant {
        let instance =
            InstanceLimits { memory: ByteSize::mib(4), deadline: Duration::from_secs(1), ..InstanceLimits::default() };
        Tenant {
            index: None,
            name: name.into(),
            rules: vec![rules],
            mapping: None,
            deployment: Default::default(),
            notes: false,
            limits: Limits::default(),
            instance,
            queue: 4,
            allowed_lateness: Duration::from_secs(10),
            new_terms_learning: Duration::ZERO,
            clock_skew: Duration::from_secs(300),
            state: None,
        }
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
        let sink = Arc::new(Sink::open(&Output::File(folder.path().join("alerts")), AlertFormat::Kibana).unwrap());
        let [(bad, bad_thread), (good, good_thread)] = ["bad", "good"].map(|name| {
            let config = tenant(name, rule.clone());
            let prepared = prepare(&engine, &config).unwrap();
            spawn(engine.clone(), config, prepared, None, sink.clone()).unwrap()
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
