//! Join keys: what an event brings for the `by` of a term.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr};

use super::order::At;
use super::timeline::Span;
use crate::decode::{Event, Value};
use crate::plan::{Column, test};
use crate::schema::FieldType;
use crate::sort;
use crate::time;

/// How the values of one join key are read, the same for all terms of a query so that they can be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// As the event has them: numbers are numbers, strings are strings.
    Plain,
    /// As numbers, also where the event has a string that spells one.
    Number,
    /// As strings, also where the event has a number.
    Text,
    /// As truths.
    Bool,
    /// As instants.
    Date(FieldType),
    /// As addresses, however they are written.
    Ip,
}

impl KeyKind {
    /// How values of a field are read as keys.
    pub fn of(kind: Option<FieldType>) -> KeyKind {
        match kind {
            None | Some(FieldType::Other) => KeyKind::Plain,
            Some(FieldType::Keyword | FieldType::Text | FieldType::Version) => KeyKind::Text,
            Some(FieldType::Long | FieldType::Double) => KeyKind::Number,
            Some(FieldType::Boolean) => KeyKind::Bool,
            Some(date @ (FieldType::Date | FieldType::DateNanos)) => KeyKind::Date(date),
            Some(FieldType::Ip) => KeyKind::Ip,
        }
    }

    /// Whether values of both can be equal. Elasticsearch's `DataTypes.areCompatible`.
    pub fn is_compatible(self, other: KeyKind) -> bool {
        self == other
            || self == KeyKind::Plain
            || other == KeyKind::Plain
            || matches!((self, other), (KeyKind::Date(_), KeyKind::Date(_)))
    }

    /// Whether the value is read as its text, as it stands.
    fn is_text(self, value: &Value<'_>) -> bool {
        match self {
            KeyKind::Text => true,
            // There is one way to write an address of four bytes.
            KeyKind::Ip => test::text(value).parse::<Ipv4Addr>().is_ok(),
            KeyKind::Plain => matches!(value, Value::String(_)),
            _ => false,
        }
    }

    fn read(self, value: Value<'_>, column: &Column) -> KeyValue {
        let text = || KeyValue::Text(test::text(&value).to_owned());
        match self {
            KeyKind::Text => text(),
            KeyKind::Plain => match value {
                Value::Bool(truth) => KeyValue::Bool(truth),
                Value::Number(n) => number(n.text()),
                _ => text(),
            },
            KeyKind::Number => match value {
                Value::Number(n) => number(n.text()),
                Value::String(s) if test::number(s.trim()).is_some() => number(s.trim()),
                _ => text(),
            },
            KeyKind::Bool => test::truth(value, Some(FieldType::Boolean)).map_or_else(text, KeyValue::Bool),
            KeyKind::Date(kind) => test::instant(value, Some(kind), column.format.as_deref())
                .map_or_else(text, |at| KeyValue::Date(At::of(at))),
            KeyKind::Ip => match test::text(&value).parse::<IpAddr>() {
                // Lucene keeps an address of four bytes and its mapped one alike, and writes them with four.
                Ok(address) => KeyValue::Text(address.to_canonical().to_string()),
                Err(_) => text(),
            },
        }
    }
}

fn number(text: &str) -> KeyValue {
    if let Ok(n) = text.parse() {
        return KeyValue::Int(n);
    }
    match test::number(text) {
        // 5.0 is 5.
        Some(n) if n.fract() == 0.0 && n.abs() < 9e15 => KeyValue::Int(n as i64),
        Some(n) => KeyValue::Float(n),
        None => KeyValue::Text(text.to_owned()),
    }
}

/// One value of a join key.
#[derive(Clone, Debug)]
pub enum KeyValue {
    /// Missing; equal to itself where the key is optional.
    Null,
    /// A truth.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number that is not one.
    Float(f64),
    /// A string.
    Text(String),
    /// An instant.
    Date(At),
    /// Several, in order.
    List(Vec<KeyValue>),
}

impl KeyValue {
    /// As JSON. Dates are written out for sequences, as Elasticsearch does.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            KeyValue::Null => serde_json::Value::Null,
            KeyValue::Bool(truth) => (*truth).into(),
            KeyValue::Int(n) => (*n).into(),
            KeyValue::Float(n) => (*n).into(),
            KeyValue::Text(text) => text.as_str().into(),
            KeyValue::Date(at) => time::format(at.ms, at.ns).into(),
            KeyValue::List(values) => values.iter().map(KeyValue::to_json).collect(),
        }
    }

    /// As JSON, with dates as milliseconds: Elasticsearch's samples come from aggregations.
    pub fn to_number_json(&self) -> serde_json::Value {
        match self {
            KeyValue::Date(at) => at.ms.into(),
            other => other.to_json(),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            KeyValue::Null => 0,
            KeyValue::Bool(_) => 1,
            KeyValue::Int(_) | KeyValue::Float(_) => 2,
            KeyValue::Text(_) => 3,
            KeyValue::Date(_) => 4,
            KeyValue::List(_) => 5,
        }
    }
}

impl Ord for KeyValue {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (KeyValue::Bool(a), KeyValue::Bool(b)) => a.cmp(b),
            (KeyValue::Int(a), KeyValue::Int(b)) => a.cmp(b),
            (KeyValue::Float(a), KeyValue::Float(b)) => a.total_cmp(b),
            (KeyValue::Int(a), KeyValue::Float(b)) => (*a as f64).total_cmp(b).then(Ordering::Less),
            (KeyValue::Float(a), KeyValue::Int(b)) => a.total_cmp(&(*b as f64)).then(Ordering::Greater),
            (KeyValue::Text(a), KeyValue::Text(b)) => a.cmp(b),
            (KeyValue::Date(a), KeyValue::Date(b)) => a.cmp(b),
            (KeyValue::List(a), KeyValue::List(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for KeyValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for KeyValue {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for KeyValue {}

/// The join key of one event for one term: its values, packed, so that keys are compared and hashed as bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Key(Box<[u8]>);

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
const DATE: u8 = 6;
const LIST: u8 = 7;

impl Key {
    /// The key of packed values.
    pub fn of(packed: &[u8]) -> Key {
        Key(packed.into())
    }

    /// The packed values.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The values. What a snapshot made up ends where it stops making sense.
    pub fn values(&self) -> Vec<KeyValue> {
        let mut rest = &*self.0;
        let mut values = Vec::new();
        while let Some((value, left)) = unpack(rest) {
            values.push(value);
            rest = left;
        }
        values
    }

    /// The values as JSON.
    pub fn to_json(&self) -> Vec<serde_json::Value> {
        self.values().iter().map(KeyValue::to_json).collect()
    }
}

/// Packs a missing value.
pub fn null(out: &mut Vec<u8>) {
    out.push(NULL);
}

fn pack(value: &KeyValue, out: &mut Vec<u8>) {
    match value {
        KeyValue::Null => out.push(NULL),
        KeyValue::Bool(truth) => out.push(if *truth { TRUE } else { FALSE }),
        KeyValue::Int(n) => {
            out.push(INT);
            out.extend_from_slice(&n.to_le_bytes());
        }
        KeyValue::Float(n) => {
            out.push(FLOAT);
            out.extend_from_slice(&n.to_le_bytes());
        }
        KeyValue::Text(text) => pack_text(text, out),
        KeyValue::Date(at) => {
            out.push(DATE);
            out.extend_from_slice(&at.ms.to_le_bytes());
            out.extend_from_slice(&at.ns.to_le_bytes());
        }
        KeyValue::List(values) => {
            out.push(LIST);
            out.extend_from_slice(&(values.len() as u32).to_le_bytes());
            values.iter().for_each(|value| pack(value, out));
        }
    }
}

fn pack_text(text: &str, out: &mut Vec<u8>) {
    out.reserve(5 + text.len());
    out.push(TEXT);
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn unpack(bytes: &[u8]) -> Option<(KeyValue, &[u8])> {
    match bytes.split_first()? {
        (&LIST, rest) => {
            let (len, mut rest) = rest.split_first_chunk()?;
            let mut values = Vec::new();
            for _ in 0..u32::from_le_bytes(*len) {
                let (value, after) = unpack_one(rest)?;
                values.push(value);
                rest = after;
            }
            Some((KeyValue::List(values), rest))
        }
        _ => unpack_one(bytes),
    }
}

/// A value that is not a list: lists do not hold lists, whatever a snapshot says.
fn unpack_one(bytes: &[u8]) -> Option<(KeyValue, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    Some(match *tag {
        NULL => (KeyValue::Null, rest),
        FALSE => (KeyValue::Bool(false), rest),
        TRUE => (KeyValue::Bool(true), rest),
        INT => {
            let (n, rest) = rest.split_first_chunk()?;
            (KeyValue::Int(i64::from_le_bytes(*n)), rest)
        }
        FLOAT => {
            let (n, rest) = rest.split_first_chunk()?;
            (KeyValue::Float(f64::from_le_bytes(*n)), rest)
        }
        TEXT => {
            let (len, rest) = rest.split_first_chunk()?;
            let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
            (KeyValue::Text(String::from_utf8_lossy(text).into_owned()), rest)
        }
        DATE => {
            let (ms, rest) = rest.split_first_chunk()?;
            let (ns, rest) = rest.split_first_chunk()?;
            (KeyValue::Date(At { ms: i64::from_le_bytes(*ms), ns: u32::from_le_bytes(*ns) }), rest)
        }
        _ => return None,
    })
}

/// One field of a term's `by`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyField {
    /// Which field; none for an optional one that the mapping does not have.
    pub slot: Option<u32>,
    /// Whether an event without it has the key null, instead of none.
    pub optional: bool,
    /// How it is read.
    pub kind: KeyKind,
}

/// An event has more join keys for one term than may be made of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyKeys;

/// Packs the join keys of an event for a term, one behind the other into `out`, and says where each is: one for every
/// combination of the fields' values, none when a field that is not optional has no value. Nulls in arrays do not count and neither
/// do duplicates.
pub fn keys(
    event: Event<'_>,
    fields: &[KeyField],
    columns: &[Column],
    most: u32,
    out: &mut Vec<u8>,
    keys: &mut Vec<Span>,
) -> Result<(), TooManyKeys> {
    let start = out.len();
    match single(event, fields, columns, out) {
        Single::Key => {
            keys.push(Span { start: start as u32, len: (out.len() - start) as u32 });
            return Ok(());
        }
        Single::Missing => {
            out.truncate(start);
            return Ok(());
        }
        Single::Several => out.truncate(start),
    }
    for values in combinations(event, fields, columns, most)? {
        let start = out.len();
        values.iter().for_each(|value| pack(value, out));
        keys.push(Span { start: start as u32, len: (out.len() - start) as u32 });
    }
    Ok(())
}

/// Packs the one key of an event for a term that takes all values of a field together, unless a field that is not optional has none.
pub fn whole(event: Event<'_>, fields: &[KeyField], columns: &[Column], out: &mut Vec<u8>, keys: &mut Vec<Span>) {
    let start = out.len();
    for field in fields {
        let mut values = values(event, field, columns);
        match values.len() {
            0 if !field.optional => return out.truncate(start),
            0 => pack(&KeyValue::Null, out),
            1 => values.iter().for_each(|value| pack(value, out)),
            _ => pack(&KeyValue::List(std::mem::take(&mut values)), out),
        }
    }
    keys.push(Span { start: start as u32, len: (out.len() - start) as u32 });
}

/// The different values that an event has in a field, in order.
fn values(event: Event<'_>, field: &KeyField, columns: &[Column]) -> Vec<KeyValue> {
    let mut values: Vec<KeyValue> = Vec::new();
    if let Some(slot) = field.slot {
        let column = &columns[slot as usize];
        let stored = event.values(slot as usize).filter_map(|value| column.stored(value));
        values.extend(stored.map(|value| field.kind.read(value, column)));
    }
    if values.len() > 1 {
        sort::unstable(&mut values, Ord::cmp);
        values.dedup();
    }
    values
}

/// What an event has for the fields of a key.
enum Single {
    /// One value each.
    Key,
    /// None, of a field that is needed.
    Missing,
    /// Several, of some field.
    Several,
}

/// Packs the key of an event that has no field twice, which is nearly every one.
fn single(event: Event<'_>, fields: &[KeyField], columns: &[Column], out: &mut Vec<u8>) -> Single {
    for KeyField { slot, optional, kind } in fields {
        let value = match slot {
            Some(slot) => {
                let column = &columns[*slot as usize];
                let mut stored = event.values(*slot as usize).filter_map(|value| column.stored(value));
                let value = stored.next();
                if stored.next().is_some() {
                    return Single::Several;
                }
                value.map(|value| (value, column))
            }
            None => None,
        };
        match value {
            Some((value, _)) if kind.is_text(&value) => pack_text(test::text(&value), out),
            Some((value, column)) => pack(&kind.read(value, column), out),
            None if *optional => pack(&KeyValue::Null, out),
            None => return Single::Missing,
        }
    }
    Single::Key
}

fn combinations(
    event: Event<'_>,
    fields: &[KeyField],
    columns: &[Column],
    most: u32,
) -> Result<Vec<Vec<KeyValue>>, TooManyKeys> {
    let mut combinations: Vec<Vec<KeyValue>> = vec![Vec::with_capacity(fields.len())];
    for field in fields {
        let mut values = values(event, field, columns);
        match values.len() {
            0 if !field.optional => return Ok(Vec::new()),
            0 => values.push(KeyValue::Null),
            _ => {}
        }
        if combinations.len().saturating_mul(values.len()) > most as usize {
            return Err(TooManyKeys);
        }
        if values.len() == 1 {
            combinations.iter_mut().for_each(|combination| combination.extend(values.first().cloned()));
            continue;
        }
        combinations = combinations
            .iter()
            .flat_map(|combination| {
                values.iter().map(|value| {
                    let mut longer = combination.clone();
                    longer.push(value.clone());
                    longer
                })
            })
            .collect();
    }
    Ok(combinations)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn key(values: &[KeyValue]) -> Key {
        let mut bytes = Vec::new();
        values.iter().for_each(|value| pack(value, &mut bytes));
        Key::of(&bytes)
    }

    #[test]
    fn values_survive_packing() {
        let values = vec![
            KeyValue::Null,
            KeyValue::Bool(true),
            KeyValue::Bool(false),
            KeyValue::Int(-7),
            KeyValue::Float(1.5),
            KeyValue::Text("größe".into()),
            KeyValue::Text(String::new()),
            KeyValue::Date(At { ms: -1, ns: 999_999 }),
            KeyValue::List(vec![KeyValue::Int(1), KeyValue::Text("a".into())]),
        ];
        assert_eq!(key(&values).values(), values);
    }

    #[test]
    fn what_is_cut_short_is_not_read() {
        let key = key(&[KeyValue::Int(1), KeyValue::Text("abc".into())]);
        for end in 0..key.bytes().len() {
            let values = Key(key.bytes()[..end].into()).values();
            assert!(values.len() < 2, "{end}: {values:?}");
        }
    }

    #[test]
    fn numbers_are_equal_however_they_are_written() {
        assert_eq!(number("5"), number("5.0"));
        assert_eq!(number("5e0"), KeyValue::Int(5));
        assert_ne!(number("5"), number("5.5"));
    }

    #[test]
    fn addresses_are_equal_however_they_are_written() {
        let column = Column { path: String::new(), kind: None, null_value: None, format: None };
        let read = |text| KeyKind::Ip.read(Value::String(text), &column);
        assert_eq!(read("::ffff:203.0.113.66"), read("203.0.113.66"));
        assert_eq!(read("2001:DB8:0:0::1"), read("2001:db8::1"));
        assert_ne!(read("2001:db8::1"), read("2001:db8::2"));
    }

    #[test]
    fn an_address_that_is_taken_as_it_stands_is_written_as_any_other_is() {
        for text in
            ["10.0.0.1", "0.0.0.0", "255.255.255.255", "010.0.0.1", "1.2.3", "::1", "::ffff:1.2.3.4", "0:0::1", "x", ""]
        {
            let value = Value::String(text);
            if KeyKind::Ip.is_text(&value) {
                assert_eq!(text.parse::<IpAddr>().map(|address| address.to_string()), Ok(text.to_owned()));
            }
        }
        assert!(KeyKind::Ip.is_text(&Value::String("10.0.0.1")));
    }
}
