//! Tests on one string: sets, wildcards, regular expressions, address ranges.
//!
//! Case-insensitive means ASCII letters only, which is what Lucene's automata fold for Elasticsearch's
//! `case_insensitive` queries.

pub mod address;
pub mod regex;
pub mod wildcard;

use std::collections::HashSet;

use address::Range;
use regex::Regex;
use wildcard::Wildcard;

/// Up to this many strings are compared one by one; a longer list is hashed.
const LINEAR: usize = 8;

/// Strings of which one must be equal.
#[derive(Debug)]
pub struct StringSet {
    insensitive: bool,
    list: Vec<Box<str>>,
    index: HashSet<Box<str>>,
}

impl StringSet {
    pub fn new(strings: impl IntoIterator<Item = String>, insensitive: bool) -> StringSet {
        let mut list: Vec<Box<str>> = strings
            .into_iter()
            .map(|s| if insensitive { s.to_ascii_lowercase().into() } else { s.into_boxed_str() })
            .collect();
        list.sort_unstable();
        list.dedup();
        let index = if list.len() > LINEAR { list.iter().cloned().collect() } else { HashSet::new() };
        StringSet { insensitive, list, index }
    }

    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn contains(&self, text: &str, fold: &mut Fold) -> bool {
        if self.list.len() > LINEAR {
            let text = if self.insensitive { fold.lower(text) } else { text };
            return self.index.contains(text);
        }
        if self.insensitive {
            self.list.iter().any(|s| s.eq_ignore_ascii_case(text))
        } else {
            self.list.iter().any(|s| **s == *text)
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

/// String equality, with or without regard to case.
pub fn equal(a: &str, b: &str, insensitive: bool) -> bool {
    if insensitive { a.eq_ignore_ascii_case(b) } else { a == b }
}
