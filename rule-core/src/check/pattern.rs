//! Patterns of characters and wildcards to tests.

use crate::clause::{Glob, Part, plain};
use crate::plan::test::Spec;

/// The cheapest test that the pattern can be.
pub(super) fn spec(glob: &Glob, insensitive: bool) -> Spec {
    let parts = &glob.0[..];
    let spec = match parts {
        [Part::Any] | [Part::Any, Part::Any] => Some(Spec::EndsWith(String::new(), insensitive)),
        [Part::Any, inner @ .., Part::Any] => plain(inner).map(|text| Spec::Contains(text, insensitive)),
        [Part::Any, inner @ ..] => plain(inner).map(|text| Spec::EndsWith(text, insensitive)),
        [inner @ .., Part::Any] => plain(inner).map(|text| Spec::StartsWith(text, insensitive)),
        inner => plain(inner).map(|text| Spec::TextIn(vec![text], insensitive)),
    };
    if let Some(spec) = spec {
        return spec;
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
