//! Inputs that are streams of NDJSON: standard input and TCP.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinSet;

use super::tenant::{Job, Mailbox};
use crate::input::{BATCH_BYTES, Batch, Batcher, Batches, Input};
use crate::server;

/// What is read from a connection at a time.
const CHUNK_BYTES: usize = 64 << 10;
/// How much of what had arrived is still read at a stop.
const DRAIN_BYTES: usize = 4 << 20;
/// How long a connection may be silent then before it counts as done.
const DRAIN_WAIT: Duration = Duration::from_millis(20);

/// Reads standard input on a thread of its own, for such a read cannot be called off. `ended` tells of its end.
pub(super) fn stdin(tenant: Mailbox, stop: watch::Receiver<bool>) -> io::Result<oneshot::Receiver<()>> {
    let (end, ended) = oneshot::channel();
    thread::Builder::new().name("stdin".into()).spawn(move || {
        let origin: Arc<str> = "stdin".into();
        match Input::Stdin.open(|raw| raw) {
            Ok(reader) => {
                for batch in Batches::with(reader, Batcher::lines(&tenant.limits)) {
                    match batch {
                        Ok(batch) => {
                            if !tenant.blocking_send(Job { batch, origin: origin.clone(), reply: None }) {
                                break;
                            }
                        }
                        Err(error) => tracing::error!(%error, "cannot read standard input"),
                    }
                    if *stop.borrow() {
                        break;
                    }
                }
            }
            Err(error) => tracing::error!(%error, "cannot read standard input"),
        }
        let _ = end.send(());
    })?;
    Ok(ended)
}

/// Serves connections until `stop`, then finishes what they have sent.
pub(super) async fn tcp(listener: TcpListener, tenant: Mailbox, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(server::MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = server::accept(&listener, &places) => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => continue,
        };
        let Some((stream, permit)) = accepted else { continue };
        let (tenant, stop) = (tenant.clone(), stop.clone());
        connections.spawn(async move {
            let origin = stream.peer_addr().map_or_else(|_| "tcp".to_owned(), |peer| format!("tcp {peer}"));
            if let Err(error) = connection(stream, &tenant, origin.as_str().into(), stop).await {
                tracing::warn!(tenant = %tenant.name, %origin, %error, "connection lost");
            }
            drop(permit);
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    mut stream: TcpStream,
    tenant: &Mailbox,
    origin: Arc<str>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut batcher = Batcher::lines(&tenant.limits);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut drained = 0;
    let result = loop {
        let read = if *stop.borrow() {
            // What had arrived before the stop was taken from the sender, and counts.
            match tokio::time::timeout(DRAIN_WAIT, stream.read(&mut chunk)).await {
                Ok(read) if drained < DRAIN_BYTES => read,
                _ => Ok(0),
            }
        } else {
            tokio::select! {
                read = stream.read(&mut chunk) => read,
                _ = stop.wait_for(|stop| *stop) => continue,
            }
        };
        let read = match read {
            Ok(0) => break Ok(()),
            Ok(read) => read,
            Err(error) => break Err(error),
        };
        if *stop.borrow() {
            drained += read;
        }
        let mut batch = Batch::default();
        batcher.push(&chunk[..read], &mut batch);
        // What else is there already goes into the same batch: fewer, larger calls under load.
        while batch.lines.len() < BATCH_BYTES {
            match stream.try_read(&mut chunk) {
                Ok(read) if read > 0 => batcher.push(&chunk[..read], &mut batch),
                _ => break,
            }
        }
        if !batch.is_empty() && !tenant.send(Job { batch, origin: origin.clone(), reply: None }).await {
            return Ok(());
        }
    };
    let mut batch = Batch::default();
    batcher.finish(&mut batch);
    if !batch.is_empty() {
        tenant.send(Job { batch, origin, reply: None }).await;
    }
    result
}
