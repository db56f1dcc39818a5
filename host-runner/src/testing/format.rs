//! A test file as it is written: YAML. `docs/testing.md` is its description for users.
//!
//! YAML and not TOML, in which the rules are: events are JSON, which YAML takes verbatim, a list of short objects is a line
//! each, and both have comments.

mod read;

use std::path::{Path, PathBuf};

use rule_core::Source;
use serde_json::Value;

use super::expect::{Expect, ExpectedField};
use super::fields::Object;

/// Bytes of one test file, and of one file of events that tests name.
pub const DEFAULT_MAX_BYTES: u32 = 4 << 20;

/// The tests of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct TestFile {
    /// Where it was read.
    pub path: PathBuf,
    /// The rule as the file names it: a path, or an id. None: the rule beside the file.
    pub rule: Option<Named>,
    /// What is tested, in the order of the file; variants follow the test that they vary.
    pub cases: Vec<Case>,
    /// The indicators that its rule compares with; none: those that the tests are run with.
    pub indicators: Option<Vec<Source>>,
    /// The value lists that its rule's exceptions look up; likewise.
    pub value_lists: Option<Vec<Source>>,
    /// The files that it reads: events, indicators, value lists.
    pub reads: Vec<PathBuf>,
}

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub text: String,
    /// Counted from 1.
    pub line: u64,
    /// Counted from 1.
    pub column: u64,
}

/// One test.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its name; a variant's has what it changes behind it.
    pub name: String,
    /// The line of the file on which it begins, counted from 1.
    pub line: u64,
    /// What happens.
    pub steps: Vec<Step>,
    /// What the rule is expected to make of it.
    pub expect: Expect,
    /// What every alert is expected to have.
    pub fields: Vec<ExpectedField>,
    /// Exceptions that are in force for this test only.
    pub exceptions: Vec<Object>,
}

/// What happens in a test.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// An event.
    Event {
        /// The document.
        document: Value,
        /// Where its fields stand, counted from 1.
        line: u64,
        /// When it happens.
        when: When,
    },
    /// Time passes without events, in milliseconds.
    Advance(u64),
}

/// When an event happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So many milliseconds from the test's start.
    At(u64),
    /// A second after what is before it.
    Next,
    /// When its document says.
    Document,
}

/// What is wrong with a test file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{path}:{line}:{column}: {message}")]
pub struct FormatError {
    /// The file.
    pub path: String,
    /// Counted from 1; 0 when the place is not known.
    pub line: u64,
    /// Counted from 1.
    pub column: u64,
    /// What is wrong.
    pub message: String,
}

impl TestFile {
    /// Reads a test file and the events that it names. Relative paths in it start from its folder.
    pub fn read(path: &Path, max_bytes: u32) -> Result<TestFile, FormatError> {
        read::read(path, max_bytes)
    }
}

#[cfg(test)]
mod tests;
