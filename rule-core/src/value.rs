//! Values of expressions.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::decode;
use crate::syntax::ast::Literal;

/// The value of an expression over one event, or a constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Missing, or not computable.
    Null,
    /// A truth.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a fraction, or beyond 64 bits.
    Float(f64),
    /// A string.
    Str(Cow<'a, str>),
}

impl<'a> Value<'a> {
    /// The value of a literal.
    pub fn literal(literal: &'a Literal) -> Value<'a> {
        match literal {
            Literal::Null => Value::Null,
            Literal::Bool(b) => Value::Bool(*b),
            Literal::Int(n) => Value::Int(*n),
            Literal::Float(n) => Value::Float(*n),
            Literal::String(s) => Value::Str(Cow::Borrowed(s)),
        }
    }

    /// The value that an event has.
    pub fn decoded(value: decode::Value<'a>) -> Value<'a> {
        match value {
            decode::Value::Null => Value::Null,
            decode::Value::Bool(b) => Value::Bool(b),
            decode::Value::Number(n) => n.as_i64().map_or_else(|| Value::Float(n.as_f64()), Value::Int),
            decode::Value::String(s) => Value::Str(Cow::Borrowed(s)),
        }
    }

    /// The same, with the strings of this one.
    pub fn borrowed(&self) -> Value<'_> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(b) => Value::Bool(*b),
            Value::Int(n) => Value::Int(*n),
            Value::Float(n) => Value::Float(*n),
            Value::Str(s) => Value::Str(Cow::Borrowed(s)),
        }
    }

    /// The same, with strings of its own.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(b) => Value::Bool(b),
            Value::Int(n) => Value::Int(n),
            Value::Float(n) => Value::Float(n),
            Value::Str(s) => Value::Str(Cow::Owned(s.into_owned())),
        }
    }

    /// Whether there is none.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// A number as a float.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(n) => Some(*n as f64),
            Value::Float(n) => Some(*n),
            _ => None,
        }
    }

    /// The text that the function `string` gives; `None` for null.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Value::Null => return None,
            Value::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
            Value::Int(n) => Cow::Owned(n.to_string()),
            Value::Float(n) => Cow::Owned(float_text(*n)),
            Value::Str(s) => Cow::Borrowed(s),
        })
    }

    /// Order of two values of comparable types: numbers by value, strings by code point, false before true.
    pub fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            _ => self.as_f64()?.partial_cmp(&other.as_f64()?),
        }
    }

    /// As JSON, for people and tests.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(b) => (*b).into(),
            Value::Int(n) => (*n).into(),
            Value::Float(n) => (*n).into(),
            Value::Str(s) => s.as_ref().into(),
        }
    }
}

/// A float as Java writes it, which is how Elasticsearch's `string` and `concat` show one.
fn float_text(n: f64) -> String {
    let size = n.abs();
    if n == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{n:?}");
    }
    let text = format!("{n:e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => format!("{mantissa}E{exponent}"),
        Some((mantissa, exponent)) => format!("{mantissa}.0E{exponent}"),
        None if n.is_nan() => "NaN".into(),
        None => if n > 0.0 { "Infinity" } else { "-Infinity" }.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_java_does() {
        for (n, text) in [
            (1.0, "1.0"),
            (2.1828, "2.1828"),
            (1e10, "1.0E10"),
            (1.5e-7, "1.5E-7"),
            (0.0, "0.0"),
            (f64::INFINITY, "Infinity"),
        ] {
            assert_eq!(float_text(n), text);
        }
    }
}
