//! Why an event was refused.

use std::fmt;

/// Where in the event's bytes the first error is, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Byte offset in the event, at most its length.
    pub offset: usize,
    /// What is wrong there.
    pub kind: DecodeErrorKind,
}

/// The same while an event is read: where the error is, is how much of the event is left there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broken {
    left: usize,
    kind: DecodeErrorKind,
}

impl Broken {
    /// Out of line, so that the hot loops stay small.
    #[cold]
    pub fn at(rest: &[u8], kind: DecodeErrorKind) -> Broken {
        Broken { left: rest.len(), kind }
    }

    /// In an event of so many bytes.
    pub fn within(self, event: usize) -> DecodeError {
        DecodeError { offset: event - self.left, kind: self.kind }
    }
}

/// Every way in which an event can be refused. The words are part of the output of every host: they do not
/// change between hosts, and change between versions only for a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeErrorKind {
    /// The event stops in the middle.
    UnexpectedEnd,
    /// A byte that cannot begin, or go on with, a value.
    ExpectedValue,
    /// In an object, something that is not a field name.
    ExpectedKey,
    /// After a field name.
    ExpectedColon,
    /// After a value in an object.
    ExpectedCommaOrBrace,
    /// After a value in an array.
    ExpectedCommaOrBracket,
    /// `01`, `1.`, `-x`.
    Number,
    /// `"\x"`, `"\u12G4"`.
    Escape,
    /// A byte below 0x20 in a string.
    ControlCharacter,
    /// A string is not UTF-8.
    NotUtf8,
    /// Something follows the event.
    TrailingCharacters,
    /// The event is JSON of another kind.
    NotAnObject,
    /// A UTF-8 byte order mark before the event. Only a file may begin with one.
    ByteOrderMark,
    /// [`Limits::max_event_depth`](crate::Limits::max_event_depth).
    TooDeep(u32),
    /// [`Limits::max_event_bytes`](crate::Limits::max_event_bytes).
    TooLarge(u32),
    /// [`Limits::max_event_values`](crate::Limits::max_event_values).
    TooManyValues(u32),
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DecodeErrorKind::UnexpectedEnd => "unexpected end",
            DecodeErrorKind::ExpectedValue => "expected a value",
            DecodeErrorKind::ExpectedKey => "expected a field name in double quotes",
            DecodeErrorKind::ExpectedColon => "expected `:` after a field name",
            DecodeErrorKind::ExpectedCommaOrBrace => "expected `,` or `}`",
            DecodeErrorKind::ExpectedCommaOrBracket => "expected `,` or `]`",
            DecodeErrorKind::Number => "not a JSON number",
            DecodeErrorKind::Escape => "not a JSON escape sequence",
            DecodeErrorKind::ControlCharacter => "control character in a string",
            DecodeErrorKind::NotUtf8 => "not UTF-8",
            DecodeErrorKind::TrailingCharacters => "trailing characters",
            DecodeErrorKind::NotAnObject => "not a JSON object",
            DecodeErrorKind::ByteOrderMark => "byte order mark before the event",
            DecodeErrorKind::TooDeep(limit) => return write!(f, "nested deeper than {limit} levels"),
            DecodeErrorKind::TooLarge(limit) => return write!(f, "event larger than {limit} bytes"),
            DecodeErrorKind::TooManyValues(limit) => return write!(f, "more than {limit} values"),
        })
    }
}

impl fmt::Display for DecodeError {
    /// The words alone; the offset is carried beside them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for DecodeError {}
