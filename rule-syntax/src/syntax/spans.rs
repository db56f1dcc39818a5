//! Trees without the places that they were read from, to compare what they mean.

use super::ast::*;
use crate::Span;

impl Query {
    /// The same query as if it were read from nowhere: two texts mean the same if their trees are equal without spans.
    pub fn without_spans(mut self) -> Query {
        match &mut self.kind {
            QueryKind::Event(filter) => clear_filter(filter),
            QueryKind::Sequence(sequence) => {
                sequence.keyword = Span::default();
                sequence.span = Span::default();
                if let Some((_, span)) = &mut sequence.maxspan {
                    *span = Span::default();
                }
                sequence.by.iter_mut().for_each(clear);
                sequence.terms.iter_mut().chain(sequence.until.as_deref_mut()).for_each(clear_term);
            }
            QueryKind::Sample(sample) => {
                sample.keyword = Span::default();
                sample.span = Span::default();
                sample.by.iter_mut().for_each(clear);
                sample.terms.iter_mut().for_each(clear_term);
            }
        }
        self.pipes.iter_mut().for_each(|pipe| pipe.span = Span::default());
        self
    }
}

fn clear_term(term: &mut Term) {
    term.span = Span::default();
    if let Some((_, span)) = &mut term.runs {
        *span = Span::default();
    }
    term.by.iter_mut().for_each(clear);
    clear_filter(&mut term.filter);
}

fn clear_filter(filter: &mut EventFilter) {
    filter.span = Span::default();
    let (Category::Any(span) | Category::Name(_, span)) = &mut filter.category;
    *span = Span::default();
    clear(&mut filter.condition);
}

fn clear(expr: &mut Expr) {
    expr.span = Span::default();
    match &mut expr.kind {
        ExprKind::Literal(_) | ExprKind::Field { .. } | ExprKind::Error => {}
        ExprKind::Not(operand) | ExprKind::Negate(operand) => clear(operand),
        ExprKind::And(operands) | ExprKind::Or(operands) => operands.iter_mut().for_each(clear),
        ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic { left, right, .. } => {
            clear(left);
            clear(right);
        }
        ExprKind::Match { value, patterns: list, .. } | ExprKind::In { value, list, .. } => {
            clear(value);
            list.iter_mut().for_each(clear);
        }
        ExprKind::Call { name_span, arguments, .. } => {
            *name_span = Span::default();
            arguments.iter_mut().for_each(clear);
        }
    }
}
