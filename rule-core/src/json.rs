//! JSON text, spliced rather than parsed: an alert and a search hit show the event's own bytes.
//!
//! Everything here takes JSON that the decoder has accepted; on anything else it gives something harmless.

use std::ops::Range;

/// Appends a JSON string.
pub fn push_string(out: &mut String, text: &str) {
    // A string always serialises.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// The JSON text on one line: without white space outside strings.
pub fn minify(json: &[u8]) -> String {
    let mut out = Vec::with_capacity(json.len());
    let mut at = 0;
    while at < json.len() {
        match json[at] {
            b'"' => {
                let end = string_end(json, at);
                out.extend_from_slice(&json[at..end]);
                at = end;
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
    fn members_of_an_object() {
        let json = minify(b" { \"a\\\"b\" : [1, {\"c\":\"}\"}] ,\n \"d e\" : \"x y\" } ");
        assert_eq!(json, r#"{"a\"b":[1,{"c":"}"}],"d e":"x y"}"#);
        let found: Vec<_> = members(&json).into_iter().map(|m| (&json[m.key], &json[m.value])).collect();
        assert_eq!(found, [(r#""a\"b""#, r#"[1,{"c":"}"}]"#), (r#""d e""#, r#""x y""#)]);
        assert_eq!(members("{}"), []);
    }
}
