//! The same question put to the engine.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use rule_core::{ResultPosition, Search, SearchOptions, Source};
use serde_json::{Value, json};

use super::print::key_json;
use super::{Case, Event, Keys, Sequence};

/// How a search gets its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feeding {
    /// All at once.
    Whole,
    /// One by one.
    Single,
}

/// A sequence as the search API answers it, to be compared with [`Sequence`].
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// `join_keys`, empty when the query has no keys.
    pub keys: Vec<Value>,
    /// For each stage the event's number; `None` is a missing event.
    pub events: Vec<Option<usize>>,
}

impl From<&Sequence> for Answer {
    fn from(sequence: &Sequence) -> Answer {
        Answer { keys: keys_json(&sequence.keys), events: sequence.events.clone() }
    }
}

/// Join keys as JSON.
pub fn keys_json(keys: &Keys) -> Vec<Value> {
    keys.iter().map(key_json).collect()
}

/// The case's query as a file.
pub fn source(case: &Case) -> Source {
    Source { path: "case.eql".into(), text: case.query.to_string() }
}

/// What a search finds, all of it.
pub fn search(case: &Case, feeding: Feeding) -> Result<Vec<Answer>> {
    search_some(case, feeding, 10_000, ResultPosition::Tail)
}

/// The first or last results of a search.
pub fn search_some(case: &Case, feeding: Feeding, size: u32, position: ResultPosition) -> Result<Vec<Answer>> {
    let options = SearchOptions {
        size,
        result_position: position,
        tiebreaker_field: case.tiebreaker.then(|| Event::TIEBREAKER.to_owned()),
        mapping: case.mapping(),
        ..SearchOptions::default()
    };
    let mut search = Search::open(&source(case), options)
        .map_err(|errors| anyhow!("the query is refused: {}", serde_json::to_string(&errors).unwrap_or_default()))?;
    let lines = case.lines();
    match feeding {
        Feeding::Whole => {
            let progress = search.add("events", 0, lines.concat().as_bytes());
            ensure!(progress.events == lines.len() as u64 && progress.rejected == 0, "{progress:?}");
        }
        Feeding::Single => {
            for (number, line) in lines.iter().enumerate() {
                let progress = search.add("events", number as u64, line.as_bytes());
                ensure!(progress.events == 1 && progress.rejected == 0, "{progress:?}");
            }
        }
    }
    let body: Value = serde_json::from_str(&search.finish())?;
    answers(&body, &case.events).with_context(|| body.to_string())
}

/// Reads the body of the response.
fn answers(body: &Value, events: &[Event]) -> Result<Vec<Answer>> {
    let hits = body["hits"]["sequences"].as_array().context("no `hits.sequences`")?;
    let total = &body["hits"]["total"];
    ensure!(*total == json!({ "value": hits.len(), "relation": "eq" }), "the total is {total}");
    let by_id: BTreeMap<String, &Event> = events.iter().map(|event| (event.arrival.to_string(), event)).collect();
    let missing = json!({ "_index": "", "_id": "", "_source": {}, "missing": true });
    let event = |hit: &Value| -> Result<Option<usize>> {
        if *hit == missing {
            return Ok(None);
        }
        let id = hit["_id"].as_str().with_context(|| format!("no `_id` in {hit}"))?;
        let Some(event) = by_id.get(id) else { bail!("no event has the id {id}") };
        ensure!(hit["_source"] == event.json(), "event {id} is {hit}");
        Ok(Some(event.arrival))
    };
    let answer = |hit: &Value| -> Result<Answer> {
        let keys = hit.get("join_keys").and_then(Value::as_array).cloned().unwrap_or_default();
        let events = hit["events"].as_array().context("no `events`")?;
        Ok(Answer { keys, events: events.iter().map(event).collect::<Result<_>>()? })
    };
    hits.iter().map(answer).collect()
}
