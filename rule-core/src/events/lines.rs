//! NDJSON: a line is an event.

use super::{Piece, TooLarge, trim_start};

/// Hands lines on straight from the chunk; only one that a chunk's end cuts is copied.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    max: usize,
    /// The line that is being read.
    line: u64,
    /// What came of it in earlier chunks, at most `max + 1` bytes: a CR may have to be taken off.
    held: Vec<u8>,
    /// How much of it was dropped instead, and whether that ended with CR.
    dropped: u64,
    dropped_cr: bool,
}

impl Lines {
    pub fn new(max: usize, line: u64) -> Lines {
        Lines { max, line, held: Vec::new(), dropped: 0, dropped_cr: false }
    }

    pub fn push(&mut self, chunk: &[u8], sink: &mut impl FnMut(Piece<'_>)) {
        let mut rest = chunk;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            if self.held.is_empty() && self.dropped == 0 {
                hand_on(self.line, &rest[..end], self.max, sink);
            } else {
                self.hold(&rest[..end]);
                self.release(sink);
            }
            self.line += 1;
            rest = &rest[end + 1..];
        }
        self.hold(rest);
    }

    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.held.capacity()
    }

    pub fn finish(&mut self, sink: &mut impl FnMut(Piece<'_>)) {
        self.release(sink);
    }

    fn hold(&mut self, part: &[u8]) {
        if self.dropped == 0 && self.held.len() + part.len() <= self.max.saturating_add(1) {
            self.held.extend_from_slice(part);
        } else {
            self.dropped += self.held.len() as u64 + part.len() as u64;
            self.held.clear();
            self.dropped_cr = part.last().map_or(self.dropped_cr, |last| *last == b'\r');
        }
    }

    fn release(&mut self, sink: &mut impl FnMut(Piece<'_>)) {
        if self.dropped == 0 {
            hand_on(self.line, &self.held, self.max, sink);
        } else {
            let bytes = self.dropped - u64::from(self.dropped_cr);
            sink(Piece::TooLarge(TooLarge { line: self.line, bytes }));
        }
        self.held.clear();
        self.dropped = 0;
    }
}

fn hand_on(line: u64, text: &[u8], max: usize, sink: &mut impl FnMut(Piece<'_>)) {
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.len() > max {
        sink(Piece::TooLarge(TooLarge { line, bytes: text.len() as u64 }));
    } else if !trim_start(text).is_empty() {
        sink(Piece::Event { line, text });
    }
}
