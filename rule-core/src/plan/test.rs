//! Tests on one value of one field.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::Column;
use crate::decode::Value;
use crate::pattern::address::{self, Range};
use crate::pattern::literal::Literal;
use crate::pattern::regex::{Regex, RegexError};
use crate::pattern::{Fold, TextTest, words};
use crate::schema::FieldType;
use crate::syntax::ast::CompareOp;
use crate::time::{self, Format, Instant, Period};

/// A test as the rule states it: plain data, so that equal questions can be found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Spec {
    /// There is a value.
    Exists,
    /// The value is this truth.
    Bool(bool),
    /// Equal to a string, or in order with it.
    Text(CompareOp, String),
    /// Equal to one of the strings; case-insensitive when the flag is set, as in the next five.
    TextIn(Vec<String>, bool),
    /// Matches one of the wildcards.
    Like(Vec<String>, bool),
    /// Matches one of the regular expressions.
    Regex(Vec<String>, bool),
    /// Begins with the string.
    StartsWith(String, bool),
    /// Ends with the string.
    EndsWith(String, bool),
    /// Contains the string.
    Contains(String, bool),
    /// In order with a number.
    Number(CompareOp, Num),
    /// Equal to one of the numbers.
    NumberIn(Vec<Num>),
    /// In order with a date.
    Date(CompareOp, Period),
    /// Equal to one of the dates.
    DateIn(Vec<Period>),
    /// In order with an address.
    Address(CompareOp, u128),
    /// In one of the ranges.
    Ranges(Vec<Range>),
    /// In order with a version.
    Version(CompareOp, String),
    /// Passes one of the tests.
    AnyOf(Vec<Spec>),
    /// Passes all of the tests.
    AllOf(Vec<Spec>),
    /// A word of analysed text passes the test.
    AnyWord(Box<Spec>),
    /// Analysed text has these words one after the other.
    Phrase(Vec<String>),
    /// Nothing passes: the constant cannot be a value of the field's type.
    Never,
}

/// A number of a rule, comparable bit by bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Num {
    /// An integer.
    Int(i64),
    /// The bits of a float.
    Float(u64),
}

impl Num {
    /// The number of a float.
    pub fn float(n: f64) -> Num {
        Num::Float(n.to_bits())
    }

    fn as_f64(self) -> f64 {
        match self {
            Num::Int(n) => n as f64,
            Num::Float(bits) => f64::from_bits(bits),
        }
    }
}

impl Spec {
    /// The test, ready to run.
    pub fn compile(&self, max_regex_bytes: usize) -> Result<Test, RegexError> {
        Ok(match self {
            Spec::Exists => Test::Exists,
            Spec::Bool(truth) => Test::Bool(*truth),
            Spec::Text(CompareOp::Equal, text) => Test::Text(TextTest::equal(std::slice::from_ref(text), false)),
            Spec::Text(op, text) => Test::TextOrder(*op, text.as_str().into()),
            Spec::TextIn(list, insensitive) => Test::Text(TextTest::equal(list, *insensitive)),
            Spec::Like(list, insensitive) => Test::Text(TextTest::patterns(list, *insensitive)),
            Spec::Regex(list, insensitive) => Test::Text(regexes(list, *insensitive, max_regex_bytes)?),
            Spec::StartsWith(text, insensitive) => Test::Text(TextTest::StartsWith(text.as_str().into(), *insensitive)),
            Spec::EndsWith(text, insensitive) => Test::Text(TextTest::EndsWith(text.as_str().into(), *insensitive)),
            Spec::Contains(text, insensitive) => {
                let text = if *insensitive { text.to_ascii_lowercase().into() } else { Cow::from(text) };
                Test::Text(TextTest::Contains(Literal::new(&text), *insensitive))
            }
            Spec::Number(op, n) => Test::Number(*op, *n),
            Spec::NumberIn(list) => Test::NumberIn(list.clone()),
            Spec::Date(op, period) => Test::Date(*op, *period),
            Spec::DateIn(list) => Test::DateIn(list.clone()),
            Spec::Address(op, address) => Test::Address(*op, *address),
            Spec::Ranges(list) => Test::Ranges(list.clone()),
            Spec::Version(op, text) => Test::Version(*op, text.as_str().into()),
            Spec::AnyOf(list) => {
                Test::AnyOf(list.iter().map(|s| s.compile(max_regex_bytes)).collect::<Result<_, _>>()?)
            }
            Spec::AllOf(list) => {
                Test::AllOf(list.iter().map(|s| s.compile(max_regex_bytes)).collect::<Result<_, _>>()?)
            }
            Spec::AnyWord(inner) => Test::AnyWord(Box::new(inner.compile(max_regex_bytes)?)),
            Spec::Phrase(words) => Test::Phrase(words.clone()),
            Spec::Never => Test::AnyOf(Vec::new()),
        })
    }
}

/// The expressions, compiled.
pub fn regexes(list: &[String], insensitive: bool, max_bytes: usize) -> Result<TextTest, RegexError> {
    let compiled = list.iter().map(|text| Regex::new(text, insensitive, max_bytes));
    Ok(TextTest::Regex(compiled.collect::<Result<_, _>>()?))
}

/// A test on one value. See [`Spec`] for what each means.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Test {
    Exists,
    Bool(bool),
    Text(TextTest),
    TextOrder(CompareOp, Box<str>),
    Number(CompareOp, Num),
    NumberIn(Vec<Num>),
    Date(CompareOp, Period),
    DateIn(Vec<Period>),
    Address(CompareOp, u128),
    Ranges(Vec<Range>),
    Version(CompareOp, Box<str>),
    AnyOf(Vec<Test>),
    AllOf(Vec<Test>),
    AnyWord(Box<Test>),
    Phrase(Vec<String>),
}

impl Test {
    /// Whether the value, which is not null, passes. The column's type says how to read it.
    pub fn passes(&self, value: Value<'_>, column: &Column, fold: &mut Fold) -> bool {
        match self {
            Test::Exists => true,
            Test::Bool(wanted) => truth(value, column.kind) == Some(*wanted),
            Test::Text(test) => test.matches(text(&value), fold),
            Test::TextOrder(op, wanted) => op.holds(text(&value).cmp(wanted)),
            Test::Number(op, wanted) => compare(value, *wanted).is_some_and(|o| op.holds(o)),
            Test::NumberIn(list) => list.iter().any(|n| compare(value, *n) == Some(Ordering::Equal)),
            Test::Date(op, period) => {
                instant(value, column.kind, column.format.as_deref()).is_some_and(|at| within(at, *op, *period))
            }
            Test::DateIn(list) => instant(value, column.kind, column.format.as_deref())
                .is_some_and(|at| list.iter().any(|p| within(at, CompareOp::Equal, *p))),
            Test::Address(op, wanted) => address::parse(text(&value)).is_some_and(|a| op.holds(a.cmp(wanted))),
            Test::Ranges(list) => crate::pattern::in_ranges(text(&value), list) == Some(true),
            Test::Version(op, wanted) => op.holds(versions(text(&value), wanted)),
            Test::AnyOf(list) => list.iter().any(|test| test.passes(value, column, fold)),
            Test::AllOf(list) => list.iter().all(|test| test.passes(value, column, fold)),
            Test::AnyWord(test) => words::of(text(&value)).any(|word| test.passes(Value::String(&word), column, fold)),
            Test::Phrase(phrase) => words::has_phrase(text(&value), phrase),
        }
    }
}

/// The text that Elasticsearch's `keyword` would index for the value.
pub fn text<'a>(value: &Value<'a>) -> &'a str {
    match value {
        Value::String(s) => s,
        Value::Number(n) => n.text(),
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Null => "",
    }
}

/// The value as a truth; in a `boolean` field the strings count too.
pub fn truth(value: Value<'_>, kind: Option<FieldType>) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(truth),
        Value::String("true") if kind == Some(FieldType::Boolean) => Some(true),
        Value::String("false" | "") if kind == Some(FieldType::Boolean) => Some(false),
        _ => None,
    }
}

/// The order of a value and a number. A string counts as the number that it spells.
fn compare(value: Value<'_>, wanted: Num) -> Option<Ordering> {
    let text = match value {
        Value::Number(n) => n.text(),
        Value::String(s) => s.trim(),
        _ => return None,
    };
    match (text.parse::<i64>(), wanted) {
        (Ok(n), Num::Int(wanted)) => Some(n.cmp(&wanted)),
        (Ok(n), _) => (n as f64).partial_cmp(&wanted.as_f64()),
        _ => number(text)?.partial_cmp(&wanted.as_f64()),
    }
}

/// The float that a text spells: digits only, no `inf`, no `nan`.
pub fn number(text: &str) -> Option<f64> {
    text.bytes().any(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The value as an instant; `date` keeps milliseconds, as in Elasticsearch.
pub fn instant(value: Value<'_>, kind: Option<FieldType>, format: Option<&Format>) -> Option<Instant> {
    let at = match value {
        Value::Number(_) | Value::String(_) if format.is_some() => format?.parse(text(&value))?.first,
        Value::Number(n) => match n.as_i64() {
            Some(millis) => millis as Instant * 1_000_000,
            None => time::parse(n.text()).map(|p| p.first).or_else(|| time::from_millis(n.as_f64()))?,
        },
        Value::String(s) => match time::parse_usual(s) {
            Some(at) => at,
            None => time::parse(s)?.first,
        },
        _ => return None,
    };
    Some(if kind == Some(FieldType::DateNanos) { at } else { time::floor_to_milli(at) })
}

fn within(at: Instant, op: CompareOp, period: Period) -> bool {
    match op {
        CompareOp::Equal => period.first <= at && at <= period.last,
        CompareOp::NotEqual => at < period.first || period.last < at,
        CompareOp::Less => at < period.first,
        CompareOp::LessEqual => at <= period.last,
        CompareOp::Greater => at > period.last,
        CompareOp::GreaterEqual => at >= period.first,
    }
}

/// The order of two versions: by numbers, then releases before their builds' names as semantic versioning has it.
fn versions(a: &str, b: &str) -> Ordering {
    let split = |text: &str| -> (Vec<u64>, bool, String) {
        let (core, suffix) = match text.find(['-', '+']) {
            Some(at) => (&text[..at], &text[at..]),
            None => (text, ""),
        };
        let numbers = core.split('.').map(|part| part.parse().unwrap_or(u64::MAX)).collect();
        // A release sorts after its pre-releases.
        (numbers, !suffix.starts_with('-'), suffix.to_owned())
    };
    split(a).cmp(&split(b))
}
