//! `endsWith` and `stringContains` of a field and a constant, which Elasticsearch sends to Lucene as wildcard patterns
//! without escaping the constant (`QueryTranslator.CaseInsensitiveScalarFunctions`).
//!
//! So `*` and `?` of the constant are wildcards, and a backslash takes the next character as it is. Rules rely on it:
//! `stringContains(x, "principal=\\*")` looks for a star. With other arguments the functions are plain.

use super::Checker;
use crate::Span;
use crate::diagnostic::{Diagnostic, codes};
use crate::pattern::regex::Regex;
use crate::plan::test::Spec;
use crate::syntax::ast::{Expr, ExprKind, Literal};

/// One step of a Lucene wildcard pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// `*`
    Any,
    /// `?`
    One,
    /// A character that stands for itself.
    Char(char),
}

/// `endsWith(field, text)`
pub(super) fn ends_with(text: &str, insensitive: bool) -> Spec {
    spec(&parts(&format!("*{text}")), insensitive)
}

/// `stringContains(field, text)`. Nothing contains the empty string, by Elasticsearch's documentation.
pub(super) fn contains(text: &str, insensitive: bool) -> Spec {
    match text {
        "" => Spec::Never,
        _ => spec(&parts(&format!("*{text}*")), insensitive),
    }
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c == '*' && parts.last() == Some(&Part::Any) {
            continue;
        }
        parts.push(match c {
            '*' => Part::Any,
            '?' => Part::One,
            // A backslash at the end stands for itself.
            '\\' => Part::Char(chars.next().unwrap_or('\\')),
            c => Part::Char(c),
        });
    }
    parts
}

/// The cheapest test that the pattern, which begins with a star, can be.
fn spec(parts: &[Part], insensitive: bool) -> Spec {
    let plain = |parts: &[Part]| -> Option<String> {
        parts.iter().map(|part| if let Part::Char(c) = part { Some(*c) } else { None }).collect()
    };
    let (inner, open) = match parts {
        [Part::Any, inner @ .., Part::Any] => (inner, true),
        [Part::Any, inner @ ..] => (inner, false),
        other => (other, false),
    };
    match plain(inner) {
        Some(text) if open => return Spec::Contains(text, insensitive),
        Some(text) => return Spec::EndsWith(text, insensitive),
        None => {}
    }
    if parts.iter().any(|part| matches!(part, Part::Char('*' | '?'))) {
        return Spec::Regex(vec![regex(parts)], insensitive);
    }
    let wildcard = parts.iter().map(|part| match part {
        Part::Any => '*',
        Part::One => '?',
        Part::Char(c) => *c,
    });
    Spec::Like(vec![wildcard.collect()], insensitive)
}

/// The pattern as a regular expression, for stars that are wildcards beside stars that are not.
fn regex(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Any => text.push_str(".*"),
            Part::One => text.push('.'),
            Part::Char(c) if c.is_ascii_punctuation() => text.extend(['\\', *c]),
            Part::Char(c) => text.push(*c),
        }
    }
    text
}

impl Checker<'_> {
    /// Warns of a constant that means something else here than it says, and refuses one that is too large.
    pub(super) fn check_affix(&mut self, name: &str, arguments: &[Expr]) {
        let [field, constant] = arguments else { return };
        let (ExprKind::Field { .. }, ExprKind::Literal(Literal::String(text))) = (&field.kind, &constant.kind) else {
            return;
        };
        if let Spec::Regex(list, insensitive) = contains(text, false)
            && let Some(error) =
                list.iter().find_map(|r| Regex::new(r, insensitive, self.limits.max_regex_bytes as usize).err())
        {
            self.errors.push(Diagnostic::error(codes::PATTERN, error.message, constant.span));
            return;
        }
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let Some(next) = (c == '\\').then(|| chars.next()).flatten() else { continue };
            if !matches!(next, '*' | '?' | '\\') {
                self.warn_of_escape(name, next, constant.span);
                return;
            }
        }
    }

    fn warn_of_escape(&mut self, name: &str, next: char, span: Span) {
        let message = format!("a backslash before `{next}` stands for nothing in [{name}] of a field");
        let warning = Diagnostic::warning(codes::PATTERN, message, span)
            .label("read as a wildcard pattern, where a backslash takes the next character as it is")
            .help(r#"for one backslash write two in the pattern: `"""\\"""`, or `"\\\\"`; or use `like "*…"`, where none escapes"#);
        self.errors.push(warning);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_is_a_wildcard_pattern() {
        let owned = str::to_owned;
        for (text, expected) in [
            ("principal=*", Spec::Contains(owned("principal="), false)),
            (r"principal=\*", Spec::Contains(owned("principal=*"), false)),
            ("plain", Spec::Contains(owned("plain"), false)),
            (r"\\Temp\\", Spec::Contains(owned(r"\Temp\"), false)),
            (r"Temp\", Spec::EndsWith(owned("Temp*"), false)),
            ("a*b?c", Spec::Like(vec![owned("*a*b?c*")], false)),
            (r"a*b\?c", Spec::Regex(vec![owned(r".*a.*b\?c.*")], false)),
            ("", Spec::Never),
        ] {
            assert!(contains(text, false) == expected, "{text}: {:?}", contains(text, false));
        }
        for (text, expected) in [
            (".exe", Spec::EndsWith(owned(".exe"), true)),
            ("", Spec::EndsWith(owned(""), true)),
            (r"x\", Spec::EndsWith(owned(r"x\"), true)),
            (r"\$", Spec::EndsWith(owned("$"), true)),
            ("?.exe", Spec::Like(vec![owned("*?.exe")], true)),
            ("a*", Spec::Contains(owned("a"), true)),
        ] {
            assert!(ends_with(text, true) == expected, "{text}: {:?}", ends_with(text, true));
        }
    }
}
