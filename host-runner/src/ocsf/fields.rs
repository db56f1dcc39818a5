//! ECS fields by name, and objects that leave out what is not there.

use rule_core::parse_date;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::document::lookup;

/// The fields of an event.
#[derive(Clone, Copy)]
pub(super) struct Fields<'d>(pub &'d Value);

impl<'d> Fields<'d> {
    /// All values of a field that are there.
    pub fn all(self, path: &str) -> Vec<&'d Value> {
        match lookup(self.0, path) {
            Some(Value::Array(values)) => values.iter().filter(|value| !value.is_null()).collect(),
            Some(Value::Null) | None => Vec::new(),
            Some(value) => vec![value],
        }
    }

    /// The first value of a field, as text.
    pub fn text(self, path: &str) -> Option<String> {
        self.all(path).first().and_then(|value| text(Some(value)))
    }

    /// The first value of a field, if it is a whole number that is not negative, or one as text.
    pub fn number(self, path: &str) -> Option<i64> {
        let number = match self.all(path).first()? {
            Value::String(text) => text.trim().parse().ok(),
            value => value.as_i64(),
        };
        number.filter(|number| *number >= 0)
    }

    /// The first value of a field, if that is an address.
    pub fn address(self, path: &str) -> Option<String> {
        let addresses: Vec<std::net::IpAddr> =
            self.all(path).into_iter().filter_map(|value| value.as_str()?.parse().ok()).collect();
        // A host lists its loopback interface too, and that first.
        let told = addresses.iter().find(|address| !address.is_loopback()).or(addresses.first())?;
        Some(told.to_string())
    }

    /// The first value of a field as a time.
    pub fn time(self, path: &str) -> Option<i64> {
        time(self.all(path).first().copied())
    }
}

/// A string that is not empty, a number or a truth as text.
pub(super) fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// Milliseconds since 1970.
pub(super) fn time(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::String(text) => i64::try_from(parse_date(text)?.first.div_euclid(1_000_000)).ok(),
        Value::Number(number) => number.as_i64(),
        _ => None,
    }
}

/// A time within an object.
pub(super) fn lookup_time(object: Option<&Value>, name: &str) -> Option<i64> {
    time(object?.get(name))
}

/// An object under construction.
#[derive(Default)]
pub(super) struct Object(Map<String, Value>);

impl Object {
    pub fn of<const N: usize>(members: [(&str, Value); N]) -> Object {
        Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Adds a member, unless its value is not there or empty.
    pub fn put<T: Serialize>(&mut self, name: &str, value: T) {
        // What has names for keys always serialises.
        let value = serde_json::to_value(value).unwrap_or_default();
        if !value.is_null() && value.as_object().is_none_or(|object| !object.is_empty()) {
            self.0.insert(name.to_owned(), value);
        }
    }

    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// The object, if it has one of these members.
    pub fn having(self, names: &[&str]) -> Option<Map<String, Value>> {
        names.iter().any(|name| self.0.contains_key(*name)).then_some(self.0)
    }
}
