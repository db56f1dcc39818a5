//! Predicates that the decoder's slots cannot answer, since they are about fields whose names are not known before there is an event,
//! or about which object of an array a value is in. They read the event's text, and are asked when everything cheaper held.

use super::condition::Condition;
use super::test::Test;
use super::{Column, Plan, Predicate};
use crate::Limits;
use crate::decode::{Event, Number, Projection, Slots, Value};
use crate::json::{self, Found};
use crate::pattern::Fold;
use crate::pattern::wildcard::Wildcards;
use crate::schema::{FieldType, Schema};

/// See the module.
#[derive(Debug)]
pub enum Document {
    /// Whether a value of any field passes a test.
    Leaves(Box<Leaves>),
    /// Whether one object of an array passes a condition alone.
    Nested(Box<Nested>),
}

/// A test on the values of all fields, or of those whose name matches.
#[derive(Debug)]
pub struct Leaves {
    names: Option<Wildcards>,
    /// For fields of analysed text there is another test.
    exact: Test,
    analysed: Test,
    schema: Schema,
    column: Column,
}

/// A condition on the objects of an array, one by one.
#[derive(Debug)]
pub struct Nested {
    path: String,
    projection: Projection,
    plan: Plan,
    condition: Condition,
}

impl Document {
    /// Whether it holds. `limits` are those that the event was read with.
    pub fn holds(&self, event: Event<'_>, limits: &Limits, fold: &mut Fold) -> bool {
        let source = json::minify(event.source());
        self.holds_in(&source, limits, fold)
    }

    fn holds_in(&self, source: &str, limits: &Limits, fold: &mut Fold) -> bool {
        match self {
            Document::Leaves(leaves) => leaves.holds(source, fold),
            Document::Nested(nested) => nested.holds(source, limits, fold),
        }
    }
}

impl Leaves {
    /// `names`: a wildcard, of which `*` steps over dots too.
    pub fn new(names: Option<&str>, exact: Test, analysed: Test, schema: Schema) -> Leaves {
        let names = names.map(|names| Wildcards::new([names], false));
        let column = Column { path: String::new(), kind: None, null_value: None, format: None };
        Leaves { names, exact, analysed, schema, column }
    }

    fn holds(&self, source: &str, fold: &mut Fold) -> bool {
        let mut holds = false;
        json::walk(source, &mut |found| {
            if let (false, Found::Value { path, json }) = (holds, found) {
                holds = self.value(path, json, fold);
            }
        });
        holds
    }

    fn value(&self, path: &str, json: &str, fold: &mut Fold) -> bool {
        if self.names.as_ref().is_some_and(|names| !names.matches(path, fold)) {
            return false;
        }
        let is_text = self.schema.get(path).is_some_and(|field| field.kind == FieldType::Text);
        let test = if is_text { &self.analysed } else { &self.exact };
        let text: String;
        let value = match json.as_bytes().first() {
            Some(b'"') => match json.contains('\\') {
                true => {
                    // What the decoder took is a string here too.
                    text = serde_json::from_str(json).unwrap_or_default();
                    Value::String(&text)
                }
                false => Value::String(json.trim_matches('"')),
            },
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            Some(b'n') | None => return false,
            _ => Value::Number(Number::new(json)),
        };
        test.passes(value, &self.column, fold)
    }
}

impl Nested {
    /// A condition over a plan of its own, whose fields are named in full.
    pub fn new(path: &str, mut plan: Plan, condition: Condition) -> Nested {
        plan.take_specs();
        let below = |column: &Column| {
            let rest = column.path.strip_prefix(path).and_then(|rest| rest.strip_prefix('.'));
            rest.unwrap_or(&column.path).to_owned()
        };
        let names: Vec<String> = plan.columns.iter().map(below).collect();
        Nested { path: path.to_owned(), projection: Projection::new(&names), plan, condition }
    }

    fn holds(&self, source: &str, limits: &Limits, fold: &mut Fold) -> bool {
        let (mut holds, mut slots) = (false, Slots::default());
        json::walk(source, &mut |found| {
            if let (false, Found::Object { path, json }) = (holds, found)
                && path == self.path
                && self.projection.decode(json.as_bytes(), limits, &mut slots).is_ok()
            {
                holds = self.condition(&self.condition, slots.view(json.as_bytes()), json, limits, fold);
            }
        });
        holds
    }

    fn condition(&self, condition: &Condition, event: Event<'_>, json: &str, limits: &Limits, fold: &mut Fold) -> bool {
        match condition {
            Condition::Constant(truth) => *truth,
            Condition::Not(inner) => !self.condition(inner, event, json, limits, fold),
            Condition::And(parts) => parts.iter().all(|part| self.condition(part, event, json, limits, fold)),
            Condition::Or(parts) => parts.iter().any(|part| self.condition(part, event, json, limits, fold)),
            Condition::Predicate(number) => match &self.plan.predicates[*number as usize] {
                Predicate::Field { slot, test } => {
                    let column = &self.plan.columns[*slot as usize];
                    let mut values = event.values(*slot as usize).filter_map(|value| column.stored(value));
                    values.any(|value| test.passes(value, column, fold))
                }
                // The names in it are whole, and the object is not.
                Predicate::Document(inner) => {
                    let whole = format!("{{{}:{json}}}", serde_json::Value::from(self.path.as_str()));
                    inner.holds_in(&whole, limits, fold)
                }
                // Clauses make none of these, and words have tests in this plan.
                Predicate::Words | Predicate::Script(_) => false,
            },
        }
    }
}
