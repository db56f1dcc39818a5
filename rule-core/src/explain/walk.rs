//! Ways through an expression and through the script that it became.

use crate::plan::script::Node as Script;
use crate::syntax::ast::{Expr, ExprKind};

/// The expressions from which an expression is computed, left to right. Patterns and lists are constants and not among
/// them.
pub fn operands(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Field { .. } | ExprKind::Error => Vec::new(),
        ExprKind::Not(inner) | ExprKind::Negate(inner) => vec![inner],
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Call { arguments: parts, .. } => parts.iter().collect(),
        ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic { left, right, .. } => vec![left, right],
        ExprKind::Match { value, .. } | ExprKind::In { value, .. } => vec![value],
    }
}

/// The fields that an expression mentions, as often as it does, and whether with `?`.
pub fn fields(expr: &Expr) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::Field { name, optional } => found.push((name.as_str(), *optional)),
            _ => open.extend(operands(expr).into_iter().rev()),
        }
    }
    found
}

/// The operands of an expression, each with the part of the expression's script that computes it.
pub fn pairs<'e, 's>(expr: &'e Expr, script: &'s Script) -> Vec<(&'e Expr, &'s Script)> {
    match (&expr.kind, script) {
        // `!=` with null and `not in` are negations of what computes something.
        (ExprKind::Compare { .. } | ExprKind::In { .. }, Script::Not(inner)) => pairs(expr, inner),
        (ExprKind::Compare { left, right, .. }, Script::IsNull(inner)) => {
            // The other side is the null; it may be written as a constant that comes to null.
            let tested = if matches!(**inner, Script::Constant(_)) || fields(left).is_empty() { right } else { left };
            vec![(tested, inner)]
        }
        (_, Script::Constant(_) | Script::Field(_)) => Vec::new(),
        (_, Script::Not(inner) | Script::Negate(inner) | Script::Text(inner, _) | Script::In(inner, _)) => {
            operands(expr).into_iter().zip([&**inner]).collect()
        }
        (_, Script::Compare(_, left, right) | Script::Arithmetic(_, left, right)) => {
            operands(expr).into_iter().zip([&**left, &**right]).collect()
        }
        (_, Script::And(parts) | Script::Or(parts) | Script::Call(_, _, parts)) => {
            operands(expr).into_iter().zip(parts).collect()
        }
        (_, Script::IsNull(_)) => Vec::new(),
    }
}
