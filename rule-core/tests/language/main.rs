//! The language reference: every example on its pages is run, and every link leads somewhere.
//!
//! `docs/language.md` says what kinds of example there are; `page` finds them by the heads of tables and the names of fences,
//! `run` runs them. A fence of a query without an expectation is a failure, so that nothing on a page goes unproven.

mod page;
mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// The pages of the reference: the index, its chapters, and the differences from Elasticsearch.
fn pages() -> Vec<(String, String)> {
    let mut names = vec!["language.md".to_owned(), "differences.md".to_owned()];
    for entry in fs::read_dir(docs().join("language")).expect("the folder") {
        names.push(format!("language/{}", entry.expect("an entry").file_name().to_string_lossy()));
    }
    names.sort();
    let read = |name: String| {
        let text = fs::read_to_string(docs().join(&name)).expect("a page");
        (name, text)
    };
    names.into_iter().map(read).collect()
}

#[test]
fn every_example_is_so() {
    let mut problems = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let pages = pages();
    for (name, text) in &pages {
        let examples = page::examples(text).unwrap_or_else(|problem| panic!("docs/{name}:{problem}"));
        for example in &examples {
            *counts.entry(example.what()).or_default() += example.len();
            for problem in run::problems(example) {
                problems.push(format!("docs/{name}:{}: {problem}", example.line));
            }
        }
    }
    let total: usize = counts.values().sum();
    println!("{total} examples on {} pages: {counts:?}", pages.len());
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
    assert!(total > 280, "the examples were found: {total}");
}

/// Links within the documentation name a file that exists, and a heading of it.
#[test]
fn every_link_leads_somewhere() {
    let mut checked = 0;
    let mut pages = pages();
    for name in ["diagnostics.md", "limits.md", "rules.md", "../README.md"] {
        pages.push((name.to_owned(), fs::read_to_string(docs().join(name)).expect("a page")));
    }
    for (name, text) in pages {
        for link in page::links(&text) {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let here = docs().join(&name);
            let target = match path {
                "" => here,
                path => here.parent().expect("a folder").join(path),
            };
            checked += 1;
            if target.extension().is_none_or(|extension| extension != "md") {
                assert!(target.exists(), "docs/{name}: {link}: no such file");
                continue;
            }
            let found = fs::read_to_string(&target).unwrap_or_else(|error| panic!("docs/{name}: {link}: {error}"));
            assert!(
                anchor.is_empty() || page::anchors(&found).iter().any(|a| a == anchor),
                "docs/{name}: {link}: no such heading"
            );
        }
    }
    assert!(checked > 30, "the links were found: {checked}");
}
