//! String literals: `"…"` with escapes and `"""…"""` without.

use crate::Span;
use crate::diagnostic::{Diagnostic, codes};

/// The value of the escaped literal that starts at `start` (a `"`), and the offset past its end.
pub fn escaped(text: &str, start: usize, errors: &mut Vec<Diagnostic>) -> (Option<String>, usize) {
    let bytes = text.as_bytes();
    let mut value = String::new();
    let mut valid = true;
    let mut at = start + 1;
    loop {
        let rest = &bytes[at..];
        let plain = memchr::memchr3(b'"', b'\\', b'\n', rest).unwrap_or(rest.len());
        value.push_str(&text[at..at + plain]);
        at += plain;
        match bytes.get(at) {
            Some(b'"') => return (valid.then_some(value), at + 1),
            Some(b'\\') => match escape(text, at) {
                Ok((c, next)) => {
                    value.push(c);
                    at = next;
                }
                Err((error, next)) => {
                    errors.push(error);
                    valid = false;
                    at = next;
                }
            },
            _ => {
                let end = text[start..at].trim_end().len() + start;
                errors.push(
                    Diagnostic::error(codes::STRING, "string literal without its closing quote", span(start, end))
                        .label("starts here")
                        .help("a string ends on the line where it begins; close it with `\"`"),
                );
                return (None, at);
            }
        }
    }
}

/// The value of the raw literal that starts at `start` (a `"""`), and the offset past its end. Up to two more
/// quotes may stand before the closing three and then belong to the value.
pub fn raw(text: &str, start: usize, errors: &mut Vec<Diagnostic>) -> (Option<String>, usize) {
    let body = start + 3;
    let line = memchr::memchr2(b'\n', b'\r', &text.as_bytes()[body..]).map_or(text.len(), |at| body + at);
    let Some(close) = memchr::memmem::find(&text.as_bytes()[body..line], b"\"\"\"").map(|at| body + at) else {
        let end = text[start..line].trim_end().len() + start;
        errors.push(
            Diagnostic::error(codes::STRING, "raw string literal without its closing quotes", span(start, end))
                .label("starts here")
                .help("a raw string ends with `\"\"\"` on the line where it begins"),
        );
        return (None, line);
    };
    let extra = text.as_bytes()[close + 3..line].iter().take(2).take_while(|b| **b == b'"').count();
    (Some(text[body..close + extra].to_owned()), close + 3 + extra)
}

/// One escape sequence at `at` (a backslash): its character, or the error; and where to go on.
fn escape(text: &str, at: usize) -> Result<(char, usize), (Diagnostic, usize)> {
    let c = match text[at + 1..].chars().next() {
        Some('b') => '\u{8}',
        Some('t') => '\t',
        Some('n') => '\n',
        Some('f') => '\u{c}',
        Some('r') => '\r',
        Some(c @ ('"' | '\'' | '\\')) => c,
        Some('u') => return unicode(text, at),
        other => {
            let end = at + 1 + other.map_or(0, char::len_utf8);
            let sequence = &text[at..end];
            let error = Diagnostic::error(
                codes::STRING,
                format!("unknown escape sequence `{}`", sequence.trim_end()),
                span(at, end),
            )
            .help(r#"the escapes are \b \t \n \f \r \" \' \\ and \u{hex}"#)
            .suggest(span(at, at + 1), r"\\", r"for a backslash write `\\`");
            // A line break is left for the caller, which ends the literal there.
            return Err((error, if other == Some('\n') { at + 1 } else { end }));
        }
    };
    Ok((c, at + 2))
}

/// `\u{2-8 hex digits}`, or the older `\uXXXX`.
fn unicode(text: &str, at: usize) -> Result<(char, usize), (Diagnostic, usize)> {
    let digits = at + 2;
    let (hex, end) = if text[digits..].starts_with('{') {
        let start = digits + 1;
        let len = text[start..].bytes().take_while(u8::is_ascii_hexdigit).count();
        if text.as_bytes().get(start + len) != Some(&b'}') || len == 0 {
            let error = Diagnostic::error(codes::STRING, "malformed unicode escape", span(at, start + len))
                .help(r"write the code point in braces, like `\u{1f4a9}`");
            return Err((error, start + len));
        }
        if !(2..=8).contains(&len) {
            let error = Diagnostic::error(
                codes::STRING,
                format!(
                    "unicode sequence in curly braces should use [2-8] hex digits, [{}] has [{len}]",
                    &text[at..start + len + 1]
                ),
                span(at, start + len + 1),
            );
            return Err((error, start + len + 1));
        }
        (&text[start..start + len], start + len + 1)
    } else {
        let len = text[digits..].bytes().take(4).take_while(u8::is_ascii_hexdigit).count();
        if len != 4 {
            let error = Diagnostic::error(codes::STRING, "malformed unicode escape", span(at, digits + len))
                .help(r"write the code point in braces, like `\u{1f4a9}`");
            return Err((error, digits + len));
        }
        (&text[digits..digits + 4], digits + 4)
    };
    u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).map(|c| (c, end)).ok_or_else(|| {
        let message = format!("[{hex}] is not a Unicode character");
        (Diagnostic::error(codes::STRING, message, span(at, end)), end)
    })
}

fn span(start: usize, end: usize) -> Span {
    Span::new(start as u32, end as u32)
}
