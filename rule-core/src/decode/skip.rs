//! Stepping over an object or array that no rule reads, checking it on the way.
//!
//! The seam for anything faster: it is told where the container begins and says where it ends.

use super::error::{DecodeError, DecodeErrorKind};
use super::scan;

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

/// Steps over the container whose opening bracket is at `at`; `levels` is how deep it may nest, itself included, and
/// `limit` what to call that in an error.
pub(super) fn container(
    bytes: &[u8],
    at: usize,
    levels: usize,
    limit: u32,
    brackets: &mut Brackets,
) -> Result<usize, DecodeError> {
    brackets.depth = 0;
    brackets.spilled.clear();
    let mut at = at;
    let mut object;
    'open: loop {
        if brackets.depth == levels {
            return Err(DecodeError::new(at, DecodeErrorKind::TooDeep(limit)));
        }
        object = bytes[at] == b'{';
        brackets.push(object);
        let (mut byte, next) = scan::token(bytes, at + 1);
        at = next;
        // An empty container falls through to the end of a value as if it had just had its last one.
        let mut ended = byte == if object { b'}' } else { b']' };
        loop {
            if !ended {
                if object {
                    (byte, at) = key(bytes, byte, at)?;
                }
                at = match byte {
                    b'"' => scan::string(bytes, at + 1)?.end + 1,
                    b'-' | b'0'..=b'9' => scan::number(bytes, at)?,
                    b't' => scan::literal(bytes, at, b"true")?,
                    b'f' => scan::literal(bytes, at, b"false")?,
                    b'n' => scan::literal(bytes, at, b"null")?,
                    b'{' | b'[' => continue 'open,
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
                    b'}' if object => {}
                    b']' if !object => {}
                    _ => return Err(scan::unexpected(bytes, at, after_value(object))),
                }
                at += 1;
                match brackets.pop() {
                    Some(outer) => object = outer,
                    None => return Ok(at),
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
#[inline(always)]
fn key(bytes: &[u8], byte: u8, at: usize) -> Result<(u8, usize), DecodeError> {
    if byte != b'"' {
        return Err(scan::unexpected(bytes, at, DecodeErrorKind::ExpectedKey));
    }
    colon(bytes, scan::string(bytes, at + 1)?.end + 1)
}

/// Steps over the colon after a key, to the first byte of the value.
#[inline(always)]
pub(super) fn colon(bytes: &[u8], at: usize) -> Result<(u8, usize), DecodeError> {
    match scan::token(bytes, at) {
        (b':', at) => Ok(scan::token(bytes, at + 1)),
        (_, at) => Err(scan::unexpected(bytes, at, DecodeErrorKind::ExpectedColon)),
    }
}
