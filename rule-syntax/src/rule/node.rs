//! A value of a rule file and where it stands, whichever notation it was written in.

use std::borrow::Cow;

use serde_json::Value;

use crate::diagnostic::Span;

/// The notation of a file: what its values are called and how a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    Toml,
    Json,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub span: Span,
    pub data: Data<'a>,
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Data<'a> {
    Null,
    Boolean(bool),
    /// None when it does not fit.
    Integer(Option<i64>),
    Float(f64),
    String(Cow<'a, str>),
    /// Only TOML has dates.
    Date(String),
    Array(Vec<Node<'a>>),
    Table(Table<'a>),
}

/// Named values, in the order in which they stand in the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Table<'a> {
    pub members: Vec<Member<'a>>,
}

/// A named value.
#[derive(Clone, Debug)]
pub(super) struct Member<'a> {
    pub key: Cow<'a, str>,
    pub key_span: Span,
    pub value: Node<'a>,
}

impl<'a> Table<'a> {
    /// The value of a name. Null says as much as nothing; of several the last counts, as in JavaScript.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        let member = self.members.iter().rev().find(|member| member.key == key)?;
        Some(&member.value).filter(|value| !matches!(value.data, Data::Null))
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.key.as_ref())
    }
}

impl<'a> Node<'a> {
    /// The value as text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value as a table.
    pub fn as_table(&self) -> Option<&Table<'a>> {
        match &self.data {
            Data::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The value without its place. A number that JSON cannot hold becomes null.
    pub fn to_json(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Boolean(truth) => (*truth).into(),
            Data::Integer(number) => (*number).into(),
            Data::Float(number) => (*number).into(),
            Data::String(text) => text.as_ref().into(),
            Data::Date(text) => text.as_str().into(),
            Data::Array(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Data::Table(table) => {
                let members = table.members.iter();
                Value::Object(members.map(|member| (member.key.clone().into_owned(), member.value.to_json())).collect())
            }
        }
    }
}
