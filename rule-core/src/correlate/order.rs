//! The order of events: timestamp, tiebreaker, arrival.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::decode::{self, Event};
use crate::plan::Column;
use crate::plan::test;
use crate::time::{self, Instant};

/// An instant in 12 bytes: any millisecond that Elasticsearch stores, with its nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct At {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub ms: i64,
    /// Nanoseconds within the millisecond.
    pub ns: u32,
}

impl At {
    /// Before everything.
    pub const MIN: At = At { ms: i64::MIN, ns: 0 };

    /// The nearest instant that can be held.
    pub fn of(instant: Instant) -> At {
        let (ms, ns) = time::split(instant);
        match i64::try_from(ms) {
            Ok(ms) => At { ms, ns },
            Err(_) if ms < 0 => At::MIN,
            Err(_) => At { ms: i64::MAX, ns },
        }
    }

    /// The first instant of a millisecond.
    pub fn from_ms(ms: i64) -> At {
        At { ms, ns: 0 }
    }

    /// Later by so many milliseconds.
    pub fn plus_ms(self, ms: u64) -> At {
        At { ms: self.ms.saturating_add_unsigned(ms), ..self }
    }

    /// Earlier by so many milliseconds.
    pub fn minus_ms(self, ms: u64) -> At {
        At { ms: self.ms.saturating_sub_unsigned(ms), ..self }
    }
}

/// The place of an event among all: a total order, since no two events arrive as the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ordinal {
    /// When it happened.
    pub at: At,
    /// Orders what happened at the same time.
    pub tiebreaker: Tiebreaker,
    /// Orders what the tiebreaker does not.
    pub arrival: u64,
}

/// The value of a tiebreaker field; events without one come after those that have it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Tiebreaker {
    /// A number, and the integer that it is exactly.
    Number(f64, Option<i64>),
    /// Anything else.
    Text(String),
    /// None.
    Missing,
}

impl Tiebreaker {
    /// The tiebreaker that an event has in a slot.
    pub fn of(event: Event<'_>, slot: Option<u32>) -> Tiebreaker {
        let value = slot.and_then(|slot| event.values(slot as usize).find(|v| *v != decode::Value::Null));
        match value {
            None => Tiebreaker::Missing,
            Some(decode::Value::Number(n)) => Tiebreaker::Number(n.as_f64(), n.as_i64()),
            Some(other) => Tiebreaker::Text(test::text(&other).to_owned()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Tiebreaker::Number(..) => 0,
            Tiebreaker::Text(_) => 1,
            Tiebreaker::Missing => 2,
        }
    }
}

impl Ord for Tiebreaker {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            // Beyond 2^53 a float stands for several integers; where it does, it has no fraction.
            (Tiebreaker::Number(a, m), Tiebreaker::Number(b, n)) => {
                let exact = |float: f64, integer: Option<i64>| integer.map_or(float as i128, i128::from);
                (a + 0.0).total_cmp(&(b + 0.0)).then_with(|| exact(*a, *m).cmp(&exact(*b, *n)))
            }
            (Tiebreaker::Text(a), Tiebreaker::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Tiebreaker {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Tiebreaker {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Tiebreaker {}

/// The instant that an event has in a slot; of several values the first that is a date.
pub fn timestamp(event: Event<'_>, slot: u32, column: &Column) -> Option<Instant> {
    event.values(slot as usize).find_map(|value| test::instant(value, column.kind, column.format.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiebreakers_have_a_total_order() {
        let number = |text: &str| {
            let n = decode::Number::new(text);
            Tiebreaker::Number(n.as_f64(), n.as_i64())
        };
        let ascending = [
            number("-1e300"),
            number("-1"),
            number("0"),
            number("0.5"),
            number("9007199254740992"),
            number("9007199254740993"),
            number("9007199254740994.0"),
            number("1e300"),
            Tiebreaker::Text("1".into()),
            Tiebreaker::Missing,
        ];
        for (at, a) in ascending.iter().enumerate() {
            for (other, b) in ascending.iter().enumerate() {
                assert_eq!(a.cmp(b), at.cmp(&other), "{a:?} {b:?}");
            }
        }
        assert_eq!(number("-0.0"), number("0"));
        assert_eq!(number("5.0"), number("5"));
        assert_eq!(number("9007199254740992.5"), number("9007199254740992"), "what a double cannot tell apart");
    }
}
