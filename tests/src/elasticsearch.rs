//! Elasticsearch's EQL test suite: queries over its data sets, and the answers that its own tests expect.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, ensure};
use rule_core::{Search, SearchOptions, Source};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tempfile::NamedTempFile;

use crate::command::tripline;
use crate::shared;

/// How many results a search gives, unless the case says otherwise; the suite's own limit.
const SIZE: u32 = 50;

/// What takes the place of a missing event among the ids.
const MISSING: i64 = -1;

/// One query and its answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The file of the suite.
    pub suite: String,
    /// Unique in its file.
    pub name: String,
    query: String,
    datasets: Vec<String>,
    timestamp_field: String,
    tiebreaker_field: Option<String>,
    event_category_field: String,
    id_field: String,
    /// The ids of the events, or a list of such lists of which any is right.
    expected_event_ids: Vec<Value>,
    /// The keys of all sequences in a row, as texts.
    join_keys: Option<Vec<Value>>,
    size: Option<u32>,
    max_samples_per_key: Option<u32>,
}

/// The three forms of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `process where …`
    Event,
    /// `sequence …`
    Sequence,
    /// `sample …`
    Sample,
}

/// Cases that our copy of the suite has wrong: (name, what the copy says, what it should say).
///
/// Elasticsearch's own file has the literal `null`, not a string:
/// x-pack/plugin/eql/qa/common/src/main/resources/test_extra.toml.
const MISTRANSCRIBED: [(&str, &str, &str); 5] = [
    ("optionalDefaultNullValueFieldEqualNull", r#"== "null""#, "== null"),
    ("optionalMissingFieldNullEquality", r#"== "null""#, "== null"),
    ("sequenceOptionalFieldAsKeyAndFirstFilter", r#"== "null""#, "== null"),
    ("sequenceOptionalFieldAsKeyAndSecondFilter", r#"== "null""#, "== null"),
    ("sequenceOptionalFieldAsKeyAndMultipleConditions", r#"== "null""#, "== null"),
];

/// Mappings for cases whose data sets have none in our copy and need one: (name, mapping, why).
///
/// Elasticsearch has one for every data set: x-pack/plugin/eql/qa/common/src/main/resources/data/*.mapping.
const MAPPINGS: [(&str, &str, &str); 1] = [(
    "customDateFormatsAsKey_DifferentKeyNames",
    r#"{"properties": {
        "event_type": {"type": "keyword"},
        "os": {"type": "keyword"},
        "date": {"type": "date"},
        "@timestamp_pretty": {"type": "date", "format": "dd-MM-yyyy||yyyy-MM-dd"}
    }}"#,
    "two fields hold one day in two formats",
)];

/// All cases, and the folder of their data sets; `None` without the third-party data.
pub fn cases() -> Result<Option<(Vec<Case>, PathBuf)>> {
    let Some(data) = shared::data() else { return Ok(None) };
    let cases: Vec<Case> = shared::json(data.join("eql/cases.json"))?;
    for (name, ..) in MISTRANSCRIBED {
        ensure!(cases.iter().any(|case| case.name == name), "no case is called {name}: take it off the list");
    }
    for (name, ..) in MAPPINGS {
        ensure!(cases.iter().any(|case| case.name == name), "no case is called {name}: take it off the list");
    }
    Ok(Some((cases, data.join("eql/datasets"))))
}

impl Case {
    /// Which form the query has.
    pub fn kind(&self) -> Kind {
        match self.query.split_whitespace().next() {
            Some("sequence") => Kind::Sequence,
            Some("sample") => Kind::Sample,
            _ => Kind::Event,
        }
    }

    /// The query, mended where our copy is wrong.
    pub fn query(&self) -> Result<String> {
        let Some((_, wrong, right)) = MISTRANSCRIBED.iter().find(|(name, ..)| *name == self.name) else {
            return Ok(self.query.clone());
        };
        ensure!(self.query.contains(wrong), "{} is right by now: take it off the list", self.name);
        Ok(self.query.replace(wrong, right))
    }

    /// Runs the case through `tripline search`.
    pub fn run_command(&self, folder: &Path, engine: &str) -> Result<()> {
        let mapping = self.mapping(folder)?.map(in_a_file).transpose()?;
        let run = tripline(self.arguments(folder, engine, mapping.as_ref().map(NamedTempFile::path))?)?;
        ensure!(run.status == 0, "exit status {}: {}", run.status, run.stderr);
        self.check(&run.json()?)
    }

    /// Runs the case through the core, which gets one event at a time.
    pub fn run_single(&self, folder: &Path) -> Result<()> {
        let options = SearchOptions {
            timestamp_field: self.timestamp_field.clone(),
            tiebreaker_field: self.tiebreaker_field.clone(),
            event_category_field: self.event_category_field.clone(),
            size: self.size.unwrap_or(SIZE),
            max_samples_per_key: self.max_samples_per_key.unwrap_or(1),
            mapping: self.mapping(folder)?,
            ..SearchOptions::default()
        };
        let source = Source { path: "case.eql".into(), text: self.query()? };
        let mut search = Search::open(&source, options)
            .map_err(|errors| anyhow!("refused: {}", serde_json::to_string(&errors).unwrap_or_default()))?;
        for name in &self.datasets {
            let path = dataset(folder, name);
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            for (number, line) in text.split_inclusive('\n').enumerate() {
                let progress = search.add(name, number as u64, line.as_bytes());
                ensure!(progress.events <= 1 && progress.rejected == 0, "{progress:?}");
            }
        }
        self.check(&serde_json::from_str(&search.finish())?)
    }

    fn arguments(&self, folder: &Path, engine: &str, mapping: Option<&Path>) -> Result<Vec<String>> {
        let mut arguments: Vec<String> = ["search", "--output", "json", "--engine", engine]
            .into_iter()
            .chain(["--timestamp-field", &self.timestamp_field])
            .chain(["--event-category-field", &self.event_category_field])
            .map(str::to_owned)
            .collect();
        let mut option = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        option("--size", self.size.unwrap_or(SIZE).to_string());
        if let Some(field) = &self.tiebreaker_field {
            option("--tiebreaker-field", field.clone());
        }
        if let Some(count) = self.max_samples_per_key {
            option("--max-samples-per-key", count.to_string());
        }
        if let Some(mapping) = mapping {
            option("--mapping", mapping.display().to_string());
        }
        arguments.push("--events".to_owned());
        arguments.extend(self.datasets.iter().map(|name| dataset(folder, name).display().to_string()));
        arguments.extend(["--".to_owned(), self.query()?]);
        Ok(arguments)
    }

    /// The mapping of the index that Elasticsearch makes of the data set: the one that the data set has, if it has one, and
    /// the fields that the data brings beside.
    fn mapping(&self, folder: &Path) -> Result<Option<Value>> {
        if let Some((_, mapping, _)) = MAPPINGS.iter().find(|(name, ..)| *name == self.name) {
            return Ok(Some(serde_json::from_str(mapping)?));
        }
        let paths = self.datasets.iter().map(|name| folder.join(format!("{name}.mapping.json")));
        let Some(path) = paths.into_iter().find(|path| path.is_file()) else { return Ok(None) };
        ensure!(self.datasets.len() == 1, "{}: one mapping for several data sets", self.name);
        let mut mapping: Value = shared::json(path)?;
        let text = fs::read_to_string(dataset(folder, &self.datasets[0]))?;
        for line in text.lines() {
            add_fields(&mut mapping["properties"], &serde_json::from_str(line)?);
        }
        Ok(Some(mapping))
    }

    /// Holds the body of a response against the answer.
    fn check(&self, body: &Value) -> Result<()> {
        let id = |hit: &Value| match hit["missing"].as_bool() {
            Some(true) => Value::from(MISSING),
            _ => hit["_source"][&self.id_field].clone(),
        };
        let (mut ids, mut keys) = (Vec::new(), Vec::new());
        if self.kind() == Kind::Event {
            let hits = body["hits"]["events"].as_array().with_context(|| format!("no events in {body}"))?;
            ids.extend(hits.iter().map(id));
        } else {
            let found = body["hits"]["sequences"].as_array().with_context(|| format!("no sequences in {body}"))?;
            for sequence in found {
                keys.extend(sequence["join_keys"].as_array().into_iter().flatten().map(key_text));
                ids.extend(sequence["events"].as_array().context("a sequence without events")?.iter().map(id));
            }
        }
        let alternatives: Vec<&[Value]> = match self.expected_event_ids.first() {
            Some(Value::Array(_)) => {
                self.expected_event_ids.iter().filter_map(Value::as_array).map(Vec::as_slice).collect()
            }
            _ => vec![&self.expected_event_ids],
        };
        ensure!(alternatives.contains(&ids.as_slice()), "expected {:?}, got {ids:?}", self.expected_event_ids);
        if let Some(expected) = &self.join_keys {
            let expected: Vec<String> = expected.iter().map(key_text).collect();
            ensure!(keys == expected, "expected the keys {expected:?}, got {keys:?}");
        }
        Ok(())
    }
}

/// Dynamic mapping: fields that a document has and the mapping has not get the type of their first value.
fn add_fields(properties: &mut Value, document: &Map<String, Value>) {
    for (name, value) in document {
        let (first, rest) = name.split_once('.').map_or((name.as_str(), None), |(first, rest)| (first, Some(rest)));
        let inner = match (rest, value) {
            (Some(rest), _) => Some(Map::from_iter([(rest.to_owned(), value.clone())])),
            (None, Value::Object(inner)) => Some(inner.clone()),
            (None, _) => None,
        };
        if let Some(inner) = inner {
            add_fields(&mut properties[first]["properties"], &inner);
        } else if properties[first].is_null() {
            let mut values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter();
            let kind = match values.find(|value| !value.is_null()) {
                Some(Value::String(_)) => json!({ "type": "text", "fields": { "keyword": { "type": "keyword" } } }),
                Some(Value::Bool(_)) => json!({ "type": "boolean" }),
                Some(Value::Number(number)) => json!({ "type": if number.is_f64() { "float" } else { "long" } }),
                _ => continue,
            };
            properties[first] = kind;
        }
    }
}

/// A join key as Elasticsearch's tests write it.
fn key_text(key: &Value) -> String {
    match key {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn in_a_file(json: Value) -> Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    write!(file, "{json}")?;
    Ok(file)
}

fn dataset(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.ndjson"))
}
