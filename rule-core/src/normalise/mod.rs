//! Raw records of sensors as events of the Elastic Common Schema, within the projection.
//!
//! [`rule_syntax::normaliser`] says what a normaliser file says. Here it is compiled for the fields that a rule set reads: the
//! paths of the record that these come from become slots of the decoder behind those of the fields. After an event has been decoded,
//! a few of them tell whether it is a record of some source; if so, the fields' slots are filled from the record's. No second document is
//! built, and an event that is one of the Elastic Common Schema already costs no more than that look.
//!
//! | file | what it does |
//! |---|---|
//! | `compile` | from files and fields to slots and rules |
//! | `apply` | recognises a record and fills slots |
//! | `steps` | what becomes of a value on its way |
//! | `document` | the event written out, for alerts and for people |

mod apply;
mod compile;
mod document;
mod steps;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rule_syntax::normaliser::{Constant, Kind, Step};

pub(crate) use apply::Scratch;
pub(crate) use document::Documents;
pub use document::{Normalised, Normaliser};

/// Normaliser files that were read, in the order in which they are asked whether a record is theirs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    pub files: Arc<Vec<rule_syntax::normaliser::Normaliser>>,
    /// The only one that is used, for every record that is not an event already.
    pub only: Option<usize>,
}

/// Normalisers compiled for certain fields, which are slots 0 to n - 1 of the projection.
#[derive(Debug, Default)]
pub(crate) struct Normalisers {
    list: Vec<Compiled>,
    /// Whether [`Compiled::recognise`] is asked.
    recognises: bool,
}

/// One normaliser.
#[derive(Debug, Default)]
struct Compiled {
    name: String,
    /// Of which one must hold.
    recognise: Vec<Vec<Test>>,
    /// Slots of which none may have a value.
    unless: Vec<u32>,
    /// Whether what the record has under a field's name is something else.
    moves: bool,
    conditions: Vec<Vec<Test>>,
    rules: Vec<Rule>,
    /// The name of the index that such events would be in.
    index: Option<Rule>,
}

/// A question to the record.
#[derive(Debug)]
struct Test {
    /// One of these has the value.
    slots: Vec<u32>,
    want: Asked,
}

#[derive(Debug)]
enum Asked {
    Present,
    Missing,
    /// Sorted texts, and parts of texts.
    Text(Vec<String>, Vec<Part>),
}

/// A text with a star at one end or both.
#[derive(Debug)]
struct Part {
    text: String,
    /// Whether anything may stand before it.
    before: bool,
    /// Whether anything may stand behind it.
    behind: bool,
}

/// How a field is filled.
#[derive(Debug, Default)]
struct Rule {
    /// The slots of the field: one for each way that a mapping has of reading it.
    to: Vec<u32>,
    ways: Vec<Way>,
}

#[derive(Debug, Default)]
struct Way {
    /// One of these conditions must hold; none: always.
    when: Vec<u32>,
    /// Of each part the slots, of which the first with a value is taken; one part, unless they are joined.
    parts: Vec<Vec<u32>>,
    join: Option<String>,
    steps: Vec<Step>,
    /// In the order of the texts.
    map: Vec<(String, Vec<Constant>)>,
    constants: Vec<Constant>,
    count: bool,
}

/// A value that was derived: its slot, and its text in [`Scratch`].
#[derive(Clone, Copy, Debug)]
struct Made {
    /// Which of the rules.
    rule: u32,
    kind: Kind,
    start: u32,
    end: u32,
}
