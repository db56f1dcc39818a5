//! Elasticsearch's `sequences.series-spec`: what each stage of a sequence finds, and the sequences that come of it.
//!
//! The form, after `SeriesUtils.readSpec`: a name; one line per stage with its events up to a line that ends in `;`; the expected
//! sequences up to the next `;`. An event is a letter and a number, which is its timestamp; `key|A1` has a join key. The letter is
//! only for the reader: the line tells the stage. The key of an expected sequence stands before its first event.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

use crate::reference::{Case, Event, Field, Filter, Key, KeyValue, MS, Query, Sequence, Term};

/// One specification.
#[derive(Debug)]
pub struct Spec {
    /// Its name.
    pub name: String,
    /// The query and the events, in the order of time.
    pub case: Case,
    /// The sequences, in the order of the results.
    pub expected: Vec<Sequence>,
}

/// What a specification has between its name and its end.
#[derive(Debug, Default)]
struct Lines<'a> {
    stages: Vec<Vec<Item<'a>>>,
    sequences: Vec<Vec<Item<'a>>>,
}

/// `key|A1`
#[derive(Clone, Copy, Debug)]
struct Item<'a> {
    key: Option<&'a str>,
    text: &'a str,
    number: i64,
}

const FIELD: &str = "k";

/// Reads a file of specifications.
pub fn read(text: &str) -> Result<Vec<Spec>> {
    let mut specs = Vec::new();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    while let Some(name) = lines.next() {
        let mut part = || -> Result<Vec<Vec<Item<'_>>>> {
            let mut rows = Vec::new();
            loop {
                let line = lines.next().with_context(|| format!("{name}: the file ends inside"))?;
                let (row, ends) = line.strip_suffix(';').map_or((line, false), |row| (row, true));
                if !row.trim().is_empty() {
                    rows.push(row.split_whitespace().map(item).collect::<Result<_>>()?);
                }
                if ends {
                    return Ok(rows);
                }
            }
        };
        let lines = Lines { stages: part()?, sequences: part()? };
        specs.push(lines.spec(name).with_context(|| name.to_owned())?);
    }
    Ok(specs)
}

fn item(word: &str) -> Result<Item<'_>> {
    let (key, text) = word.split_once('|').map_or((None, word), |(key, text)| (Some(key), text));
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    Ok(Item { key, text, number: digits.parse().with_context(|| format!("no number in {word}"))? })
}

impl Lines<'_> {
    fn spec(&self, name: &str) -> Result<Spec> {
        let mut by_time = BTreeMap::new();
        for (stage, items) in self.stages.iter().enumerate() {
            for item in items {
                ensure!(by_time.insert(item.number, (stage, *item)).is_none(), "two events at {}", item.number);
            }
        }
        let keyed = by_time.values().any(|(_, item)| item.key.is_some());
        ensure!(!keyed || by_time.values().all(|(_, item)| item.key.is_some()), "only some events have keys");

        let kind = |stage: usize| char::from(b'a' + stage as u8);
        let event = |(arrival, (number, (stage, item))): (usize, (&i64, &(usize, Item<'_>)))| Event {
            ts_ns: *number * MS,
            tiebreaker: None,
            arrival,
            kind: kind(*stage),
            level: 0,
            fields: item.key.iter().map(|key| (FIELD, Field::One(Some(text(key))))).collect(),
        };
        let events: Vec<Event> = by_time.iter().enumerate().map(event).collect();
        let term = |stage| Term { filter: Filter::kind(kind(stage)), missing: false, by: Vec::new(), runs: 1 };
        let query = Query {
            by: keyed.then_some(Key { field: FIELD, optional: false }).into_iter().collect(),
            maxspan_ms: None,
            terms: (0..self.stages.len()).map(term).collect(),
            until: None,
        };

        let numbers: Vec<i64> = by_time.keys().copied().collect();
        let sequence = |items: &Vec<Item<'_>>| -> Result<Sequence> {
            let place = |item: &Item<'_>| {
                let place = numbers.iter().position(|number| *number == item.number);
                place.map(Some).with_context(|| format!("no event {}", item.text))
            };
            let key = items.first().and_then(|item| item.key);
            ensure!(key.is_some() == keyed, "an expected sequence has no key");
            let keys = key.map(|key| Some(text(key))).into_iter().collect();
            Ok(Sequence { keys, events: items.iter().map(place).collect::<Result<_>>()? })
        };
        Ok(Spec {
            name: name.to_owned(),
            case: Case { query, tiebreaker: false, nanos: false, events },
            expected: self.sequences.iter().map(sequence).collect::<Result<_>>()?,
        })
    }
}

fn text(key: &str) -> KeyValue {
    KeyValue::Text(key.to_owned())
}
