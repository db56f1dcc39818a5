//! Goes through the events of all inputs, batch by batch.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use host_runner::input::{Batch, Batches, Input, too_large_message};
use rule_core::{Limits, Rejection};
use serde::Serialize;

use crate::progress::Progress;

/// How long standard input may be silent before that is told.
const TICK: Duration = Duration::from_millis(500);

/// A rejected event, with its place in the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    pub file: String,
    pub line: u64,
    /// Where in the event's own bytes.
    pub offset: u64,
    pub message: String,
}

/// Rejected events of one batch, in the order of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejections {
    pub described: Vec<Rejected>,
    /// Rejected as well, but beyond the number that is described.
    pub more: u64,
}

/// What went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rejected ones included.
    pub events: u64,
    pub rejected: u64,
    /// Events that the engine was given: those of [`Self::events`] that were not too large.
    pub evaluated: u64,
    /// Bytes of input, decompressed.
    pub bytes: u64,
}

/// What the engine said about a batch.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub events: u64,
    pub rejected: u64,
    /// Ordinal of the batch's first event: [`Rejection::event`] is counted like it.
    pub first: u64,
    pub rejections: &'a [Rejection],
}

impl Totals {
    /// Adds a batch, and gives its rejected events with their places.
    pub fn add(&mut self, input: &Input, batch: &Batch, answer: Answer<'_>, limits: &Limits) -> Rejections {
        self.evaluated += answer.events;
        self.events += answer.events + batch.too_large.len() as u64;
        self.rejected += answer.rejected + batch.too_large.len() as u64;
        self.bytes += batch.bytes;
        let file = input.name();
        let evaluated = answer.rejections.iter().map(|rejection| {
            let index = rejection.event.checked_sub(answer.first).and_then(|index| usize::try_from(index).ok());
            let line = index.and_then(|index| batch.numbers.get(index)).copied().unwrap_or(batch.first_line());
            Rejected { file: file.clone(), line, offset: rejection.offset, message: rejection.message.clone() }
        });
        let too_large = batch.too_large.iter().map(|event| Rejected {
            file: file.clone(),
            line: event.line,
            offset: u64::from(limits.max_event_bytes),
            message: too_large_message(event, limits.max_event_bytes),
        });
        let mut described: Vec<_> = evaluated.chain(too_large).collect();
        described.sort_by_key(|rejected| rejected.line);
        Rejections { described, more: answer.rejected.saturating_sub(answer.rejections.len() as u64) }
    }
}

/// What a stream of events gives.
pub enum Next<'a> {
    Batch(&'a Input, Batch),
    /// Standard input has given nothing since the last batch, for so long.
    Idle(Duration),
}

/// Calls `each` with every batch of every input. The first error ends it.
pub fn for_each(
    files: &[PathBuf],
    limits: &Limits,
    progress: &Progress,
    mut each: impl FnMut(&Input, Batch) -> Result<()>,
) -> Result<()> {
    read(files, limits, progress, |input, mut batches| {
        batches.try_for_each(|batch| each(input, in_words(input, batch)?))
    })
}

/// As [`for_each`], and tells when standard input falls silent.
pub fn for_each_live(
    files: &[PathBuf],
    limits: &Limits,
    progress: &Progress,
    mut each: impl FnMut(Next<'_>) -> Result<()>,
) -> Result<()> {
    read(files, limits, progress, |input, mut batches| {
        if *input != Input::Stdin {
            return batches.try_for_each(|batch| each(Next::Batch(input, in_words(input, batch)?)));
        }
        // A read cannot be given up, so that it waits elsewhere. One batch is read ahead.
        let (sender, receiver) = mpsc::sync_channel(1);
        thread::Builder::new().name("stdin".into()).spawn(move || batches.try_for_each(|batch| sender.send(batch)))?;
        let mut last = Instant::now();
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(batch) => {
                    each(Next::Batch(input, in_words(input, batch)?))?;
                    last = Instant::now();
                }
                Err(RecvTimeoutError::Timeout) => each(Next::Idle(last.elapsed()))?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    })
}

/// Opens one input after the other.
fn read(
    files: &[PathBuf],
    limits: &Limits,
    progress: &Progress,
    mut each: impl FnMut(&Input, Batches<Box<dyn Read + Send>>) -> Result<()>,
) -> Result<()> {
    let inputs: Vec<Input> = files.iter().map(|path| Input::from(path.as_path())).collect();
    progress.start(inputs.iter().map(Input::size).sum());
    for input in &inputs {
        let reader = input.open(|raw| progress.watch(raw)).with_context(|| format!("cannot read {}", input.name()))?;
        each(input, Batches::new(reader, limits))?;
    }
    Ok(())
}

fn in_words(input: &Input, batch: io::Result<Batch>) -> Result<Batch> {
    batch.with_context(|| format!("cannot read {}", input.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_core::events::TooLarge;

    #[test]
    fn rejections_get_the_line_of_their_event() {
        let batch = Batch {
            lines: b"{}\n\n{}\n".to_vec(),
            first_id: 10,
            numbers: vec![10, 12],
            too_large: vec![TooLarge { line: 11, bytes: 20 }],
            bytes: 27,
        };
        let rejection = Rejection { event: 101, offset: 3, message: "bad".into() };
        let mut totals = Totals::default();
        let answer = Answer { events: 2, rejected: 4, first: 100, rejections: &[rejection] };
        let rejected = totals.add(&Input::Stdin, &batch, answer, &Limits { max_event_bytes: 5, ..Limits::default() });
        assert_eq!(rejected.more, 3);
        assert_eq!(rejected.described.iter().map(|r| (r.line, r.offset)).collect::<Vec<_>>(), [(11, 5), (12, 3)]);
        assert_eq!(totals, Totals { events: 3, rejected: 5, evaluated: 2, bytes: 27 });
    }
}
