//! Tests of rules: what a rule must alert on and what not, written beside it in `NAME.test.yaml`.
//!
//! ```text
//! paths ─► find (test files, rules) ─► format (what is tested) ─► run (a session for each test) ─► expect (what differs) ─► report
//!                                                                 └► explain ─► why, coverage
//! ```
//!
//! Every test has a session of its own and starts at the same instant, so its outcome depends on nothing but the files.

pub mod coverage;
pub mod expect;
mod fields;
mod find;
mod format;
mod junit;
mod play;
mod report;
mod run;
mod suggest;
mod watch;
mod what_if;

pub use find::{FindError, Found, Library, find, is_test};
pub use format::{Case, DEFAULT_MAX_BYTES, FormatError, Named, Step, TestFile, When};
pub use junit::junit;
pub use play::START;
pub use report::{FileError, FileReport, Report, RuleCoverage, RuleRef, TestReport, Totals, Why};
pub use run::{TestOptions, Tester};
pub use watch::Watched;
