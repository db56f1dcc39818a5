//! The event queries of Elasticsearch's EQL test suite, through `tripline search`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use tripline_tests::command::tripline;
use tripline_tests::{assert_none, shared};

#[derive(Debug, Deserialize)]
struct Case {
    suite: String,
    name: String,
    query: String,
    datasets: Vec<String>,
    timestamp_field: String,
    tiebreaker_field: Option<String>,
    event_category_field: String,
    id_field: String,
    expected_event_ids: Vec<Value>,
}

/// Cases that our copy of the suite has wrong: (name, what the copy says, what it should say).
///
/// The names of both end in null equality, and Elasticsearch's own file has the literal `null`, not a string:
/// x-pack/plugin/eql/qa/common/src/main/resources/test_extra.toml.
const MISTRANSCRIBED: [(&str, &str, &str); 2] = [
    ("optionalDefaultNullValueFieldEqualNull", r#"== "null""#, "== null"),
    ("optionalMissingFieldNullEquality", r#"== "null""#, "== null"),
];

impl Case {
    fn is_event_query(&self) -> bool {
        !["sequence", "sample"].iter().any(|word| self.query.trim_start().starts_with(word))
    }

    /// The query, mended where our copy is wrong.
    fn query(&self) -> Result<String> {
        let Some((_, wrong, right)) = MISTRANSCRIBED.iter().find(|(name, ..)| *name == self.name) else {
            return Ok(self.query.clone());
        };
        ensure!(self.query.contains(wrong), "{} is right by now: take it off the list", self.name);
        Ok(self.query.replace(wrong, right))
    }

    fn arguments(&self, folder: &Path, engine: &str) -> Result<Vec<String>> {
        let mut arguments: Vec<String> = ["search", "--size", "50", "--output", "json", "--engine", engine]
            .into_iter()
            .chain(["--timestamp-field", &self.timestamp_field])
            .chain(["--event-category-field", &self.event_category_field])
            .map(str::to_owned)
            .collect();
        if let Some(field) = &self.tiebreaker_field {
            arguments.extend(["--tiebreaker-field".to_owned(), field.clone()]);
        }
        for name in &self.datasets {
            let mapping = folder.join(format!("{name}.mapping.json"));
            if mapping.is_file() {
                ensure!(self.datasets.len() == 1, "{}: one mapping for several data sets", self.name);
                arguments.extend(["--mapping".to_owned(), mapping.display().to_string()]);
            }
        }
        arguments.push("--events".to_owned());
        arguments.extend(self.datasets.iter().map(|name| folder.join(format!("{name}.ndjson")).display().to_string()));
        arguments.extend(["--".to_owned(), self.query()?]);
        Ok(arguments)
    }

    fn run(&self, folder: &Path, engine: &str) -> Result<()> {
        let run = tripline(self.arguments(folder, engine)?)?;
        ensure!(run.status == 0, "exit status {}: {}", run.status, run.stderr);
        let body = run.json()?;
        let hits = body["hits"]["events"].as_array().with_context(|| format!("no events in {body}"))?;
        let ids: Vec<&Value> = hits.iter().map(|hit| &hit["_source"][&self.id_field]).collect();
        ensure!(
            ids == self.expected_event_ids.iter().collect::<Vec<_>>(),
            "expected {:?}, got {ids:?}",
            self.expected_event_ids
        );
        Ok(())
    }
}

fn all_event_queries(engine: &str) -> Result<()> {
    let Some(data) = shared::data() else { return Ok(()) };
    let cases: Vec<Case> = shared::json(data.join("eql/cases.json"))?;
    let queries: Vec<&Case> = cases.iter().filter(|case| case.is_event_query()).collect();
    let mut problems = Vec::new();
    for case in &queries {
        if let Err(problem) = case.run(&data.join("eql/datasets"), engine) {
            problems.push(format!("{}: {}\n  {}\n  {problem:#}", case.suite, case.name, case.query.trim()));
        }
    }
    println!(
        "{engine}: {} of {} event queries give Elasticsearch's answer; {} queries are sequences or samples",
        queries.len() - problems.len(),
        queries.len(),
        cases.len() - queries.len(),
    );
    ensure!(queries.len() >= 99, "the suite has shrunk to {} event queries", queries.len());
    assert_none("event queries", &problems);
    Ok(())
}

#[test]
fn event_queries_in_the_sandbox() -> Result<()> {
    all_event_queries("wasm")
}

#[test]
fn event_queries_natively() -> Result<()> {
    all_event_queries("native")
}

/// The list of mended cases names cases that exist.
#[test]
fn the_mended_cases_exist() -> Result<()> {
    let Some(data) = shared::data() else { return Ok(()) };
    let text = fs::read_to_string(data.join("eql/cases.json"))?;
    for (name, ..) in MISTRANSCRIBED {
        assert!(text.contains(&format!("\"{name}\"")), "{name}");
    }
    Ok(())
}
