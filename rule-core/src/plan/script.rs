//! Expressions over several fields or with functions, in three-valued logic.
//!
//! Elasticsearch runs these as scripts: one run for each combination of the fields' values (a missing field counts as
//! one null), and the predicate holds if any run gives true; null is not true.

use std::cmp::Ordering;

use smallvec::{SmallVec, smallvec};

use super::Column;
use super::test::{self, text};
use crate::decode::{self, Event};
use crate::functions::{self, Function};
use crate::pattern::{Fold, TextTest};
use crate::schema::FieldType;
use crate::syntax::ast::{ArithmeticOp, CompareOp};
use crate::value::Value;

/// An expression and the fields that it reads.
#[derive(Debug)]
pub struct Script {
    /// Every mention of a field, in order. Each mention takes the field's values independently.
    pub mentions: Vec<Mention>,
    /// The expression.
    pub body: Node,
}

/// A field mentioned in a script.
#[derive(Debug)]
pub struct Mention {
    /// Which field.
    pub slot: u32,
    /// Whether the place wants text, so that a number from an untyped field counts as its text.
    pub as_text: bool,
}

/// An expression.
#[derive(Debug)]
pub enum Node {
    /// A constant.
    Constant(Value<'static>),
    /// The value of a mention.
    Field(usize),
    /// `not`
    Not(Box<Node>),
    /// `and`
    And(Vec<Node>),
    /// `or`
    Or(Vec<Node>),
    /// A comparison of non-null values.
    Compare(CompareOp, Box<Node>, Box<Node>),
    /// `== null`
    IsNull(Box<Node>),
    /// `+` and its like.
    Arithmetic(ArithmeticOp, Box<Node>, Box<Node>),
    /// Minus.
    Negate(Box<Node>),
    /// A function, whether with `~`.
    Call(Function, bool, Vec<Node>),
    /// `:`, `like`, `regex` and `in` with strings.
    Text(Box<Node>, Box<TextTest>),
    /// `in`
    In(Box<Node>, Vec<Value<'static>>),
}

/// [`Limits::max_combinations`](crate::Limits::max_combinations) is exceeded: two long arrays would make work without bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyCombinations;

impl Script {
    /// Whether any combination of the fields' values makes the expression true.
    pub fn holds(
        &self,
        event: Event<'_>,
        columns: &[Column],
        max_combinations: u32,
        fold: &mut Fold,
    ) -> Result<bool, TooManyCombinations> {
        let mut values: SmallVec<[Value<'_>; 4]> = smallvec![Value::Null; self.mentions.len()];
        let mut left = max_combinations;
        self.any(event, columns, &mut values, 0, &mut left, fold)
    }

    /// The values of the mentions in the first combination that makes the expression true, or else in the first of all.
    pub fn combination<'e>(
        &self,
        event: Event<'e>,
        columns: &'e [Column],
        max_combinations: u32,
        fold: &mut Fold,
    ) -> Vec<Value<'e>> {
        let mut values: Vec<Value<'_>> = vec![Value::Null; self.mentions.len()];
        let mut left = max_combinations;
        if self.any(event, columns, &mut values, 0, &mut left, fold) != Ok(true) {
            for (value, mention) in values.iter_mut().zip(&self.mentions) {
                let column = &columns[mention.slot as usize];
                let mut found = event.values(mention.slot as usize);
                *value = found.find_map(|value| read(value, column, mention.as_text)).unwrap_or(Value::Null);
            }
        }
        values
    }

    fn any<'e>(
        &self,
        event: Event<'e>,
        columns: &'e [Column],
        values: &mut [Value<'e>],
        at: usize,
        left: &mut u32,
        fold: &mut Fold,
    ) -> Result<bool, TooManyCombinations> {
        let Some(mention) = self.mentions.get(at) else {
            *left = left.checked_sub(1).ok_or(TooManyCombinations)?;
            return Ok(self.body.value(values, fold) == Value::Bool(true));
        };
        let column = &columns[mention.slot as usize];
        let mut missing = true;
        for value in event.values(mention.slot as usize) {
            let Some(value) = read(value, column, mention.as_text) else { continue };
            missing = false;
            values[at] = value;
            if self.any(event, columns, values, at + 1, left, fold)? {
                return Ok(true);
            }
        }
        if missing {
            values[at] = Value::Null;
            return self.any(event, columns, values, at + 1, left, fold);
        }
        Ok(false)
    }
}

/// The value that a field of this type has; `None` for null.
fn read<'e>(value: decode::Value<'e>, column: &'e Column, as_text: bool) -> Option<Value<'e>> {
    let value = column.stored(value)?;
    Some(match column.kind {
        Some(FieldType::Keyword | FieldType::Text | FieldType::Ip | FieldType::Version) => {
            Value::Str(text(&value).into())
        }
        Some(FieldType::Long | FieldType::Double) => match value {
            decode::Value::String(s) => match s.trim().parse::<i64>() {
                Ok(n) => Value::Int(n),
                Err(_) => Value::Float(test::number(s.trim())?),
            },
            other => Value::decoded(other),
        },
        Some(FieldType::Boolean) => Value::Bool(test::truth(value, column.kind)?),
        _ if as_text => Value::Str(text(&value).into()),
        _ => Value::decoded(value),
    })
}

impl Node {
    /// The value over one combination of the fields' values.
    pub fn value<'v>(&'v self, fields: &[Value<'v>], fold: &mut Fold) -> Value<'v> {
        match self {
            Node::Constant(value) => value.borrowed(),
            Node::Field(at) => fields.get(*at).cloned().unwrap_or(Value::Null),
            Node::Not(inner) => match inner.value(fields, fold) {
                Value::Bool(truth) => Value::Bool(!truth),
                _ => Value::Null,
            },
            Node::And(parts) => kleene(parts, false, fields, fold),
            Node::Or(parts) => kleene(parts, true, fields, fold),
            Node::Compare(op, left, right) => {
                let (left, right) = (left.value(fields, fold), right.value(fields, fold));
                if left.is_null() || right.is_null() {
                    return Value::Null;
                }
                match (left.compare(&right), op) {
                    (Some(ordering), op) => Value::Bool(op.holds(ordering)),
                    // Values of different types are different and have no order.
                    (None, CompareOp::Equal) => Value::Bool(false),
                    (None, CompareOp::NotEqual) => Value::Bool(true),
                    (None, _) => Value::Null,
                }
            }
            Node::IsNull(inner) => Value::Bool(inner.value(fields, fold).is_null()),
            Node::Arithmetic(op, left, right) => {
                functions::arithmetic(*op, &left.value(fields, fold), &right.value(fields, fold))
            }
            Node::Negate(inner) => {
                functions::arithmetic(ArithmeticOp::Subtract, &Value::Int(0), &inner.value(fields, fold))
            }
            Node::Call(function, insensitive, arguments) => {
                let arguments: SmallVec<[_; 4]> = arguments.iter().map(|a| a.value(fields, fold)).collect();
                functions::call(*function, *insensitive, &arguments)
            }
            Node::Text(inner, test) => match inner.value(fields, fold).text() {
                Some(text) => Value::Bool(test.matches(&text, fold)),
                None => Value::Null,
            },
            Node::In(inner, list) => {
                let value = inner.value(fields, fold);
                if value.is_null() {
                    return Value::Null;
                }
                Value::Bool(list.iter().any(|item| value.compare(item) == Some(Ordering::Equal)))
            }
        }
    }
}

/// `and` (`decisive` false) and `or` (`decisive` true) of Kleene: one decisive part decides, else null spreads.
fn kleene<'v>(parts: &'v [Node], decisive: bool, fields: &[Value<'v>], fold: &mut Fold) -> Value<'v> {
    let mut unknown = false;
    for part in parts {
        match part.value(fields, fold) {
            Value::Bool(truth) if truth == decisive => return Value::Bool(decisive),
            Value::Bool(_) => {}
            _ => unknown = true,
        }
    }
    if unknown { Value::Null } else { Value::Bool(!decisive) }
}
