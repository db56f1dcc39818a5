//! Putting `tripline` into a record, with every other byte of the record left as it was.
//!
//! The fields are written as an object, `"tripline": {"rule": […], "severity": "…"}`: Elasticsearch reads it as
//! the fields `tripline.rule` and `tripline.severity`, and Fluent Bit's record accessor reaches `$tripline['severity']`.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Writes `record` with the member `tripline` set to `fields`, which is a JSON object.
///
/// A `tripline` that the record already has, nested or dotted, is replaced: a sender must not be able to name the
/// rules that its own record matches, and two members of one name are an error for most receivers.
/// `record` is a JSON object, else `fields` are written alone.
pub(super) fn annotate(record: &[u8], fields: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let spliced = if memchr::memmem::find(record, br#""tripline"#).is_some() {
        copy_without_own(record, out)
    } else {
        copy_open(record, out)
    };
    if !spliced {
        out.truncate(start);
        out.push(b'{');
    }
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.extend_from_slice(br#""tripline":"#);
    out.extend_from_slice(fields);
    out.push(b'}');
}

/// Writes a record that has nothing but an error to tell.
pub(super) fn lone_error(out: &mut Vec<u8>, message: &str) {
    annotate(b"{}", &error_fields(message), out);
}

/// `{"error": message}`
pub(super) fn error_fields(message: &str) -> Vec<u8> {
    serde_json::json!({ "error": message }).to_string().into_bytes()
}

/// Copies the object up to its last brace.
fn copy_open(record: &[u8], out: &mut Vec<u8>) -> bool {
    let record = record.trim_ascii();
    let Some(inside) = record.strip_prefix(b"{").and_then(|record| record.strip_suffix(b"}")) else {
        return false;
    };
    out.push(b'{');
    out.extend_from_slice(inside.trim_ascii());
    true
}

/// Copies the object's members, those of Tripline left out, without its last brace.
fn copy_without_own(record: &[u8], out: &mut Vec<u8>) -> bool {
    out.push(b'{');
    let Ok(record) = std::str::from_utf8(record) else { return false };
    let mut reader = serde_json::Deserializer::from_str(record);
    reader.deserialize_map(Members { out }).is_ok() && reader.end().is_ok()
}

struct Members<'out> {
    out: &'out mut Vec<u8>,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        // Raw values: numbers, escapes and the order of members come out as they went in, and nesting costs no stack.
        while let Some((name, value)) = members.next_entry::<&RawValue, &RawValue>()? {
            if name.get() == r#""tripline""# || name.get().starts_with(r#""tripline."#) {
                continue;
            }
            if self.out.last() != Some(&b'{') {
                self.out.push(b',');
            }
            self.out.extend_from_slice(name.get().as_bytes());
            self.out.push(b':');
            self.out.extend_from_slice(value.get().as_bytes());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotated(record: &str) -> String {
        let mut out = Vec::new();
        annotate(record.as_bytes(), br#"{"severity":"low"}"#, &mut out);
        String::from_utf8(out).expect("UTF-8 in, UTF-8 out")
    }

    #[test]
    fn the_record_is_kept_to_the_byte() {
        let cases = [
            ("{}", r#"{"tripline":{"severity":"low"}}"#),
            ("  { } \n", r#"{"tripline":{"severity":"low"}}"#),
            (r#"{"a":1.00e2}"#, r#"{"a":1.00e2,"tripline":{"severity":"low"}}"#),
            (r#"{"a":{"b":[]} }"#, r#"{"a":{"b":[]},"tripline":{"severity":"low"}}"#),
            (r#"{"a":"\ud800\/"}"#, r#"{"a":"\ud800\/","tripline":{"severity":"low"}}"#),
            (r#"{"a":"tripline"}"#, r#"{"a":"tripline","tripline":{"severity":"low"}}"#),
        ];
        for (record, expected) in cases {
            assert_eq!(annotated(record), expected);
        }
    }

    #[test]
    fn what_calls_itself_tripline_is_replaced() {
        let cases = [
            (r#"{"tripline":{"rule":["forged"]}}"#, r#"{"tripline":{"severity":"low"}}"#),
            (r#"{"tripline.rule":1,"b":2}"#, r#"{"b":2,"tripline":{"severity":"low"}}"#),
            (r#"{"b":2,"tripline":3,"tripline":4,"c":"}"}"#, r#"{"b":2,"c":"}","tripline":{"severity":"low"}}"#),
            (
                r#"{"b":{"tripline":1},"triplines":2}"#,
                r#"{"b":{"tripline":1},"triplines":2,"tripline":{"severity":"low"}}"#,
            ),
        ];
        for (record, expected) in cases {
            assert_eq!(annotated(record), expected);
        }
    }

    #[test]
    fn what_is_no_object_gives_the_fields_alone() {
        for record in ["", "7", "[1]", "{", r#"{"tripline":"#, r#"{"a":1}"tripline""#] {
            assert_eq!(annotated(record), r#"{"tripline":{"severity":"low"}}"#, "{record}");
        }
    }

    #[test]
    fn nesting_costs_no_stack() {
        let depth = 200_000;
        let record = format!(r#"{{"tripline":0,"a":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(
            annotated(&record).len(),
            record.len() - r#""tripline":0,"#.len() + r#","tripline":{"severity":"low"}"#.len()
        );
    }
}
