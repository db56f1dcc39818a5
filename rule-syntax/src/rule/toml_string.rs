//! Where the bytes of a TOML string's value stand between its quotes, and strings for other values.

use std::ops::Range;

use super::query_text::{QueryText, TextMap};

/// The query in a TOML string: `value` is what it means, `range` where it stands in the file, quotes included.
pub(super) fn query(file: &str, range: Range<usize>, value: &str) -> QueryText {
    let read = file.get(range.clone()).and_then(|raw| decode(raw, range.start)).filter(|read| read.text == value);
    let query = read.unwrap_or_else(|| {
        // Not reached for what the TOML crate accepts; a wide span is better than a wrong one.
        let mut map = TextMap::default();
        map.escape(0, value.len(), range.start, range.len());
        QueryText { text: value.to_owned(), map }
    });
    query.trimmed()
}

/// Reads a string as TOML defines it; `file` is the offset of its first quote.
fn decode(raw: &str, file: usize) -> Option<QueryText> {
    for (quotes, multi_line, escapes) in
        [("'''", true, false), ("\"\"\"", true, true), ("'", false, false), ("\"", false, true)]
    {
        let Some(inner) = raw.strip_prefix(quotes) else { continue };
        let mut inner = inner.strip_suffix(quotes)?;
        if multi_line {
            // A line break right after the quotes is no part of the value.
            inner = inner.strip_prefix('\n').or_else(|| inner.strip_prefix("\r\n")).unwrap_or(inner);
        }
        let start = file + (raw.len() - quotes.len() - inner.len());
        return if escapes { unescape(inner, start) } else { Some(as_it_is(inner, start)) };
    }
    None
}

fn as_it_is(inner: &str, file: usize) -> QueryText {
    let mut map = TextMap::default();
    map.verbatim(0, file, inner.len());
    QueryText { text: inner.to_owned(), map }
}

fn unescape(inner: &str, file: usize) -> Option<QueryText> {
    let mut text = String::with_capacity(inner.len());
    let mut map = TextMap::default();
    let mut at = 0;
    while at < inner.len() {
        let rest = &inner[at..];
        let plain = rest.find('\\').unwrap_or(rest.len());
        if plain > 0 {
            map.verbatim(text.len(), file + at, plain);
            text.push_str(&rest[..plain]);
            at += plain;
            continue;
        }
        let after = &rest[1..];
        let letter = after.chars().next()?;
        if matches!(letter, ' ' | '\t' | '\r' | '\n') {
            // A backslash at the end of a line takes the white space up to the next text with it.
            at += 1 + (after.len() - after.trim_start_matches([' ', '\t', '\r', '\n']).len());
            continue;
        }
        let digits = match letter {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let meaning = match letter {
            'b' => '\u{8}',
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '\\' | '"' => letter,
            _ if digits > 0 => char::from_u32(u32::from_str_radix(after.get(1..1 + digits)?, 16).ok()?)?,
            _ => return None,
        };
        let len = 1 + letter.len_utf8() + digits;
        map.escape(text.len(), meaning.len_utf8(), file + at, len);
        text.push(meaning);
        at += len;
    }
    Some(QueryText { text, map })
}

/// Literals that may stand for `value` in the place of the literal `raw`: first one like it, then those in which queries
/// are easiest to read. Not every form can hold every value; what a form means must be read back.
pub(super) fn forms(raw: &str, value: &str, eol: &str) -> Vec<String> {
    let has_lines = value.contains(['\n', '\r']);
    // On lines of its own if it was so, or has several.
    let around = |quotes: &str| {
        let was_so = raw.strip_prefix(quotes).is_some_and(|inner| inner.starts_with(['\n', '\r']));
        if was_so || has_lines { eol } else { "" }
    };
    let literal = format!("'''{0}{value}{0}'''", around("'''"));
    let text = format!("{0}{value}{0}", around("\"\"\""));
    let basic = format!("\"\"\"{}\"\"\"", escape(&text, true));
    let like_it = match raw {
        _ if raw.starts_with("\"\"\"") => Some(basic.clone()),
        _ if raw.starts_with("'''") || has_lines => None,
        _ if raw.starts_with('"') => Some(format!("\"{}\"", escape(value, false))),
        _ => Some(format!("'{value}'")),
    };
    like_it.into_iter().chain([literal, basic]).collect()
}

/// With what escapes a string between double quotes needs.
fn escape(value: &str, multi_line: bool) -> String {
    let mut text = String::with_capacity(value.len() + 16);
    let mut chars = value.chars().peekable();
    // Three quotes would end the string, and so would fewer right before its end.
    let mut quotes = 0;
    while let Some(c) = chars.next() {
        quotes = if c == '"' { quotes + 1 } else { 0 };
        match c {
            '\\' => text.push_str("\\\\"),
            '"' if !multi_line || quotes == 3 || chars.peek().is_none() => {
                text.push_str("\\\"");
                quotes = 0;
            }
            '\n' if multi_line => text.push('\n'),
            '\r' if multi_line && chars.peek() == Some(&'\n') => text.push('\r'),
            '\t' => text.push('\t'),
            c if c.is_control() => text.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => text.push(c),
        }
    }
    text
}
