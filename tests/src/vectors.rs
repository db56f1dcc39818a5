//! The conformance vectors of `tests/vectors`; their form is described in its README.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use rule_core::{CompileReport, Outcome, RuleStatus, Source};
use serde::Deserialize;

use crate::in_root;

/// The path under which every vector's rule is compiled.
pub const RULE_PATH: &str = "case.eql";

/// A file of vectors.
#[derive(Debug)]
pub struct VectorFile {
    /// `NAME.toml`.
    pub path: PathBuf,
    /// Its cases, in order.
    pub cases: Vec<Case>,
}

/// One vector.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique in its file.
    pub name: String,
    /// The point of the semantics that it shows.
    pub point: String,
    rule: String,
    mapping: Option<String>,
    #[serde(default)]
    events: String,
    #[serde(default)]
    encoding: Encoding,
    matches: Option<Vec<u64>>,
    error: Option<String>,
    #[serde(default)]
    rejected: Vec<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
enum Encoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "latin-1")]
    Latin1,
}

impl VectorFile {
    /// Reads every file of vectors, in the order of their names.
    pub fn all() -> Result<Vec<VectorFile>> {
        let mut paths = files_of(&in_root("tests/vectors"), "toml")?;
        paths.sort();
        ensure!(!paths.is_empty(), "no vectors");
        paths.into_iter().map(VectorFile::read).collect()
    }

    fn read(path: PathBuf) -> Result<VectorFile> {
        #[derive(Deserialize)]
        struct File {
            case: Vec<Case>,
        }
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let File { case: cases } = toml::from_str(&text).with_context(|| path.display().to_string())?;
        for (at, case) in cases.iter().enumerate() {
            let twice = cases[..at].iter().any(|other| other.name == case.name);
            ensure!(!twice, "{}: two cases are called {}", path.display(), case.name);
            let expectations = usize::from(case.matches.is_some()) + usize::from(case.error.is_some());
            ensure!(expectations == 1, "{}: {}: either `matches` or `error`", path.display(), case.name);
        }
        Ok(VectorFile { path, cases })
    }

    /// The file's name without its extension.
    pub fn theme(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// `NAME.out`.
    pub fn golden_path(&self) -> PathBuf {
        self.path.with_extension("out")
    }

    /// The golden lines, one per case.
    pub fn golden(&self) -> Result<Vec<String>> {
        let path = self.golden_path();
        let text =
            fs::read_to_string(&path).with_context(|| format!("{}: make it with TRIPLINE_BLESS=1", path.display()))?;
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        ensure!(
            lines.len() == self.cases.len(),
            "{}: {} lines for {} cases; make it again with TRIPLINE_BLESS=1",
            path.display(),
            lines.len(),
            self.cases.len(),
        );
        Ok(lines)
    }
}

impl Case {
    /// The rule as a file.
    pub fn source(&self) -> Source {
        Source { path: RULE_PATH.to_owned(), text: self.rule.clone() }
    }

    /// Whether the rule is one that compiles.
    pub fn compiles(&self) -> bool {
        self.error.is_none()
    }

    /// The mapping, if the case has one.
    pub fn mapping(&self) -> Result<Option<serde_json::Value>> {
        self.mapping.as_deref().map(serde_json::from_str).transpose().context("the mapping is not JSON")
    }

    /// The batch of events as bytes.
    pub fn events(&self) -> Result<Vec<u8>> {
        match self.encoding {
            Encoding::Utf8 => Ok(self.events.clone().into_bytes()),
            Encoding::Latin1 => self
                .events
                .chars()
                .map(|c| u8::try_from(u32::from(c)).with_context(|| format!("{c:?} is not Latin-1")))
                .collect(),
        }
    }

    /// The golden line for an answer, whose parts are JSON already.
    pub fn line(&self, report: &str, outcome: &str) -> Result<String> {
        Ok(format!(r#"{{"case":{},"report":{report},"outcome":{outcome}}}"#, serde_json::to_string(&self.name)?))
    }

    /// Holds an answer against the hand-written expectation.
    pub fn check(&self, report: &CompileReport, outcome: &Outcome) -> Result<()> {
        let compiled = report.rules.iter().filter(|rule| matches!(rule.status, RuleStatus::Compiled { .. })).count();
        if let Some(code) = &self.error {
            let codes: Vec<&str> = report.diagnostics.iter().map(|d| d.code.as_str()).collect();
            ensure!(codes.contains(&code.as_str()), "expected a diagnostic `{code}`, got {codes:?}");
            ensure!(compiled == 0, "the rule runs in spite of `{code}`");
            ensure!(outcome.matches.is_empty(), "a rule that does not run matched");
            return Ok(());
        }
        if report.has_errors() || compiled != 1 {
            bail!("the rule does not compile: {}", serde_json::to_string(&report.diagnostics)?);
        }
        let mut matched = Vec::new();
        for found in &outcome.matches {
            ensure!(found.rule == 0 && found.events.len() == 1, "unexpected match {found:?}");
            matched.extend_from_slice(&found.events);
        }
        let expected = self.matches.as_deref().unwrap_or_default();
        ensure!(matched == expected, "expected the events {expected:?} to match, got {matched:?}");
        let rejected: Vec<u64> = outcome.rejections.iter().map(|rejection| rejection.event).collect();
        ensure!(
            rejected == self.rejected && outcome.rejected == self.rejected.len() as u64,
            "expected the events {:?} to be rejected, got {rejected:?}",
            self.rejected,
        );
        Ok(())
    }
}

/// The files of a folder that end in `.extension`.
pub fn files_of(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    Ok(paths)
}
