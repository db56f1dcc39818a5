//! What became of tests: plain data, which `--output json` prints.

use std::path::PathBuf;

use rule_core::{Diagnostic, Explanation, Source};
use serde::Serialize;

use super::coverage::{Coverage, Marks};
use super::expect::Failure;

/// What became of all tests.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The test files in the order in which they were run.
    pub files: Vec<FileReport>,
    /// Rule files beside them that have no tests.
    pub untested: Vec<String>,
    /// What of each rule the tests that passed reach, in the order in which rules were first tested; empty unless asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<RuleCoverage>,
    /// Counts over all files.
    pub totals: Totals,
}

/// Counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Test files.
    pub files: usize,
    /// Files whose tests could not be run, because of the file or its rule.
    pub errors: usize,
    /// Tests that passed.
    pub passed: usize,
    /// Tests that failed.
    pub failed: usize,
    /// Conditions of rules that tests are to reach; 0 unless coverage was asked for.
    pub conditions: usize,
    /// Conditions that tests reach.
    pub reached: usize,
}

impl Totals {
    /// Whether no test was run and no file failed.
    pub fn is_empty(&self) -> bool {
        self.passed + self.failed + self.errors == 0
    }

    /// Whether everything went well.
    pub fn is_good(&self) -> bool {
        self.errors == 0 && self.failed == 0
    }
}

/// What became of the tests in one file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FileReport {
    /// The test file.
    pub path: String,
    /// The rule that it tests, once that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// Why its tests could not be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<FileError>,
    /// The tests that were run.
    pub tests: Vec<TestReport>,
    /// What of the rule the tests that passed show, when that was asked for.
    #[serde(skip)]
    pub marks: Option<Marks>,
    /// The rule file's text, for excerpts.
    #[serde(skip)]
    pub source: Option<Source>,
    /// All files that the outcome depends on.
    #[serde(skip)]
    pub inputs: Vec<PathBuf>,
}

impl FileReport {
    /// How many of its tests passed.
    pub fn passed(&self) -> usize {
        self.tests.iter().filter(|test| test.passed()).count()
    }

    /// Whether its tests were run and all passed.
    pub fn is_good(&self) -> bool {
        self.error.is_none() && self.passed() == self.tests.len()
    }
}

/// The rule that is tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleRef {
    /// Its file.
    pub path: String,
    /// `rule_id`; for a bare query the hash of its text.
    pub id: String,
    /// Shown to people.
    pub name: String,
}

/// What of a rule its tests reach, in whatever files they are.
#[derive(Clone, Debug, Serialize)]
pub struct RuleCoverage {
    /// The rule.
    pub rule: RuleRef,
    /// How much.
    #[serde(flatten)]
    pub coverage: Coverage,
    /// The rule file's text, for excerpts.
    #[serde(skip)]
    pub source: Option<Source>,
}

/// Why the tests of a file could not be run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileError {
    /// One sentence.
    pub message: String,
    /// The line of the test file, counted from 1; 0 when it is not about a line.
    pub line: u64,
    /// Counted from 1.
    pub column: u64,
    /// What is wrong with the rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
}

impl FileError {
    /// An error that is not about a line of the test file.
    pub fn new(message: impl Into<String>) -> FileError {
        FileError { message: message.into(), line: 0, column: 0, diagnostics: Vec::new() }
    }
}

/// What became of one test.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TestReport {
    /// Its name.
    pub name: String,
    /// The line of the test file on which it begins.
    pub line: u64,
    /// What was expected of the rule, in words.
    pub expected: String,
    /// The reasons of the alerts that came.
    pub alerts: Vec<String>,
    /// What differs; nothing of a test that passed.
    pub failures: Vec<Failure>,
    /// Why the rule did what it did, the most telling events first; nothing of a test that passed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Why>,
    /// What may have led astray, such as an event that came too late.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The rule over the events of a test that failed.
    #[serde(skip)]
    pub explanation: Option<Explanation>,
    /// The lines of the test file that the events stand on.
    #[serde(skip)]
    pub event_lines: Vec<u64>,
}

impl TestReport {
    /// Whether the rule did what was expected.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Why an event is one for the rule, or is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// The event, counted from 1 over the test's events.
    pub event: u64,
    /// The line of the test file that it stands on.
    pub line: u64,
    /// The term of a sequence or sample that this is about, the one that the event is for or is nearest to, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<usize>,
    /// One sentence.
    pub reason: String,
    /// The fewest tests of the rule that would have to come out differently for the event to match; none when nothing can.
    pub distance: Option<u32>,
}

impl Report {
    /// Of files that were run. `untested`: rule files that have no tests beside them.
    pub fn new(files: Vec<FileReport>, untested: &[PathBuf]) -> Report {
        let mut report = Report::default();
        let mut totals = Totals { files: files.len(), ..Totals::default() };
        let mut rules: Vec<(RuleRef, Option<Source>, Marks)> = Vec::new();
        for file in &files {
            totals.errors += usize::from(file.error.is_some());
            totals.passed += file.passed();
            totals.failed += file.tests.len() - file.passed();
            let (Some(rule), Some(marks)) = (&file.rule, &file.marks) else { continue };
            match rules.iter_mut().find(|(known, ..)| known == rule) {
                Some((.., known)) => known.merge(marks),
                None => rules.push((rule.clone(), file.source.clone(), marks.clone())),
            }
        }
        for (rule, source, marks) in rules {
            let coverage = marks.coverage(source.as_ref().map_or("", |source| &source.text));
            totals.conditions += coverage.conditions;
            totals.reached += coverage.reached;
            report.coverage.push(RuleCoverage { rule, coverage, source });
        }
        // A rule may be tested by a file elsewhere, which names it.
        let is_tested = |path: &&PathBuf| files.iter().any(|file| file.inputs.contains(path));
        report.untested =
            untested.iter().filter(|path| !is_tested(path)).map(|path| path.display().to_string()).collect();
        Report { files, totals, ..report }
    }
}
