//! Tests on one string: sets, wildcards, regular expressions, address ranges.
//!
//! Over fields, case-insensitive means ASCII letters only, which is what Lucene's automata fold for Elasticsearch's
//! `case_insensitive` queries. Computed values Elasticsearch compares in Java, which knows the case of all letters.

pub mod address;
pub mod regex;
pub mod wildcard;

use std::collections::HashSet;

use address::Range;
use regex::Regex;
use wildcard::Wildcard;

/// Up to this many strings are compared one by one; a longer list is hashed.
const LINEAR: usize = 8;

/// Which letters count as equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// None but the same.
    Exact,
    /// The two cases of `a` to `z`.
    Ascii,
    /// The cases of every letter that has two.
    Unicode,
}

/// Strings of which one must be equal.
#[derive(Debug)]
pub struct StringSet {
    case: Case,
    list: Vec<Box<str>>,
    index: HashSet<Box<str>>,
}

impl StringSet {
    pub fn new(strings: impl IntoIterator<Item = String>, insensitive: bool) -> StringSet {
        StringSet::with_case(strings, if insensitive { Case::Ascii } else { Case::Exact })
    }

    fn with_case(strings: impl IntoIterator<Item = String>, case: Case) -> StringSet {
        let mut fold = Fold::default();
        let mut list: Vec<Box<str>> = strings
            .into_iter()
            .map(|s| match case {
                Case::Exact => s.into(),
                Case::Ascii => fold.lower(&s).into(),
                Case::Unicode => fold.unicode(&s).into(),
            })
            .collect();
        list.sort_unstable();
        list.dedup();
        let index = if list.len() > LINEAR { list.iter().cloned().collect() } else { HashSet::new() };
        StringSet { case, list, index }
    }

    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn contains(&self, text: &str, fold: &mut Fold) -> bool {
        let few = self.list.len() <= LINEAR;
        let text = match self.case {
            Case::Ascii if few => return self.list.iter().any(|s| s.eq_ignore_ascii_case(text)),
            Case::Exact => text,
            Case::Ascii => fold.lower(text),
            Case::Unicode => fold.unicode(text),
        };
        if few { self.list.iter().any(|s| **s == *text) } else { self.index.contains(text) }
    }
}

/// A buffer for folded strings, reused from value to value.
#[derive(Debug, Default)]
pub struct Fold(String);

impl Fold {
    /// The text in lower case; the text itself when it is so already.
    pub fn lower<'a>(&'a mut self, text: &'a str) -> &'a str {
        if !text.bytes().any(|b| b.is_ascii_uppercase()) {
            return text;
        }
        self.0.clear();
        self.0.push_str(text);
        self.0.make_ascii_lowercase();
        &self.0
    }

    /// The text with all letters in one case, as Java's `equalsIgnoreCase` compares them: one by one, to upper case and
    /// then to lower case, where each has a single such letter.
    fn unicode<'a>(&'a mut self, text: &'a str) -> &'a str {
        if text.is_ascii() {
            return self.lower(text);
        }
        self.0.clear();
        self.0.extend(text.chars().map(|c| single(single(c, c.to_uppercase()), c.to_lowercase())));
        &self.0
    }
}

/// A test on one string.
#[derive(Debug)]
pub enum TextTest {
    /// Equal to one of the strings or matched by one of the wildcards (which fold by themselves).
    AnyOf(StringSet, Vec<Wildcard>),
    /// One of the expressions matches the whole string.
    Regex(Vec<Regex>),
    /// Begins with it. Folded when the flag is set, as in the next two.
    StartsWith(Box<str>, bool),
    /// Ends with it.
    EndsWith(Box<str>, bool),
    /// Contains it.
    Contains(memchr::memmem::Finder<'static>, bool),
}

impl TextTest {
    /// Wildcards where there are wildcards, equality elsewhere.
    pub fn patterns(patterns: &[String], insensitive: bool) -> TextTest {
        let (wild, plain): (Vec<_>, Vec<_>) = patterns.iter().cloned().partition(|p| p.contains(['*', '?']));
        TextTest::AnyOf(
            StringSet::new(plain, insensitive),
            wild.iter().map(|p| Wildcard::new(p, insensitive)).collect(),
        )
    }

    /// For computed values where case is ignored: wildcards if `wild` is set, and equality for strings without any.
    pub fn computed(strings: Vec<String>, wild: bool) -> TextTest {
        let (wild, plain): (Vec<_>, Vec<_>) = strings.into_iter().partition(|p| wild && p.contains(['*', '?']));
        TextTest::AnyOf(
            StringSet::with_case(plain, Case::Unicode),
            wild.iter().map(|p| Wildcard::new(p, true)).collect(),
        )
    }

    /// Equality with one of the strings.
    pub fn equal(strings: impl IntoIterator<Item = String>, insensitive: bool) -> TextTest {
        TextTest::AnyOf(StringSet::new(strings, insensitive), Vec::new())
    }

    /// Whether the string passes.
    pub fn matches(&self, text: &str, fold: &mut Fold) -> bool {
        match self {
            TextTest::AnyOf(set, wildcards) => {
                !set.is_empty() && set.contains(text, fold) || wildcards.iter().any(|w| w.matches(text, fold))
            }
            TextTest::Regex(list) => list.iter().any(|r| r.matches(text)),
            TextTest::StartsWith(prefix, insensitive) => {
                text.get(..prefix.len()).is_some_and(|head| equal(head, prefix, *insensitive))
            }
            TextTest::EndsWith(suffix, insensitive) => text
                .len()
                .checked_sub(suffix.len())
                .and_then(|at| text.get(at..))
                .is_some_and(|tail| equal(tail, suffix, *insensitive)),
            TextTest::Contains(needle, insensitive) => {
                let text = if *insensitive { fold.lower(text) } else { text };
                needle.find(text.as_bytes()).is_some()
            }
        }
    }
}

/// Whether an address lies in one of the ranges; `None` when it is no address.
pub fn in_ranges(text: &str, ranges: &[Range]) -> Option<bool> {
    let address = address::parse(text)?;
    Some(ranges.iter().any(|r| r.contains(address)))
}

/// The letter that a mapping of case gives, unless it gives several.
fn single(c: char, mut mapped: impl ExactSizeIterator<Item = char>) -> char {
    if mapped.len() == 1 { mapped.next().unwrap_or(c) } else { c }
}

/// String equality, with or without regard to the case of ASCII letters.
fn equal(a: &str, b: &str, insensitive: bool) -> bool {
    if insensitive { a.eq_ignore_ascii_case(b) } else { a == b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_beyond_ascii_have_a_case_for_computed_values_only() {
        let fold = &mut Fold::default();
        for (pattern, text, field, computed) in [
            ("RÉSUMÉ", "résumé", false, true),
            ("abc", "ABC", true, true),
            ("ß", "SS", false, false),
            ("\u{212a}", "k", false, true),
            ("ÀB*", "àbc", false, false),
            ("ÀB*", "Àbc", true, true),
        ] {
            let list = vec![pattern.to_owned()];
            assert_eq!(TextTest::patterns(&list, true).matches(text, fold), field, "{pattern} {text}");
            assert_eq!(TextTest::computed(list, true).matches(text, fold), computed, "{pattern} {text}");
        }
        let many: Vec<_> = ('à'..='ö').map(String::from).collect();
        assert!(TextTest::computed(many, false).matches("Ö", fold));
    }
}
