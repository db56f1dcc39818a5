//! JSON with the place of every value: what is wrong with a rule of an export is shown where it stands.
//!
//! A reader of its own, because serde_json tells places only of errors.

use std::borrow::Cow;

use super::node::{Data, Member, Node, Table};
use super::query_text::{QueryText, TextMap};
use crate::diagnostic::Span;

/// Objects and arrays within each other. As many as serde_json reads.
const MAX_DEPTH: usize = 128;

/// What is wrong with a text, and where.
#[derive(Debug)]
pub(super) struct Malformed {
    pub span: Span,
    pub message: &'static str,
}

/// Reads the value that begins at or behind `start`, and tells where it ends.
pub(super) fn value(text: &str, start: usize) -> Result<(Node<'_>, usize), Malformed> {
    let mut parser = Parser { text, at: start };
    parser.space();
    let node = parser.value(MAX_DEPTH)?;
    Ok((node, parser.at))
}

/// The query in a JSON string that was read before: `span` is where it stands, quotes included.
pub(super) fn query(file: &str, span: Span) -> QueryText {
    let mut parser = Parser { text: file, at: span.start as usize };
    let mut map = TextMap::default();
    let text = parser.string(Some(&mut map)).map(|(text, _)| text.into_owned()).unwrap_or_default();
    QueryText { text, map }.trimmed()
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.rest().bytes().next()
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    /// The character that is next is not what should be there.
    fn malformed<T>(&self, message: &'static str) -> Result<T, Malformed> {
        let len = self.rest().chars().next().map_or(0, char::len_utf8);
        Err(Malformed { span: Span::new(self.at as u32, (self.at + len) as u32), message })
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, Malformed> {
        let start = self.at;
        let data = match self.peek() {
            Some(b'{' | b'[') if depth == 0 => return self.malformed("it is nested too deeply"),
            Some(b'{') => Data::Table(self.object(depth)?),
            Some(b'[') => Data::Array(self.array(depth)?),
            Some(b'"') => Data::String(self.string(None)?.0),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Data::Boolean(true))?,
            Some(b'f') => self.word("false", Data::Boolean(false))?,
            Some(b'n') => self.word("null", Data::Null)?,
            Some(_) => return self.malformed("a value is expected here"),
            None => return self.malformed("it ends too early"),
        };
        Ok(Node { span: Span::new(start as u32, self.at as u32), data })
    }

    fn word(&mut self, word: &str, data: Data<'a>) -> Result<Data<'a>, Malformed> {
        if !self.rest().starts_with(word) {
            return self.malformed("a value is expected here");
        }
        self.at += word.len();
        Ok(data)
    }

    fn object(&mut self, depth: usize) -> Result<Table<'a>, Malformed> {
        let mut members = Vec::new();
        self.at += 1;
        self.space();
        while self.peek() != Some(b'}') {
            if !members.is_empty() {
                self.expect(b',', "`,` or `}` is expected here")?;
            }
            if self.peek() != Some(b'"') {
                return self.malformed("a name in double quotes is expected here");
            }
            let (key, key_span) = self.string(None)?;
            self.space();
            self.expect(b':', "`:` is expected here")?;
            let value = self.value(depth - 1)?;
            members.push(Member { key, key_span, value });
            self.space();
        }
        self.at += 1;
        Ok(Table { members })
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Node<'a>>, Malformed> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        while self.peek() != Some(b']') {
            if !items.is_empty() {
                self.expect(b',', "`,` or `]` is expected here")?;
            }
            items.push(self.value(depth - 1)?);
            self.space();
        }
        self.at += 1;
        Ok(items)
    }

    /// A sign, and the white space behind it.
    fn expect(&mut self, sign: u8, message: &'static str) -> Result<(), Malformed> {
        if self.peek() != Some(sign) {
            return self.malformed(if self.rest().is_empty() { "it ends too early" } else { message });
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn number(&mut self) -> Result<Data<'a>, Malformed> {
        let rest = self.rest();
        let len = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let written = &rest[..len];
        let digits = written.strip_prefix('-').unwrap_or(written);
        // Rust reads numbers that JSON does not have: `01`, `1.`, `.5`.
        let is_json = digits.starts_with(|c: char| c.is_ascii_digit())
            && !(digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit())
            && digits.split(['e', 'E']).next().is_some_and(|mantissa| !mantissa.ends_with('.'));
        let Some(number) = written.parse::<f64>().ok().filter(|_| is_json) else {
            return self.malformed("this is no number");
        };
        self.at += len;
        if !written.contains(['.', 'e', 'E']) {
            return Ok(Data::Integer(written.parse().ok()));
        }
        // JavaScript has one kind of numbers: 47.0 is 47.
        let is_whole = number.fract() == 0.0 && number.abs() < 9e15;
        Ok(if is_whole { Data::Integer(Some(number as i64)) } else { Data::Float(number) })
    }

    /// What a string means, and its place with the quotes. A map is told where each part of it stands.
    fn string(&mut self, mut map: Option<&mut TextMap>) -> Result<(Cow<'a, str>, Span), Malformed> {
        let start = self.at;
        self.at += 1;
        let mut meaning = Cow::Borrowed("");
        loop {
            let rest = self.rest();
            let plain = rest.find(|c: char| matches!(c, '"' | '\\') || c < ' ').unwrap_or(rest.len());
            if plain > 0 {
                if let Some(map) = &mut map {
                    map.verbatim(meaning.len(), self.at, plain);
                }
                match &mut meaning {
                    Cow::Borrowed("") => meaning = Cow::Borrowed(&rest[..plain]),
                    meaning => meaning.to_mut().push_str(&rest[..plain]),
                }
                self.at += plain;
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok((meaning, Span::new(start as u32, self.at as u32)));
                }
                Some(b'\\') => {
                    let Some((char, len)) = escape(self.rest()) else {
                        return self.malformed("JSON does not have this escape");
                    };
                    if let Some(map) = &mut map {
                        map.escape(meaning.len(), char.len_utf8(), self.at, len);
                    }
                    meaning.to_mut().push(char);
                    self.at += len;
                }
                Some(_) => return self.malformed("a string must write this control character as an escape"),
                None => return self.malformed("it ends within a string"),
            }
        }
    }
}

/// The character that an escape stands for, and the bytes that it takes. Half of a surrogate pair stands for no character:
/// it becomes U+FFFD.
fn escape(text: &str) -> Option<(char, usize)> {
    let meaning = match text.as_bytes().get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let unit = |at: usize| {
                let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
                let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)
            };
            let first = unit(0)?;
            return Some(match (char::from_u32(first.into()), unit(6)) {
                (Some(char), _) => (char, 6),
                (None, Some(second)) => match char::decode_utf16([first, second]).next() {
                    Some(Ok(char)) => (char, 12),
                    _ => (char::REPLACEMENT_CHARACTER, 6),
                },
                (None, None) => (char::REPLACEMENT_CHARACTER, 6),
            });
        }
        _ => return None,
    };
    Some((meaning, 2))
}
