//! Cuts what is read into batches of whole lines, within bounded memory.

use std::io::{self, Read};

use rule_core::Limits;
use rule_core::events::{Piece, Splitter, TooLarge};

/// How much is read at a time: enough that handing a batch to the sandbox costs nothing, little enough to show
/// results as they come.
pub const BATCH_BYTES: usize = 1 << 20;

/// Events for the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// One event per line. Blank lines stand for lines of the input that hold no event, so that a search counts as
    /// the input does.
    pub lines: Vec<u8>,
    /// What a search calls the first line: its number in the input, counted from 1.
    pub first_id: u64,
    /// For each event the line of the input on which it begins.
    pub numbers: Vec<u64>,
    /// Events that were dropped for their size, without being held in memory.
    pub too_large: Vec<TooLarge>,
    /// Bytes of input that were read for this batch.
    pub bytes: u64,
}

impl Batch {
    /// Whether there is nothing to evaluate or report.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.too_large.is_empty()
    }

    /// Where the batch begins in the input.
    pub fn first_line(&self) -> u64 {
        self.numbers.first().or(self.too_large.first().map(|event| &event.line)).copied().unwrap_or_default()
    }
}

/// Why an event was dropped, in words.
pub fn too_large_message(event: &TooLarge, limit: u32) -> String {
    format!("the event has {} bytes, more than the limit of {limit}", event.bytes)
}

/// Makes batches from chunks of input.
#[derive(Clone, Debug)]
pub struct Batcher {
    splitter: Splitter,
    next_id: u64,
}

impl Batcher {
    /// For input of any form: NDJSON, a JSON array, JSON documents.
    pub fn new(limits: &Limits) -> Self {
        Batcher { splitter: Splitter::new(limits), next_id: 1 }
    }

    /// For NDJSON only.
    pub fn lines(limits: &Limits) -> Self {
        Batcher { splitter: Splitter::lines(limits), next_id: 1 }
    }

    /// Adds the events that `chunk` completes.
    pub fn push(&mut self, chunk: &[u8], batch: &mut Batch) {
        batch.bytes += chunk.len() as u64;
        let next_id = &mut self.next_id;
        self.splitter.push(chunk, &mut |piece| add(piece, next_id, batch));
    }

    /// Adds what the end of the input completes.
    pub fn finish(&mut self, batch: &mut Batch) {
        let next_id = &mut self.next_id;
        self.splitter.finish(&mut |piece| add(piece, next_id, batch));
    }
}

fn add(piece: Piece<'_>, next_id: &mut u64, batch: &mut Batch) {
    match piece {
        Piece::Event { line, text } => {
            // Events that share a line, as in an array written on one, are counted on from there.
            let id = line.max(*next_id);
            if batch.numbers.is_empty() {
                batch.first_id = id;
            } else {
                batch.lines.extend(std::iter::repeat_n(b'\n', usize::try_from(id - *next_id).unwrap_or(0)));
            }
            batch.lines.extend_from_slice(text);
            batch.lines.push(b'\n');
            batch.numbers.push(line);
            *next_id = id + 1;
        }
        Piece::TooLarge(event) => batch.too_large.push(event),
    }
}

/// Reads batches from an input.
#[derive(Debug)]
pub struct Batches<R> {
    reader: R,
    chunk: Vec<u8>,
    batcher: Batcher,
    done: bool,
}

impl<R: Read> Batches<R> {
    /// Reads events of any form; those over the limit are left out and reported.
    pub fn new(reader: R, limits: &Limits) -> Self {
        Batches::with(reader, Batcher::new(limits))
    }

    /// Reads events as the batcher takes them.
    pub fn with(reader: R, batcher: Batcher) -> Self {
        Batches { reader, chunk: vec![0; BATCH_BYTES], batcher, done: false }
    }
}

impl<R: Read> Iterator for Batches<R> {
    type Item = io::Result<Batch>;

    /// One batch per read that completes an event: a pipe's events are evaluated as they come, a file's by the
    /// mebibyte.
    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = Batch::default();
        while !self.done {
            match self.reader.read(&mut self.chunk) {
                Ok(0) => {
                    self.done = true;
                    self.batcher.finish(&mut batch);
                }
                Ok(read) => self.batcher.push(&self.chunk[..read], &mut batch),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
            if !batch.is_empty() {
                return Some(Ok(batch));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in pieces of one size.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let size = self.1.min(self.0.len()).min(buffer.len());
            buffer[..size].copy_from_slice(&self.0[..size]);
            self.0 = &self.0[size..];
            Ok(size)
        }
    }

    /// Ids as a search counts them, with line numbers and texts; and the lines of dropped events.
    fn all(text: &str, piece: usize, max: u32) -> (Vec<(u64, u64, String)>, Vec<u64>) {
        let limits = Limits { max_event_bytes: max, ..Limits::default() };
        let (mut events, mut dropped) = (Vec::new(), Vec::new());
        for batch in Batches::new(Pieces(text.as_bytes(), piece), &limits) {
            let batch = batch.unwrap();
            let mut numbers = batch.numbers.iter();
            for (index, line) in batch.lines.split(|byte| *byte == b'\n').enumerate() {
                if !line.is_empty() {
                    let line = String::from_utf8_lossy(line).into_owned();
                    events.push((batch.first_id + index as u64, *numbers.next().unwrap(), line));
                }
            }
            assert_eq!(numbers.next(), None);
            dropped.extend(batch.too_large.iter().map(|event| event.line));
        }
        (events, dropped)
    }

    #[test]
    fn ids_are_line_numbers_whatever_the_pieces() {
        let text = "{\"a\":1}\n\n  \n{\"b\":\"a long one that is over the limit\"}\n{\"c\":3}\n{\"d\":4}";
        for piece in 1..=text.len() {
            let (events, dropped) = all(text, piece, 20);
            let expected = [(1, 1, "{\"a\":1}"), (5, 5, "{\"c\":3}"), (6, 6, "{\"d\":4}")];
            assert_eq!(events, expected.map(|(id, line, text)| (id, line, text.to_owned())), "in pieces of {piece}");
            assert_eq!(dropped, [4]);
        }
    }

    #[test]
    fn events_on_one_line_have_ids_of_their_own() {
        let text = "[{\"a\":1},{\"a\":2},\n{\"a\":3},\n\n\n{\"a\":4}]";
        for piece in 1..=text.len() {
            let (events, _) = all(text, piece, 20);
            let counted: Vec<_> = events.iter().map(|(id, line, _)| (*id, *line)).collect();
            assert_eq!(counted, [(1, 1), (2, 1), (3, 2), (5, 5)], "in pieces of {piece}");
        }
    }

    #[test]
    fn nothing_is_no_batch() {
        assert_eq!(Batches::new(&b""[..], &Limits::default()).count(), 0);
        assert_eq!(Batches::new(&b"\n \n"[..], &Limits::default()).count(), 0);
    }
}
