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
            Some(b'\\') => {
                let (c, next) = escape(text, at, errors);
                valid &= c.is_some();
                value.extend(c);
                at = next;
            }
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

/// One escape sequence at `at` (a backslash): its character, unless it was reported; and where to go on.
fn escape(text: &str, at: usize, errors: &mut Vec<Diagnostic>) -> (Option<char>, usize) {
    let c = match text[at + 1..].chars().next() {
        Some('b') => '\u{8}',
        Some('t') => '\t',
        Some('n') => '\n',
        Some('f') => '\u{c}',
        Some('r') => '\r',
        Some(c @ ('"' | '\'' | '\\')) => c,
        Some('u') => return unicode(text, at, errors),
        other => {
            let end = at + 1 + other.map_or(0, char::len_utf8);
            let message = format!("unknown escape sequence `{}`", text[at..end].trim_end());
            let error = Diagnostic::error(codes::STRING, message, span(at, end))
                .help(r#"the escapes are \b \t \n \f \r \" \' \\ and \u{hex}"#)
                .suggest(span(at, at + 1), r"\\", r"for a backslash write `\\`");
            errors.push(error);
            // A line break is left for the caller, which ends the literal there.
            return (None, if other == Some('\n') { at + 1 } else { end });
        }
    };
    (Some(c), at + 2)
}

/// `\u{2-8 hex digits}`, or the older `\uXXXX`.
fn unicode(text: &str, at: usize, errors: &mut Vec<Diagnostic>) -> (Option<char>, usize) {
    let in_braces = text[at + 2..].starts_with('{');
    let start = at + 2 + usize::from(in_braces);
    let digits = text[start..].bytes().take_while(u8::is_ascii_hexdigit).count();
    let digits = if in_braces { digits } else { digits.min(4) };
    let closed = !in_braces || text.as_bytes().get(start + digits) == Some(&b'}');
    let end = start + digits + usize::from(in_braces && closed);
    let hex = &text[start..start + digits];
    let message = if !closed || digits == 0 || !in_braces && digits != 4 {
        "malformed unicode escape".to_owned()
    } else if in_braces && !(2..=8).contains(&digits) {
        let escape = &text[at..end];
        format!("unicode sequence in curly braces should use [2-8] hex digits, [{escape}] has [{digits}]")
    } else {
        match u32::from_str_radix(hex, 16).ok().and_then(char::from_u32) {
            Some(c) => return (Some(c), end),
            None => format!("[{hex}] is not a Unicode character"),
        }
    };
    let error = Diagnostic::error(codes::STRING, message, span(at, end));
    errors.push(error.help(r"write the code point in braces, like `\u{1f4a9}`"));
    (None, end)
}

fn span(start: usize, end: usize) -> Span {
    Span::new(start as u32, end as u32)
}
