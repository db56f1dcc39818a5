//! JSON documents one after the other, or the elements of an array, over any number of lines.

use super::{Piece, TooLarge};

/// Counts brackets, outside strings, a byte at a time; so it makes no difference where chunks end.
#[derive(Clone, Debug)]
pub(super) struct Documents {
    max: usize,
    state: State,
    /// Inside `[`…`]` around the events.
    array: bool,
    here: Position,
    /// Where the piece being read began.
    start: Position,
    /// Its text so far, at most `max` bytes.
    held: Vec<u8>,
    /// Bytes of it, if they are too many to be held.
    dropped: u64,
    /// It spans lines, so white space outside its strings is left out,
    spans: bool,
    /// as was some just now.
    gap: bool,
    /// Open brackets; none when the piece is not an object or array.
    depth: u64,
    string: InString,
    /// Its last byte that is not white space.
    last: u8,
}

#[derive(Clone, Copy, Debug)]
struct Position {
    line: u64,
    /// White space at the beginning of the line.
    indent: u64,
    /// There has been nothing else on the line.
    blank: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before an event.
    Between,
    /// In an event, or in something else that stands where one should.
    Piece,
    /// In the rest of a broken event. Set while only closing brackets and commas were seen on a line that is
    /// indented no deeper than the event: the next one may begin here.
    Lost(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InString {
    No,
    Yes,
    /// After a backslash.
    Escape,
}

impl Documents {
    pub fn new(max: usize, line: u64) -> Documents {
        let here = Position { line, indent: 0, blank: true };
        Documents {
            max,
            state: State::Between,
            array: false,
            here,
            start: here,
            held: Vec::new(),
            dropped: 0,
            spans: false,
            gap: false,
            depth: 0,
            string: InString::No,
            last: 0,
        }
    }

    pub fn push(&mut self, chunk: &[u8], sink: &mut impl FnMut(Piece<'_>)) {
        let mut rest = chunk;
        while let Some((&byte, after)) = rest.split_first() {
            if self.string == InString::Yes {
                // Strings make up most of an event.
                let plain = memchr::memchr3(b'"', b'\\', b'\n', rest).unwrap_or(rest.len());
                if plain > 0 {
                    self.hold(&rest[..plain]);
                    rest = &rest[plain..];
                    continue;
                }
            }
            match self.state {
                State::Between => self.between(byte),
                State::Piece => self.piece(byte, sink),
                State::Lost(near) => self.lost(byte, near),
            }
            self.here.step(byte);
            rest = after;
        }
    }

    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.held.capacity()
    }

    pub fn finish(&mut self, sink: &mut impl FnMut(Piece<'_>)) {
        if self.state == State::Piece {
            self.hand_on(sink);
        }
    }

    fn between(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {}
            b'[' if !self.array => self.array = true,
            b']' if self.array => self.array = false,
            _ => self.begin(byte),
        }
    }

    fn begin(&mut self, byte: u8) {
        self.state = State::Piece;
        self.start = self.here;
        self.spans = false;
        self.gap = false;
        self.depth = u64::from(matches!(byte, b'{' | b'['));
        self.string = if byte == b'"' { InString::Yes } else { InString::No };
        self.last = byte;
        self.hold(&[byte]);
    }

    fn piece(&mut self, byte: u8, sink: &mut impl FnMut(Piece<'_>)) {
        match (self.string, byte) {
            // No string goes over the end of a line: the event is broken.
            (InString::Yes | InString::Escape, b'\n') => {
                self.string = InString::No;
                self.hand_on(sink);
                self.state = if self.depth == 0 { State::Between } else { State::Lost(false) };
                return;
            }
            (InString::Yes, b'"') => self.string = InString::No,
            (InString::Yes, b'\\') => self.string = InString::Escape,
            (InString::Yes, _) => {}
            (InString::Escape, _) => self.string = InString::Yes,

            (InString::No, b'\n' | b',' | b'[' | b']' | b'{') if self.depth == 0 => {
                self.hand_on(sink);
                self.between(byte);
                return;
            }
            (InString::No, b'\n') => {
                if !self.spans {
                    self.spans = true;
                    compact(&mut self.held);
                }
                self.gap = true;
                return;
            }
            (InString::No, b' ' | b'\t' | b'\r') => {
                if self.spans {
                    self.gap = true;
                } else {
                    self.hold(&[byte]);
                }
                return;
            }
            (InString::No, b'{') if self.is_next_event() => {
                self.hand_on(sink);
                self.begin(byte);
                return;
            }
            (InString::No, b'{' | b'[') => self.depth += 1,
            (InString::No, b'}' | b']') if self.depth == 1 => {
                self.hold(&[byte]);
                self.hand_on(sink);
                return;
            }
            (InString::No, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
            (InString::No, b'"') => self.string = InString::Yes,
            (InString::No, _) => {}
        }
        if self.gap && parts(self.last, byte) {
            self.hold(b" ");
        }
        self.gap = false;
        self.last = byte;
        self.hold(&[byte]);
    }

    /// Whether a `{` here can only be a new event: the one being read has no place for it, and it stands on its line where an event would.
    fn is_next_event(&self) -> bool {
        self.here.blank && self.here.indent <= self.start.indent && !matches!(self.last, b'[' | b',' | b':')
    }

    fn lost(&mut self, byte: u8, near: bool) {
        match byte {
            b'\n' | b' ' | b'\t' | b'\r' => {
                if byte == b'\n' {
                    self.state = State::Lost(false);
                }
            }
            _ if !(near || self.here.blank && self.here.indent <= self.start.indent) => self.state = State::Lost(false),
            b'{' => self.begin(byte),
            b'}' | b']' | b',' => self.state = State::Lost(true),
            _ => self.state = State::Lost(false),
        }
    }

    fn hold(&mut self, part: &[u8]) {
        if self.dropped == 0 && self.held.len() + part.len() <= self.max {
            self.held.extend_from_slice(part);
        } else {
            self.dropped += self.held.len() as u64 + part.len() as u64;
            self.held.clear();
        }
    }

    fn hand_on(&mut self, sink: &mut impl FnMut(Piece<'_>)) {
        let line = self.start.line;
        if self.dropped == 0 {
            // A form feed alone is as blank as a space, and a blank line is no event.
            let text = self.held.trim_ascii_end();
            if !text.is_empty() {
                sink(Piece::Event { line, text });
            }
        } else {
            sink(Piece::TooLarge(TooLarge { line, bytes: self.dropped }));
        }
        self.held.clear();
        self.dropped = 0;
        self.string = InString::No;
        self.state = State::Between;
    }
}

impl Position {
    fn step(&mut self, byte: u8) {
        match byte {
            b'\n' => *self = Position { line: self.line + 1, indent: 0, blank: true },
            b' ' | b'\t' | b'\r' if self.blank => self.indent += 1,
            b' ' | b'\t' | b'\r' => {}
            _ => self.blank = false,
        }
    }
}

/// Whether white space between these bytes means something: without it `1 2`, which is an error, would be `12`.
fn parts(before: u8, after: u8) -> bool {
    let alone = |byte| matches!(byte, b'{' | b'}' | b'[' | b']' | b':' | b',' | b'"');
    !alone(before) && !alone(after)
}

/// Leaves out white space outside strings.
fn compact(text: &mut Vec<u8>) {
    let mut string = InString::No;
    let mut to = 0;
    let mut gap = false;
    for at in 0..text.len() {
        let byte = text[at];
        string = match (string, byte) {
            (InString::No, b' ' | b'\t' | b'\r') => {
                gap = true;
                continue;
            }
            (InString::No, b'"') => InString::Yes,
            (InString::Yes, b'"') => InString::No,
            (InString::Yes, b'\\') => InString::Escape,
            (InString::Escape, _) => InString::Yes,
            (string, _) => string,
        };
        // The gap itself makes room for the space.
        if gap && to > 0 && parts(text[to - 1], byte) {
            text[to] = b' ';
            to += 1;
        }
        gap = false;
        text[to] = byte;
        to += 1;
    }
    text.truncate(to);
}
