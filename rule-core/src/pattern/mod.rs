//! Tests on one string: sets, wildcards, regular expressions, address ranges.
//!
//! Over fields, case-insensitive means ASCII letters only, which is what Lucene's automata fold for Elasticsearch's
//! `case_insensitive` queries. Computed values Elasticsearch compares in Java, which knows the case of all letters.

pub mod address;
pub mod literal;
pub mod regex;
pub mod wildcard;
pub mod words;

use crate::sort;
use address::Range;
use literal::Literal;
use regex::Regex;
use wildcard::Wildcards;

/// Up to this many strings are compared one by one; in a longer list half of them are left out at a time.
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
    /// In order.
    list: Box<[Box<str>]>,
}

impl StringSet {
    fn new<'s>(strings: impl IntoIterator<Item = &'s String>, case: Case) -> StringSet {
        let mut fold = Fold::default();
        let mut list: Vec<Box<str>> = strings
            .into_iter()
            .map(|s| match case {
                Case::Exact => s.as_str().into(),
                Case::Ascii => fold.lower(s).into(),
                Case::Unicode => fold.unicode(s).into(),
            })
            .collect();
        sort::unstable(&mut list, Ord::cmp);
        list.dedup();
        StringSet { case, list: list.into() }
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
        if few {
            self.list.iter().any(|s| **s == *text)
        } else {
            self.list.binary_search_by(|s| (**s).cmp(text)).is_ok()
        }
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
    AnyOf(StringSet, Wildcards),
    /// One of the expressions matches the whole string.
    Regex(Vec<Regex>),
    /// Begins with it. Folded when the flag is set, as in the next two.
    StartsWith(Box<str>, bool),
    /// Ends with it.
    EndsWith(Box<str>, bool),
    /// Contains it, which is in lower case if the flag is set.
    Contains(Literal, bool),
}

impl TextTest {
    /// Wildcards where there are wildcards, equality elsewhere.
    pub fn patterns(patterns: &[String], insensitive: bool) -> TextTest {
        TextTest::mixed(patterns, true, if insensitive { Case::Ascii } else { Case::Exact })
    }

    /// For computed values where case is ignored: wildcards if `wild` is set, and equality for strings without any.
    pub fn computed(strings: &[String], wild: bool) -> TextTest {
        TextTest::mixed(strings, wild, Case::Unicode)
    }

    /// Equality with one of the strings.
    pub fn equal(strings: &[String], insensitive: bool) -> TextTest {
        TextTest::mixed(strings, false, if insensitive { Case::Ascii } else { Case::Exact })
    }

    fn mixed(strings: &[String], wild: bool, case: Case) -> TextTest {
        let is_wild = |string: &&String| wild && string.contains(['*', '?']);
        TextTest::AnyOf(
            StringSet::new(strings.iter().filter(|string| !is_wild(string)), case),
            Wildcards::new(strings.iter().filter(is_wild).map(String::as_str), case != Case::Exact),
        )
    }

    /// Whether the string passes.
    pub fn matches(&self, text: &str, fold: &mut Fold) -> bool {
        match self {
            TextTest::AnyOf(set, wildcards) => {
                !set.is_empty() && set.contains(text, fold) || wildcards.matches(text, fold)
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
                needle.is_in(text)
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
            assert_eq!(TextTest::computed(&list, true).matches(text, fold), computed, "{pattern} {text}");
        }
        let many: Vec<_> = ('à'..='ö').map(String::from).collect();
        assert!(TextTest::computed(&many, false).matches("Ö", fold));
    }
}
