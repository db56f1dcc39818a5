//! What decides, in words.

use serde_json::Value as Json;

use super::blueprint::{Null, Test};
use super::data::{Found, Node};
use super::hints::Hint;
use super::text::{OneLine, cut, quoted};
use super::{notes, walk};
use crate::syntax::ast::{CompareOp, Expr, ExprKind, MatchOp};

/// Most values that a sentence names.
pub const MAX_NAMED: usize = 3;
/// Most tests that a sentence is made from.
const MAX_PHRASES: usize = 100;
/// Characters of source that a sentence quotes.
const MAX_SOURCE: usize = 80;

/// What a test wants, in words.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// The event is of this category.
    Category(String),
    /// Its only field has a value like this: `"bash"`, `> 5`, `one of 12 patterns`.
    Value(String),
    /// What is computed by this source has a value like that.
    Computed(String, String),
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
        let all = |list: &[Expr]| list.iter().map(quote).collect::<Vec<_>>();
        let of_value = |value: &Expr, what: String| match value.kind {
            ExprKind::Field { .. } => Wanted::Value(what),
            _ => Wanted::Computed(lines.of(value.span), what),
        };
        match &expr.kind {
            ExprKind::Field { .. } => Wanted::Value("true".into()),
            ExprKind::Compare { left, right, .. } if null == Null::Asked && (is_field(left) || is_field(right)) => {
                Wanted::Exists
            }
            ExprKind::Compare { op, left, right } if null == Null::Missing => {
                let (value, op, constant) = match (walk::fields(left).is_empty(), walk::fields(right).is_empty()) {
                    (false, true) => (left, *op, right),
                    (true, false) => (right, op.flipped(), left),
                    _ => return Wanted::Itself,
                };
                // `!=` over a field is the negation of `==`; a script has it as it is.
                let what = match op {
                    CompareOp::Equal => quote(constant),
                    CompareOp::NotEqual if is_field(value) => quote(constant),
                    op => format!("{} {}", op.text(), quote(constant)),
                };
                of_value(value, what)
            }
            ExprKind::Match { op: MatchOp::Regex, value, patterns, .. } => {
                of_value(value, format!("a match of {}", one_of(&all(patterns), "expressions")))
            }
            ExprKind::Match { value, patterns, .. } => of_value(value, one_of(&all(patterns), "patterns")),
            ExprKind::In { value, list, .. } => of_value(value, one_of(&all(list), "values")),
            _ => Wanted::Itself,
        }
    }
}

/// A list of what is wanted.
pub fn one_of(list: &[String], what: &str) -> String {
    if list.len() > MAX_NAMED {
        return format!("one of {} {what}", list.len());
    }
    list.join(" or ")
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
    /// Whether the test, written in another way, would have had another outcome.
    pub fn is_near_miss(&self) -> bool {
        self.aside.starts_with(" (")
    }

    fn plain(subject: String) -> Phrase {
        Phrase { subject, wants: None, aside: String::new() }
    }
}

/// The words for a test's node. `passes`: whether its predicate, without negation, holds. `fine`: whether the outcome is
/// what makes the rule match.
pub fn phrase(test: &Test<'_>, node: &Node, passes: bool, fine: bool, hint: Option<Hint>) -> Phrase {
    let remark = |hint| format!(" ({})", notes::aside(test.expr, hint));
    let lacking = node.fields.iter().find(|found| found.values.is_empty()).map(|found| &found.field);
    let (name, has, what) = match (&test.wanted, node.fields.first(), lacking) {
        (Wanted::Category(name), Some(found), None) => {
            let subject = format!("the event's category is {}", values(found, passes));
            return Phrase { wants: (!passes).then(|| name.clone()), ..Phrase::plain(subject) };
        }
        (Wanted::Itself | Wanted::Impossible, ..) | (_, None, _) => {
            return Phrase { aside: hint.map_or_else(String::new, remark), ..itself(node, fine) };
        }
        (Wanted::Category(name), _, Some(lacking)) => {
            return Phrase { wants: Some(name.clone()), ..Phrase::plain(format!("the event has no {lacking}")) };
        }
        (_, _, Some(lacking)) => return Phrase::plain(format!("the event has no {lacking}")),
        (Wanted::Exists, Some(found), None) => {
            let subject = format!("{} is {}", found.field, values(found, false));
            return Phrase { wants: (!fine).then(|| "none".into()), ..Phrase::plain(subject) };
        }
        (Wanted::Value(what), Some(found), None) => (&found.field, values(found, passes), what),
        (Wanted::Computed(source, what), ..) => {
            let part = node.children.iter().find(|part| part.text == *source).and_then(|part| part.value.as_ref());
            let Some(value) = part else { return itself(node, fine) };
            (source, quoted(value), what)
        }
    };
    let subject = format!("{name} is {has}");
    match (passes, fine) {
        (true, true) => Phrase::plain(subject),
        (true, false) => Phrase { aside: ", which the rule excludes".into(), ..Phrase::plain(subject) },
        (false, true) => Phrase::plain(format!("{subject}, not {what}")),
        (false, false) => Phrase { subject, wants: Some(what.clone()), aside: hint.map_or_else(String::new, remark) },
    }
}

/// A test that is best told by its text, with what it was computed from.
pub fn itself(node: &Node, fine: bool) -> Phrase {
    let verb = match node.holds() {
        Some(true) if fine => "holds",
        Some(true) => "holds, which the rule excludes",
        Some(false) => "does not hold",
        None => "cannot be decided",
    };
    let mut from: Vec<String> = Vec::new();
    for found in node.fields.iter().filter(|found| found.values.is_empty()) {
        from.push(format!("the event has no {}", found.field));
    }
    if from.is_empty() {
        let computed = |part: &Node| Some(format!("{} is {}", part.text, quoted(part.value.as_ref()?)));
        from.extend(node.children.iter().filter_map(computed));
    }
    if from.is_empty() {
        let passes = node.holds() == Some(true);
        from.extend(node.fields.iter().map(|found| format!("{} is {}", found.field, values(found, passes))));
    }
    from.truncate(MAX_NAMED);
    let text = format!("`{}` {verb}", cut(&node.text, MAX_SOURCE));
    match node.holds() {
        Some(_) if !from.is_empty() => Phrase::plain(format!("{text}: {}", from.join(", "))),
        _ => Phrase::plain(text),
    }
}

/// Values as a sentence names them: those that pass, or else the first.
pub fn values(found: &Found, passing: bool) -> String {
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

/// Most often tested and least telling: what kind of event it is, and where from.
const ROUTINE: [&str; 5] = ["the event's category", "event.", "host.os.", "data_stream.", "agent."];

/// One sentence for what decided.
pub fn reason(outcome: &str, mut phrases: Vec<Phrase>) -> String {
    // Who compares thousands of phrases to name three of them?
    let beyond = phrases.len().saturating_sub(MAX_PHRASES);
    phrases.truncate(MAX_PHRASES);
    let is_routine =
        |phrase: &Phrase| phrase.wants.is_none() && ROUTINE.iter().any(|prefix| phrase.subject.starts_with(prefix));
    let phrases = match phrases.len() > MAX_NAMED + 1 && phrases.iter().all(|phrase| phrase.wants.is_none()) {
        true => {
            let (routine, mut telling): (Vec<_>, Vec<_>) = phrases.into_iter().partition(is_routine);
            telling.extend(routine);
            telling
        }
        false => phrases,
    };
    // `x is "a", the rule wants "b" or "c"`: the same subject is named once.
    let mut merged: Vec<(Phrase, Vec<String>)> = Vec::new();
    for phrase in phrases {
        let wants = phrase.wants.clone();
        match merged.iter_mut().find(|(known, _)| known.subject == phrase.subject && known.aside == phrase.aside) {
            Some((_, wanted)) => wanted.extend(wants.filter(|wants| !wanted.contains(wants))),
            None => merged.push((phrase, wants.into_iter().collect())),
        }
    }
    let count = merged.len();
    // Beside a near miss the other things that the same value is not say nothing.
    let near: Vec<String> =
        merged.iter().filter(|(phrase, _)| phrase.is_near_miss()).map(|(phrase, _)| phrase.subject.clone()).collect();
    merged.retain(|(phrase, _)| phrase.is_near_miss() || !near.contains(&phrase.subject));
    // Never one left over: it is as short as saying so.
    let most = if count > MAX_NAMED + 1 { MAX_NAMED } else { count };
    merged.truncate(most);
    let more = count - merged.len() + beyond;
    let mut parts: Vec<String> = merged.into_iter().map(|(phrase, wanted)| told(phrase, wanted)).collect();
    if more > 0 {
        parts.push(format!("and {more} more"));
    }
    match parts.is_empty() {
        true => outcome.to_owned(),
        false => format!("{outcome}: {}", parts.join("; ")),
    }
}

fn told(phrase: Phrase, mut wanted: Vec<String>) -> String {
    let Phrase { mut subject, aside, .. } = phrase;
    if wanted.len() > MAX_NAMED + 1 {
        let more = wanted.len() - MAX_NAMED;
        wanted.truncate(MAX_NAMED);
        wanted.push(format!("{more} more"));
    }
    if !wanted.is_empty() {
        subject.push_str(&format!(", the rule wants {}", wanted.join(" or ")));
    }
    subject + &aside
}
