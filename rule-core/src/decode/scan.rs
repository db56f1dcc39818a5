//! The fast path: stepping over strings, numbers, literals and white space.
//!
//! Nearly all bytes of an event are in strings that no rule reads, so [`string`] decides how fast an event is decoded. Strings in events
//! are short (5 to 30 bytes): a call to `memchr` per string costs more than it saves.
//!
//! What is left of the event is handed on as a slice: that a slice is long enough is one comparison, which then holds for all that is
//! read from it. Where something is, is how much is left there.

use super::error::{Broken, DecodeErrorKind};
use super::stop::{WINDOW, is_stop, stop};

pub(super) type Result<T> = std::result::Result<T, Broken>;

/// A string that was stepped over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    /// What follows its closing quote.
    pub after: &'a [u8],
    /// There are escapes in it.
    pub escaped: bool,
}

/// Steps over the string of which `rest` is what follows the opening quote.
#[inline(always)]
pub(super) fn string(mut rest: &[u8]) -> Result<Text<'_>> {
    while let Some(window) = rest.first_chunk::<WINDOW>() {
        let end = stop(window);
        let byte = window[end];
        if byte == b'"' {
            return Ok(Text { after: &rest[end + 1..], escaped: false });
        }
        if byte < 0x20 || byte == b'\\' {
            break;
        }
        rest = &rest[WINDOW..];
    }
    any_string(rest)
}

/// The same for strings with escapes, for broken ones, and for the last few bytes of an event; out of line, so that the loops
/// that call [`string`] stay small.
#[inline(never)]
fn any_string(mut rest: &[u8]) -> Result<Text<'_>> {
    let mut escaped = false;
    loop {
        let end = match rest.first_chunk() {
            Some(window) => stop(window),
            None => {
                rest.iter().position(|byte| is_stop(*byte)).ok_or(Broken::at(&[], DecodeErrorKind::UnexpectedEnd))?
            }
        };
        match rest[end] {
            b'"' => return Ok(Text { after: &rest[end + 1..], escaped }),
            b'\\' => {
                escaped = true;
                rest = escape(&rest[end + 1..])?;
            }
            ..0x20 => return Err(Broken::at(&rest[end..], DecodeErrorKind::ControlCharacter)),
            _ => rest = &rest[WINDOW..],
        }
    }
}

/// Where the first stop is that is not before `from`.
#[inline]
pub(super) fn stop_from(bytes: &[u8], mut from: usize) -> Option<usize> {
    while let Some(window) = bytes.get(from..).and_then(|rest| rest.first_chunk::<WINDOW>()) {
        let end = stop(window);
        if is_stop(window[end]) {
            return Some(from + end);
        }
        from += WINDOW;
    }
    bytes.iter().skip(from).position(|byte| is_stop(*byte)).map(|end| from + end)
}

/// Of a key with its quotes, its colon and the first byte of its value, the most that is looked at in one go.
pub(super) const PAIR: usize = WINDOW + 3;

/// The key whose quote is first, if it is short and has no escapes: so many bytes from the second one on, then its closing quote.
#[inline(always)]
pub(super) fn short_key(rest: &[u8]) -> Option<(&[u8; PAIR], usize)> {
    let pair = rest.first_chunk::<PAIR>()?;
    let window = pair[1..].first_chunk()?;
    let len = stop(window);
    if window[len] == b'"' { Some((pair, len)) } else { None }
}

/// What follows a short key: its value's first byte, and all from there, if the colon is there and no white space.
#[inline(always)]
pub(super) fn short_colon<'a>(pair: &[u8; PAIR], len: usize, rest: &'a [u8]) -> Option<(u8, &'a [u8])> {
    let value = pair[len + 3];
    if pair[len + 2] == b':' && value > b' ' { Some((value, &rest[len + 3..])) } else { None }
}

/// Steps over the escape of which `rest` is what follows the backslash.
#[inline]
fn escape(rest: &[u8]) -> Result<&[u8]> {
    match rest {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', after @ ..] => Ok(after),
        [b'u', digits @ ..] => {
            let count = digits.iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
            let after = &digits[count..];
            if count == 4 { Ok(after) } else { Err(unexpected(after, DecodeErrorKind::Escape)) }
        }
        _ => Err(unexpected(rest, DecodeErrorKind::Escape)),
    }
}

/// The first byte that is not white space, and all from there. At the end it is 0, which no grammar accepts anywhere.
#[inline(always)]
pub(super) fn token(rest: &[u8]) -> (u8, &[u8]) {
    match rest {
        [byte, ..] if *byte > b' ' => (*byte, rest),
        _ => any_token(rest),
    }
}

/// The same after white space, which most senders leave out.
#[inline(never)]
fn any_token(mut rest: &[u8]) -> (u8, &[u8]) {
    loop {
        match rest {
            [b' ' | b'\t' | b'\n' | b'\r', after @ ..] => rest = after,
            [byte, ..] => return (*byte, rest),
            [] => return (0, rest),
        }
    }
}

/// Steps over the comma between two values, if that is what is first, to the next one, as [`token`] does.
#[inline(always)]
pub(super) fn comma(rest: &[u8]) -> Option<(u8, &[u8])> {
    match rest {
        [b',', byte, ..] if *byte > b' ' => Some((*byte, after_first(rest))),
        [b',', after @ ..] => Some(any_token(after)),
        _ => None,
    }
}

/// What follows the first byte, of which there is one.
#[inline(always)]
pub(super) fn after_first(rest: &[u8]) -> &[u8] {
    match rest {
        [_, after @ ..] => after,
        [] => nothing(),
    }
}

/// A branch that is never taken is cheaper than a choice without one.
#[cold]
#[inline(never)]
fn nothing() -> &'static [u8] {
    &[]
}

/// `kind` at what is left, or the end of the event if that is nothing.
#[cold]
pub(super) fn unexpected(rest: &[u8], kind: DecodeErrorKind) -> Broken {
    Broken::at(rest, if rest.is_empty() { DecodeErrorKind::UnexpectedEnd } else { kind })
}

/// Steps over a value that is no string and no container, and whose first byte is first.
#[inline(never)]
pub(super) fn scalar(byte: u8, rest: &[u8]) -> Result<&[u8]> {
    let after = match byte {
        b'-' | b'0'..=b'9' => return number(rest),
        b't' => rest.strip_prefix(b"true"),
        b'f' => rest.strip_prefix(b"false"),
        b'n' => rest.strip_prefix(b"null"),
        _ => None,
    };
    after.ok_or_else(|| no_value(rest))
}

/// What is wrong with a value that is none, or no more than the beginning of one.
#[cold]
#[inline(never)]
fn no_value(rest: &[u8]) -> Broken {
    let word: &[u8] = match rest {
        [b't', ..] => b"true",
        [b'f', ..] => b"false",
        [b'n', ..] => b"null",
        _ => b"",
    };
    let same = rest.iter().zip(word).take_while(|(a, b)| a == b).count();
    unexpected(&rest[same..], DecodeErrorKind::ExpectedValue)
}

/// Steps over the number whose first byte, a digit or `-`, is first.
#[inline]
fn number(rest: &[u8]) -> Result<&[u8]> {
    // Nearly all are integers of few digits.
    if let Some(window) = rest.first_chunk() {
        let word = u64::from_le_bytes(*window) ^ u64::from_le_bytes([b'0'; 8]);
        // The upper bit of all that is no digit; a carry may set one above, which nobody looks at.
        let others = (word.wrapping_add(u64::from_le_bytes([0x76; 8])) | word) & u64::from_le_bytes([0x80; 8]);
        let end = (others | 1 << 63).trailing_zeros() as usize / 8;
        if end != 0 && (window[0] != b'0' || end == 1) && matches!(window[end], b',' | b'}' | b']') {
            return Ok(&rest[end..]);
        }
    }
    any_number(rest)
}

/// The same for any number.
fn any_number(rest: &[u8]) -> Result<&[u8]> {
    let rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let mut after = match rest {
        [b'0', after @ ..] => after,
        _ => digits(rest)?,
    };
    if let [b'0'..=b'9', ..] = after {
        return Err(Broken::at(after, DecodeErrorKind::Number));
    }
    if let [b'.', fraction @ ..] = after {
        after = digits(fraction)?;
    }
    if let [b'e' | b'E', exponent @ ..] = after {
        after = match exponent {
            [b'+' | b'-', exponent @ ..] => digits(exponent)?,
            _ => digits(exponent)?,
        };
    }
    Ok(after)
}

/// Steps over one digit or more.
#[inline]
fn digits(rest: &[u8]) -> Result<&[u8]> {
    let mut after = rest;
    while let [b'0'..=b'9', more @ ..] = after {
        after = more;
    }
    if after.len() == rest.len() { Err(unexpected(rest, DecodeErrorKind::Number)) } else { Ok(after) }
}
