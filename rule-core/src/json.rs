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
}
