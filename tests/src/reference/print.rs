//! A query as EQL, an event as JSON.

use std::fmt::{self, Display, Formatter};

use serde_json::{Map, Value, json};

use super::random::EPOCH_S;
use super::{Event, Field, Filter, Key, KeyValue, MS, Query, Term};

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.kind {
            Some(kind) => write!(f, "{kind} where ")?,
            None => f.write_str("any where ")?,
        }
        match self.least {
            0 => f.write_str("true"),
            least => write!(f, "level >= {least}"),
        }
    }
}

impl Display for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mark = if self.optional { "?" } else { "" };
        write!(f, "{mark}{}", self.field)
    }
}

fn by(f: &mut Formatter<'_>, keys: &[Key]) -> fmt::Result {
    for (at, key) in keys.iter().enumerate() {
        f.write_str(if at == 0 { " by " } else { ", " })?;
        key.fmt(f)?;
    }
    Ok(())
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mark = if self.missing { "!" } else { "" };
        write!(f, "{mark}[ {} ]", self.filter)?;
        by(f, &self.by)?;
        match self.runs {
            1 => Ok(()),
            runs => write!(f, " with runs={runs}"),
        }
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("sequence")?;
        by(f, &self.by)?;
        if let Some(maxspan) = self.maxspan_ms {
            write!(f, " with maxspan={maxspan}ms")?;
        }
        for term in &self.terms {
            write!(f, "\n  {term}")?;
        }
        match &self.until {
            Some(until) => write!(f, "\nuntil {until}"),
            None => Ok(()),
        }
    }
}

impl From<&KeyValue> for Value {
    fn from(value: &KeyValue) -> Value {
        match value {
            KeyValue::Number(number) => json!(number),
            KeyValue::Text(text) => json!(text),
        }
    }
}

/// A key that may be null, as JSON.
pub(super) fn key_json(value: &Option<KeyValue>) -> Value {
    value.as_ref().map_or(Value::Null, Value::from)
}

impl Event {
    /// The field that [`Event::tiebreaker`] is in.
    pub const TIEBREAKER: &'static str = "tie";

    /// Whole milliseconds as a number, everything else as a date text.
    fn timestamp(&self) -> Value {
        if self.ts_ns % MS == 0 {
            return json!(self.ts_ms());
        }
        // Random events all lie within one second.
        let (second, nanos) = (self.ts_ns.div_euclid(1_000 * MS), self.ts_ns.rem_euclid(1_000 * MS));
        debug_assert_eq!(second, EPOCH_S);
        json!(format!("2023-11-14T22:13:20.{nanos:09}Z"))
    }

    /// The event as the engine gets it.
    pub fn json(&self) -> Value {
        let mut event = Map::new();
        event.insert("@timestamp".into(), self.timestamp());
        if let Some(tiebreaker) = self.tiebreaker {
            event.insert(Event::TIEBREAKER.into(), json!(tiebreaker));
        }
        event.insert("event".into(), json!({ "category": self.kind.to_string() }));
        event.insert("level".into(), json!(self.level));
        for (name, field) in &self.fields {
            let value = match field {
                Field::One(value) => key_json(value),
                Field::Many(values) => values.iter().map(key_json).collect(),
            };
            event.insert((*name).to_owned(), value);
        }
        Value::Object(event)
    }
}
