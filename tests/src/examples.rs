//! The examples of this repository, as every host gets them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rule_core::{CompileOptions, Source};
use serde_json::Value;

use crate::in_root;

/// The rules and their exceptions, in the order of their names.
pub fn sources() -> Result<Vec<Source>> {
    let named = |path: &PathBuf| ["toml", "ndjson"].map(Some).contains(&path.extension().and_then(|end| end.to_str()));
    files("examples/rules")?.iter().filter(|path| named(path)).map(|path| source(path)).collect()
}

/// What goes with the rules: the indicators.
pub fn options() -> Result<CompileOptions> {
    Ok(CompileOptions { indicators: vec![source(&in_root("examples/indicators.csv"))?], ..CompileOptions::default() })
}

/// The files of events, as the command's arguments.
pub fn event_files() -> Result<Vec<String>> {
    let name = |path: &PathBuf| Some(format!("examples/events/{}", path.file_name()?.to_str()?));
    Ok(files("examples/events")?.iter().filter_map(name).collect())
}

/// The events of all sources, a line each, in the order of time, as a collector would see them; of the same instant in the order of
/// their files.
pub fn events() -> Result<Vec<String>> {
    let mut events = Vec::new();
    for path in event_files()? {
        for line in fs::read_to_string(in_root(&path))?.lines() {
            let event: Value = serde_json::from_str(line).with_context(|| path.clone())?;
            let event = event.get("_source").unwrap_or(&event);
            let time = event["@timestamp"].as_str().with_context(|| format!("{path}: an event without a time"))?;
            events.push((time.to_owned(), line.to_owned()));
        }
    }
    events.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(events.into_iter().map(|(_, line)| line).collect())
}

fn files(folder: &str) -> Result<Vec<PathBuf>> {
    let paths = fs::read_dir(in_root(folder))?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<Result<Vec<PathBuf>>>()?;
    paths.sort();
    Ok(paths)
}

/// Under its name alone, so that nothing depends on where the checkout lies.
fn source(path: &Path) -> Result<Source> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Source { text: fs::read_to_string(path)?, path: name })
}
