//! The collector: tenants with their own rules, limits and instances, fed over standard input, TCP or HTTP.
//!
//! Each tenant has a thread, an instance and a bounded queue. When a queue is full its inputs wait, so that nothing is
//! dropped for lack of room. A tenant that exceeds its memory or time loses the batch that did it and its
//! instance, is counted, logged and given a fresh instance; the others do not notice.
//!
//! The state of sequences goes on over a reload of the rules and, in a file, over a restart. The core has no clock: while no
//! events come, the tenant's thread tells it how much time has passed, and so what did not happen in it.

mod config;
mod counters;
mod http;
mod inputs;
mod notices;
mod prepare;
mod sink;
mod state;
mod tenant;
mod worker;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use config::{AlertFormat, Config, ConfigError, Input, Output, State, Tenant};
pub use counters::Snapshot;
pub use prepare::{PrepareError, Refused};

use crate::engine::{Engine, EngineError, EngineKind};
use crate::wasm::{Cache, WasmOptions};
use prepare::Prepared;
use sink::Sink;
use state::StateFile;
use tenant::Mailbox;

/// Why the collector does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// A tenant's rules cannot be used.
    #[error("tenant `{tenant}`: {reason}")]
    Tenant {
        /// Which.
        tenant: String,
        /// Why.
        reason: PrepareError,
    },
    /// The engine cannot be set up.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        reason: io::Error,
    },
    /// The alert file cannot be opened.
    #[error("cannot open {}: {reason}", .path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// A tenant's state has no place.
    #[error("tenant `{tenant}`: cannot keep state in {}: {reason}", .folder.display())]
    State {
        /// Which.
        tenant: String,
        /// The state folder.
        folder: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// Alerts could not be written.
    #[error("stopped, because alerts cannot be written")]
    Sink,
    /// The system refused a thread, a signal handler or the like.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A tenant with its rules, ready to run.
struct Ready {
    engine: Engine,
    tenants: Vec<(Tenant, Prepared)>,
}

/// Reads and compiles all rules; every tenant is looked at, and the first error is returned after all are reported.
fn prepare(config: &Config, cache: &Cache, mut report: impl FnMut(&CollectorError)) -> Result<Ready, CollectorError> {
    // On a reload old and new instance live side by side.
    let instances = u32::try_from(config.tenants.len()).unwrap_or(u32::MAX).saturating_mul(2).saturating_add(1);
    if config.engine == EngineKind::Native {
        tracing::warn!("the native engine has no sandbox: memory_limit, deadline and compile_deadline do not hold");
    }
    let engine = Engine::new(config.engine, &WasmOptions { instances, cache: cache.clone() })?;
    let mut tenants = Vec::new();
    let mut failed = None;
    for tenant in &config.tenants {
        match prepare::prepare(&engine, tenant) {
            Ok(prepared) => tenants.push((tenant.clone(), prepared)),
            Err(reason) => {
                let error = CollectorError::Tenant { tenant: tenant.name.clone(), reason };
                report(&error);
                failed.get_or_insert(error);
            }
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(Ready { engine, tenants }),
    }
}

/// Checks that the collector would start, as far as its rules go. `report` is called for each tenant that fails.
pub fn check(config: &Config, cache: &Cache, report: impl FnMut(&CollectorError)) -> Result<(), CollectorError> {
    prepare(config, cache, report).map(drop)
}

/// Runs until SIGTERM or SIGINT, or until all inputs have ended. `report` is called for each tenant that cannot start.
pub async fn run(
    config: Config,
    cache: &Cache,
    report: impl FnMut(&CollectorError),
) -> Result<Vec<Snapshot>, CollectorError> {
    // Before anything can go wrong that a signal would interrupt.
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let Ready { engine, tenants: prepared } = prepare(&config, cache, report)?;
    let sink =
        Arc::new(Sink::open(&config.output, config.format).map_err(|reason| output_error(&config.output, reason))?);
    let states = config.tenants.iter().map(|tenant| state_file(&engine, tenant));
    let states = states.collect::<Result<Vec<_>, _>>()?;
    let (mut mailboxes, mut threads) = (Vec::new(), Vec::new());
    for ((tenant, prepared), state) in prepared.into_iter().zip(states) {
        let (mailbox, thread) = tenant::spawn(engine.clone(), tenant, prepared, state, sink.clone())?;
        mailboxes.push(mailbox);
        threads.push(thread);
    }
    let (stop, stopped) = watch::channel(false);
    let mut inputs = listen(&config, &mailboxes, &stopped).await?;
    tracing::info!(tenants = mailboxes.len(), inputs = config.inputs.len(), "collecting");

    let mut result = Ok(());
    loop {
        tokio::select! {
            _ = hangup.recv() => reload(&config, &engine, &mailboxes, &sink).await,
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            () = sink.broken.notified() => {
                result = Err(CollectorError::Sink);
                break;
            }
            ended = inputs.join_next() => {
                // Listeners go on until they are told to stop.
                if ended.is_none() {
                    break;
                }
            }
        }
    }

    tracing::info!("stopping");
    stop.send_replace(true);
    let drain = async {
        while let Some(ended) = inputs.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "an input failed");
            }
        }
    };
    tokio::select! {
        drained = tokio::time::timeout(config.stop_timeout, drain) => {
            if drained.is_err() {
                tracing::warn!("requests that were under way are cut off");
            }
        }
        _ = terminate.recv() => tracing::warn!("second signal: requests that were under way are cut off"),
        _ = interrupt.recv() => tracing::warn!("second signal: requests that were under way are cut off"),
    }
    inputs.abort_all();
    let snapshots = finish(&mailboxes, threads, &sink).await;
    result.map(|()| snapshots)
}

/// Opens the listeners. Each input is a task that ends when it has nothing more to give.
async fn listen(
    config: &Config,
    mailboxes: &[Mailbox],
    stopped: &watch::Receiver<bool>,
) -> Result<JoinSet<()>, CollectorError> {
    let mut inputs = JoinSet::new();
    for input in &config.inputs {
        match *input {
            Input::Stdin { tenant } => {
                let ended = inputs::stdin(mailboxes[tenant].clone(), stopped.clone())?;
                let mut stopped = stopped.clone();
                inputs.spawn(async move {
                    tokio::select! {
                        _ = ended => {}
                        _ = stopped.wait_for(|stop| *stop) => {}
                    }
                });
            }
            Input::Tcp { address, tenant } => {
                let listener = bind(address, "tcp").await?;
                inputs.spawn(inputs::tcp(listener, mailboxes[tenant].clone(), stopped.clone()));
            }
            Input::Http { address, tenant } => {
                let listener = bind(address, "http").await?;
                let service = http::Service { tenants: mailboxes.to_vec(), default: tenant };
                inputs.spawn(http::serve(listener, service, stopped.clone()));
            }
        }
    }
    Ok(inputs)
}

async fn bind(address: SocketAddr, input: &str) -> Result<TcpListener, CollectorError> {
    let error = |reason| CollectorError::Listen { address, reason };
    let listener = TcpListener::bind(address).await.map_err(error)?;
    // With port 0 the system chose.
    let address = listener.local_addr().map_err(error)?;
    tracing::info!(input, %address, "listening");
    if !address.ip().is_loopback() {
        tracing::warn!(input, %address, "anybody who can reach this address can send events: nothing asks who they are");
    }
    Ok(listener)
}

/// Reads all rules again. A tenant whose rules have errors keeps those it has.
async fn reload(config: &Config, engine: &Engine, mailboxes: &[Mailbox], sink: &Sink) {
    if let Err(error) = sink.reopen(&config.output) {
        tracing::error!(%error, "cannot open the output again; going on with the one that is open");
    }
    for (tenant, mailbox) in config.tenants.iter().zip(mailboxes) {
        let (engine, config) = (engine.clone(), tenant.clone());
        // Compiling takes a while; the tenant goes on meanwhile.
        match tokio::task::spawn_blocking(move || prepare::prepare(&engine, &config)).await {
            Ok(Ok(prepared)) => mailbox.replace(prepared).await,
            Ok(Err(error)) => {
                mailbox.reload_refused();
                tracing::error!(tenant = %mailbox.name, %error, "reload refused; the old rules stay at work");
                log_diagnostics(&mailbox.name, &error);
            }
            Err(error) => {
                mailbox.reload_refused();
                tracing::error!(tenant = %mailbox.name, %error, "reload failed; the old rules stay at work");
            }
        }
    }
}

fn log_diagnostics(tenant: &str, error: &PrepareError) {
    let PrepareError::Rules(refused) = error else { return };
    for diagnostic in refused.report.diagnostics.iter().filter(|found| found.level == rule_core::Level::Error) {
        tracing::error!(
            tenant,
            code = diagnostic.code,
            rule = diagnostic.rule,
            "{}:{}:{}: {}",
            diagnostic.path,
            diagnostic.line,
            diagnostic.column,
            diagnostic.message
        );
    }
}

/// Evaluates what is in the queues, and writes the counters to the log.
async fn finish(mailboxes: &[Mailbox], threads: Vec<JoinHandle<()>>, sink: &Sink) -> Vec<Snapshot> {
    for mailbox in mailboxes {
        mailbox.stop().await;
    }
    let joined =
        tokio::task::spawn_blocking(move || threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count());
    match joined.await {
        Ok(0) => {}
        _ => tracing::error!("a tenant's thread failed"),
    }
    if let Err(error) = sink.sync() {
        tracing::error!(%error, "alerts may not be on disk");
    }
    let snapshots: Vec<_> = mailboxes.iter().map(Mailbox::snapshot).collect();
    for counts in &snapshots {
        let sequences = counts.sequences.unwrap_or_default();
        tracing::info!(
            tenant = counts.tenant,
            events = counts.events,
            matches = counts.matches,
            rejected = counts.rejected,
            failed = counts.failed,
            alerts_lost = counts.alerts_lost,
            restarts = counts.restarts,
            restarts_with_state = counts.restarts_with_state,
            reloads = counts.reloads,
            reloads_refused = counts.reloads_refused,
            state_failed = counts.state_failed,
            state_refused = counts.state_refused,
            late = sequences.late,
            undated = sequences.undated,
            hurried = sequences.hurried,
            evicted_keys = sequences.evicted_keys,
            evicted_partials = sequences.evicted_partials,
            "stopped"
        );
    }
    snapshots
}

/// Opens the file of a tenant's state.
fn state_file(engine: &Engine, tenant: &Tenant) -> Result<Option<StateFile>, CollectorError> {
    let Some(State { folder, .. }) = &tenant.state else { return Ok(None) };
    // The native engine does not keep to the limit, nor does its state.
    let max_bytes = match engine.kind() {
        EngineKind::Wasm => tenant.instance.memory.as_u64(),
        EngineKind::Native => u64::MAX,
    };
    let error = |reason| CollectorError::State { tenant: tenant.name.clone(), folder: folder.clone(), reason };
    StateFile::open(folder, &tenant.name, max_bytes).map(Some).map_err(error)
}

fn output_error(output: &Output, reason: io::Error) -> CollectorError {
    match output {
        Output::File(path) => CollectorError::Output { path: path.clone(), reason },
        Output::Stdout => CollectorError::Io(reason),
    }
}
