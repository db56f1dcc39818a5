//! The rule set as one program: what the engine runs.
//!
//! Atomic predicates over one field are interned over the whole rule set, so that two rules that ask the same
//! question of an event share its answer. A condition is a boolean tree over predicates; each predicate is
//! *existential* by itself (it holds if any value of its field passes) and negation is the complement, which is
//! what Elasticsearch's query of leaf clauses under `bool` means.

pub mod access;
pub mod code;
pub mod condition;
pub mod document;
#[cfg(feature = "profile")]
pub mod notes;
pub mod script;
pub mod test;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;

use crate::decode::{Number, Value};
use crate::pattern::regex::RegexError;
use crate::schema::{Field, FieldType, Schema};
use crate::time::Format;
use condition::Condition;
use document::Document;
use script::Script;
use test::{Spec, Test};

/// A field that the rule set reads; its number is its slot in the decoder.
#[derive(Clone, Debug)]
pub struct Column {
    /// Flat dotted name under which events hold it.
    pub path: String,
    /// Its type, `None` when only the values can tell.
    pub kind: Option<FieldType>,
    /// What an explicit `null` counts as.
    pub null_value: Option<NullValue>,
    /// How dates are written, where the mapping says so.
    pub format: Option<Arc<Format>>,
}

/// A mapping's `null_value`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NullValue {
    /// `"NULL"`
    Text(String),
    /// The text of a number.
    Number(String),
    /// A truth.
    Bool(bool),
}

impl NullValue {
    fn of(json: &serde_json::Value) -> Option<NullValue> {
        Some(match json {
            serde_json::Value::String(text) => NullValue::Text(text.clone()),
            serde_json::Value::Number(n) => NullValue::Number(n.to_string()),
            serde_json::Value::Bool(truth) => NullValue::Bool(*truth),
            _ => return None,
        })
    }
}

impl Column {
    /// The text of what stands for a null; empty when nothing does.
    pub fn stored_null(&self) -> &str {
        match &self.null_value {
            Some(NullValue::Text(text) | NullValue::Number(text)) => text,
            Some(NullValue::Bool(true)) => "true",
            Some(NullValue::Bool(false)) => "false",
            None => "",
        }
    }

    /// The value as Elasticsearch has it stored; `None` for null, unless the mapping has something stand for it.
    pub fn stored<'e>(&'e self, value: Value<'e>) -> Option<Value<'e>> {
        match (value, &self.null_value) {
            (Value::Null, None) => None,
            (Value::Null, Some(NullValue::Text(text))) => Some(Value::String(text)),
            (Value::Null, Some(NullValue::Number(text))) => Some(Value::Number(Number::new(text))),
            (Value::Null, Some(NullValue::Bool(truth))) => Some(Value::Bool(*truth)),
            (value, _) => Some(value),
        }
    }
}

/// A question about one event that is answered at most once.
#[derive(Debug)]
pub enum Predicate {
    /// Whether any value of a field is one of some words. The tables of [`access`] know that, so nothing is kept for it.
    Words,
    /// Whether any value of the field passes.
    Field {
        /// Which field.
        slot: u32,
        /// The test. Boxed, as the next, since most predicates are about words.
        test: Box<Test>,
    },
    /// Whether an expression over several fields or with functions holds for any combination of their values.
    Script(Box<Script>),
    /// A question about the event as a whole.
    Document(Box<Document>),
}

/// A condition with the category that it needs.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Filter {
    /// The field and value of `category where`; `None` for `any where`.
    pub category: Option<(u32, String)>,
    /// The rest.
    pub condition: Condition,
}

/// Fields and predicates of a rule set.
#[derive(Debug, Default)]
pub struct Plan {
    /// The fields, by slot.
    pub columns: Vec<Column>,
    /// The predicates, by number.
    pub predicates: Vec<Predicate>,
    /// See [`Plan::with_word_tests`].
    tests_words: bool,
    dates: Vec<String>,
    /// The known names that unknown ones are close to, as far as was asked.
    near: HashMap<String, Option<String>>,
    slots: HashMap<(String, Option<NullValue>), u32>,
    /// Each predicate's field and test, for those that have one, by number.
    specs: Vec<Option<(u32, Spec)>>,
    /// The numbers of those, by the hash of field and test.
    interned: HashTable<u32>,
    hasher: RandomState,
    /// What people call the predicates, if somebody wants to know.
    #[cfg(feature = "profile")]
    pub notes: Option<notes::Notes>,
}

impl Plan {
    /// A plan in which these fields hold dates where the schema does not know them: events are ordered by them.
    pub fn with_dates(dates: Vec<String>) -> Plan {
        Plan { dates, ..Plan::default() }
    }

    /// Has predicates about words have tests as well, for those who ask which of a field's values passes.
    pub fn with_word_tests(self) -> Plan {
        Plan { tests_words: true, ..self }
    }

    /// Has a field hold dates where the schema does not know it.
    pub fn add_date(&mut self, name: &str) {
        if !self.dates.iter().any(|date| date == name) {
            self.dates.push(name.to_owned());
        }
    }

    /// What is known about a field.
    pub fn field(&self, schema: &Schema, name: &str) -> Option<Field> {
        schema.get(name).or_else(|| {
            let date = self.dates.iter().any(|d| d == name);
            date.then(|| Field {
                kind: FieldType::Date,
                null_value: None,
                path: name.to_owned(),
                format: None,
                nested: false,
            })
        })
    }

    /// The known name that was probably meant by this unknown one. Finding it takes a walk over all names, and many rules of a set have
    /// the same.
    pub fn nearest(&mut self, schema: &Schema, name: &str) -> Option<String> {
        if let Some(near) = self.near.get(name) {
            return near.clone();
        }
        let near = schema.nearest(name);
        self.near.insert(name.to_owned(), near.clone());
        near
    }

    /// The slot of a field. A field outside the schema has the type of its values.
    pub fn slot(&mut self, schema: &Schema, name: &str) -> u32 {
        let (path, kind, null_value, format) = match self.field(schema, name) {
            Some(field) => {
                (field.path, Some(field.kind), field.null_value.as_ref().and_then(NullValue::of), field.format)
            }
            None => (name.to_owned(), None, None, None),
        };
        let key = (path, null_value.clone());
        if let Some(slot) = self.slots.get(&key) {
            return *slot;
        }
        let slot = self.columns.len() as u32;
        self.columns.push(Column { path: key.0.clone(), kind, null_value, format });
        self.slots.insert(key, slot);
        slot
    }

    /// The predicate that a field passes a test; the same number for the same question.
    pub fn field_predicate(&mut self, slot: u32, spec: Spec, max_regex_bytes: usize) -> Result<u32, RegexError> {
        let key = (slot, spec);
        let hash = self.hasher.hash_one(&key);
        let specs = &self.specs;
        let known = self.interned.find(hash, |number| specs[*number as usize].as_ref() == Some(&key));
        if let Some(number) = known {
            return Ok(*number);
        }
        let predicate = match key.1.words() {
            Some(_) if !self.tests_words => Predicate::Words,
            _ => Predicate::Field { slot, test: Box::new(key.1.compile(max_regex_bytes)?) },
        };
        let number = self.push(predicate, Some(key));
        let (specs, hasher) = (&self.specs, &self.hasher);
        self.interned.insert_unique(hash, number, |number| {
            specs[*number as usize].as_ref().map_or(0, |key| hasher.hash_one(key))
        });
        Ok(number)
    }

    /// Each predicate's field and test, for those that have one, by number. The plan is complete then: what it needed to be made is gone.
    pub fn take_specs(&mut self) -> Vec<Option<(u32, Spec)>> {
        self.slots = HashMap::new();
        self.near = HashMap::new();
        self.interned = HashTable::new();
        self.predicates.shrink_to_fit();
        std::mem::take(&mut self.specs)
    }

    /// A predicate with a script of its own.
    pub fn script_predicate(&mut self, script: Script) -> u32 {
        self.push(Predicate::Script(Box::new(script)), None)
    }

    /// A predicate about the event as a whole.
    pub fn document_predicate(&mut self, document: Document) -> u32 {
        self.push(Predicate::Document(Box::new(document)), None)
    }

    fn push(&mut self, predicate: Predicate, spec: Option<(u32, Spec)>) -> u32 {
        self.predicates.push(predicate);
        self.specs.push(spec);
        self.predicates.len() as u32 - 1
    }
}
