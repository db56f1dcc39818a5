//! Elastic's rules, formatted.

use std::path::{Path, PathBuf};

use rule_core::{Limits, Source, format_rule, rule};

/// The folder of Elastic's rules: beside the checkout, or where `TRIPLINE_SHARED` says.
fn rules() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("TRIPLINE_SHARED").map_or_else(beside, PathBuf::from).join("data/rules/elastic");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: no third-party data in {} (TRIPLINE_SHARED names another folder)", folder.display());
    None
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
}

#[test]
fn rules_keep_their_meaning_their_comments_and_all_around_the_query() {
    let Some(folder) = rules() else { return };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let (mut queries, mut changed, mut left_alone) = (0, 0, 0);
    for path in &paths {
        let text = std::fs::read_to_string(path).expect("text");
        let source = Source { path: path.display().to_string(), text };
        let read = |source: &Source| rule::read(source, &Limits::default()).rules.remove(0);
        let before = read(&source);
        let formatted = match format_rule(&source, &Limits::default()) {
            Ok(formatted) => Source { text: formatted, ..source.clone() },
            Err(why) => {
                assert_ne!(before.info.language, "eql", "{}: {why:#?}", source.path);
                left_alone += 1;
                continue;
            }
        };
        let mut after = read(&formatted);
        assert_eq!(crate::format(&before.info.query), after.info.query, "{}", source.path);
        after.info.query.clone_from(&before.info.query);
        assert_eq!(before.info, after.info, "{}", source.path);
        queries += 1;
        changed += u32::from(source.text != formatted.text);
    }
    println!("{} files: {queries} EQL queries, of which {changed} change; {left_alone} left alone", paths.len());
    assert!(queries > 1000, "only {queries} EQL queries found");
}
