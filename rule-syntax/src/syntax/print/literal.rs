//! Constants and names as they are written.

use std::borrow::Cow;

use crate::syntax::ast::Literal;
use crate::syntax::token::TokenKind;

/// A constant, without its source, in the shortest form that is read back as it.
pub(super) fn literal(literal: &Literal) -> Cow<'static, str> {
    match literal {
        Literal::Null => "null".into(),
        Literal::Bool(true) => "true".into(),
        Literal::Bool(false) => "false".into(),
        Literal::Int(number) => number.to_string().into(),
        // With a point or an exponent, so that it stays a float.
        Literal::Float(number) => format!("{number:?}").into(),
        Literal::String(text) => string(text).into(),
    }
}

/// A string: raw where backslashes and quotes make that shorter.
pub(super) fn string(value: &str) -> String {
    let escaped = escaped(value);
    if escaped.len() > value.len() + 6 && is_better_raw(value) { format!("\"\"\"{value}\"\"\"") } else { escaped }
}

/// A string literal of a query: it stays raw if it is so for a reason, and an escape stays an escape if it is needed or
/// its author wrote a character by its number.
pub(super) fn string_as_written<'a>(source: &'a str, value: &str) -> Cow<'a, str> {
    if source.starts_with("\"\"\"") {
        return if is_better_raw(value) { source.into() } else { escaped(value).into() };
    }
    let inner = source.get(1..source.len().saturating_sub(1)).unwrap_or_default();
    let mut text = String::with_capacity(source.len());
    text.push('"');
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('\'') => text.push('\''),
                Some(letter) => text.extend(['\\', letter]),
                None => {}
            },
            c => push(&mut text, c),
        }
    }
    text.push('"');
    if text == source { source.into() } else { text.into() }
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    value.chars().for_each(|c| push(&mut text, c));
    text.push('"');
    text
}

fn push(text: &mut String, c: char) {
    match c {
        '"' => text.push_str("\\\""),
        '\\' => text.push_str("\\\\"),
        '\u{8}' => text.push_str("\\b"),
        '\t' => text.push_str("\\t"),
        '\n' => text.push_str("\\n"),
        '\u{c}' => text.push_str("\\f"),
        '\r' => text.push_str("\\r"),
        c if is_hidden(c) => text.push_str(&format!("\\u{{{:02x}}}", u32::from(c))),
        c => text.push(c),
    }
}

/// Whether a value has what a raw string is for, backslashes and quotes, and nothing that one cannot hold. Raw strings have
/// no escapes: they hold neither line breaks nor what nobody sees. The first three quotes end them; two more may belong to
/// the value.
fn is_better_raw(value: &str) -> bool {
    let body = value.trim_end_matches('"');
    value.contains(['\\', '"'])
        && value.len() - body.len() <= 2
        && !body.contains("\"\"\"")
        && !value.chars().any(|c| c != '\t' && is_hidden(c))
}

/// What a reader of the rule would not see, or would see in the wrong order: control characters, and those Unicode
/// characters that turn the direction of text or have no width. Joiners that letters and emojis need are left alone.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A field name: each part that is no plain name stands between backquotes.
pub(super) fn field(name: &str, optional: bool) -> String {
    let mut text = String::with_capacity(name.len() + 1);
    if optional {
        text.push('?');
    }
    for (at, part) in name.split('.').enumerate() {
        if at > 0 {
            text.push('.');
        }
        if is_plain_name(part) {
            text.push_str(part);
        } else {
            text.push('`');
            text.push_str(&part.replace('`', "``"));
            text.push('`');
        }
    }
    text
}

/// An event category: quoted only if it is no plain name.
pub(super) fn category(name: &str) -> Cow<'_, str> {
    if is_plain_name(name) { name.into() } else { string(name).into() }
}

/// Whether Elasticsearch, too, reads the name as an identifier: it takes `@` at the beginning only.
fn is_plain_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'@'));
    begins && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') && TokenKind::keyword(name).is_none()
}

/// A time span in the largest unit that gives a whole number.
pub(super) fn time_span(milliseconds: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let exact = units.iter().find(|(factor, _)| milliseconds > 0 && milliseconds.is_multiple_of(*factor));
    exact.map_or_else(|| format!("{milliseconds}ms"), |(factor, unit)| format!("{}{unit}", milliseconds / factor))
}
