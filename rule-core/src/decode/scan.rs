//! The fast path: stepping over strings, numbers, literals and white space.
//!
//! Nearly all bytes of an event are in strings that no rule reads, so [`string`] decides how fast an event is
//! decoded. It looks at eight bytes at a time in a `u64`, which WebAssembly has as well and which, unlike SIMD, every
//! host loads. Strings in events are short (5 to 30 bytes): a call to `memchr` per string costs more than it saves.

use super::error::{DecodeError, DecodeErrorKind};

type Result<T> = std::result::Result<T, DecodeError>;

/// A string that was stepped over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    /// First byte after the opening quote.
    pub start: usize,
    /// The closing quote.
    pub end: usize,
    /// There are escapes between them.
    pub escaped: bool,
}

const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// In a word, the high bit of every byte that ends a run of plain string bytes: `"`, `\` and control characters. The lowest set
/// bit is exact; a carry may set bits above it, which nobody looks at.
#[inline(always)]
fn stops(word: u64) -> u64 {
    let quote = word ^ each(b'"');
    let backslash = word ^ each(b'\\');
    let quote = quote.wrapping_sub(each(1)) & !quote;
    let backslash = backslash.wrapping_sub(each(1)) & !backslash;
    let control = word.wrapping_sub(each(0x20)) & !word;
    (quote | backslash | control) & each(0x80)
}

/// Steps over the string whose first byte is at `start`.
#[inline(always)]
pub(super) fn string(bytes: &[u8], start: usize) -> Result<Text> {
    let mut at = start;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*chunk);
        let stop = stops(word);
        if stop == 0 {
            at += 8;
            continue;
        }
        let end = at + stop.trailing_zeros() as usize / 8;
        if bytes[end] != b'"' {
            break;
        }
        return Ok(Text { start, end, escaped: false });
    }
    any_string(bytes, start)
}

/// The same for strings with escapes, for broken ones, and for the last few bytes of an event; out of line, so that
/// the loops that call [`string`] stay small.
#[inline(never)]
fn any_string(bytes: &[u8], start: usize) -> Result<Text> {
    let mut at = start;
    let mut escaped = false;
    loop {
        let byte = match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(chunk) => {
                let stop = stops(u64::from_le_bytes(*chunk));
                if stop == 0 {
                    at += 8;
                    continue;
                }
                at += stop.trailing_zeros() as usize / 8;
                bytes[at]
            }
            // The last seven bytes of the event.
            None => match bytes.get(at) {
                Some(&byte) => {
                    if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                        at += 1;
                        continue;
                    }
                    byte
                }
                None => return Err(DecodeError::new(at, DecodeErrorKind::UnexpectedEnd)),
            },
        };
        match byte {
            b'"' => return Ok(Text { start, end: at, escaped }),
            b'\\' => {
                escaped = true;
                at = escape(bytes, at)?;
            }
            _ => return Err(DecodeError::new(at, DecodeErrorKind::ControlCharacter)),
        }
    }
}

/// Steps over the escape at `at`.
#[inline]
fn escape(bytes: &[u8], at: usize) -> Result<usize> {
    let kind = *bytes.get(at + 1).ok_or(DecodeError { offset: at + 1, kind: DecodeErrorKind::UnexpectedEnd })?;
    match kind {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
        b'u' => {
            for digit in at + 2..at + 6 {
                match bytes.get(digit) {
                    Some(byte) if byte.is_ascii_hexdigit() => {}
                    Some(_) => return Err(DecodeError::new(digit, DecodeErrorKind::Escape)),
                    None => return Err(DecodeError::new(digit, DecodeErrorKind::UnexpectedEnd)),
                }
            }
            Ok(at + 6)
        }
        _ => Err(DecodeError::new(at + 1, DecodeErrorKind::Escape)),
    }
}

/// The first byte at or after `at` that is not white space, and where it is. Past the end it is 0, which no
/// grammar accepts anywhere.
#[inline(always)]
pub(super) fn token(bytes: &[u8], mut at: usize) -> (u8, usize) {
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\n' | b'\r') => at += 1,
            Some(&byte) => return (byte, at),
            None => return (0, at),
        }
    }
}

/// `kind` at `at`, or the end of the event if that is what is there.
#[cold]
pub(super) fn unexpected(bytes: &[u8], at: usize, kind: DecodeErrorKind) -> DecodeError {
    if at < bytes.len() {
        DecodeError::new(at, kind)
    } else {
        DecodeError::new(bytes.len(), DecodeErrorKind::UnexpectedEnd)
    }
}

/// Steps over `true`, `false` or `null`, whose first byte is at `at`.
#[inline]
pub(super) fn literal(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize> {
    let end = at + word.len();
    if bytes.get(at..end) == Some(word) {
        return Ok(end);
    }
    let same = bytes[at..].iter().zip(word).take_while(|(a, b)| a == b).count();
    Err(unexpected(bytes, at + same, DecodeErrorKind::ExpectedValue))
}

/// Steps over the number whose first byte, a digit or `-`, is at `at`.
#[inline]
pub(super) fn number(bytes: &[u8], at: usize) -> Result<usize> {
    let mut end = at + usize::from(bytes[at] == b'-');
    end = match bytes.get(end) {
        Some(b'0') => end + 1,
        _ => digits(bytes, end)?,
    };
    if let Some(b'0'..=b'9') = bytes.get(end) {
        return Err(DecodeError::new(end, DecodeErrorKind::Number));
    }
    if let Some(b'.') = bytes.get(end) {
        end = digits(bytes, end + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        end += 1;
        end += usize::from(matches!(bytes.get(end), Some(b'+' | b'-')));
        end = digits(bytes, end)?;
    }
    Ok(end)
}

/// Steps over one digit or more.
#[inline]
fn digits(bytes: &[u8], at: usize) -> Result<usize> {
    let mut end = at;
    while let Some(b'0'..=b'9') = bytes.get(end) {
        end += 1;
    }
    if end == at { Err(unexpected(bytes, at, DecodeErrorKind::Number)) } else { Ok(end) }
}
