//! From a stranger's bytes to events, one per line, as [`Session::evaluate`](crate::Session::evaluate) takes them.
//!
//! Events come as NDJSON, as a JSON array, or as JSON documents one after the other, pretty-printed or not. Which it is
//! is told by the beginning of the input:
//!
//! | first byte that is not white space | the rest of its line | the input is |
//! |---|---|---|
//! | `[` | | **documents**: the elements of an array |
//! | `{` | ends while the object is open, outside a string | **documents**: pretty-printed |
//! | `{` | the object is closed, and `{` or `,` follows it | **documents**: concatenated |
//! | `{` | anything else | **lines** |
//! | anything else | | **lines** |
//!
//! When a line is nothing but `{` or `[`, which is no event, lines turn into documents: a pretty-printed event was put after them.
//!
//! *Lines* is NDJSON: a line is an event, whatever is in it, and so a broken line affects only itself. *Documents* are
//! told apart by their brackets; white space outside strings is dropped from those that span lines. What is broken there is
//! passed on as far as it was understood, to be refused by the decoder, and the next event is looked for where a line, indented no deeper than the
//! broken event, begins with `{`. In both, blank lines are no events, lines end with LF or CRLF, the last may have no end, and a byte
//! order mark before everything is skipped.
//!
//! Nothing is checked here beyond what it takes to tell events apart. Memory is bounded: an event larger than
//! [`Limits::max_event_bytes`] is dropped while it passes, and reported.

mod documents;
mod lines;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::Limits;
use documents::Documents;
use lines::Lines;

/// What a [`Splitter`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// An event, or what stands in the place of one.
    Event {
        /// The line of the input, counted from 1, on which it begins.
        line: u64,
        /// One line, without its end.
        text: &'a [u8],
    },
    /// An event over [`Limits::max_event_bytes`] was dropped.
    TooLarge(TooLarge),
}

/// An event that was dropped for its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TooLarge {
    /// The line of the input, counted from 1, on which it began.
    pub line: u64,
    /// How long its line would have been.
    pub bytes: u64,
}

/// Splits input that arrives in chunks into events. Where the chunks end makes no difference.
///
/// ```
/// use rule_core::{Limits, events::{Piece, Splitter}};
///
/// let (mut batch, mut lines) = (Vec::new(), Vec::new());
/// let mut sink = |piece: Piece<'_>| match piece {
///     Piece::Event { line, text } => {
///         batch.extend_from_slice(text);
///         batch.push(b'\n');
///         lines.push(line);
///     }
///     Piece::TooLarge(event) => eprintln!("line {}: {} bytes are too many", event.line, event.bytes),
/// };
/// let mut splitter = Splitter::new(&Limits::default());
/// splitter.push(b"{\n  \"a\": 1\n}\n{\n  \"a\"", &mut sink);
/// splitter.push(b": 2\n}", &mut sink);
/// splitter.finish(&mut sink);
/// assert_eq!(batch, b"{\"a\":1}\n{\"a\":2}\n");
/// assert_eq!(lines, [1, 4]);
/// ```
#[derive(Clone, Debug)]
pub struct Splitter {
    max: usize,
    detects: bool,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Start(Start),
    Lines(Lines),
    Documents(Documents),
}

/// Nothing is known yet but blank lines.
#[derive(Clone, Debug)]
struct Start {
    /// What came of the first line that is not blank.
    head: Vec<u8>,
    /// The line that is in `head`.
    line: u64,
    /// Whether a byte order mark may still be in front of `head`.
    mark: bool,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Splitter {
    /// A splitter that finds out how the input is written.
    pub fn new(limits: &Limits) -> Splitter {
        Splitter::with(limits.max_event_bytes as usize, true)
    }

    /// A splitter for input that is known to be NDJSON, such as a log shipper's connection: the sender's first
    /// line, if broken, cannot make it look like something else.
    pub fn lines(limits: &Limits) -> Splitter {
        Splitter::with(limits.max_event_bytes as usize, false)
    }

    fn with(max: usize, detects: bool) -> Splitter {
        let state = if detects {
            State::Start(Start { head: Vec::new(), line: 1, mark: true })
        } else {
            State::Lines(Lines::new(max, false, 1))
        };
        Splitter { max, detects, state }
    }

    /// Takes the next chunk and hands on what is complete.
    pub fn push(&mut self, chunk: &[u8], sink: &mut impl FnMut(Piece<'_>)) {
        let mut rest = chunk;
        if let State::Start(start) = &mut self.state {
            match start.push(&mut rest, self.max) {
                Some(format) => self.begin(format, sink),
                None => return,
            }
        }
        self.forward(rest, sink);
    }

    fn forward(&mut self, chunk: &[u8], sink: &mut impl FnMut(Piece<'_>)) {
        match &mut self.state {
            State::Lines(lines) => {
                let Some(rest) = lines.push(chunk, sink) else { return };
                let (line, held) = lines.take();
                let mut documents = Documents::new(self.max, line);
                documents.push(&held, sink);
                documents.push(rest, sink);
                self.state = State::Documents(documents);
            }
            State::Documents(documents) => documents.push(chunk, sink),
            State::Start(_) => {}
        }
    }

    /// The input has ended: hands on what is left, and is ready for another input.
    pub fn finish(&mut self, sink: &mut impl FnMut(Piece<'_>)) {
        if let State::Start(start) = &self.state {
            self.begin(detect(&start.head), sink);
        }
        match &mut self.state {
            State::Lines(lines) => lines.finish(sink),
            State::Documents(documents) => documents.finish(sink),
            State::Start(_) => {}
        }
        *self = Splitter::with(self.max, self.detects);
    }

    /// The format is known: what was held back for that goes the way of all that follows.
    fn begin(&mut self, format: Format, sink: &mut impl FnMut(Piece<'_>)) {
        let State::Start(start) = &mut self.state else { return };
        let head = std::mem::take(&mut start.head);
        let line = start.line;
        self.state = match format {
            Format::Lines => State::Lines(Lines::new(self.max, true, line)),
            Format::Documents => State::Documents(Documents::new(self.max, line)),
        };
        self.forward(&head, sink);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Lines,
    Documents,
}

impl Start {
    /// Takes from `chunk` what is needed to tell the format, which it then returns.
    fn push(&mut self, chunk: &mut &[u8], max: usize) -> Option<Format> {
        while !chunk.is_empty() {
            let line = memchr::memchr(b'\n', chunk).map_or(chunk.len(), |at| at + 1);
            // Never more than the largest event and one byte, which is enough to know that it is too large.
            let (taken, rest) = chunk.split_at(line.min(max.saturating_sub(self.head.len()).saturating_add(1)));
            self.head.extend_from_slice(taken);
            *chunk = rest;
            if self.mark {
                if self.head.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&self.head) {
                    continue;
                }
                if self.head.starts_with(BYTE_ORDER_MARK) {
                    self.head.drain(..BYTE_ORDER_MARK.len());
                }
                self.mark = false;
            }
            let ended = self.head.ends_with(b"\n") || self.head.len() > max;
            match trim_start(&self.head).first() {
                None if self.head.ends_with(b"\n") => {
                    self.head.clear();
                    self.line += 1;
                }
                Some(b'{') | None if !ended => {}
                _ => return Some(detect(&self.head)),
            }
        }
        None
    }
}

/// The format of an input by its first line that is not blank; see the table above.
fn detect(line: &[u8]) -> Format {
    let text = trim_start(line);
    match text.first() {
        Some(b'{') => {}
        Some(b'[') => return Format::Documents,
        _ => return Format::Lines,
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\n' if in_string => return Format::Lines,
            b'\\' if in_string => _ = bytes.next(),
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return match trim_start(bytes.as_slice()).first() {
                        Some(b'{' | b',') => Format::Documents,
                        _ => Format::Lines,
                    };
                }
            }
            _ => {}
        }
    }
    // Open: what matters is whether the line has ended here, or only what is known of it.
    if line.ends_with(b"\n") && !in_string { Format::Documents } else { Format::Lines }
}

/// What follows the white space that JSON knows.
fn trim_start(text: &[u8]) -> &[u8] {
    let blank = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
    &text[blank..]
}

/// All events of a whole input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// One event per line, each with its end: what [`Session::evaluate`](crate::Session::evaluate) takes.
    pub bytes: Vec<u8>,
    /// For each event the line of the input, counted from 1, on which it begins.
    pub lines: Vec<u64>,
    /// Events that were dropped for their size.
    pub too_large: Vec<TooLarge>,
}

/// Splits a whole input, such as the text of an editor.
///
/// ```
/// use rule_core::{Limits, events::to_lines};
///
/// let batch = to_lines(b"[{\"a\": 1},\n {\"a\":\n2}]", &Limits::default());
/// assert_eq!(batch.bytes, b"{\"a\": 1}\n{\"a\":2}\n");
/// assert_eq!(batch.lines, [1, 2]);
/// ```
pub fn to_lines(input: &[u8], limits: &Limits) -> Batch {
    let mut batch = Batch::default();
    let mut sink = |piece: Piece<'_>| match piece {
        Piece::Event { line, text } => {
            batch.bytes.extend_from_slice(text);
            batch.bytes.push(b'\n');
            batch.lines.push(line);
        }
        Piece::TooLarge(event) => batch.too_large.push(event),
    };
    let mut splitter = Splitter::new(limits);
    splitter.push(input, &mut sink);
    splitter.finish(&mut sink);
    batch
}
