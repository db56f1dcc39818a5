//! Reads rule files from files and folders.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rule_core::diagnostic::codes;
use rule_core::{Diagnostic, Limits, Source, Span, rule};
use serde_json::Value;
use walkdir::{DirEntry, WalkDir};

/// What a rule file in a folder is named like. A file named explicitly may have any name.
pub const EXTENSIONS: [&str; 6] = ["toml", "eql", "kql", "md", "ndjson", "json"];

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct RuleFiles {
    /// The rule files, those of a folder in the order of their names.
    pub sources: Vec<Source>,
    /// Files that are not text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why rule files could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// A file or folder could not be read.
    #[error("cannot read {}: {reason}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// A folder without rules is a mistyped path more often than not.
    #[error("no rule files in {} (looked for .toml, .eql, .kql, .md, .ndjson and .json, in sub-folders too)", .0.display())]
    Empty(PathBuf),
    /// So is a folder without normalisers.
    #[error("no normaliser files in {} (looked for .toml, in sub-folders too)", .0.display())]
    NoNormalisers(PathBuf),
}

/// Reads the rule files that `paths` name; folders are searched to any depth.
pub fn read(paths: &[PathBuf], limits: &Limits) -> Result<RuleFiles, RulesError> {
    // A folder of rules may have a README or other JSON; a file that is named explicitly is taken at its word.
    read_where(paths, limits, is_rule_file, rule::is_rule_file, RulesError::Empty)
}

/// The same for normaliser files, which are all TOML. One that is not text is an error.
pub(crate) fn read_normalisers(paths: &[PathBuf], limits: &Limits) -> Result<Vec<Source>, RulesError> {
    let is_toml = |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let files = read_where(paths, limits, is_toml, |_| true, RulesError::NoNormalisers)?;
    match files.diagnostics.into_iter().next() {
        None => Ok(files.sources),
        Some(Diagnostic { path, message, .. }) => {
            Err(RulesError::Io { path: path.into(), reason: io::Error::new(io::ErrorKind::InvalidData, message) })
        }
    }
}

/// Reads the files that `paths` name, and of folders those with such names and such text.
fn read_where(
    paths: &[PathBuf],
    limits: &Limits,
    is_named_so: impl Fn(&Path) -> bool,
    is_such: impl Fn(&str) -> bool,
    empty: fn(PathBuf) -> RulesError,
) -> Result<RuleFiles, RulesError> {
    let mut files = RuleFiles::default();
    for path in paths {
        let error = |reason| RulesError::Io { path: path.clone(), reason };
        if !path.metadata().map_err(error)?.is_dir() {
            read_file(path, limits, &mut files)?;
            continue;
        }
        let before = files.sources.len() + files.diagnostics.len();
        let walk = WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter();
        for entry in walk.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry)) {
            let entry = entry.map_err(|problem| RulesError::Io {
                path: problem.path().unwrap_or(path).to_owned(),
                reason: problem.into(),
            })?;
            if entry.file_type().is_file() && is_named_so(entry.path()) {
                read_file(entry.path(), limits, &mut files)?;
                files.sources.pop_if(|source| !is_such(&source.text));
            }
        }
        if files.sources.len() + files.diagnostics.len() == before {
            return Err(empty(path.clone()));
        }
    }
    Ok(files)
}

/// Reads an Elasticsearch mapping: `{"properties": …}`, or what `GET index/_mapping` answers for one index.
pub fn read_mapping(path: &Path) -> Result<Value, String> {
    let text = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let mut mapping: Value = serde_json::from_slice(&text).map_err(|error| format!("is not JSON: {error}"))?;
    if let Some(indices) = mapping.as_object()
        && indices.len() == 1
        && let Some(inner) = indices.values().next().and_then(|index| index.get("mappings"))
    {
        mapping = inner.clone();
    } else if let Some(inner) = mapping.get("mappings") {
        mapping = inner.clone();
    }
    if mapping.get("properties").is_some_and(Value::is_object) {
        Ok(mapping)
    } else {
        Err("is no mapping: an object with `properties` is needed, as `GET index/_mapping` answers it".into())
    }
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Whether a file in a folder is taken for a rule file, by its name. What belongs to rule tests is not: `NAME.test.ndjson`
/// holds events.
pub(crate) fn is_rule_file(path: &Path) -> bool {
    let is_of_tests = path.file_stem().is_some_and(|stem| stem.as_encoded_bytes().ends_with(b".test"));
    !is_of_tests
        && path
            .extension()
            .is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

fn read_file(path: &Path, limits: &Limits, files: &mut RuleFiles) -> Result<(), RulesError> {
    let most = limits.max_rule_bytes.max(limits.max_export_bytes);
    let mut bytes = Vec::new();
    // One byte over the limit is enough for the core to say that the file is too large.
    File::open(path)
        .and_then(|file| file.take(u64::from(most) + 1).read_to_end(&mut bytes))
        .map_err(|reason| RulesError::Io { path: path.to_owned(), reason })?;
    let name = path.display().to_string();
    let cut = bytes.len() > most as usize;
    match String::from_utf8(bytes) {
        Ok(text) => files.sources.push(Source { path: name, text }),
        Err(error) if cut && error.utf8_error().error_len().is_none() => {
            // Cut in the middle of a character; what the last one was does not matter.
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            files.sources.push(Source { path: name, text });
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let message = format!("the file is not UTF-8: byte {at} is malformed");
            let mut diagnostic = Diagnostic::error(codes::RULE_FILE, message, Span::default());
            diagnostic.labels.clear();
            diagnostic.path = name;
            files.diagnostics.push(diagnostic.help("save the file as UTF-8"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(most: u32) -> Limits {
        Limits { max_rule_bytes: most, max_export_bytes: most, ..Limits::default() }
    }

    fn names(files: &RuleFiles, below: &Path) -> Vec<String> {
        let name = |path: &str| Path::new(path).strip_prefix(below).unwrap().display().to_string();
        files.sources.iter().map(|source| name(&source.path)).collect()
    }

    #[test]
    fn folders_are_searched_in_the_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b/c")).unwrap();
        fs::create_dir_all(at(".git")).unwrap();
        for name in
            ["z.eql", "a.TOML", "b/c/deep.md", "b/export.ndjson", "k.kql", "notes.txt", ".git/hidden.eql", ".x.eql"]
        {
            fs::write(at(name), "any where true").unwrap();
        }
        fs::write(at("b/c/deep.md"), "# A rule\n\n**Rule type**: eql\n").unwrap();
        fs::write(at("README.md"), "# The rules of this folder\n").unwrap();
        fs::write(at("b/export.ndjson"), "{\"rule_id\": \"1\"}\n").unwrap();
        fs::write(at("broken.json"), "{\"rule_id\": ").unwrap();
        fs::write(at("package.json"), "{\"name\": \"no rule\"}").unwrap();
        fs::write(at("events.ndjson"), "{\"event\": {\"category\": \"process\"}}\n").unwrap();
        let files = read(&[folder.path().to_owned()], &limits(1000)).unwrap();
        assert_eq!(
            names(&files, folder.path()),
            ["a.TOML", "b/c/deep.md", "b/export.ndjson", "broken.json", "k.kql", "z.eql"]
        );
        let named = read(&[at("notes.txt"), at(".x.eql"), at("README.md")], &limits(1000)).unwrap();
        assert_eq!(names(&named, folder.path()), ["notes.txt", ".x.eql", "README.md"]);
    }

    #[test]
    fn an_empty_folder_and_a_missing_file_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(&[folder.path().to_owned()], &limits(1000)), Err(RulesError::Empty(_))));
        assert!(matches!(read(&[folder.path().join("no")], &limits(1000)), Err(RulesError::Io { .. })));
    }

    #[test]
    fn a_file_that_is_not_text_is_a_diagnostic() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.eql"), b"any where \xff").unwrap();
        fs::write(folder.path().join("b.eql"), "any where true").unwrap();
        let files = read(&[folder.path().to_owned()], &limits(1000)).unwrap();
        assert_eq!(names(&files, folder.path()), ["b.eql"]);
        assert_eq!(files.diagnostics[0].message, "the file is not UTF-8: byte 10 is malformed");
    }

    #[test]
    fn mappings_are_read_as_elasticsearch_answers_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mapping.json");
        let inner = r#"{"properties":{"a":{"type":"keyword"}}}"#;
        for text in
            [inner.to_owned(), format!("{{\"mappings\":{inner}}}"), format!("{{\"logs\":{{\"mappings\":{inner}}}}}")]
        {
            fs::write(&path, &text).unwrap();
            assert_eq!(read_mapping(&path).unwrap().to_string(), inner, "{text}");
        }
        for (text, message) in [("{", "not JSON"), ("{}", "no mapping"), ("[]", "no mapping")] {
            fs::write(&path, text).unwrap();
            assert!(read_mapping(&path).unwrap_err().contains(message));
        }
    }

    #[test]
    fn no_more_is_read_than_shows_that_a_file_is_too_large() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.eql"), "é".repeat(100)).unwrap();
        let files = read(&[folder.path().to_owned()], &limits(10)).unwrap();
        assert!((11..20).contains(&files.sources[0].text.len()));
    }
}
