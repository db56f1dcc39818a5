//! One pass over an event: fields that are read go to slots, all else is checked and stepped over.

use std::str::Utf8Error;

use super::error::{DecodeError, DecodeErrorKind};
use super::scan::{self, Text};
use super::skip;
use super::slots::{Slots, Span, What};
use super::trie::{DEAD, Place, Projection, ROOT};
use crate::limits::Limits;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Projection {
    /// Decodes one event into `slots`. All of the event is checked to be JSON, what is skipped as well, and an error is
    /// the first in the event. After an error the slots are empty.
    pub fn decode(&self, event: &[u8], limits: &Limits, slots: &mut Slots) -> Result<(), DecodeError> {
        self.decode_line(Line::new(event), limits, slots)
    }

    /// The same for an event that was looked at already.
    pub(crate) fn decode_line(&self, event: Line<'_>, limits: &Limits, slots: &mut Slots) -> Result<(), DecodeError> {
        slots.reset(self.fields());
        let limit = limits.max_event_bytes;
        let bytes = event.bytes;
        if bytes.len() > limit as usize {
            return Err(DecodeError::new(limit as usize, DecodeErrorKind::TooLarge(limit)));
        }
        let result = match event.text {
            Some(text) => Pass { fields: self, text, bytes, limits, slots, hit: Hit::No }.run(),
            None => match std::str::from_utf8(bytes) {
                Ok(text) => Pass { fields: self, text, bytes, limits, slots, hit: Hit::No }.run(),
                Err(error) => Err(self.first_error(bytes, error, limits, slots)),
            },
        };
        if result.is_err() {
            slots.reset(self.fields());
        }
        result
    }

    /// The first error of an event that is not UTF-8: what is not may stand in a string, where it is the error, or
    /// elsewhere, where it is no more than an unexpected byte, or after another error.
    #[cold]
    fn first_error(&self, event: &[u8], error: Utf8Error, limits: &Limits, slots: &mut Slots) -> DecodeError {
        let (valid, _) = event.split_at(error.valid_up_to());
        // A character that no grammar expects, in place of the bytes that are none.
        let text = String::from_utf8_lossy(valid).into_owned() + "\u{fffd}";
        let (bytes, end) = (text.as_bytes(), valid.len());
        match (Pass { fields: self, text: &text, bytes, limits, slots, hit: Hit::No }).run() {
            Err(found) if found.offset <= end => found,
            // The character was part of a string, which the event's end may have cut off within a character.
            _ if error.error_len().is_none() => DecodeError::new(event.len(), DecodeErrorKind::UnexpectedEnd),
            _ => DecodeError::new(end, DecodeErrorKind::NotUtf8),
        }
    }
}

/// An event's bytes, and as text if that is what they are: a check that is made once, because it costs less for many bytes at once than for
/// each string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub bytes: &'a [u8],
    text: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// Checks the bytes.
    pub fn new(bytes: &'a [u8]) -> Line<'a> {
        Line { bytes, text: std::str::from_utf8(bytes).ok() }
    }

    /// The bytes from one place to another, which are borders of lines, of bytes that were checked.
    pub fn part(self, from: usize, to: usize) -> Line<'a> {
        let bytes = &self.bytes[from..to];
        match self.text {
            Some(text) => Line { bytes, text: text.get(from..to) },
            // What is broken may be in another line.
            None => Line::new(bytes),
        }
    }

    pub fn text(self) -> &'a str {
        self.text.unwrap_or_default()
    }
}

/// Keys that mean something in the outermost object, where a search hit has them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meta {
    None,
    Source,
    Index,
    Id,
}

impl Meta {
    fn of(key: &[u8]) -> Meta {
        match key {
            b"_source" => Meta::Source,
            b"_index" => Meta::Index,
            b"_id" => Meta::Id,
            _ => Meta::None,
        }
    }
}

/// Whether the event has turned out to be a search hit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hit {
    No,
    /// Its first `_source` is being read.
    Inside,
    /// Its first `_source` has been read.
    Done,
}

struct Pass<'a> {
    fields: &'a Projection,
    text: &'a str,
    /// The text's.
    bytes: &'a [u8],
    limits: &'a Limits,
    slots: &'a mut Slots,
    hit: Hit,
}

/// A container being read: its place, and whether it is an object. Elements of an array are at the array's own place.
#[derive(Clone, Copy)]
struct Frame {
    place: Place,
    object: bool,
}

impl Frame {
    fn pack(self) -> u32 {
        self.place << 1 | u32::from(self.object)
    }

    fn unpack(packed: u32) -> Frame {
        Frame { place: packed >> 1, object: packed & 1 == 1 }
    }
}

impl Pass<'_> {
    /// Goes over the event with a stack of its own: how deep an event nests must not matter to the host's stack.
    fn run(&mut self) -> Result<(), DecodeError> {
        let bytes = self.bytes;
        let mut at = self.begin()?;
        self.slots.source.start = at;
        let mut place = ROOT;
        let mut meta = Meta::None;
        'open: loop {
            // At an opening bracket; what it holds is read.
            let mut frame = self.open(at, place)?;
            let (mut byte, next) = scan::token(bytes, at + 1);
            at = next;
            let mut ended = byte == if frame.object { b'}' } else { b']' };
            loop {
                if !ended {
                    place = frame.place;
                    if frame.object {
                        if byte != b'"' {
                            return Err(scan::unexpected(bytes, at, DecodeErrorKind::ExpectedKey));
                        }
                        let key = scan::string(bytes, at + 1)?;
                        (place, meta) = self.key(&key, frame.place);
                        (byte, at) = skip::colon(bytes, key.end + 1)?;
                    }
                    at = match byte {
                        b'"' => {
                            let text = scan::string(bytes, at + 1)?;
                            self.string(&text, place, meta)?;
                            text.end + 1
                        }
                        b'-' | b'0'..=b'9' => {
                            let end = scan::number(bytes, at)?;
                            self.number(at, end, place)?;
                            end
                        }
                        b't' => self.literal(at, b"true", place, What::Bool(true))?,
                        b'f' => self.literal(at, b"false", place, What::Bool(false))?,
                        b'n' => self.literal(at, b"null", place, What::Null)?,
                        b'{' | b'[' => {
                            if byte == b'{' && meta == Meta::Source {
                                place = self.enter_source(at);
                                meta = Meta::None;
                                continue 'open;
                            }
                            meta = Meta::None;
                            if place != DEAD && (byte == b'[' || self.fields.has_children(place)) {
                                continue 'open;
                            }
                            self.skip(at)?
                        }
                        _ => return Err(scan::unexpected(bytes, at, DecodeErrorKind::ExpectedValue)),
                    };
                }
                ended = false;
                // After a value: to the next one, closing what closes.
                loop {
                    (byte, at) = scan::token(bytes, at);
                    match byte {
                        b',' => {
                            (byte, at) = scan::token(bytes, at + 1);
                            break;
                        }
                        b'}' if frame.object => {}
                        b']' if !frame.object => {}
                        _ => return Err(scan::unexpected(bytes, at, skip::after_value(frame.object))),
                    }
                    at += 1;
                    match self.close(at) {
                        Some(outer) => frame = outer,
                        None => return self.end(at),
                    }
                }
            }
        }
    }

    /// What can be said before reading anything, and where the event's object begins.
    fn begin(&self) -> Result<usize, DecodeError> {
        if self.bytes.starts_with(BYTE_ORDER_MARK) {
            return Err(DecodeError::new(0, DecodeErrorKind::ByteOrderMark));
        }
        match scan::token(self.bytes, 0) {
            (b'{', at) => Ok(at),
            (b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n', at) => {
                Err(DecodeError::new(at, DecodeErrorKind::NotAnObject))
            }
            (_, at) => Err(scan::unexpected(self.bytes, at, DecodeErrorKind::ExpectedValue)),
        }
    }

    /// Enters the container whose bracket is at `at`.
    #[inline]
    fn open(&mut self, at: usize, place: Place) -> Result<Frame, DecodeError> {
        let limit = self.limits.max_event_depth;
        if self.slots.frames.len() >= limit as usize {
            return Err(DecodeError::new(at, DecodeErrorKind::TooDeep(limit)));
        }
        let frame = Frame { place, object: self.bytes[at] == b'{' };
        self.slots.frames.push(frame.pack());
        Ok(frame)
    }

    /// Leaves the innermost container, which ended before `at`, for the one around it.
    #[inline]
    fn close(&mut self, at: usize) -> Option<Frame> {
        self.slots.frames.pop();
        if self.hit == Hit::Inside && self.slots.frames.len() == 1 {
            self.slots.source.end = at;
            self.hit = Hit::Done;
        }
        self.slots.frames.last().map(|packed| Frame::unpack(*packed))
    }

    /// The event's object ended before `at`; nothing may follow it.
    fn end(&mut self, at: usize) -> Result<(), DecodeError> {
        if self.hit == Hit::No {
            self.slots.source.end = at;
        }
        let (_, rest) = scan::token(self.bytes, at);
        if rest < self.bytes.len() {
            return Err(DecodeError::new(rest, DecodeErrorKind::TrailingCharacters));
        }
        Ok(())
    }

    /// The event is a search hit and its `_source` begins at `at`: what was read of the hit itself does not count, and nor does
    /// what follows. Of two sources both count, as with any key.
    #[cold]
    fn enter_source(&mut self, at: usize) -> Place {
        if self.hit == Hit::No {
            self.hit = Hit::Inside;
            self.slots.forget_values();
            self.slots.source.start = at;
            self.slots.frames[0] = Frame { place: DEAD, object: true }.pack();
        }
        ROOT
    }

    /// Steps over the container at `at`, which nothing reads.
    #[inline]
    fn skip(&mut self, at: usize) -> Result<usize, DecodeError> {
        let limit = self.limits.max_event_depth;
        let levels = limit as usize - self.slots.frames.len();
        skip::container(self.bytes, at, levels, limit, &mut self.slots.brackets)
    }

    /// Where the value of a key in an object at `place` is.
    #[inline]
    fn key(&mut self, key: &Text, place: Place) -> (Place, Meta) {
        if key.escaped {
            return self.escaped_key(key, place);
        }
        let key = &self.bytes[key.start..key.end];
        let meta = if key.first() == Some(&b'_') && self.slots.frames.len() == 1 { Meta::of(key) } else { Meta::None };
        (self.fields.walk(place, key), meta)
    }

    #[cold]
    fn escaped_key(&mut self, key: &Text, place: Place) -> (Place, Meta) {
        self.slots.key.clear();
        unescape(&self.text[key.start..key.end], &mut self.slots.key);
        let key = self.slots.key.as_bytes();
        let meta = if self.slots.frames.len() == 1 { Meta::of(key) } else { Meta::None };
        (self.fields.walk(place, key), meta)
    }

    #[inline]
    fn string(&mut self, text: &Text, place: Place, meta: Meta) -> Result<(), DecodeError> {
        if self.fields.slots(place).is_empty() && meta == Meta::None {
            return Ok(());
        }
        let what = if text.escaped { self.unescaped(text) } else { What::String(Span::new(text.start, text.end)) };
        match meta {
            Meta::Index => self.slots.index = self.slots.index.or(Some(what)),
            Meta::Id => self.slots.id = self.slots.id.or(Some(what)),
            Meta::Source | Meta::None => {}
        }
        self.store(text.start - 1, place, what)
    }

    #[cold]
    fn unescaped(&mut self, text: &Text) -> What {
        let start = self.slots.text.len();
        unescape(&self.text[text.start..text.end], &mut self.slots.text);
        What::Unescaped(Span::new(start, self.slots.text.len()))
    }

    #[inline]
    fn number(&mut self, at: usize, end: usize, place: Place) -> Result<(), DecodeError> {
        self.store(at, place, What::Number(Span::new(at, end)))
    }

    #[inline]
    fn literal(&mut self, at: usize, word: &[u8], place: Place, what: What) -> Result<usize, DecodeError> {
        let end = scan::literal(self.bytes, at, word)?;
        self.store(at, place, what)?;
        Ok(end)
    }

    /// Gives the value at `at` to the slots of `place`.
    #[inline]
    fn store(&mut self, at: usize, place: Place, what: What) -> Result<(), DecodeError> {
        for &slot in self.fields.slots(place) {
            if self.slots.len() >= self.limits.max_event_values as usize {
                return Err(DecodeError::new(at, DecodeErrorKind::TooManyValues(self.limits.max_event_values)));
            }
            self.slots.push(slot, what);
        }
        Ok(())
    }
}

/// Decodes the escapes of a string that was checked already. A surrogate without its other half becomes U+FFFD.
#[cold]
fn unescape(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let (char, len) = match rest.as_bytes().get(at + 1) {
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => unit(rest, at),
            // `"`, `\` and `/` stand for themselves.
            Some(&byte) => (char::from(byte), 2),
            None => break,
        };
        out.push(char);
        rest = rest.get(at + len..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// The character of the `\u` escape at `at`, and the length of the escapes that make it.
fn unit(text: &str, at: usize) -> (char, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let first = unit(at).unwrap_or(0xFFFD);
    if let 0xD800..0xDC00 = first
        && let Some(second @ 0xDC00..0xE000) = unit(at + 6)
    {
        let code = 0x10000 + ((first - 0xD800) << 10 | (second - 0xDC00));
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}
