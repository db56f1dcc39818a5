//! What a test expects, and whether alerts are that.

use serde::Serialize;
use serde_json::Value;

use super::fields::{Fields, lookup};

/// What a test expects of the rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// At least one alert.
    Alert,
    /// So many alerts; 0 is `none`.
    Count(usize),
    /// Exactly these alerts, in this order.
    Alerts(Vec<ExpectedAlert>),
}

impl Expect {
    /// Whether a test with this expectation shows that the rule fires.
    pub fn is_positive(&self) -> bool {
        match self {
            Expect::Alert => true,
            Expect::Count(count) => *count > 0,
            Expect::Alerts(alerts) => !alerts.is_empty(),
        }
    }

    /// In words, as in `expected …`.
    pub fn describe(&self) -> String {
        match self {
            Expect::Alert => "an alert".into(),
            Expect::Count(0) => "no alert".into(),
            Expect::Count(count) => alerts(*count),
            Expect::Alerts(list) => alerts(list.len()),
        }
    }

    fn allows(&self, count: usize) -> bool {
        match self {
            Expect::Alert => count > 0,
            Expect::Count(wanted) => count == *wanted,
            Expect::Alerts(list) => count == list.len(),
        }
    }
}

/// `no alert`, `1 alert`, `2 alerts`.
pub fn alerts(count: usize) -> String {
    match count {
        0 => "no alert".into(),
        1 => "1 alert".into(),
        count => format!("{count} alerts"),
    }
}

/// What one alert is expected to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExpectedAlert {
    /// The events that it is about, counted from 1 over the test's events.
    pub events: Option<Vec<u64>>,
    /// What its fields are.
    pub fields: Vec<ExpectedField>,
}

/// What a field of an alert is expected to be.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedField {
    /// The field's full name.
    pub name: String,
    /// What it is.
    pub is: Is,
}

/// What a value is expected to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Is {
    /// This; of an array, one of its values is enough unless an array is expected.
    Value(Value),
    /// There, with any value, or not there at all.
    There(bool),
    /// A text that the wildcard matches: `*` is any text, `?` any character, and letters count as they are written.
    Like(String),
}

impl Is {
    fn holds(&self, found: Option<&Value>) -> bool {
        match (self, found) {
            (Is::There(there), found) => *there == found.is_some(),
            (_, None) => false,
            (Is::Value(wanted), Some(found)) if same(wanted, found) => true,
            (Is::Value(Value::Array(_)), _) => false,
            (Is::Value(wanted), Some(Value::Array(found))) => found.iter().any(|found| same(wanted, found)),
            (Is::Value(_), _) => false,
            (Is::Like(pattern), Some(Value::Array(found))) => found.iter().any(|found| like(pattern, found)),
            (Is::Like(pattern), Some(found)) => like(pattern, found),
        }
    }

    /// As it is shown beside what came.
    pub fn describe(&self) -> String {
        match self {
            Is::Value(value) => value.to_string(),
            Is::There(true) => "a value".into(),
            Is::There(false) => "nothing".into(),
            Is::Like(pattern) => format!("like {}", Value::from(pattern.as_str())),
        }
    }
}

/// Whether two values are the same; `47` is `47.0`.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => one == other,
    }
}

fn like(pattern: &str, found: &Value) -> bool {
    let text = match found {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    wildcard(&pattern, &text)
}

/// Goes back to the last `*` only, so the cost is the product of the lengths at most.
fn wildcard(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some('?') => (p, t) = (p + 1, t + 1),
            Some(c) if *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// An alert that the rule made.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundAlert {
    /// The document.
    pub document: Value,
    /// The events that it is about, counted from 1 over the test's events; none when that is not told.
    pub events: Vec<u64>,
}

impl FoundAlert {
    /// `kibana.alert.reason`.
    pub fn reason(&self) -> String {
        match lookup(&self.document, "kibana.alert.reason") {
            Some(Value::String(reason)) => reason,
            _ => String::new(),
        }
    }
}

/// One way in which a test failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// What differs.
    pub kind: FailureKind,
    /// One sentence.
    pub message: String,
    /// The number of the alert whose fields or events differ, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<usize>,
    /// The field that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was expected, in words or as JSON.
    pub expected: String,
    /// What came, in words or as JSON.
    pub found: String,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// Fewer alerts than expected.
    Missing,
    /// More alerts than expected.
    Unexpected,
    /// A field of an alert.
    Field,
    /// The events of an alert.
    Events,
    /// An event could not be read, so the test says nothing.
    Rejected,
}

/// All that differs. `fields`: what every alert is expected to have.
pub fn compare(expect: &Expect, fields: &[ExpectedField], found: &[FoundAlert]) -> Vec<Failure> {
    let mut failures = Vec::new();
    if !expect.allows(found.len()) {
        let wanted = match expect {
            Expect::Alert => 1,
            Expect::Count(count) => *count,
            Expect::Alerts(list) => list.len(),
        };
        let (expected, came) = (expect.describe(), alerts(found.len()));
        failures.push(Failure {
            kind: if found.len() < wanted { FailureKind::Missing } else { FailureKind::Unexpected },
            message: format!("expected {expected}, got {}", if found.is_empty() { "none" } else { &came }),
            alert: None,
            field: None,
            expected,
            found: came,
        });
    }
    let list: &[ExpectedAlert] = if let Expect::Alerts(list) = expect { list } else { &[] };
    for (at, alert) in found.iter().enumerate() {
        let expected = list.get(at);
        if let Some(wanted) = expected.and_then(|expected| expected.events.as_ref())
            && *wanted != alert.events
        {
            failures.push(Failure {
                kind: FailureKind::Events,
                message: format!("alert {} is about other events", at + 1),
                alert: Some(at + 1),
                field: None,
                expected: format!("{wanted:?}"),
                found: format!("{:?}", alert.events),
            });
        }
        let own = expected.map_or(&[][..], |expected| &expected.fields);
        for field in fields.iter().chain(own) {
            let value = lookup(&alert.document, &field.name);
            if !field.is.holds(value.as_ref()) {
                failures.push(Failure {
                    kind: FailureKind::Field,
                    message: format!("{} of alert {} differs", field.name, at + 1),
                    alert: Some(at + 1),
                    field: Some(field.name.clone()),
                    expected: field.is.describe(),
                    found: value.map_or_else(|| "nothing".into(), |value| value.to_string()),
                });
            }
        }
    }
    failures
}

/// What is expected of fields, from an object of names and values. The error is one sentence.
pub fn expected_fields(object: &serde_json::Map<String, Value>) -> Result<Vec<ExpectedField>, String> {
    let mut fields = Vec::new();
    let mut plain = serde_json::Map::new();
    for (name, value) in object {
        match value {
            Value::Object(asked) if asked.contains_key("exists") || asked.contains_key("like") => {
                fields.push(ExpectedField { name: name.clone(), is: asked_for(name, asked)? });
            }
            Value::Null => fields.push(ExpectedField { name: name.clone(), is: Is::There(false) }),
            Value::Object(inner) => {
                // `process: {name: {like: x}}` is `process.name: {like: x}`.
                let inner = inner.iter().map(|(key, value)| (format!("{name}.{key}"), value.clone())).collect();
                fields.extend(expected_fields(&inner)?);
            }
            _ => drop(plain.insert(name.clone(), value.clone())),
        }
    }
    let plain = Fields::of(&plain).map_err(|name| format!("`{name}` is given twice"))?;
    fields.extend(
        plain.iter().map(|(name, value)| ExpectedField { name: name.to_owned(), is: Is::Value(value.clone()) }),
    );
    fields.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(fields)
}

fn asked_for(name: &str, asked: &serde_json::Map<String, Value>) -> Result<Is, String> {
    match (asked.len(), asked.get("exists"), asked.get("like")) {
        (1, Some(Value::Bool(there)), _) => Ok(Is::There(*there)),
        (1, _, Some(Value::String(pattern))) => Ok(Is::Like(pattern.clone())),
        _ => Err(format!(
            "`{name}` asks for neither `{{exists: true}}`, `{{exists: false}}` nor `{{like: \"text with * and ?\"}}`"
        )),
    }
}

#[cfg(test)]
mod tests;
