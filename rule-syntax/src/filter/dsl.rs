//! Elasticsearch's query DSL, as far as filters use it.
//!
//! Source: "Query DSL", Elasticsearch reference.

use serde_json::{Map, Value};

use crate::clause::{Clause, ClauseKind, FieldName, FieldTest, Glob, RangeOp};
use crate::{kql, lucene};

/// How deep queries in filters may be nested.
const MAX_DEPTH: u32 = 32;

/// A query, `{"KIND": …}`.
pub(super) fn clause(query: &Value) -> Result<Clause, String> {
    read(query, MAX_DEPTH)
}

fn read(query: &Value, depth: u32) -> Result<Clause, String> {
    let depth = depth.checked_sub(1).ok_or_else(|| format!("a filter is nested more than {MAX_DEPTH} deep"))?;
    let object = query.as_object().ok_or("a filter's query is not an object")?;
    let mut kinds = object.iter();
    let (Some((kind, body)), None) = (kinds.next(), kinds.next()) else {
        return Err(format!("a filter's query has {} members, not one", object.len()));
    };
    Ok(match kind.as_str() {
        "match_all" => Clause::new(ClauseKind::All),
        "match_none" => Clause::new(ClauseKind::None),
        "bool" => boolean(body, depth)?,
        "exists" => Clause::field(string(body, "field")?, FieldTest::Exists),
        "term" => on_field(body, &["value"], |value, insensitive| Ok(FieldTest::Term(text(value)?, insensitive)))?,
        "terms" => terms(body)?,
        "match" => on_field(body, &["query"], |value, _| Ok(FieldTest::Match(text(value)?)))?,
        "match_phrase" => on_field(body, &["query"], |value, _| Ok(FieldTest::Phrase(text(value)?)))?,
        "wildcard" => on_field(body, &["value", "wildcard"], |value, insensitive| {
            Ok(FieldTest::Glob(Glob::lucene(&text(value)?), insensitive))
        })?,
        "prefix" => on_field(body, &["value"], |value, insensitive| Ok(FieldTest::Prefix(text(value)?, insensitive)))?,
        "regexp" => on_field(body, &["value"], |value, insensitive| Ok(FieldTest::Regexp(text(value)?, insensitive)))?,
        "range" => range(body)?,
        "query_string" | "simple_query_string" => query_string(body)?,
        "kuery" => kuery(body)?,
        "nested" => {
            let inner = read(&body["query"], depth)?;
            Clause::new(ClauseKind::Nested { path: string(body, "path")?, inner: Box::new(inner) })
        }
        "constant_score" => read(&body["filter"], depth)?,
        other => return Err(format!("filters of kind `{other}` are not evaluated")),
    })
}

fn boolean(body: &Value, depth: u32) -> Result<Clause, String> {
    let list = |key: &str| -> Result<Vec<Clause>, String> {
        match body.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(list)) => list.iter().map(|query| read(query, depth)).collect(),
            Some(one) => Ok(vec![read(one, depth)?]),
        }
    };
    let mut all = list("must")?;
    all.extend(list("filter")?);
    let should = list("should")?;
    let least = match body.get("minimum_should_match") {
        Some(Value::Number(n)) => n.as_u64().ok_or("`minimum_should_match` is not a whole number")?,
        Some(Value::String(n)) => n.parse().map_err(|_| format!("`minimum_should_match` {n:?} is not evaluated"))?,
        Some(_) => return Err("`minimum_should_match` is not a number".to_owned()),
        // Without other clauses one must hold, else none.
        None => {
            u64::from(all.is_empty() && body.get("must_not").is_none_or(|not| !not.is_null()) && !should.is_empty())
        }
    };
    match least {
        0 => {}
        1 => all.push(Clause::any(should)),
        n if n == should.len() as u64 => all.extend(should),
        n => return Err(format!("`minimum_should_match` of {n} is not evaluated")),
    }
    all.extend(list("must_not")?.into_iter().map(Clause::not));
    Ok(Clause::all(all))
}

/// `{"FIELD": VALUE}` or `{"FIELD": {KEY: VALUE, "case_insensitive": true}}`
fn on_field(
    body: &Value,
    keys: &[&str],
    test: impl FnOnce(&Value, bool) -> Result<FieldTest, String>,
) -> Result<Clause, String> {
    let (field, value) = member(body)?;
    let (value, insensitive) = match value {
        Value::Object(options) => {
            let value = keys.iter().find_map(|key| options.get(*key));
            let value = value.ok_or_else(|| format!("the filter on `{field}` has no `{}`", keys[0]))?;
            (value, options.get("case_insensitive") == Some(&Value::Bool(true)))
        }
        value => (value, false),
    };
    let test = test(value, insensitive)?;
    let phrase = body[field]["type"] == "phrase";
    Ok(Clause::field(
        field,
        match test {
            FieldTest::Match(text) if phrase => FieldTest::Phrase(text),
            test => test,
        },
    ))
}

fn terms(body: &Value) -> Result<Clause, String> {
    let object = body.as_object().ok_or("`terms` is not an object")?;
    let (field, list) = object.iter().find(|(key, _)| *key != "boost").ok_or("`terms` names no field")?;
    let list = list.as_array().ok_or_else(|| format!("`terms` of `{field}` is no list"))?;
    let term = |value: &Value| Ok(Clause::field(field.as_str(), FieldTest::Term(text(value)?, false)));
    Ok(Clause::any(list.iter().map(term).collect::<Result<_, String>>()?))
}

fn range(body: &Value) -> Result<Clause, String> {
    let (field, bounds) = member(body)?;
    let bounds = bounds.as_object().ok_or_else(|| format!("`range` of `{field}` has no bounds"))?;
    let mut all = Vec::new();
    for (key, value) in bounds {
        let op = match key.as_str() {
            "gt" => RangeOp::Greater,
            "gte" | "from" => RangeOp::GreaterOrEqual,
            "lt" => RangeOp::Less,
            "lte" | "to" => RangeOp::LessOrEqual,
            "format" | "time_zone" | "boost" | "relation" => continue,
            other => return Err(format!("`range` has `{other}`, which is no bound")),
        };
        if !value.is_null() {
            all.push((op, text(value)?));
        }
    }
    Ok(Clause::field(field, if all.is_empty() { FieldTest::Exists } else { FieldTest::Range(all) }))
}

fn query_string(body: &Value) -> Result<Clause, String> {
    let query = string(body, "query")?;
    let mut errors = Vec::new();
    let parsed = lucene::parse(&query, MAX_DEPTH, &mut errors);
    let mut clause = parsed.ok_or_else(|| errors.remove(0).message)?;
    let fields: Vec<&str> = body["fields"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields: Vec<&str> = body["default_field"].as_str().into_iter().chain(fields).collect();
    if !fields.is_empty() {
        spread(&mut clause, &fields);
    }
    Ok(clause)
}

/// Asks of some fields what is asked of all.
fn spread(clause: &mut Clause, fields: &[&str]) {
    match &mut clause.kind {
        ClauseKind::Not(inner) | ClauseKind::Nested { inner, .. } => spread(inner, fields),
        ClauseKind::And(parts) | ClauseKind::Or(parts) => parts.iter_mut().for_each(|part| spread(part, fields)),
        ClauseKind::Field { field: FieldName::Every, test, .. } => {
            let of = |name: &&str| match name.contains('*') {
                true => Clause::new(ClauseKind::Field {
                    field: FieldName::Matching((*name).to_owned()),
                    field_span: Default::default(),
                    test: test.clone(),
                }),
                false => Clause::field(*name, test.clone()),
            };
            *clause = Clause::any(fields.iter().map(of).collect());
        }
        ClauseKind::Field { .. } | ClauseKind::All | ClauseKind::None => {}
    }
}

fn kuery(body: &Value) -> Result<Clause, String> {
    let query = body.as_str().map_or_else(|| string(body, "query"), |query| Ok(query.to_owned()))?;
    let mut errors = Vec::new();
    kql::parse(&query, MAX_DEPTH, &mut errors).ok_or_else(|| errors.remove(0).message)
}

fn member(body: &Value) -> Result<(&str, &Value), String> {
    let object: &Map<String, Value> = body.as_object().ok_or("a filter's query is not an object")?;
    let mut members = object.iter();
    match (members.next(), members.next()) {
        (Some((field, value)), None) => Ok((field, value)),
        _ => Err("a filter's query is not about one field".to_owned()),
    }
}

fn string(body: &Value, key: &str) -> Result<String, String> {
    body[key].as_str().map(str::to_owned).ok_or_else(|| format!("a filter has no `{key}`"))
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        _ => Err("a filter's value is no string, number or truth".to_owned()),
    }
}
