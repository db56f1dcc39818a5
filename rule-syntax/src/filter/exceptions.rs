//! Exception items as clauses.
//!
//! Source: `build_exception_filter.ts` of Kibana's `kbn-securitysolution-list-utils`/lists plugin; "Add and manage exceptions",
//! Elastic Security documentation.

use crate::clause::{Clause, ClauseKind, FieldTest, Glob, RangeOp};
use crate::rule::{Entry, EntryTest, ExceptionItem, ListOperator, ValueListRef};

/// The values of a value list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueList {
    /// Its id; Kibana names an imported list after its file.
    pub id: String,
    /// One a line.
    pub values: Vec<String>,
}

/// The events that an item takes away. `list` finds value lists by their id; the error says in words which is missing, or what cannot
/// be read.
pub fn exception<'l>(item: &ExceptionItem, list: &dyn Fn(&str) -> Option<&'l ValueList>) -> Result<Clause, String> {
    if item.entries.is_empty() {
        return Err("it has no entries, so that it would take every event away".to_owned());
    }
    let mut parts: Vec<Clause> = item.entries.iter().map(|e| entry(e, "", list)).collect::<Result<_, _>>()?;
    if let Some(end) = &item.expire_time {
        parts.push(Clause::field("@timestamp", FieldTest::Range(vec![(RangeOp::Less, end.clone())])));
    }
    Ok(Clause::all(parts))
}

fn entry<'l>(entry: &Entry, path: &str, list: &dyn Fn(&str) -> Option<&'l ValueList>) -> Result<Clause, String> {
    let name = if path.is_empty() { entry.field.clone() } else { format!("{path}.{}", entry.field) };
    // Endpoint exceptions name a twin of the field that does not mind case.
    let insensitive = name.ends_with(".caseless");
    let value = |value: &str| Clause::field(&*name, FieldTest::Term(value.to_owned(), insensitive));
    let clause = match &entry.test {
        EntryTest::Match { value: text } => value(text),
        EntryTest::MatchAny { value: texts } => Clause::any(texts.iter().map(|text| value(text)).collect()),
        EntryTest::Exists => Clause::field(&*name, FieldTest::Exists),
        EntryTest::Wildcard { value } => Clause::field(&*name, FieldTest::Glob(Glob::lucene(value), insensitive)),
        EntryTest::List { list: wanted } => {
            let found = list(&wanted.id)
                .ok_or_else(|| format!("it needs the value list `{}`, which was not given", wanted.id))?;
            of_list(&name, wanted, found)
        }
        EntryTest::Nested { entries } => {
            let parts = entries.iter().map(|inner| self::entry(inner, &name, list)).collect::<Result<_, _>>()?;
            Clause::new(ClauseKind::Nested { path: name.clone(), inner: Box::new(Clause::all(parts)) })
        }
    };
    Ok(if entry.operator == ListOperator::Excluded { clause.not() } else { clause })
}

fn of_list(name: &str, wanted: &ValueListRef, list: &ValueList) -> Clause {
    let value = |value: &String| match value.split_once('-') {
        // `10.0.0.1-10.0.0.9`
        Some((first, last)) if wanted.kind == "ip_range" => {
            let bounds = vec![
                (RangeOp::GreaterOrEqual, first.trim().to_owned()),
                (RangeOp::LessOrEqual, last.trim().to_owned()),
            ];
            Clause::field(name, FieldTest::Range(bounds))
        }
        _ => Clause::field(name, FieldTest::Term(value.clone(), false)),
    };
    Clause::any(list.values.iter().map(value).collect())
}
