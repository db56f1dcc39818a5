//! The text of a string with escapes.

use super::scan;

/// Decodes the string that `rest` begins with, up to its closing quote; it was checked already. A surrogate without its other half
/// becomes U+FFFD.
pub(super) fn unescape(mut rest: &str, out: &mut String) {
    // How much of what is not copied yet is known to be plain.
    let mut plain = 0;
    while let Some(at) = scan::stop_from(rest.as_bytes(), plain) {
        out.push_str(&rest[..at]);
        let (char, len) = match rest.as_bytes()[at..] {
            [b'\\', b'"' | b'\\' | b'/', ..] => {
                // It stands for itself.
                (rest, plain) = (&rest[at + 1..], 1);
                continue;
            }
            [b'\\', b'b', ..] => ('\u{8}', 2),
            [b'\\', b'f', ..] => ('\u{c}', 2),
            [b'\\', b'n', ..] => ('\n', 2),
            [b'\\', b'r', ..] => ('\r', 2),
            [b'\\', b't', ..] => ('\t', 2),
            [b'\\', b'u', ..] => unit(rest, at),
            _ => return,
        };
        out.push(char);
        (rest, plain) = (rest.get(at + len..).unwrap_or_default(), 0);
    }
}

/// The character of the `\u` escape at `at`, and the length of the escapes that make it.
fn unit(text: &str, at: usize) -> (char, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let first = unit(at).unwrap_or(0xFFFD);
    if let 0xD800..0xDC00 = first
        && let Some(second @ 0xDC00..0xE000) = unit(at + 6)
    {
        let code = 0x10000 + ((first - 0xD800) << 10 | (second - 0xDC00));
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}
