//! The conformance vectors of `tests/vectors`; their form is described in its README.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use rule_core::{Advance, CompileOptions, Limits, SessionOptions, Source};
use serde::Deserialize;

use crate::in_root;

/// The path under which every vector's rule is compiled.
pub const RULE_PATH: &str = "case.eql";

/// What its normaliser file is called, on every host.
const NORMALISER_PATH: &str = "case.toml";

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
    limits: Option<String>,
    normaliser: Option<String>,
    #[serde(default)]
    events: String,
    #[serde(default)]
    encoding: Encoding,
    lateness_ms: Option<Lateness>,
    #[serde(default)]
    batches: bool,
    #[serde(default)]
    advance: BTreeMap<String, String>,
    restart_after: Option<usize>,
    pub(crate) matches: Option<Vec<Events>>,
    pub(crate) keys: Option<String>,
    pub(crate) told: Option<Vec<usize>>,
    #[serde(default)]
    pub(crate) counts: Counts,
    pub(crate) alert: Option<String>,
    pub(crate) error: Option<String>,
    #[serde(default)]
    pub(crate) rejected: Vec<u64>,
}

/// The events of an expected match; of one there is only its ordinal.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Events {
    One(u64),
    Several(Vec<u64>),
}

impl Events {
    pub(crate) fn ordinals(&self) -> Vec<u64> {
        match self {
            Events::One(event) => vec![*event],
            Events::Several(events) => events.clone(),
        }
    }
}

/// What sequences and samples are to count, as `rule_core::SequenceStatus` names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Counts {
    pub late: u64,
    pub undated: u64,
    pub hurried: u64,
    pub evicted_keys: u64,
    pub evicted_partials: u64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
enum Encoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "latin-1")]
    Latin1,
}

/// `lateness_ms`: milliseconds, or `"any"`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum Lateness {
    Milliseconds(u64),
    Word(Any),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Any {
    Any,
}

/// One call that a host is to make.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Evaluate a batch.
    Evaluate(Vec<u8>),
    /// Move event time on.
    Advance(Advance),
    /// Take a snapshot, end the session and restore the snapshot in a new one.
    Restart,
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

    /// How its rule is compiled.
    pub fn compile_options(&self) -> Result<CompileOptions> {
        let mapping =
            self.mapping.as_deref().map(serde_json::from_str).transpose().context("the mapping is not JSON")?;
        let limits =
            self.limits.as_deref().map(serde_json::from_str).transpose().context("the limits are malformed")?;
        let normaliser = |text: &String| Source { path: NORMALISER_PATH.to_owned(), text: text.clone() };
        Ok(CompileOptions {
            mapping,
            limits: limits.unwrap_or_else(Limits::default),
            normalisers: self.normaliser.iter().map(normaliser).collect(),
            ..CompileOptions::default()
        })
    }

    /// How its session is opened.
    pub fn session_options(&self) -> SessionOptions {
        let default = SessionOptions { alerts: true, ..SessionOptions::default() };
        match self.lateness_ms {
            None => default,
            Some(Lateness::Milliseconds(milliseconds)) => SessionOptions { lateness_ms: Some(milliseconds), ..default },
            Some(Lateness::Word(Any::Any)) => SessionOptions { lateness_ms: None, ..default },
        }
    }

    /// Whether its session is opened as any is.
    pub fn is_default_session(&self) -> bool {
        self.lateness_ms.is_none()
    }

    /// Whether its session is restarted on the way.
    pub fn restarts(&self) -> bool {
        self.restart_after.is_some()
    }

    /// Whether the session only gets events that it loses none of, and its rule is a bare query: what a search does too.
    pub fn is_plain(&self) -> bool {
        self.limits.is_none()
            && self.normaliser.is_none()
            && self.advance.is_empty()
            && self.counts == Counts::default()
            && self.rule.find("[rule]").is_none()
    }

    /// Whether its rule is a sequence that runs.
    pub fn is_sequence(&self) -> bool {
        self.error.is_none() && self.rule.contains("sequence ")
    }

    /// Whether its rule is a sample that runs.
    pub fn is_sample(&self) -> bool {
        self.error.is_none() && self.rule.contains("sample ")
    }

    /// All events as bytes.
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

    /// The events, each with its line end; blank lines go with the event before them.
    pub fn lines(&self) -> Result<Vec<Vec<u8>>> {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        for line in self.events()?.split_inclusive(|byte| *byte == b'\n') {
            match lines.last_mut() {
                Some(before) if line.trim_ascii().is_empty() => before.extend(line),
                _ => lines.push(line.to_vec()),
            }
        }
        Ok(lines)
    }

    /// The calls that a host makes, without the last one.
    pub fn steps(&self) -> Result<Vec<Step>> {
        self.steps_in(self.batches)
    }

    /// The calls, with one event each or as many as go together.
    pub fn steps_in(&self, one_by_one: bool) -> Result<Vec<Step>> {
        let mut between: BTreeMap<usize, Vec<Step>> = BTreeMap::new();
        for (after, time) in &self.advance {
            let after = after.parse().with_context(|| format!("{after:?} is not a number of events"))?;
            let time = serde_json::from_str(time).with_context(|| format!("{time} is no way to advance"))?;
            between.entry(after).or_default().push(Step::Advance(time));
        }
        if let Some(after) = self.restart_after {
            between.entry(after).or_default().push(Step::Restart);
        }
        // One batch is the bytes as they are, whatever they are.
        if between.is_empty() && !one_by_one {
            return Ok(vec![Step::Evaluate(self.events()?)]);
        }
        let lines = self.lines()?;
        ensure!(between.keys().all(|after| *after <= lines.len()), "{}: a step after the last event", self.name);
        let mut steps = Vec::new();
        let mut batch = Vec::new();
        for seen in 0..=lines.len() {
            let stops = between.remove(&seen);
            if !batch.is_empty() && (one_by_one || stops.is_some() || seen == lines.len()) {
                steps.push(Step::Evaluate(std::mem::take(&mut batch)));
            }
            steps.extend(stops.unwrap_or_default());
            batch.extend(lines.get(seen).into_iter().flatten());
        }
        Ok(steps)
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
