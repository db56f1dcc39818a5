//! The decoder against the plain way of reading JSON, a byte at a time, on strings and keys that end, break or have their escapes
//! anywhere in the windows that the decoder looks through: the same verdict, the same error at the same place, the same text.

use proptest::collection::vec;
use proptest::prelude::*;
use rule_core::Limits;
use rule_core::decode::{DecodeErrorKind as Kind, Projection, Slots, Value};

/// The plain way. Nothing here is deep, so it may take the stack.
struct Plain<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Result = std::result::Result<(), (usize, Kind)>;

impl Plain<'_> {
    fn event(mut self) -> Result {
        self.space();
        match self.peek() {
            Some(b'{') => self.value()?,
            Some(b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => return Err((self.at, Kind::NotAnObject)),
            _ => return self.fail(Kind::ExpectedValue),
        }
        self.space();
        if self.at < self.bytes.len() { Err((self.at, Kind::TrailingCharacters)) } else { Ok(()) }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The error here, or the end.
    fn fail(&self, kind: Kind) -> Result {
        Err((self.at, if self.at < self.bytes.len() { kind } else { Kind::UnexpectedEnd }))
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.items(b'}', Kind::ExpectedCommaOrBrace, |plain| {
                if plain.peek() != Some(b'"') {
                    return plain.fail(Kind::ExpectedKey);
                }
                plain.string()?;
                plain.space();
                if plain.peek() != Some(b':') {
                    return plain.fail(Kind::ExpectedColon);
                }
                plain.at += 1;
                plain.space();
                plain.value()
            }),
            Some(b'[') => self.items(b']', Kind::ExpectedCommaOrBracket, Self::value),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => self.fail(Kind::ExpectedValue),
        }
    }

    fn items(&mut self, close: u8, expected: Kind, item: impl Fn(&mut Self) -> Result) -> Result {
        self.at += 1;
        self.space();
        if self.peek() != Some(close) {
            loop {
                item(self)?;
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(byte) if byte == close => break,
                    _ => return self.fail(expected),
                }
                self.space();
            }
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result {
        self.at += 1;
        loop {
            match self.peek() {
                None => return self.fail(Kind::UnexpectedEnd),
                Some(b'"') => break,
                Some(..0x20) => return self.fail(Kind::ControlCharacter),
                Some(b'\\') => {
                    self.at += 1;
                    let digits = match self.peek() {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
                        Some(b'u') => 4,
                        _ => return self.fail(Kind::Escape),
                    };
                    self.at += 1;
                    for _ in 0..digits {
                        if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                            return self.fail(Kind::Escape);
                        }
                        self.at += 1;
                    }
                }
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        Ok(())
    }

    fn number(&mut self) -> Result {
        self.at += usize::from(self.peek() == Some(b'-'));
        if self.peek() == Some(b'0') {
            self.at += 1;
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return self.fail(Kind::Number);
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { self.fail(Kind::Number) } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Result {
        for byte in word {
            if self.peek() != Some(*byte) {
                return self.fail(Kind::ExpectedValue);
            }
            self.at += 1;
        }
        Ok(())
    }
}

/// What a string has between its quotes: plain text of any length about the windows' borders, with something else here and there.
fn inside() -> impl Strategy<Value = String> {
    let special =
        prop::sample::select(vec!["\\\"", "\\\\", "\\n", "\\u00e4", "\\ud83d\\ude00", "ä", "€", "😀", "\u{7f}", "."]);
    let plain =
        |count: std::ops::Range<usize>| vec(prop::sample::select(vec!['a', 'b', '!', '#', '[', ']', '{', ',']), count);
    let piece = (prop_oneof![3 => plain(0..18), 1 => plain(30..35), 1 => plain(62..67)], special);
    (vec(piece, 0..3), plain(0..18)).prop_map(|(pieces, end)| {
        let pieces = pieces.into_iter().map(|(plain, special)| plain.into_iter().collect::<String>() + special);
        pieces.collect::<String>() + &end.into_iter().collect::<String>()
    })
}

fn value() -> impl Strategy<Value = String> {
    let integer = "-?(0|[1-9][0-9]{0,11})(\\.[0-9]{1,9})?(e[0-9]{1,3})?";
    prop_oneof![
        4 => inside().prop_map(|text| format!("\"{text}\"")),
        1 => integer,
        1 => prop::sample::select(vec!["true", "false", "null", "[]", "{}", "[[],{}]"]).prop_map(String::from),
        1 => vec(inside(), 1..4).prop_map(|texts| format!("[\"{}\"]", texts.join("\",\""))),
        1 => (inside(), inside()).prop_map(|(key, text)| format!("{{\"{key}\":\"{text}\"}}")),
    ]
}

fn event() -> impl Strategy<Value = (String, Vec<String>)> {
    let space = || prop_oneof![6 => Just(""), 1 => Just(" "), 1 => Just(" \t\r\n  ")];
    let member = (inside(), space(), value(), space());
    vec(member, 1..5).prop_map(|members| {
        let keys = members.iter().map(|(key, ..)| key.clone()).collect();
        let members = members
            .into_iter()
            .map(|(key, before, value, after)| format!("{after}\"{key}\"{before}:{before}{value}{after}"));
        (format!("{{{}}}", members.collect::<Vec<_>>().join(",")), keys)
    })
}

/// With so many spaces behind it, all of the event is read by windows; with none, its end is not.
const BEHIND: [usize; 4] = [0, 1, 15, 40];

fn check(event: &str, keys: &[String]) {
    let fields: Vec<String> = keys.iter().filter_map(|key| serde_json::from_str(&format!("\"{key}\"")).ok()).collect();
    let projections = [Projection::new(&[""; 0]), Projection::new(&fields)];
    let mut slots = Slots::default();
    for spaces in BEHIND {
        let event = event.to_owned() + &" ".repeat(spaces);
        let expected = Plain { bytes: event.as_bytes(), at: 0 }.event();
        for projection in &projections {
            let found = projection.decode(event.as_bytes(), &Limits::default(), &mut slots);
            assert_eq!(found.map_err(|error| (error.offset, error.kind)), expected, "{event:?}");
        }
        let Ok(document) = serde_json::from_str::<serde_json::Value>(&event) else { continue };
        let view = slots.view(event.as_bytes());
        for (slot, field) in fields.iter().enumerate() {
            // Of several keys, serde_json keeps the last.
            if let Some(serde_json::Value::String(text)) = document.get(field) {
                assert!(view.values(slot).any(|value| value == Value::String(text)), "{field:?} of {event:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whole((event, keys) in event()) {
        check(&event, &keys);
    }

    #[test]
    fn cut_off((event, keys) in event(), at: prop::sample::Index) {
        let at = at.index(event.len());
        if let Some(part) = event.get(..at) {
            check(part, &keys);
        }
    }

    #[test]
    fn with_another_byte((event, keys) in event(), at: prop::sample::Index, byte in prop_oneof![
        Just(b'"'), Just(b'\\'), Just(0), Just(0x1f), Just(b' '), Just(b','), Just(b'0'), Just(b'}'), 0..0x80_u8
    ]) {
        let mut bytes = event.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(event) = String::from_utf8(bytes) {
            check(&event, &keys);
        }
    }
}

#[test]
fn a_stop_at_every_place_of_every_length() {
    for len in 0..70 {
        for stop in ["\"", "\\", "\\n", "\\u12", "\n", "\0", "ä", "\u{7f}"] {
            for at in 0..=len {
                let text = "x".repeat(at) + stop + &"y".repeat(len - at);
                for event in
                    [format!("{{\"{text}\":1}}"), format!("{{\"a\":\"{text}\"}}"), format!("{{\"z\":[\"{text}\"]}}")]
                {
                    check(&event, &["a".to_owned()]);
                }
            }
        }
    }
}
