//! JSON text, spliced rather than parsed: an alert and a search hit show the event's own bytes.
//!
//! Everything here takes JSON that the decoder has accepted; on anything else it gives something harmless.

use std::ops::Range;

/// Appends a JSON string.
pub fn push_string(out: &mut String, text: &str) {
    // A string always serialises.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// The JSON text on one line: without white space outside strings, and such that any parser takes it. Half of a
/// surrogate pair becomes U+FFFD, as the decoder reads it; a number beyond a double's range becomes the largest double.
pub fn minify(json: &[u8]) -> String {
    let mut out = Vec::with_capacity(json.len());
    let mut at = 0;
    while at < json.len() {
        match json[at] {
            b'"' => {
                let end = string_end(json, at);
                push_escaped(&mut out, &json[at..end]);
                at = end;
            }
            b'-' | b'0'..=b'9' => {
                let len = json[at..].iter().take_while(|b| b.is_ascii_digit() || b"+-.eE".contains(b)).count();
                push_number(&mut out, &json[at..at + len]);
                at += len;
            }
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Digits from which a number may be beyond the range of a double.
const LONG_NUMBER: usize = 300;

fn push_number(out: &mut Vec<u8>, number: &[u8]) {
    let suspect = number.len() > LONG_NUMBER || memchr::memchr2(b'e', b'E', number).is_some();
    let value = if suspect { std::str::from_utf8(number).ok().and_then(|text| text.parse::<f64>().ok()) } else { None };
    match value {
        Some(value) if value.is_infinite() => {
            let largest = serde_json::to_string(&f64::MAX.copysign(value)).unwrap_or_default();
            out.extend_from_slice(largest.as_bytes());
        }
        _ => out.extend_from_slice(number),
    }
}

/// A string with its quotes; lone surrogates are replaced.
fn push_escaped(out: &mut Vec<u8>, mut string: &[u8]) {
    while let Some(at) = memchr::memchr(b'\\', string) {
        let (before, escape) = string.split_at(at);
        out.extend_from_slice(before);
        let len = match surrogate(escape) {
            // A pair, or half of one.
            Some(0xD800..=0xDBFF) if matches!(surrogate(&escape[6..]), Some(0xDC00..=0xDFFF)) => 12,
            Some(_) => {
                out.extend_from_slice(b"\\ufffd");
                string = &escape[6..];
                continue;
            }
            None => escape.len().min(2),
        };
        out.extend_from_slice(&escape[..len]);
        string = &escape[len..];
    }
    out.extend_from_slice(string);
}

/// The surrogate that an escape at the start of the text stands for.
fn surrogate(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let unit = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (0xD800..=0xDFFF).contains(&unit).then_some(unit)
}

/// One past the closing quote of the string that begins at `at`.
fn string_end(json: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &json[end.min(json.len())..]) {
        end += found;
        if json[end] == b'"' {
            return end + 1;
        }
        end += 2;
    }
    json.len()
}

/// A member of an object: where its key (with quotes) and its value stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub key: Range<usize>,
    pub value: Range<usize>,
}

/// The members of a minified object.
pub fn members(json: &str) -> Vec<Member> {
    let bytes = json.as_bytes();
    let mut members = Vec::new();
    let mut at = 1;
    while bytes.get(at) == Some(&b'"') {
        let key = at..string_end(bytes, at);
        let start = (key.end + 1).min(bytes.len());
        let value = start..value_end(bytes, start);
        at = value.end + 1;
        members.push(Member { key, value });
    }
    members
}

/// One past the end of the minified value that begins at `at`.
fn value_end(json: &[u8], mut at: usize) -> usize {
    let mut open = 0usize;
    while at < json.len() {
        match json[at] {
            b'"' => {
                at = string_end(json, at);
                continue;
            }
            b'{' | b'[' => open += 1,
            b'}' | b']' if open == 0 => return at,
            b'}' | b']' => open -= 1,
            b',' if open == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

/// What [`walk`] comes by.
pub enum Found<'a> {
    /// A string, number, truth or null; `path` is the flat dotted name of its field.
    Value { path: &'a str, json: &'a str },
    /// An object, when it ends, other than the outermost.
    Object { path: &'a str, json: &'a str },
}

/// Calls with every value and object of a minified object, in one pass.
pub fn walk(json: &str, call: &mut dyn FnMut(Found<'_>)) {
    let bytes = json.as_bytes();
    let mut path = String::new();
    // Of each container that is open where it begins, or nothing for an array, and how long the path to it is.
    let mut open: Vec<(Option<usize>, usize)> = Vec::new();
    let mut is_key = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' if is_key => {
                let end = string_end(bytes, at);
                let base = open.last().map_or(0, |(_, base)| *base);
                path.truncate(base);
                if base > 0 {
                    path.push('.');
                }
                let raw = json.get(at + 1..end - 1).unwrap_or_default();
                match raw.contains('\\') {
                    true => path.push_str(
                        &serde_json::from_str::<String>(json.get(at..end).unwrap_or_default()).unwrap_or_default(),
                    ),
                    false => path.push_str(raw),
                }
                is_key = false;
                // The colon.
                at = end + 1;
            }
            byte @ (b'{' | b'[') => {
                is_key = byte == b'{';
                open.push((is_key.then_some(at), path.len()));
                at += 1;
            }
            byte @ (b'}' | b']') => {
                let (start, base) = open.pop().unwrap_or_default();
                path.truncate(base);
                at += 1;
                if let (b'}', Some(start), false) = (byte, start, open.is_empty()) {
                    call(Found::Object { path: &path, json: json.get(start..at).unwrap_or_default() });
                }
                is_key = false;
            }
            b',' => {
                let container = open.last();
                is_key = container.is_some_and(|(start, _)| start.is_some());
                path.truncate(container.map_or(0, |(_, base)| *base));
                at += 1;
            }
            _ => {
                let end = scalar_end(bytes, at);
                call(Found::Value { path: &path, json: json.get(at..end).unwrap_or_default() });
                at = end;
            }
        }
    }
}

/// One past the end of a string, number or word.
fn scalar_end(json: &[u8], at: usize) -> usize {
    match json[at] {
        b'"' => string_end(json, at),
        _ => {
            let len = json[at..].iter().position(|byte| b",]}".contains(byte)).unwrap_or(json.len() - at);
            at + len.max(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_parser_takes_what_is_shown() {
        for (json, shown) in [
            (
                r#"["\ud800", "a\uDC00b", "\ud83d\udca9", "\\ud800", "\ud800\u0041", "\ud800"]"#,
                r#"["\ufffd","a\ufffdb","\ud83d\udca9","\\ud800","\ufffd\u0041","\ufffd"]"#,
            ),
            ("[1e999, -1E999, 1e3, 0.1]", "[1.7976931348623157e+308,-1.7976931348623157e+308,1e3,0.1]"),
        ] {
            assert_eq!(minify(json.as_bytes()), shown);
            serde_json::from_str::<serde_json::Value>(shown).expect("JSON");
        }
        assert_eq!(minify(b"\"\\ud8"), "\"\\ud8");
    }

    #[test]
    fn members_of_an_object() {
        let json = minify(b" { \"a\\\"b\" : [1, {\"c\":\"}\"}] ,\n \"d e\" : \"x y\" } ");
        assert_eq!(json, r#"{"a\"b":[1,{"c":"}"}],"d e":"x y"}"#);
        let found: Vec<_> = members(&json).into_iter().map(|m| (&json[m.key], &json[m.value])).collect();
        assert_eq!(found, [(r#""a\"b""#, r#"[1,{"c":"}"}]"#), (r#""d e""#, r#""x y""#)]);
        assert_eq!(members("{}"), []);
    }

    #[test]
    fn a_walk_comes_by_everything_once() {
        let json = minify(br#"{"a":{"b":[1,{"c":"x,}"},[{"c":null}]],"d.e":true},"\u0066":{},"g":"h\"i"}"#);
        let mut found = Vec::new();
        walk(&json, &mut |item| {
            found.push(match item {
                Found::Value { path, json } => format!("{path}={json}"),
                Found::Object { path, json } => format!("{path}@{json}"),
            });
        });
        let expected = [
            "a.b=1",
            "a.b.c=\"x,}\"",
            "a.b@{\"c\":\"x,}\"}",
            "a.b.c=null",
            "a.b@{\"c\":null}",
            "a.d.e=true",
            "a@{\"b\":[1,{\"c\":\"x,}\"},[{\"c\":null}]],\"d.e\":true}",
            "f@{}",
            "g=\"h\\\"i\"",
        ];
        assert_eq!(found, expected);
    }
}
