//! NDJSON: a line is an event.

use super::{Piece, TooLarge, trim_start};

/// Hands lines on straight from the chunk; only one that a chunk's end cuts is copied.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    max: usize,
    /// The input may turn out to be documents.
    detects: bool,
    /// The line that is being read.
    line: u64,
    /// What came of it in earlier chunks, at most `max + 1` bytes: a CR may have to be taken off.
    held: Vec<u8>,
    /// How much of it was dropped instead, and whether that ended with CR.
    dropped: u64,
    dropped_cr: bool,
}

impl Lines {
    pub fn new(max: usize, detects: bool, line: u64) -> Lines {
        Lines { max, detects, line, held: Vec::new(), dropped: 0, dropped_cr: false }
    }

    /// Stops before a line that shows the input to be documents, and returns that line (what is not in [`Lines::take`]) and
    /// all after it.
    pub fn push<'a>(&mut self, chunk: &'a [u8], sink: &mut impl FnMut(Piece<'_>)) -> Option<&'a [u8]> {
        let mut rest = chunk;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let whole = self.held.is_empty() && self.dropped == 0;
            if !whole {
                self.hold(&rest[..end]);
            }
            if self.detects && self.dropped == 0 && self.opens(if whole { &rest[..end] } else { &self.held }) {
                return Some(if whole { rest } else { &rest[end..] });
            }
            if whole {
                hand_on(self.line, &rest[..end], self.max, sink);
            } else {
                self.release(sink);
            }
            self.line += 1;
            rest = &rest[end + 1..];
        }
        self.hold(rest);
        None
    }

    /// The line being read, and what came of it in earlier chunks.
    pub fn take(&mut self) -> (u64, Vec<u8>) {
        (self.line, std::mem::take(&mut self.held))
    }

    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.held.capacity()
    }

    pub fn finish(&mut self, sink: &mut impl FnMut(Piece<'_>)) {
        self.release(sink);
    }

    /// Whether the line is a bracket and nothing else, which is no event, but may well begin one.
    fn opens(&self, line: &[u8]) -> bool {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.len() <= self.max && matches!(trim_start(line), [b'{' | b'[', rest @ ..] if trim_start(rest).is_empty())
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
    } else if !text.trim_ascii().is_empty() {
        sink(Piece::Event { line, text });
    }
}
