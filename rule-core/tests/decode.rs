//! The decoder against `serde_json`, on input that nobody thought of.
//!
//! `serde_json` keeps neither the order nor the duplicates of keys in a `Value`, so the reference here is a document that does, built
//! by its parser; flattening it is the plain, recursive way of saying what projection means.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use rule_core::Limits;
use rule_core::decode::{DecodeErrorKind, Projection, Slots, Value};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

#[derive(Clone, Debug)]
enum Document {
    Scalar(Scalar),
    Array(Vec<Document>),
    Object(Vec<(String, Document)>),
}

#[derive(Clone, Debug, PartialEq)]
enum Scalar {
    Null,
    Bool(bool),
    Integer(i64),
    Number(Float),
    String(String),
}

/// `serde_json` is one unit in the last place off at times, unless it is asked not to be; the decoder never is.
#[derive(Clone, Copy, Debug)]
struct Float(f64);

impl PartialEq for Float {
    fn eq(&self, other: &Float) -> bool {
        (self.0 - other.0).abs() <= self.0.abs() * 1e-15
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Build;
        impl<'de> Visitor<'de> for Build {
            type Value = Document;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Document, E> {
                Ok(Document::Scalar(Scalar::Null))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Document, E> {
                Ok(Document::Scalar(Scalar::Bool(value)))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Document, E> {
                Ok(Document::Scalar(Scalar::Integer(value)))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Document, E> {
                Ok(Document::Scalar(i64::try_from(value).map_or(Scalar::Number(Float(value as f64)), Scalar::Integer)))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Document, E> {
                Ok(Document::Scalar(Scalar::Number(Float(value))))
            }
            fn visit_str<E>(self, value: &str) -> Result<Document, E> {
                Ok(Document::Scalar(Scalar::String(value.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Document, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = access.next_element()? {
                    elements.push(element);
                }
                Ok(Document::Array(elements))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Document, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = access.next_entry()? {
                    members.push(member);
                }
                Ok(Document::Object(members))
            }
        }
        deserializer.deserialize_any(Build)
    }
}

/// The values of `field`, by the definition.
fn flatten(document: &Document, field: &str) -> Vec<Scalar> {
    fn walk(document: &Document, path: &str, field: &str, out: &mut Vec<Scalar>) {
        match document {
            Document::Scalar(value) if path == field => out.push(value.clone()),
            Document::Scalar(_) => {}
            Document::Array(elements) => elements.iter().for_each(|element| walk(element, path, field, out)),
            Document::Object(members) => {
                for (key, value) in members {
                    walk(value, &format!("{path}.{key}"), field, out);
                }
            }
        }
    }
    let mut out = Vec::new();
    let Document::Object(members) = document else { return out };
    let sources: Vec<&Document> = members
        .iter()
        .filter(|(key, value)| key == "_source" && matches!(value, Document::Object(_)))
        .map(|(_, value)| value)
        .collect();
    let field = format!(".{field}");
    if sources.is_empty() {
        walk(document, "", &field, &mut out);
    } else {
        sources.iter().for_each(|source| walk(source, "", &field, &mut out));
    }
    out
}

/// The last event's values of each field, as the decoder found them.
fn values(fields: usize, slots: &Slots, event: &[u8]) -> Vec<Vec<Scalar>> {
    let scalar = |value: Value<'_>| match value {
        Value::Null => Scalar::Null,
        Value::Bool(value) => Scalar::Bool(value),
        Value::Number(number) => match number.as_i64() {
            // `-0` is a double to serde_json.
            Some(0) if number.text() == "-0" => Scalar::Number(Float(-0.0)),
            Some(value) => Scalar::Integer(value),
            None => Scalar::Number(Float(number.as_f64())),
        },
        Value::String(text) => Scalar::String(text.to_owned()),
    };
    (0..fields).map(|slot| slots.view(event).values(slot).map(scalar).collect()).collect()
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "c", "a.b", "b.c", "a.b.c", "b.a", "", ".", "a.", ".b"]).prop_map(String::from),
        1 => prop::sample::select(vec!["_source", "_index", "_id", "ä", "a\"b", "a b c d e f g h", "a\\"]).prop_map(String::from),
    ]
}

/// A JSON string for `text`, some of it escaped.
fn quoted(text: String) -> impl Strategy<Value = String> {
    let len = text.chars().count();
    vec(0..6_u8, len).prop_map(move |how| {
        let mut out = String::from("\"");
        for (char, how) in text.chars().zip(how) {
            if how == 0 {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    out += &format!("\\u{unit:04x}");
                }
            } else {
                out += serde_json::to_string(&char).expect("a char is JSON").trim_matches('"');
                // A quote has lost its own.
                if char == '"' {
                    out.pop();
                    out += "\\\"";
                }
            }
        }
        out + "\""
    })
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<u64>().prop_map(|value| value.to_string()),
        any::<f64>()
            .prop_filter("JSON has no infinity", |value| value.is_finite())
            .prop_map(|value| format!("{value:e}")),
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
        "[a-z ]{0,20}".prop_flat_map(quoted),
        "\\PC{0,9}".prop_flat_map(quoted),
        any::<String>().prop_flat_map(quoted),
    ]
}

/// Any JSON, with white space here and there.
fn json() -> impl Strategy<Value = String> {
    scalar().prop_recursive(
        6,
        60,
        6,
        |inner| prop_oneof![1 => vec((space(), inner.clone()), 0..5).prop_map(array), 3 => members(inner)],
    )
}

fn event() -> impl Strategy<Value = String> {
    (space(), members(json()), space()).prop_map(|(before, object, after)| before + &object + &after)
}

fn array(elements: Vec<(String, String)>) -> String {
    let elements: Vec<String> =
        elements.into_iter().map(|(space, element)| format!("{space}{element}{space}")).collect();
    format!("[{}]", elements.join(","))
}

fn members(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    vec((key().prop_flat_map(quoted), space(), value), 0..6).prop_map(|members| {
        let members: Vec<String> =
            members.into_iter().map(|(key, space, value)| format!("{space}{key}{space}:{space}{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(String::new()), 1 => "[ \t\r\n]{0,3}"]
}

fn fields() -> impl Strategy<Value = Vec<String>> {
    vec(vec(key(), 1..4).prop_map(|keys| keys.join(".")), 0..8)
}

/// A change to an event: where, how much of it goes, and what comes instead.
fn change() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
    let tokens = vec![
        &b"{"[..],
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b"\\u",
        b"\\ud800",
        b"\\u12",
        b"0",
        b"-",
        b".",
        b"e",
        b"1e999",
        b"true",
        b"nul",
        b" ",
        b"\n",
        b"\0",
        b"\x1f",
        b"\x7f",
        b"\x80",
        b"\xff",
        b"\xc3",
        b"\xe2\x82",
        b"\xed\xa0\x80",
        "ä".as_bytes(),
        "\u{feff}".as_bytes(),
        b"\"_source\":{",
        b"{\"a\":",
    ];
    let insert = prop_oneof![
        3 => prop::sample::select(tokens).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..4),
    ];
    (any::<prop::sample::Index>(), prop_oneof![4 => 0..3_usize, 1 => Just(usize::MAX)], insert)
}

fn apply(event: &str, changes: Vec<(prop::sample::Index, usize, Vec<u8>)>) -> Vec<u8> {
    let mut bytes = event.as_bytes().to_vec();
    for (at, remove, insert) in changes {
        let at = at.index(bytes.len() + 1);
        let end = at.saturating_add(remove).min(bytes.len());
        bytes.splice(at..end, insert);
    }
    bytes
}

/// Bounds that no test here reaches.
fn unbounded() -> Limits {
    Limits { max_event_depth: u32::MAX, max_event_bytes: u32::MAX, max_event_values: u32::MAX, ..Limits::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same values, in the same order, whatever is read.
    #[test]
    fn projection_is_flattening(event in event(), fields in fields()) {
        let document: Document = serde_json::from_str(&event).expect("the strategy makes JSON");
        let mut slots = Slots::default();
        Projection::new(&fields).decode(event.as_bytes(), &unbounded(), &mut slots).expect("the event is JSON");
        let expected: Vec<Vec<Scalar>> = fields.iter().map(|field| flatten(&document, field)).collect();
        prop_assert_eq!(values(fields.len(), &slots, event.as_bytes()), expected);
        let source = slots.view(event.as_bytes()).source();
        prop_assert_eq!((source.first(), source.last()), (Some(&b'{'), Some(&b'}')));
        serde_json::from_slice::<IgnoredAny>(source).expect("the source is JSON");
    }

    /// Skipping by serde_json checks all but UTF-8, keeps no stack and converts nothing: what it accepts, and is
    /// UTF-8 and an object, is an event, and nothing else is. There are no differences beside the limits.
    #[test]
    fn acceptance_is_that_of_json(event in event(), changes in vec(change(), 0..4), fields in fields()) {
        let event = apply(&event, changes);
        let is_event = serde_json::from_slice::<IgnoredAny>(&event).is_ok()
            && std::str::from_utf8(&event).is_ok()
            && event.trim_ascii_start().starts_with(b"{");
        let fields = Projection::new(&fields);
        let mut slots = Slots::default();
        match fields.decode(&event, &unbounded(), &mut slots) {
            Ok(()) => {
                prop_assert!(is_event, "accepted: {}", String::from_utf8_lossy(&event));
            }
            Err(error) => {
                prop_assert!(!is_event, "{error} at {}: {}", error.offset, String::from_utf8_lossy(&event));
                prop_assert!(error.offset <= event.len());
                // It is the first error: nothing is wrong before it but that it stops there.
                let before = &event[..error.offset];
                match fields.decode(before, &unbounded(), &mut slots) {
                    Ok(()) => prop_assert_eq!(error.kind, DecodeErrorKind::TrailingCharacters),
                    Err(end) => prop_assert_eq!((end.kind, end.offset), (DecodeErrorKind::UnexpectedEnd, before.len())),
                }
            }
        }
        // What serde_json can build, with its narrower idea of numbers, surrogates and depth, is an event as well.
        if serde_json::from_slice::<serde_json::Value>(&event).is_ok_and(|value| value.is_object()) {
            prop_assert!(is_event);
        }
    }

    /// Limits refuse, and otherwise change nothing.
    #[test]
    fn limits_refuse_or_change_nothing(event in event(), fields in fields(), depth in 1..8_u32, count in 0..8_u32) {
        let fields_count = fields.len();
        let fields = Projection::new(&fields);
        let (mut limited, mut free) = (Slots::default(), Slots::default());
        fields.decode(event.as_bytes(), &unbounded(), &mut free).expect("the event is JSON");
        let limits = Limits { max_event_depth: depth, max_event_values: count, ..unbounded() };
        match fields.decode(event.as_bytes(), &limits, &mut limited) {
            Ok(()) => {
                let expected = values(fields_count, &free, event.as_bytes());
                prop_assert!(expected.iter().map(Vec::len).sum::<usize>() <= count as usize);
                prop_assert_eq!(values(fields_count, &limited, event.as_bytes()), expected);
            }
            Err(error) => prop_assert!(
                matches!(error.kind, DecodeErrorKind::TooDeep(_) | DecodeErrorKind::TooManyValues(_)), "{error}"
            ),
        }
    }
}
