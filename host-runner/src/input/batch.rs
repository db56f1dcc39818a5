//! Cuts what is read into batches of whole lines, within bounded memory.

use std::io::{self, Read};

/// How much is read at a time: enough that handing a batch to the sandbox costs nothing, little enough to show
/// results as they come.
pub const BATCH_BYTES: usize = 1 << 20;

/// Whole lines for the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// One event per line.
    pub lines: Vec<u8>,
    /// Number of the first of these lines in the input, counted from 1.
    pub first_line: u64,
    /// Line number of each event: of each line that is not blank.
    pub numbers: Vec<u64>,
    /// Events left out for their size.
    pub oversize: Vec<Oversize>,
}

/// An event that is larger than events may be. It was skipped without being held in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oversize {
    /// Its line number.
    pub line: u64,
    /// The limit, which is also how far it was read.
    pub limit: u32,
}

impl Oversize {
    /// In words.
    pub fn message(&self) -> String {
        format!("the event is larger than {} bytes", self.limit)
    }
}

/// Reads batches from an input.
#[derive(Debug)]
pub struct Batches<R> {
    reader: R,
    chunk: Vec<u8>,
    splitter: Lines,
    done: bool,
}

impl<R: Read> Batches<R> {
    /// Events larger than `max_event_bytes` are left out and reported.
    pub fn new(reader: R, max_event_bytes: u32) -> Self {
        Batches { reader, chunk: vec![0; BATCH_BYTES], splitter: Lines::new(max_event_bytes), done: false }
    }
}

impl<R: Read> Iterator for Batches<R> {
    type Item = io::Result<Batch>;

    /// One batch per read that completes a line: a pipe's events are evaluated as they come, a file's by the mebibyte.
    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = Batch::default();
        while !self.done {
            match self.reader.read(&mut self.chunk) {
                Ok(0) => {
                    self.done = true;
                    self.splitter.finish(&mut batch);
                }
                Ok(read) => self.splitter.push(&self.chunk[..read], &mut batch),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
            if !batch.numbers.is_empty() || !batch.oversize.is_empty() {
                return Some(Ok(batch));
            }
            batch = Batch::default();
        }
        None
    }
}

/// The line that is being read.
#[derive(Debug)]
pub(crate) struct Lines {
    max: u32,
    number: u64,
    pending: Vec<u8>,
    skipping: bool,
}

impl Lines {
    pub fn new(max: u32) -> Self {
        Lines { max, number: 1, pending: Vec::new(), skipping: false }
    }

    pub fn push(&mut self, chunk: &[u8], batch: &mut Batch) {
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            let (text, whole) = match part {
                [text @ .., b'\n'] => (text, true),
                text => (text, false),
            };
            if self.skipping {
                // The rest of a line that is already reported.
            } else if self.pending.len() + text.len() > self.max as usize {
                self.pending = Vec::new();
                self.skipping = true;
                batch.oversize.push(Oversize { line: self.number, limit: self.max });
            } else {
                self.pending.extend_from_slice(text);
            }
            if whole {
                self.end_line(batch);
            }
        }
    }

    pub fn finish(&mut self, batch: &mut Batch) {
        if !self.pending.is_empty() || self.skipping {
            self.end_line(batch);
        }
    }

    fn end_line(&mut self, batch: &mut Batch) {
        if batch.first_line == 0 {
            batch.first_line = self.number;
        }
        if !self.pending.trim_ascii().is_empty() {
            batch.numbers.push(self.number);
        }
        // A skipped line leaves a blank one, so that the lines of a batch keep their numbers.
        batch.lines.append(&mut self.pending);
        batch.lines.push(b'\n');
        self.number += 1;
        self.skipping = false;
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

    fn all(text: &[u8], piece: usize, max: u32) -> (Vec<(u64, String)>, Vec<u64>) {
        let (mut events, mut oversize) = (Vec::new(), Vec::new());
        for batch in Batches::new(Pieces(text, piece), max) {
            let batch = batch.unwrap();
            let lines: Vec<&[u8]> = batch.lines.split(|byte| *byte == b'\n').collect();
            for number in &batch.numbers {
                let line = lines[usize::try_from(number - batch.first_line).unwrap()];
                events.push((*number, String::from_utf8_lossy(line).into_owned()));
            }
            oversize.extend(batch.oversize.iter().map(|event| event.line));
        }
        (events, oversize)
    }

    #[test]
    fn pieces_of_any_size_give_the_same_events() {
        let text = b"{\"a\":1}\n\n  \n{\"b\":\"a long one that is over the limit\"}\n{\"c\":3}\r\n{\"d\":4}";
        let expected = all(text, 1000, 20);
        assert_eq!(
            expected,
            (
                vec![(1, "{\"a\":1}".into()), (5, "{\"c\":3}\r".into()), (6, "{\"d\":4}".into())],
                vec![4]
            )
        );
        for piece in 1..text.len() {
            assert_eq!(all(text, piece, 20), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn an_oversize_last_line_is_reported_once() {
        assert_eq!(all(b"{}\n0123456789", 3, 5), (vec![(1, "{}".into())], vec![2]));
        assert_eq!(all(b"", 3, 5), (vec![], vec![]));
    }
}
