//! The normalisers that come with the project, over records as their sources write them.

mod ecs;
mod page;
mod sources;
mod windows;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use rule_core::{Limits, Normaliser, Source};
use serde_json::Value;

/// The normaliser files, in the order of their names.
fn files() -> Vec<Source> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../normalisers");
    let entries = fs::read_dir(folder).expect("the folder of normalisers");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let source = |path: &PathBuf| Source {
        path: path.display().to_string(),
        text: fs::read_to_string(path).expect("a file of UTF-8"),
    };
    paths.iter().map(source).collect()
}

fn normaliser() -> Normaliser {
    Normaliser::new(&files(), None, Limits::default()).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// The normaliser that a record was recognised by, and the event's fields by their dotted names.
fn normalise(record: &str) -> Option<(String, BTreeMap<String, Value>)> {
    let shown = normaliser().normalise(record.as_bytes()).expect("the record is JSON")?;
    let event: Value = serde_json::from_str(&shown.event).expect("an event is JSON");
    let mut fields = BTreeMap::new();
    flatten("", event.get("_source").unwrap_or(&event), &mut fields);
    Some((shown.normaliser, fields))
}

/// The event's fields, which a normaliser of that name must have made.
fn fields(name: &str, record: &str) -> BTreeMap<String, Value> {
    let (found, fields) = normalise(record).unwrap_or_else(|| panic!("nobody recognises {record}"));
    assert_eq!(found, name, "{record}");
    fields
}

/// The leaves of a document; a list of one is its value, as for Elasticsearch.
fn flatten(prefix: &str, value: &Value, out: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            flatten(&path, value, out);
        }),
        Value::Array(items) if items.len() == 1 => flatten(prefix, &items[0], out),
        _ => {
            out.insert(prefix.to_owned(), value.clone());
        }
    }
}

/// Checks some fields of an event, written as `name: value` in JSON.
#[track_caller]
fn assert_fields(event: &BTreeMap<String, Value>, wanted: &Value) {
    let mut expected = BTreeMap::new();
    flatten("", wanted, &mut expected);
    for (name, value) in expected {
        assert_eq!(event.get(&name), Some(&value), "{name} of {event:#?}");
    }
}

/// A file of the shared data, or none where it is not there.
fn shared(path: &str) -> Option<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(path);
    let text = fs::read_to_string(&file).ok();
    if text.is_none() {
        eprintln!("skipped: {} is not there", file.display());
    }
    text
}

#[test]
fn each_file_has_its_name_and_says_what_it_is() {
    for source in files() {
        let file =
            rule_core::normaliser::read(&source, &Limits::default()).unwrap_or_else(|errors| panic!("{errors:#?}"));
        assert!(source.path.ends_with(&format!("/{}.toml", file.name)), "{}", source.path);
        assert!(!file.title.is_empty() && !file.description.is_empty() && !file.references.is_empty(), "{}", file.name);
    }
}
