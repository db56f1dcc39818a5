//! `endsWith` and `stringContains` of a field and a constant, which Elasticsearch sends to Lucene as wildcard patterns
//! without escaping the constant (`QueryTranslator.CaseInsensitiveScalarFunctions`).
//!
//! So `*` and `?` of the constant are wildcards, and a backslash takes the next character as it is. Rules rely on it:
//! `stringContains(x, "principal=\\*")` looks for a star. With other arguments the functions are plain.

use super::{Checker, pattern};
use crate::Span;
use crate::clause::Glob;
use crate::diagnostic::{Diagnostic, codes};
use crate::pattern::regex::Regex;
use crate::plan::test::Spec;
use crate::syntax::ast::{Expr, ExprKind, Literal};

/// `endsWith(field, text)`
pub(super) fn ends_with(text: &str, insensitive: bool) -> Spec {
    pattern::spec(&Glob::lucene(&format!("*{text}")), insensitive)
}

/// `stringContains(field, text)`. Nothing contains the empty string, by Elasticsearch's documentation.
pub(super) fn contains(text: &str, insensitive: bool) -> Spec {
    match text {
        "" => Spec::Never,
        _ => pattern::spec(&Glob::lucene(&format!("*{text}*")), insensitive),
    }
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
