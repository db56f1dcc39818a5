//! One pass over an event: fields that are read go to slots, all else is checked and stepped over.

use super::error::{Broken, DecodeError, DecodeErrorKind};
use super::scan::{self, Result, Text};
use super::skip;
use super::slots::{Slots, Span, What};
use super::trie::{DEAD, HIT, LEAF, Meta, Place, Projection, ROOT};
use super::unescape::unescape;
use crate::Limits;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether the event has turned out to be a search hit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hit {
    No,
    /// Its first `_source` is being read.
    Inside,
    /// Its first `_source` has been read.
    Done,
}

pub(super) struct Pass<'a> {
    fields: &'a Projection,
    text: &'a str,
    limits: &'a Limits,
    /// Values that it may have.
    most: usize,
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

impl<'a> Pass<'a> {
    pub fn new(fields: &'a Projection, text: &'a str, limits: &'a Limits, slots: &'a mut Slots) -> Pass<'a> {
        Pass { fields, text, limits, most: limits.max_event_values as usize, slots, hit: Hit::No }
    }

    pub fn run(&mut self) -> std::result::Result<(), DecodeError> {
        self.event().map_err(|broken| broken.within(self.text.len()))
    }

    /// Goes over the event with a stack of its own: how deep an event nests must not matter to the host's stack.
    fn event(&mut self) -> Result<()> {
        let mut rest = self.begin()?;
        let fields = self.fields;
        let mut place = ROOT;
        'open: loop {
            // At an opening bracket; what it holds is read.
            let mut frame = self.open(rest, place)?;
            let mut byte;
            (byte, rest) = scan::token(scan::after_first(rest));
            let mut ended = byte == if frame.object { b'}' } else { b']' };
            loop {
                if !ended {
                    place = frame.place;
                    if frame.object {
                        if byte != b'"' {
                            return Err(scan::unexpected(rest, DecodeErrorKind::ExpectedKey));
                        }
                        (place, byte, rest) = self.key(rest, place, fields)?;
                    }
                    if byte == b'"' {
                        let text = scan::string(scan::after_first(rest))?;
                        if place != DEAD {
                            self.string(rest, &text, place)?;
                        }
                        rest = text.after;
                    } else if byte != b'{' && byte != b'[' {
                        let after = scan::scalar(byte, rest)?;
                        if place != DEAD {
                            self.scalar(byte, rest, after, place)?;
                        }
                        rest = after;
                    } else if self.enters(byte, rest, &mut place) {
                        continue 'open;
                    } else {
                        rest = self.skip(rest)?;
                    }
                }
                ended = false;
                // After a value: to the next one, closing what closes.
                loop {
                    if let Some(next) = scan::comma(rest) {
                        (byte, rest) = next;
                        break;
                    }
                    (byte, rest) = scan::token(rest);
                    match byte {
                        b',' => continue,
                        b'}' if frame.object => {}
                        b']' if !frame.object => {}
                        _ => return Err(scan::unexpected(rest, skip::after_value(frame.object))),
                    }
                    rest = scan::after_first(rest);
                    match self.close(rest) {
                        Some(outer) => frame = outer,
                        None => return self.end(rest),
                    }
                }
            }
        }
    }

    /// Where what is left begins.
    #[inline(always)]
    fn at(&self, rest: &[u8]) -> usize {
        self.text.len() - rest.len()
    }

    /// What can be said before reading anything, and the event from its object's bracket.
    fn begin(&mut self) -> Result<&'a [u8]> {
        let bytes = self.text.as_bytes();
        if bytes.starts_with(BYTE_ORDER_MARK) {
            return Err(Broken::at(bytes, DecodeErrorKind::ByteOrderMark));
        }
        match scan::token(bytes) {
            (b'{', rest) => {
                self.slots.source.start = self.at(rest);
                Ok(rest)
            }
            (b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n', rest) => {
                Err(Broken::at(rest, DecodeErrorKind::NotAnObject))
            }
            (_, rest) => Err(scan::unexpected(rest, DecodeErrorKind::ExpectedValue)),
        }
    }

    /// Enters the container whose bracket is first.
    #[inline]
    fn open(&mut self, rest: &[u8], place: Place) -> Result<Frame> {
        let limit = self.limits.max_event_depth;
        if self.slots.frames.len() >= limit as usize {
            return Err(Broken::at(rest, DecodeErrorKind::TooDeep(limit)));
        }
        let frame = Frame { place, object: rest.first() == Some(&b'{') };
        self.slots.frames.push(frame.pack());
        Ok(frame)
    }

    /// Leaves the innermost container, after which there is `rest`, for the one around it.
    #[inline]
    fn close(&mut self, rest: &[u8]) -> Option<Frame> {
        self.slots.frames.pop();
        let outer = Frame::unpack(*self.slots.frames.last()?);
        if outer.place == HIT {
            self.leave_source(rest);
        }
        Some(outer)
    }

    /// Something in a search hit ended, perhaps its source.
    #[cold]
    fn leave_source(&mut self, rest: &[u8]) {
        if self.hit == Hit::Inside {
            self.slots.source.end = self.at(rest);
            self.hit = Hit::Done;
        }
    }

    /// The event's object ended; nothing may follow it.
    fn end(&mut self, rest: &[u8]) -> Result<()> {
        if self.hit == Hit::No {
            self.slots.source.end = self.at(rest);
        }
        match scan::token(rest) {
            (_, []) => Ok(()),
            (_, rest) => Err(Broken::at(rest, DecodeErrorKind::TrailingCharacters)),
        }
    }

    /// Whether what is in the container whose bracket is first is read; then `place` is where it is.
    #[inline(always)]
    fn enters(&mut self, byte: u8, rest: &[u8], place: &mut Place) -> bool {
        if *place == DEAD {
            return false;
        }
        let Some(entry) = self.fields.entry(*place) else { return byte == b'[' };
        if entry.meta == Meta::Source && byte == b'{' && self.slots.frames.len() == 1 {
            *place = self.enter_source(rest);
            return true;
        }
        entry.has_children || byte == b'[' && entry.has_slots()
    }

    /// The event is a search hit and `rest` begins with its `_source`: what was read of the hit itself does not count, and nor does
    /// what follows. Of two sources both count, as with any key.
    #[cold]
    fn enter_source(&mut self, rest: &[u8]) -> Place {
        if self.hit == Hit::No {
            self.hit = Hit::Inside;
            self.slots.forget_values();
            self.slots.source.start = self.at(rest);
            self.slots.frames[0] = Frame { place: HIT, object: true }.pack();
        }
        ROOT
    }

    /// Steps over the container whose bracket is first, which nothing reads.
    #[inline]
    fn skip(&mut self, rest: &'a [u8]) -> Result<&'a [u8]> {
        let limit = self.limits.max_event_depth;
        let levels = limit as usize - self.slots.frames.len();
        skip::container(rest, levels, limit, &mut self.slots.brackets)
    }

    /// Steps over the key whose quote is first and its colon. The place of its value in an object at `place`, and its
    /// value's first byte.
    #[inline(always)]
    fn key(&mut self, rest: &'a [u8], place: Place, fields: &Projection) -> Result<(Place, u8, &'a [u8])> {
        let Some((pair, len)) = scan::short_key(rest) else { return self.any_key(rest, place) };
        let place = match pair[1..].first_chunk() {
            Some(window) => fields.walk_short(place, window, len),
            None => DEAD,
        };
        match scan::short_colon(pair, len, rest) {
            Some((value, rest)) => Ok((place, value, rest)),
            None => skip::colon(&rest[len + 2..]).map(|(value, rest)| (place, value, rest)),
        }
    }

    /// The same for keys that are long or have escapes, for broken ones, and near the end of the event.
    #[inline(never)]
    fn any_key(&mut self, rest: &'a [u8], place: Place) -> Result<(Place, u8, &'a [u8])> {
        let rest = scan::after_first(rest);
        let key = scan::string(rest)?;
        let (byte, after) = skip::colon(key.after)?;
        let end = rest.len() - key.after.len() - 1;
        let place = if key.escaped {
            self.slots.key.clear();
            unescape(&self.text[self.at(rest)..], &mut self.slots.key);
            self.fields.walk(place, self.slots.key.as_bytes())
        } else {
            self.fields.walk(place, &rest[..end])
        };
        Ok((place, byte, after))
    }

    /// A string, at its opening quote, that someone may read. Of nearly all, no more than where they are is noted.
    #[inline(always)]
    fn string(&mut self, rest: &[u8], text: &Text<'_>, place: Place) -> Result<()> {
        if place & LEAF != 0 && !text.escaped && self.slots.len() < self.most {
            let span = Span::new(self.at(rest) + 1, self.at(text.after) - 1);
            self.slots.push(place - LEAF, What::String(span));
            return Ok(());
        }
        self.odd_string(rest, text, place)
    }

    /// The same with escapes, for several slots or for none, and in a search hit.
    #[inline(never)]
    fn odd_string(&mut self, rest: &[u8], text: &Text<'_>, place: Place) -> Result<()> {
        let (meta, is_read) = match self.fields.entry(place) {
            None => (Meta::None, true),
            Some(entry) if self.slots.frames.len() == 1 => (entry.meta, entry.has_slots()),
            Some(entry) => (Meta::None, entry.has_slots()),
        };
        if !is_read && meta == Meta::None {
            return Ok(());
        }
        let (start, end) = (self.at(rest) + 1, self.at(text.after) - 1);
        let what = if text.escaped { self.unescaped(start) } else { What::String(Span::new(start, end)) };
        match meta {
            Meta::Index => self.slots.index = self.slots.index.or(Some(what)),
            Meta::Id => self.slots.id = self.slots.id.or(Some(what)),
            Meta::Source | Meta::None => {}
        }
        self.store(rest, place, what)
    }

    fn unescaped(&mut self, from: usize) -> What {
        let start = self.slots.text.len();
        unescape(&self.text[from..], &mut self.slots.text);
        What::Unescaped(Span::new(start, self.slots.text.len()))
    }

    /// Any other value that someone may read, from its first byte to what follows it.
    #[inline(never)]
    fn scalar(&mut self, byte: u8, rest: &[u8], after: &[u8], place: Place) -> Result<()> {
        let what = match byte {
            b't' | b'f' => What::Bool(byte == b't'),
            b'n' => What::Null,
            _ => What::Number(Span::new(self.at(rest), self.at(after))),
        };
        self.store(rest, place, what)
    }

    /// Gives the value that is first to the slots of `place`.
    #[inline(never)]
    fn store(&mut self, rest: &[u8], place: Place, what: What) -> Result<()> {
        let one = [place & !LEAF];
        let slots = self.fields.entry(place).map_or(&one[..], |entry| self.fields.slots(entry));
        for &slot in slots {
            if self.slots.len() >= self.most {
                return Err(Broken::at(rest, DecodeErrorKind::TooManyValues(self.limits.max_event_values)));
            }
            self.slots.push(slot, what);
        }
        Ok(())
    }
}
