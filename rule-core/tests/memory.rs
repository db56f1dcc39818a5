//! What a rule set takes: of memory for good, and at most while it is compiled.
//!
//! A file of its own: allocations are counted for the whole process.

use std::fs;
use std::path::{Path, PathBuf};

use allocation_counter::measure;
use rule_core::{CompileOptions, Limits, Source, compile_each, rule};

fn toml_files(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            toml_files(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
}

#[test]
fn elastics_rules_take_little_memory() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/rules/elastic");
    if !folder.is_dir() {
        println!("SKIPPED: {} is not there", folder.display());
        return;
    }
    let mut paths = Vec::new();
    toml_files(&folder, &mut paths);
    paths.sort();
    let read = |path: &PathBuf| Source {
        path: path.display().to_string(),
        text: fs::read_to_string(path).expect("a readable file"),
    };
    let mut sources: Vec<Source> = paths.iter().map(read).collect();
    sources.retain(|source| source.text.contains("language = \"eql\""));
    let text: usize = sources.iter().map(|source| source.text.len()).sum();

    // What is known once, such as the schema, is not part of any rule set.
    drop(compile_each(sources.iter().take(1).cloned(), &CompileOptions::default()));
    let limits = Limits::default();
    let mut infos = Vec::new();
    let rules = measure(|| {
        infos.extend(sources.iter().flat_map(|source| rule::read(source, &limits).rules).map(|rule| rule.info))
    });
    drop(infos);

    // The texts are copied within, so that they count: each is let go of when it has been read.
    let mut compiled = None;
    let compiling = measure(|| compiled = Some(compile_each(sources.clone(), &CompileOptions::default())));
    let (set, report) = compiled.expect("it was compiled");
    assert!(!report.has_errors(), "{:?}", report.diagnostics);
    let count = set.rules().len();
    let mb = |bytes: i64| bytes as f64 / 1e6;
    println!("{count} rules of {:.1} MB of text", mb(text as i64));
    println!("  what their files say   {:6.2} MB", mb(rules.bytes_current));
    println!("  set and report         {:6.2} MB", mb(compiling.bytes_current));
    println!("  peak, texts included   {:6.2} MB", mb(compiling.bytes_max as i64));
    println!("  allocations            {:>6}, of {:.1} MB", compiling.count_total, compiling.bytes_total as f64 / 1e6);
    let freed = measure(|| drop(report));
    println!("  the report             {:6.2} MB", mb(-freed.bytes_current));
    let freed = measure(|| drop(set));
    println!("  the set                {:6.2} MB", mb(-freed.bytes_current));
}
