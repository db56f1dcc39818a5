//! How the tables reach a filter, for people who wonder why a rule is evaluated so often.

use super::cover::{Chooser, Key};
use super::grams::Gram;
use crate::plan::test::Spec;
use crate::plan::{Column, Filter};

/// For which events a filter is evaluated, unless its needs are not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// For all: nothing in its condition is in every event that it holds for.
    Every,
    /// For all of a category.
    Category(String),
    /// For those that have one of some values: a field and a wildcard in lower case, none if any value will do. In the order of fields.
    Values(Vec<(String, Option<String>)>),
}

/// How each filter is reached.
pub fn reach(specs: &[Option<(u32, Spec)>], columns: &[Column], filters: &[Filter]) -> Vec<Reach> {
    let chooser = Chooser::new(specs, columns);
    let of = |filter: &Filter| match (chooser.cover(&filter.condition), &filter.category) {
        (None, None) => Reach::Every,
        (None, Some((_, category))) => Reach::Category(category.clone()),
        (Some(cover), _) => {
            let key = |(slot, key)| {
                let value = match key {
                    Key::Any => None,
                    Key::Word(word) => Some(word),
                    Key::Gram(gram) => Some(wildcard(gram)),
                };
                (columns[slot as usize].path.clone(), value)
            };
            Reach::Values(cover.keys.into_iter().map(key).collect())
        }
    };
    filters.iter().map(of).collect()
}

/// The wildcard that finds what has the gram.
fn wildcard(gram: Gram) -> String {
    // Of two bytes that folding makes equal the one that paths have.
    let bytes = gram.to_le_bytes().map(|byte| match byte {
        b'|' => b'\\',
        0x7f => b'_',
        byte => byte,
    });
    // An edge is a space when it is folded.
    format!("*{}*", String::from_utf8_lossy(&bytes).trim())
}
