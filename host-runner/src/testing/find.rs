//! Finds test files, and the rules that they test.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rule_core::{Limits, Source, rule};
use walkdir::WalkDir;

use super::format::Named;
use super::report::FileError;
use crate::rules::{self, RulesError};

/// How the names of test files end.
pub const SUFFIXES: [&str; 2] = [".test.yaml", ".test.yml"];

/// Why there is nothing to test.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// A file or folder could not be read.
    #[error("cannot read {}: {reason}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// A folder without tests is a mistyped path more often than not.
    #[error("no tests in {} (looked for NAME.test.yaml, in sub-folders too)", .0.display())]
    Empty(PathBuf),
    /// A rule file was named that has no tests beside it.
    #[error("{} has no tests: there is no {} beside it", .0.display(), .1.display())]
    Untested(PathBuf, PathBuf),
}

/// The test files that paths name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The test files, those of a folder in the order of their names.
    pub tests: Vec<PathBuf>,
    /// Rule files in the folders that have no test file beside them.
    pub untested: Vec<PathBuf>,
}

/// The test files that `paths` name: test files, rule files with tests beside them, and folders of these.
pub fn find(paths: &[PathBuf]) -> Result<Found, FindError> {
    let mut found = Found::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        let error = |reason| FindError::Io { path: path.clone(), reason };
        if !path.metadata().map_err(error)?.is_dir() {
            let test = test_of(path);
            if test != *path && !test.is_file() {
                return Err(FindError::Untested(path.clone(), test));
            }
            if seen.insert(test.clone()) {
                found.tests.push(test);
            }
            continue;
        }
        let mut any = false;
        let hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
        let walk = WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter();
        for entry in walk.filter_entry(|entry| entry.depth() == 0 || !hidden(entry.file_name())) {
            let entry = entry.map_err(|problem| FindError::Io {
                path: problem.path().unwrap_or(path).to_owned(),
                reason: problem.into(),
            })?;
            let path = entry.path();
            if !entry.file_type().is_file() || !seen.insert(path.to_owned()) {
                continue;
            }
            if is_test(path) {
                any = true;
                found.tests.push(path.to_owned());
            } else if rules::is_rule_file(path) && !test_of(path).is_file() && has_rules(path) {
                found.untested.push(path.to_owned());
            }
        }
        if !any {
            return Err(FindError::Empty(path.clone()));
        }
    }
    Ok(found)
}

/// Whether a file is a test file, by its name.
pub fn is_test(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes().to_ascii_lowercase();
    SUFFIXES.iter().any(|suffix| name.ends_with(suffix.as_bytes()))
}

/// Whether a file that is named like one is a rule file: a folder has other pages and other JSON, and exceptions without rules, too.
fn has_rules(path: &Path) -> bool {
    let Ok(text) = fs::read_to_string(path) else { return false };
    let is_export = |text: &str| text.trim_start().starts_with(['{', '[']);
    rule::is_rule_file(&text) && !(is_export(&text) && is_of_exceptions(text, path))
}

/// Whether an export has exceptions and nothing else.
fn is_of_exceptions(text: String, path: &Path) -> bool {
    let contents = rule::read(&Source { path: path.display().to_string(), text }, &Limits::default());
    contents.rules.is_empty() && !contents.exception_lists.is_empty()
}

/// The test file of a rule file; anything else is taken for a test file.
fn test_of(path: &Path) -> PathBuf {
    if is_test(path) || !rules::is_rule_file(path) {
        return path.to_owned();
    }
    let [yaml, yml] = SUFFIXES.map(|suffix| path.with_extension(&suffix[1..]));
    if yml.is_file() && !yaml.is_file() { yml } else { yaml }
}

/// The rule files among which rules are found by their ids.
pub struct Library {
    paths: Vec<PathBuf>,
    limits: Limits,
    read: OnceCell<Result<All, String>>,
}

/// What there is beside the tests.
#[derive(Default)]
struct All {
    /// Rules by their ids.
    rules: Vec<(String, Source)>,
    /// Exception lists by their ids.
    lists: Vec<(String, Source)>,
}

/// The rule of a test file.
pub struct Rule {
    /// Its file.
    pub source: Source,
    /// Its id, where the file has several.
    pub id: Option<String>,
}

impl Library {
    /// `paths`: those of the tests.
    pub fn new(paths: &[PathBuf], limits: &Limits) -> Library {
        Library { paths: paths.to_vec(), limits: limits.clone(), read: OnceCell::new() }
    }

    /// The rule of a test file: as it names it, or the file beside it.
    pub fn rule(&self, test: &Path, named: Option<&Named>) -> Result<Rule, FileError> {
        let Some(named) = named else { return self.beside(test) };
        let path = test.parent().unwrap_or(Path::new("")).join(&named.text);
        if path.is_file() {
            return Ok(Rule { source: self.file(&path)?, id: None });
        }
        let error = |message| FileError { line: named.line, column: named.column, ..FileError::new(message) };
        let all = self.read.get_or_init(|| self.read_all()).as_ref().map_err(|said| error(said.clone()))?;
        match all.rules.iter().find(|(id, _)| *id == named.text) {
            Some((id, source)) => Ok(Rule { source: source.clone(), id: Some(id.clone()) }),
            None => {
                let text = &named.text;
                Err(error(format!("there is neither a file `{text}` here nor a rule with this id in the paths given")))
            }
        }
    }

    /// The files with exceptions that a file's rules mention, as they would be found were the rules given with what is beside them.
    pub fn exceptions(&self, source: &Source) -> Result<Vec<Source>, FileError> {
        let contents = rule::read(source, &self.limits);
        let own = |id: &String| contents.exception_lists.iter().any(|list| list.list_id == *id);
        let mentioned = contents.rules.iter().flat_map(|rule| &rule.info.exceptions_list).map(|list| &list.list_id);
        let mentioned: BTreeSet<&String> = mentioned.filter(|id| !own(id)).collect();
        if mentioned.is_empty() {
            return Ok(Vec::new());
        }
        let all = self.read.get_or_init(|| self.read_all()).as_ref();
        let all = all.map_err(|said| FileError::new(said.clone()))?;
        let mut found: Vec<Source> = Vec::new();
        for (_, file) in all.lists.iter().filter(|(id, _)| mentioned.contains(id)) {
            if file.path != source.path && !found.iter().any(|known| known.path == file.path) {
                found.push(file.clone());
            }
        }
        Ok(found)
    }

    fn beside(&self, test: &Path) -> Result<Rule, FileError> {
        let stem = test.with_extension("").with_extension("");
        let found =
            rules::EXTENSIONS.iter().map(|extension| stem.with_extension(extension)).find(|path| path.is_file());
        match found {
            Some(path) => Ok(Rule { source: self.file(&path)?, id: None }),
            None => {
                let stem = stem.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let names: Vec<String> = rules::EXTENSIONS.iter().map(|known| format!("{stem}.{known}")).collect();
                Err(FileError::new(format!(
                    "which rule? there is no {} beside the tests; name it with `rule: PATH` or `rule: ID`",
                    names.join(", ")
                )))
            }
        }
    }

    fn file(&self, path: &Path) -> Result<Source, FileError> {
        let files = rules::read(&[path.to_owned()], &self.limits);
        let files = files.map_err(|error| FileError::new(error.to_string()))?;
        let diagnostics = files.diagnostics;
        let source = files.sources.into_iter().next();
        source.ok_or_else(|| FileError { diagnostics, ..FileError::new("the rule file cannot be read") })
    }

    fn read_all(&self) -> Result<All, String> {
        let mut all = All::default();
        for path in &self.paths {
            let path = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            match rules::read(&[path.to_owned()], &self.limits) {
                Ok(files) => {
                    for source in files.sources {
                        let contents = rule::read(&source, &self.limits);
                        all.rules.extend(contents.rules.into_iter().map(|rule| (rule.info.id, source.clone())));
                        let lists = contents.exception_lists.into_iter();
                        all.lists.extend(lists.map(|list| (list.list_id, source.clone())));
                    }
                }
                Err(RulesError::Empty(_)) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(all)
    }
}
