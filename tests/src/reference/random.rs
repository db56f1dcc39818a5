//! Random cases: small, and crowded enough that terms overlap, timestamps tie and keys repeat.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use fastrand::Rng;
use serde_json::{Value, json};

use super::{Event, Field, Filter, Key, KeyValue, MS, Query, Term};

/// A query and the events to run it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The query.
    pub query: Query,
    /// Whether the search knows the tiebreaker field.
    pub tiebreaker: bool,
    /// Whether `@timestamp` is a `date_nanos`, and not a `date`, which is cut off at the millisecond.
    pub nanos: bool,
    /// The events, in the order of arrival.
    pub events: Vec<Event>,
}

/// Fields that hold texts; any of them can be joined with any other.
const TEXT_FIELDS: [&str; 2] = ["k", "m"];
/// A field that holds numbers.
const NUMBER_FIELD: &str = "n";
const TEXTS: [&str; 3] = ["x", "y", "z"];
/// 10 sorts before 2 as a text.
const NUMBERS: [i64; 3] = [1, 2, 10];
/// Some second of 2023, since 1970.
pub(super) const EPOCH_S: i64 = 1_700_000_000;

impl Case {
    /// A case; the same for the same state of the generator.
    pub fn random(rng: &mut Rng) -> Case {
        let kinds = ["a", "ab", "abc", "abcd"][rng.usize(..4)];
        let levels = rng.i64(1..=3);
        let times = [1, 4, 8, 16][rng.usize(..4)];
        let query = query(rng, kinds, levels, times);
        let tiebreaker = rng.bool();
        let nanos = chance(rng, 0.2);
        let fractions = nanos || chance(rng, 0.1);
        let count = rng.usize(0..=14).max(rng.usize(0..=14));
        let null = [0.0, 0.1, 0.3][rng.usize(..3)];
        let many = [0.0, 0.2][rng.usize(..2)];
        let values = rng.usize(1..=TEXTS.len());
        let mut events: Vec<Event> = (0..count)
            .map(|arrival| Event {
                ts_ns: EPOCH_S * 1_000 * MS
                    + rng.i64(0..times) * MS
                    + if fractions { [0, 1, 500_000, 999_999][rng.usize(..4)] } else { 0 },
                // A constant field decides nothing, a rare one leaves nulls, and events have it also when the search does not use it.
                tiebreaker: chance(rng, 0.7).then(|| rng.i64(0..3)),
                arrival,
                kind: pick(rng, kinds),
                level: rng.i64(0..levels),
                fields: fields(rng, null, many, values),
            })
            .collect();
        // Most streams are nearly in order; order is what sequences are about.
        if chance(rng, 0.6) {
            events.sort_by_key(|event| event.ts_ns);
        }
        let mut case = Case { query, tiebreaker, nanos, events };
        case.number();
        debug_assert!(case.query.is_valid(), "{case}");
        case
    }

    /// Numbers the events as they stand.
    pub(super) fn number(&mut self) {
        for (arrival, event) in self.events.iter_mut().enumerate() {
            event.arrival = arrival;
        }
    }

    /// The events as the query sees them: without tiebreakers when it does not know the field, and with what is left of the
    /// timestamps.
    pub fn visible(&self) -> Vec<Event> {
        let mut events = self.events.clone();
        for event in &mut events {
            event.tiebreaker = event.tiebreaker.filter(|_| self.tiebreaker);
            if !self.nanos {
                event.ts_ns = event.ts_ms() * MS;
            }
        }
        events
    }

    /// The mapping that the query needs: none tells that `@timestamp` is a date.
    pub fn mapping(&self) -> Option<Value> {
        self.nanos.then(|| json!({ "properties": { "@timestamp": { "type": "date_nanos" } }, "dynamic": true }))
    }

    /// The events as lines.
    pub fn lines(&self) -> Vec<String> {
        self.events.iter().map(|event| format!("{}\n", event.json())).collect()
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let tiebreaker = if self.tiebreaker { Event::TIEBREAKER } else { "none" };
        let date = if self.nanos { "date_nanos" } else { "date" };
        write!(f, "{}\n(tiebreaker: {tiebreaker}, timestamps: {date})\n{}", self.query, self.lines().concat())
    }
}

fn chance(rng: &mut Rng, probability: f64) -> bool {
    rng.f64() < probability
}

fn pick(rng: &mut Rng, kinds: &str) -> char {
    char::from(kinds.as_bytes()[rng.usize(..kinds.len())])
}

/// The kind of values that a key compares.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
}

fn key(rng: &mut Rng, kind: Kind, optional: f64) -> Key {
    let field = match kind {
        Kind::Text => TEXT_FIELDS[rng.usize(..TEXT_FIELDS.len())],
        Kind::Number => NUMBER_FIELD,
    };
    Key { field, optional: chance(rng, optional) }
}

fn query(rng: &mut Rng, kinds: &str, levels: i64, times: i64) -> Query {
    let optional = [0.0, 0.5, 1.0][rng.usize(..3)];
    let kinds_of_keys = |rng: &mut Rng| -> Vec<Kind> {
        let count = [0, 0, 0, 1, 1, 2][rng.usize(..6)];
        (0..count).map(|_| if chance(rng, 0.3) { Kind::Number } else { Kind::Text }).collect()
    };
    let shared = kinds_of_keys(rng);
    let own = kinds_of_keys(rng);
    // Elasticsearch knows a key either as optional or as not (`test_extra.toml`, "Known issue"), so a position is the same in all terms.
    let own_optional: Vec<bool> = own.iter().map(|_| chance(rng, optional)).collect();
    let by = shared.iter().map(|kind| key(rng, *kind, optional)).collect();
    let maxspan_ms = chance(rng, 0.7).then(|| rng.i64(1..=times));
    let term = |rng: &mut Rng, missing: bool| Term {
        filter: Filter {
            kind: chance(rng, 0.85).then(|| pick(rng, kinds)),
            least: if chance(rng, 0.3) { rng.i64(0..levels) } else { 0 },
        },
        missing,
        by: own
            .iter()
            .zip(&own_optional)
            .map(|(kind, optional)| Key { optional: *optional, ..key(rng, *kind, 0.0) })
            .collect(),
        runs: if chance(rng, 0.15) { rng.usize(2..=3) } else { 1 },
    };
    let missing = if maxspan_ms.is_some() && chance(rng, 0.6) { 0.35 } else { 0.0 };
    let count = [2, 2, 2, 3, 3, 4, 5][rng.usize(..7)];
    let mut terms: Vec<Term> = (0..count)
        .map(|_| {
            let missing = chance(rng, missing);
            term(rng, missing)
        })
        .collect();
    if terms.iter().all(|term| term.missing) {
        terms[rng.usize(..count)].missing = false;
    }
    let until = chance(rng, 0.3).then(|| Term { runs: 1, ..term(rng, false) });
    Query { by, maxspan_ms, terms, until }
}

fn fields(rng: &mut Rng, null: f64, many: f64, values: usize) -> BTreeMap<&'static str, Field> {
    let mut fields = BTreeMap::new();
    for name in TEXT_FIELDS.into_iter().chain([NUMBER_FIELD]) {
        let value = |rng: &mut Rng| {
            if chance(rng, null) {
                return None;
            }
            let at = rng.usize(..values);
            Some(if name == NUMBER_FIELD { KeyValue::Number(NUMBERS[at]) } else { KeyValue::Text(TEXTS[at].into()) })
        };
        let field = if chance(rng, many) {
            let count = rng.usize(0..=3);
            Field::Many((0..count).map(|_| value(rng)).collect())
        } else {
            match value(rng) {
                None if rng.bool() => continue,
                value => Field::One(value),
            }
        };
        fields.insert(name, field);
    }
    fields
}
