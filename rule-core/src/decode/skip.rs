//! Stepping over an object or array that no rule reads, checking it on the way.
//!
//! The seam for anything faster: it is told where the container begins and says where it ends.

use super::error::{Broken, DecodeErrorKind};
use super::scan::{self, Result};

/// Which brackets are open, a bit each: set for an object. Grows by whole words, so that a warm one allocates nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Brackets {
    /// The innermost ones, the last opened lowest.
    top: u64,
    depth: usize,
    spilled: Vec<u64>,
}

impl Brackets {
    #[inline(always)]
    fn push(&mut self, object: bool) {
        if self.depth != 0 && self.depth.is_multiple_of(64) {
            self.spilled.push(self.top);
        }
        self.top = self.top << 1 | u64::from(object);
        self.depth += 1;
    }

    /// Closes the innermost bracket; whether the one around it is an object's, if there is one.
    #[inline(always)]
    fn pop(&mut self) -> Option<bool> {
        self.depth -= 1;
        if self.depth == 0 {
            return None;
        }
        self.top >>= 1;
        if self.depth.is_multiple_of(64)
            && let Some(word) = self.spilled.pop()
        {
            self.top = word;
        }
        Some(self.top & 1 == 1)
    }
}

/// Steps over the container whose opening bracket is first; `levels` is how deep it may nest, itself included, and
/// `limit` what to call that in an error.
#[inline(always)]
pub(super) fn container<'a>(
    mut rest: &'a [u8],
    levels: usize,
    limit: u32,
    brackets: &mut Brackets,
) -> Result<&'a [u8]> {
    brackets.depth = 0;
    brackets.spilled.clear();
    let mut object;
    'open: loop {
        if brackets.depth == levels {
            return Err(Broken::at(rest, DecodeErrorKind::TooDeep(limit)));
        }
        object = rest.first() == Some(&b'{');
        brackets.push(object);
        let mut byte;
        (byte, rest) = scan::token(scan::after_first(rest));
        // An empty container falls through to the end of a value as if it had just had its last one.
        let mut ended = byte == if object { b'}' } else { b']' };
        loop {
            if !ended {
                if object {
                    (byte, rest) = match scan::short_key(rest) {
                        Some((pair, len)) if byte == b'"' => match scan::short_colon(pair, len, rest) {
                            Some(value) => value,
                            None => colon(&rest[len + 2..])?,
                        },
                        _ => key(byte, rest)?,
                    };
                }
                rest = match byte {
                    b'"' => scan::string(scan::after_first(rest))?.after,
                    b'{' | b'[' => continue 'open,
                    _ => scan::scalar(byte, rest)?,
                };
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
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return Err(scan::unexpected(rest, after_value(object))),
                }
                rest = scan::after_first(rest);
                match brackets.pop() {
                    Some(outer) => object = outer,
                    None => return Ok(rest),
                }
            }
        }
    }
}

/// What was expected after a value.
pub(super) fn after_value(object: bool) -> DecodeErrorKind {
    if object { DecodeErrorKind::ExpectedCommaOrBrace } else { DecodeErrorKind::ExpectedCommaOrBracket }
}

/// Steps over a key that nobody reads and its colon, to the first byte of the value.
#[inline(never)]
fn key(byte: u8, rest: &[u8]) -> Result<(u8, &[u8])> {
    if byte != b'"' {
        return Err(scan::unexpected(rest, DecodeErrorKind::ExpectedKey));
    }
    colon(scan::string(scan::after_first(rest))?.after)
}

/// Steps over the colon after a key, to the first byte of the value.
#[inline(never)]
pub(super) fn colon(rest: &[u8]) -> Result<(u8, &[u8])> {
    match scan::token(rest) {
        (b':', rest) => Ok(scan::token(scan::after_first(rest))),
        (_, rest) => Err(scan::unexpected(rest, DecodeErrorKind::ExpectedColon)),
    }
}
