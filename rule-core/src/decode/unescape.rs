//! The text of a string with escapes.

/// Decodes the escapes of a string that was checked already. A surrogate without its other half becomes U+FFFD.
#[cold]
pub(super) fn unescape(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let (char, len) = match rest.as_bytes().get(at + 1) {
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => unit(rest, at),
            // `"`, `\` and `/` stand for themselves.
            Some(&byte) => (char::from(byte), 2),
            None => break,
        };
        out.push(char);
        rest = rest.get(at + len..).unwrap_or_default();
    }
    out.push_str(rest);
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
