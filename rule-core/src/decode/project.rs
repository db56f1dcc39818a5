//! Events as they come in: checked to be text and within the limits, then passed over.

use std::str::Utf8Error;

use super::error::{DecodeError, DecodeErrorKind};
use super::pass::Pass;
use super::slots::Slots;
use super::trie::Projection;
use crate::Limits;

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
            return Err(DecodeError { offset: limit as usize, kind: DecodeErrorKind::TooLarge(limit) });
        }
        let result = match event.text {
            Some(text) => Pass::new(self, text, limits, slots).run(),
            None => match std::str::from_utf8(bytes) {
                Ok(text) => Pass::new(self, text, limits, slots).run(),
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
        let end = valid.len();
        match Pass::new(self, &text, limits, slots).run() {
            Err(found) if found.offset <= end => found,
            // The character was part of a string, which the event's end may have cut off within a character.
            _ if error.error_len().is_none() => {
                DecodeError { offset: event.len(), kind: DecodeErrorKind::UnexpectedEnd }
            }
            _ => DecodeError { offset: end, kind: DecodeErrorKind::NotUtf8 },
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
