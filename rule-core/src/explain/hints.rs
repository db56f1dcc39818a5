//! Near misses: the ways of writing a test that people mistake for each other.
//!
//! Each is the test written in the other way, and lowered and evaluated as if the rule had it. When it holds for an event
//! where the test does not, its author most likely meant it.

use crate::syntax::ast::{CompareOp, Expr, ExprKind, Literal, MatchOp};

/// What a test that holds was written with, instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Without regard to case.
    Case,
    /// With `*` and `?` as wildcards.
    Wildcard,
    /// For a part of the value.
    Part,
    /// Without the white space at both ends of the value; see [`differs_in_blanks`].
    Blank,
}

/// Lists longer than this are written by programs, which do not mistake operators.
const MAX_LIST: usize = 100;
/// Characters of the shortest pattern that is worth looking for inside a value.
const MIN_PART: usize = 3;

/// The test in other words. The test and its variants are without negation: `!=` has the variants of `==`.
pub fn variants(expr: &Expr) -> Vec<(Expr, Hint)> {
    let mut variants = Vec::new();
    let mut add = |kind: ExprKind, hint: Hint| variants.push((Expr { kind, span: expr.span }, hint));
    match &expr.kind {
        ExprKind::Compare { op: CompareOp::Equal | CompareOp::NotEqual, left, right } => {
            let (value, text) = match (string(left), string(right)) {
                (None, Some(_)) => (left, right),
                (Some(_), None) => (right, left),
                _ => return variants,
            };
            equality(value, std::slice::from_ref(&**text), true, &mut add);
        }
        ExprKind::In { insensitive, value, list, .. } if list.len() <= MAX_LIST => {
            equality(value, list, !insensitive, &mut add);
        }
        ExprKind::Match { op, insensitive, value, patterns } if patterns.len() <= MAX_LIST => {
            let variant =
                |insensitive, patterns| ExprKind::Match { op: *op, insensitive, value: value.clone(), patterns };
            if !insensitive {
                add(variant(true, patterns.clone()), Hint::Case);
            }
            let wider = wider(*op, patterns);
            if !wider.is_empty() {
                add(variant(*insensitive, wider), Hint::Part);
            }
        }
        ExprKind::Call { name, name_span, insensitive: false, arguments }
            if crate::functions::find(name).is_some_and(|signature| signature.tilde) =>
        {
            let (name, name_span, arguments) = (name.clone(), *name_span, arguments.clone());
            add(ExprKind::Call { name, name_span, insensitive: true, arguments }, Hint::Case);
        }
        _ => {}
    }
    variants
}

/// The test with each item of its list alone, and the item.
pub fn items(expr: &Expr) -> Vec<(Expr, &Expr)> {
    let list = match &expr.kind {
        ExprKind::In { list, .. } | ExprKind::Match { patterns: list, .. } if (2..=MAX_LIST).contains(&list.len()) => {
            list
        }
        _ => return Vec::new(),
    };
    let alone = |item: &Expr| {
        let item = vec![item.clone()];
        let kind = match &expr.kind {
            ExprKind::Match { op, insensitive, value, .. } => {
                ExprKind::Match { op: *op, insensitive: *insensitive, value: value.clone(), patterns: item }
            }
            ExprKind::In { insensitive, value, .. } => {
                ExprKind::In { negated: false, insensitive: *insensitive, value: value.clone(), list: item }
            }
            other => other.clone(),
        };
        Expr { kind, span: expr.span }
    };
    list.iter().map(|item| (alone(item), item)).collect()
}

/// Variants of equality with one of the constants.
fn equality(value: &Expr, list: &[Expr], sensitive: bool, add: &mut impl FnMut(ExprKind, Hint)) {
    let value = || Box::new(value.clone());
    if sensitive && list.iter().any(|item| string(item).is_some_and(|text| text.contains(char::is_alphabetic))) {
        add(ExprKind::In { negated: false, insensitive: true, value: value(), list: list.to_vec() }, Hint::Case);
    }
    let wild: Vec<Expr> =
        list.iter().filter(|item| string(item).is_some_and(|text| text.contains(['*', '?']))).cloned().collect();
    if !wild.is_empty() {
        add(ExprKind::Match { op: MatchOp::Colon, insensitive: true, value: value(), patterns: wild }, Hint::Wildcard);
    }
}

/// Patterns that find what these want anywhere in the value. Short ones would find it everywhere.
fn wider(op: MatchOp, patterns: &[Expr]) -> Vec<Expr> {
    let widen = |expr: &Expr| {
        let text = string(expr).filter(|text| text.chars().count() >= MIN_PART)?;
        let text = if op == MatchOp::Regex { format!(".*({text}).*") } else { format!("*{text}*") };
        Some(Expr { kind: ExprKind::Literal(Literal::String(text)), span: expr.span })
    };
    patterns.iter().filter_map(widen).collect()
}

/// Whether the value would be equal to a constant of the test but for white space around either.
pub fn differs_in_blanks(expr: &Expr, value: &str) -> bool {
    let near = |constant: &Expr| string(constant).is_some_and(|text| text != value && text.trim() == value.trim());
    match &expr.kind {
        ExprKind::Compare { op: CompareOp::Equal | CompareOp::NotEqual, left, right } => near(left) || near(right),
        ExprKind::In { list, .. } => list.iter().any(near),
        _ => false,
    }
}

fn string(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Literal::String(text)) => Some(text),
        _ => None,
    }
}
