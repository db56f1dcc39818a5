//! What is to be said about a node, beside its truth and values.

use serde_json::Value as Json;

use super::blueprint::{Null, Read, Test};
use super::data::{Node, NodeKind};
use super::hints::Hint;
use super::walk;
use super::words::{MAX_NAMED, Wanted, values};
use crate::syntax::ast::{CompareOp, Expr, ExprKind, MatchOp};

/// What is to be said about a condition that reads no field.
pub fn of_constant(expr: &Expr) -> Vec<String> {
    let mut absent: Vec<&str> = Vec::new();
    for (name, _) in walk::fields(expr) {
        if !absent.contains(&name) {
            absent.push(name);
        }
    }
    let note = |name: &&str| format!("the mapping has no {name}: the optional field is null for every event");
    absent.iter().map(note).collect()
}

/// The operator or function of a test, and what it would be without regard to case.
fn operator(expr: &Expr) -> (String, String) {
    match &expr.kind {
        ExprKind::Compare { op: CompareOp::NotEqual, .. } => ("!=".into(), "not … :".into()),
        ExprKind::Compare { op, .. } => (op.text().into(), ":".into()),
        ExprKind::In { negated, insensitive, .. } => {
            let not = if *negated { "not " } else { "" };
            (format!("{not}in{}", if *insensitive { "~" } else { "" }), format!("{not}in~"))
        }
        ExprKind::Match { op: MatchOp::Colon, .. } => (":".into(), ":".into()),
        ExprKind::Match { op: MatchOp::Like, insensitive, .. } => {
            (if *insensitive { "like~" } else { "like" }.into(), "like~".into())
        }
        ExprKind::Match { op: MatchOp::Regex, insensitive, .. } => {
            (if *insensitive { "regex~" } else { "regex" }.into(), "regex~".into())
        }
        ExprKind::Call { name, .. } => (name.clone(), format!("{name}~")),
        _ => (String::new(), String::new()),
    }
}

/// A near miss in brief.
pub fn aside(expr: Option<&Expr>, hint: Hint) -> String {
    let (op, _) = expr.map_or((":".into(), "".into()), operator);
    match hint {
        Hint::Case => "case-sensitive".into(),
        Hint::Wildcard => format!("`{op}` knows no wildcards"),
        Hint::Part => format!("`{op}` matches the whole value"),
        Hint::Blank => "white space at its ends counts".into(),
    }
}

/// A near miss as a note.
pub fn near_miss(expr: Option<&Expr>, hint: Hint) -> String {
    let Some(expr) = expr else { return near_miss_of_value(hint) };
    let (op, insensitive) = operator(expr);
    match hint {
        Hint::Case => {
            format!("`{op}` is case-sensitive: the value differs in case only, which `{insensitive}` would ignore")
        }
        Hint::Wildcard => format!("wildcards need `:` or `like`: `{op}` takes `*` and `?` as they are"),
        Hint::Part => {
            let any = if op.starts_with("regex") { ".*" } else { "*" };
            format!("`{op}` matches the whole value: with `{any}` at both ends the pattern would find a part of it")
        }
        Hint::Blank => format!("`{op}` counts white space: the value differs by it at its ends"),
    }
}

/// Why a negation holds although what it negates is not false.
pub fn of_negation(inner: &Node) -> Option<String> {
    let is_missing = inner.fields.iter().any(|found| found.values.is_empty());
    let what = if is_missing { "a test of a missing field" } else { "a test that is null" };
    (inner.truth.is_none() && inner.counts_as == Some(false))
        .then(|| format!("{what} does not hold, so its negation does"))
}

/// Which items of a list hold.
pub fn met_by(items: Vec<&str>) -> Option<String> {
    let named = items.iter().take(MAX_NAMED).copied().collect::<Vec<_>>().join(" and ");
    match items.len().saturating_sub(MAX_NAMED) {
        _ if items.is_empty() => None,
        0 => Some(format!("met by {named}")),
        more => Some(format!("met by {named} and {more} more")),
    }
}

/// The same in KQL and Lucene, where a value is written without an operator.
fn near_miss_of_value(hint: Hint) -> String {
    match hint {
        Hint::Case => "values are case-sensitive: the event's differs in case only".into(),
        Hint::Wildcard | Hint::Part => {
            "a value is the whole of the field's: with `*` at both ends, outside quotes, it would find a part of it"
                .into()
        }
        Hint::Blank => "white space counts: the value differs by it at its ends".into(),
    }
}

/// What is to be said about a test's outcome, beside near misses.
///
/// `instead`: what the event has in place of a missing field.
pub fn of_test(
    test: &Test<'_>,
    node: &Node,
    passes: Option<bool>,
    max_combinations: u32,
    instead: &dyn Fn(&Read) -> Option<String>,
) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(passes) = passes else {
        notes.push(format!("undecided: it has more than {max_combinations} combinations of values to try"));
        return notes;
    };
    let op = test.expr.map(|expr| operator(expr).0).unwrap_or_default();
    let read = test.fields.iter().zip(&node.fields);
    let missing: Vec<&Read> = read.filter(|(_, found)| found.values.is_empty()).map(|(read, _)| read).collect();
    if test.null == Null::Always {
        notes.push("a comparison with null is null, whatever the event has".into());
    } else if test.wanted == Wanted::Impossible {
        notes.push(match test.negated {
            true => "no value can be what is written here, so this holds for every event".into(),
            false => "no value can pass this test".into(),
        });
    } else if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|read| read.name.as_str()).collect();
        let mut note = format!("the event has no {}", names.join(" and no "));
        if node.truth.is_none() && node.counts_as == Some(true) {
            note.push_str(&format!(", and `{op}` holds without it"));
        }
        notes.push(note);
        notes.extend(missing.into_iter().filter_map(instead));
    } else if node.truth.is_none() {
        notes.push("a part of it is null for these values".into());
    }
    if let (Wanted::Category(name), false, Some(found)) = (&test.wanted, passes, node.fields.first())
        && !found.values.is_empty()
    {
        let differs = |value: &Json| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(name));
        let listed = values(found, false);
        notes.push(match found.values.iter().any(differs) {
            true => format!("the event's category is {listed}, the rule wants {name}: categories are case-sensitive"),
            false => format!("the event's category is {listed}, the rule wants {name}"),
        });
    }
    if node.kind == NodeKind::Test && node.fields.iter().any(|found| found.values.len() > 1) {
        notes.push(match (passes, test.negated) {
            (true, true) => format!("the field is an array: `{op}` holds only if it holds for every value"),
            (true, false) => "the field is an array: one value that passes is enough".into(),
            (false, false) => "the field is an array, and none of its values passes".into(),
            (false, true) => return notes,
        });
    }
    notes
}
