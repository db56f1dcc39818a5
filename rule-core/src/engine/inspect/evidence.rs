//! What was seen of events.

use std::collections::{BTreeMap, BTreeSet};

use super::{KIND_FIELDS, Seen};
use crate::decode::{Event, Number, Value};
use crate::plan::Column;

/// A sample value is cut here.
const SAMPLE_BYTES: usize = 200;
/// An event with more values of a field that says its kind, or longer ones, is of any kind as far as that field goes.
const MAX_VALUES: usize = 16;
const MAX_VALUE_BYTES: usize = 256;
/// Likewise all events together.
const MAX_ALL_VALUES: usize = 10_000;

/// A value, kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    Bool(bool),
    Number(String),
    String(String),
}

impl Kept {
    fn of(value: Value<'_>) -> Option<Kept> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(truth) => Kept::Bool(truth),
            Value::Number(number) => Kept::Number(number.text().to_owned()),
            Value::String(text) => Kept::String(text.to_owned()),
        })
    }

    pub fn value(&self) -> Value<'_> {
        match self {
            Kept::Bool(truth) => Value::Bool(*truth),
            Kept::Number(text) => Value::Number(Number::new(text)),
            Kept::String(text) => Value::String(text),
        }
    }
}

/// What events have in common that are alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// A bit for each slot that has a value.
    present: Vec<u64>,
    /// For each slot that says what kind of event it is and has values: these; none if they are too many.
    kinds: Vec<(u32, Option<Vec<Kept>>)>,
}

/// What a condition is asked of: a shape, or all events together.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    One(&'a Shape),
    All(&'a Evidence),
}

/// See the module.
#[derive(Debug)]
pub struct Evidence {
    seen: Seen,
    max_shapes: usize,
    /// By slot: whether it says what kind of event it is.
    is_kind: Vec<bool>,
    /// By slot: how many events have it, and the first value.
    fields: Vec<(u64, Option<String>)>,
    shapes: BTreeSet<Shape>,
    /// The values of all events, of the slots that say what kind of event it is; none if they are too many.
    kinds: BTreeMap<u32, Option<BTreeSet<Kept>>>,
}

impl Evidence {
    pub fn new(paths: &[&str], categories: impl Iterator<Item = u32>, max_shapes: usize) -> Evidence {
        let mut is_kind: Vec<bool> = paths.iter().map(|path| KIND_FIELDS.contains(path)).collect();
        for slot in categories {
            is_kind[slot as usize] = true;
        }
        Evidence {
            seen: Seen::default(),
            max_shapes,
            fields: vec![(0, None); is_kind.len()],
            is_kind,
            shapes: BTreeSet::new(),
            kinds: BTreeMap::new(),
        }
    }

    pub fn seen(&self) -> Seen {
        Seen { shapes: self.shapes.len(), ..self.seen }
    }

    pub fn of(&self, slot: u32) -> (u64, Option<String>) {
        self.fields.get(slot as usize).cloned().unwrap_or_default()
    }

    pub fn reject(&mut self) {
        self.seen.rejected += 1;
    }

    pub fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.shapes.iter()
    }

    pub fn add(&mut self, event: Event<'_>, columns: &[Column]) {
        self.seen.events += 1;
        let mut shape = Shape { present: vec![0; columns.len().div_ceil(64)], kinds: Vec::new() };
        for (slot, column) in columns.iter().enumerate() {
            let mut values = event.values(slot).filter_map(|value| column.stored(value)).peekable();
            let Some(first) = values.peek() else { continue };
            shape.present[slot / 64] |= 1 << (slot % 64);
            let (count, sample) = &mut self.fields[slot];
            *count += 1;
            sample.get_or_insert_with(|| cut(first));
            if self.is_kind[slot] {
                let mut kept: Vec<Kept> = values.by_ref().take(MAX_VALUES).filter_map(Kept::of).collect();
                kept.sort_unstable();
                kept.dedup();
                let fits = values.next().is_none()
                    && kept.iter().all(|value| !matches!(value, Kept::String(text) | Kept::Number(text) if text.len() > MAX_VALUE_BYTES));
                shape.kinds.push((slot as u32, fits.then_some(kept)));
            }
        }
        for (slot, values) in &shape.kinds {
            let all = self.kinds.entry(*slot).or_insert_with(|| Some(BTreeSet::new()));
            match (all.as_mut(), values) {
                (Some(all), Some(values)) => values.iter().for_each(|value| {
                    if !all.contains(value) {
                        all.insert(value.clone());
                    }
                }),
                _ => *all = None,
            }
            if all.as_ref().is_some_and(|all| all.len() > MAX_ALL_VALUES) {
                *all = None;
            }
        }
        if self.shapes.len() < self.max_shapes {
            self.shapes.insert(shape);
        } else if !self.shapes.contains(&shape) {
            self.seen.unshaped += 1;
        }
    }
}

/// A value as text of one line.
fn cut(value: &Value<'_>) -> String {
    let text = crate::plan::test::text(value);
    let mut end = text.len().min(SAMPLE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut sample = text[..end].to_owned();
    if end < text.len() {
        sample.push('…');
    }
    sample
}

impl View<'_> {
    /// Whether a value of the slot is there.
    pub fn has(self, slot: u32) -> bool {
        match self {
            View::One(shape) => shape.present.get(slot as usize / 64).is_some_and(|bits| bits >> (slot % 64) & 1 == 1),
            View::All(evidence) => evidence.fields.get(slot as usize).is_some_and(|(events, _)| *events > 0),
        }
    }

    /// Whether a value of the slot passes; none if its values are not known.
    pub fn passes(self, slot: u32, test: &mut dyn FnMut(Value<'_>) -> bool) -> Option<bool> {
        match self {
            View::One(shape) => {
                let at = shape.kinds.binary_search_by_key(&slot, |(slot, _)| *slot).ok()?;
                Some(shape.kinds.get(at)?.1.as_ref()?.iter().any(|value| test(value.value())))
            }
            View::All(evidence) => Some(evidence.kinds.get(&slot)?.as_ref()?.iter().any(|value| test(value.value()))),
        }
    }
}
