//! Outcomes in words.

use serde_json::Value as Json;

use super::blueprint::{Null, Read, Test};
use super::data::{Found, Node, NodeKind};
use super::hints::Hint;
use super::text::{OneLine, quoted};
use super::walk;
use crate::syntax::ast::{CompareOp, Expr, ExprKind, MatchOp};

/// Most values that a sentence names.
const MAX_NAMED: usize = 3;

/// What a test wants, in words.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// The event is of this category.
    Category(String),
    /// Its only field has a value like this: `"bash"`, `> 5`, `one of 12 patterns`.
    Value(String),
    /// Its only field is there.
    Exists,
    /// Nothing shorter than its own text.
    Itself,
    /// No value can pass.
    Impossible,
}

impl Wanted {
    /// What an expression wants that is a test.
    pub fn of(expr: &Expr, null: Null, lines: &OneLine<'_>) -> Wanted {
        let is_field = |expr: &Expr| matches!(expr.kind, ExprKind::Field { .. });
        let quote = |expr: &Expr| lines.quote(expr.span);
        match &expr.kind {
            ExprKind::Field { .. } => Wanted::Value("true".into()),
            ExprKind::Compare { left, right, .. } if null == Null::Asked && (is_field(left) || is_field(right)) => {
                Wanted::Exists
            }
            ExprKind::Compare { op, left, right } if null == Null::Missing && is_field(left) != is_field(right) => {
                let (op, constant) = if is_field(left) { (*op, right) } else { (op.flipped(), left) };
                if !walk::fields(constant).is_empty() {
                    return Wanted::Itself;
                }
                Wanted::Value(match op {
                    CompareOp::Equal | CompareOp::NotEqual => quote(constant),
                    op => format!("{} {}", op.text(), quote(constant)),
                })
            }
            ExprKind::Match { op: MatchOp::Regex, value, patterns, .. } if is_field(value) => {
                Wanted::Value(format!("a match of {}", one_of(patterns, "expressions", quote)))
            }
            ExprKind::Match { value, patterns, .. } if is_field(value) => {
                Wanted::Value(one_of(patterns, "patterns", quote))
            }
            ExprKind::In { value, list, .. } if is_field(value) => Wanted::Value(one_of(list, "values", quote)),
            _ => Wanted::Itself,
        }
    }
}

fn one_of(list: &[Expr], what: &str, quote: impl Fn(&Expr) -> String) -> String {
    if list.len() > MAX_NAMED {
        return format!("one of {} {what}", list.len());
    }
    list.iter().map(quote).collect::<Vec<_>>().join(" or ")
}

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

/// A deciding test in words: what the event has, and what is to be said about it.
#[derive(Debug, PartialEq)]
pub struct Phrase {
    /// `process.name is "Bash"`
    pub subject: String,
    /// `the rule wants "bash"`; may be empty.
    pub wants: Option<String>,
    /// What follows both.
    pub aside: String,
}

impl Phrase {
    fn plain(subject: String) -> Phrase {
        Phrase { subject, wants: None, aside: String::new() }
    }
}

/// The words for a test's node. `passes`: whether its predicate, without negation, holds. `fine`: whether the outcome is
/// what makes the rule match.
pub fn phrase(test: &Test<'_>, node: &Node, passes: bool, fine: bool, hint: Option<Hint>) -> Phrase {
    let Some(found) = node.fields.first() else { return itself(node, fine) };
    let has = |values: String| format!("{} is {values}", found.field);
    match &test.wanted {
        Wanted::Itself | Wanted::Impossible => itself(node, fine),
        Wanted::Category(name) => {
            let subject = if found.values.is_empty() {
                format!("the event has no {}", found.field)
            } else {
                format!("the event's category is {}", values(found, passes))
            };
            let wants = (!passes).then(|| name.clone());
            Phrase { subject, wants, aside: String::new() }
        }
        _ if found.values.is_empty() => Phrase::plain(format!("the event has no {}", found.field)),
        Wanted::Exists if fine => Phrase::plain(has(values(found, false))),
        Wanted::Exists => {
            Phrase { subject: has(values(found, false)), wants: Some("none".into()), aside: String::new() }
        }
        Wanted::Value(_) if passes && fine => Phrase::plain(has(values(found, true))),
        Wanted::Value(_) if passes => {
            Phrase { aside: ", which the rule excludes".into(), ..Phrase::plain(has(values(found, true))) }
        }
        Wanted::Value(what) if fine => Phrase::plain(format!("{}, not {what}", has(values(found, false)))),
        Wanted::Value(what) => Phrase {
            subject: has(values(found, false)),
            wants: Some(what.clone()),
            aside: hint.map_or_else(String::new, |hint| format!(" ({})", aside(test.expr, hint))),
        },
    }
}

/// A test with functions: its text and what it was computed from.
pub fn itself(node: &Node, fine: bool) -> Phrase {
    let holds = node.holds();
    let verb = match holds {
        Some(true) if fine => "holds",
        Some(true) => "holds, which the rule excludes",
        Some(false) => "does not hold",
        None => "cannot be decided",
    };
    let computed: Vec<String> = node
        .children
        .iter()
        .filter_map(|part| Some(format!("{} is {}", part.text, quoted(part.value.as_ref()?))))
        .take(MAX_NAMED)
        .collect();
    let mut subject = format!("`{}` {verb}", super::text::cut(&node.text, 80));
    if !computed.is_empty() && holds.is_some() {
        subject = format!("{subject}: {}", computed.join(", "));
    }
    Phrase::plain(subject)
}

/// Values as a sentence names them: those that pass, or else the first.
fn values(found: &Found, passing: bool) -> String {
    let pick = |at: &u32| found.values.get(*at as usize);
    let chosen: Vec<&Json> = match passing && !found.passing.is_empty() {
        true => found.passing.iter().filter_map(pick).collect(),
        false => found.values.iter().collect(),
    };
    let count = if passing { chosen.len() } else { found.total.map_or(chosen.len(), |total| total as usize) };
    let named: Vec<String> = chosen.iter().take(MAX_NAMED).map(|value| quoted(value)).collect();
    match count - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// One sentence for what decided.
pub fn reason(outcome: &str, phrases: Vec<Phrase>) -> String {
    // `x is "a", the rule wants "b" or "c"`: the same subject is named once.
    let mut merged: Vec<(Phrase, Vec<String>)> = Vec::new();
    for phrase in phrases {
        let wants = phrase.wants.clone();
        match merged.iter_mut().find(|(known, _)| known.subject == phrase.subject && known.aside == phrase.aside) {
            Some((_, wanted)) => wanted.extend(wants),
            None => merged.push((phrase, wants.into_iter().collect())),
        }
    }
    let mut parts: Vec<String> = Vec::new();
    let count = merged.len();
    // Never one left over: it is as short as saying so.
    let named = if count > MAX_NAMED + 1 { MAX_NAMED } else { count };
    for (phrase, mut wanted) in merged.into_iter().take(named) {
        let mut part = phrase.subject;
        if wanted.len() > MAX_NAMED + 1 {
            let more = wanted.len() - MAX_NAMED;
            wanted.truncate(MAX_NAMED);
            wanted.push(format!("{more} more"));
        }
        if !wanted.is_empty() {
            part.push_str(&format!(", the rule wants {}", wanted.join(" or ")));
        }
        part.push_str(&phrase.aside);
        parts.push(part);
    }
    let more = if count > named { format!("; and {} more", count - named) } else { String::new() };
    match parts.is_empty() {
        true => outcome.to_owned(),
        false => format!("{outcome}: {}{more}", parts.join("; ")),
    }
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
fn aside(expr: Option<&Expr>, hint: Hint) -> String {
    let (op, _) = expr.map(operator).unwrap_or_default();
    match hint {
        Hint::Case => "case-sensitive".into(),
        Hint::Wildcard => format!("`{op}` knows no wildcards"),
        Hint::Part => format!("`{op}` matches the whole value"),
        Hint::Blank => "white space at its ends counts".into(),
    }
}

/// A near miss as a note.
pub fn near_miss(expr: &Expr, hint: Hint) -> String {
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

/// Which items of a list hold.
pub fn met_by(items: Vec<&str>) -> Option<String> {
    let named = items.iter().take(MAX_NAMED).copied().collect::<Vec<_>>().join(" and ");
    match items.len().saturating_sub(MAX_NAMED) {
        _ if items.is_empty() => None,
        0 => Some(format!("met by {named}")),
        more => Some(format!("met by {named} and {more} more")),
    }
}

/// What is to be said about a test's outcome, beside near misses.
///
/// `instead`: what the event has in place of a missing field.
pub fn notes(
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
    if let Some(Wanted::Category(name)) = Some(&test.wanted)
        && let (false, Some(found)) = (passes, node.fields.first())
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
