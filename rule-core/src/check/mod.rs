//! From syntax tree to plan: checks types and fields, folds constants, lowers conditions to predicates.

mod affix;
mod clause;
mod constants;
pub mod correlation;
mod lower;
mod names;
mod pattern;
mod types;

use crate::Limits;
use crate::diagnostic::{Diagnostic, Level, codes};
use crate::plan::condition::Condition;
use crate::plan::{Filter, Plan};
use crate::schema::Schema;
use crate::syntax::ast::{Category, EventFilter, Expr, ExprKind};
use crate::value::Value;
pub use lower::is_boolean;

/// Checks one query and lowers it into a plan.
pub struct Checker<'a> {
    /// The query's text, for messages.
    pub text: &'a str,
    /// What is known about fields.
    pub schema: &'a Schema,
    /// Bounds.
    pub limits: &'a Limits,
    /// Where predicates go.
    pub plan: &'a mut Plan,
    /// Where errors go.
    pub errors: &'a mut Vec<Diagnostic>,
}

impl Checker<'_> {
    /// The filter as the engine runs it; `None` when there are errors, all of which are reported.
    pub fn filter(&mut self, filter: &EventFilter, category_field: &str) -> Option<Filter> {
        self.check_category(&filter.category, category_field);
        if !self.check(filter) {
            return None;
        }
        let category = match &filter.category {
            Category::Any(_) => None,
            Category::Name(name, _) => Some((self.plan.slot(self.schema, category_field), name.clone())),
        };
        let condition = self.condition(&filter.condition);
        self.check_constant(&filter.condition, &condition);
        Some(Filter { category, condition })
    }

    /// A category is asked of a field. A mapping without it is most likely a part of one, so that is no error, as it is in
    /// Elasticsearch.
    fn check_category(&mut self, category: &Category, field: &str) {
        if let Category::Name(_, span) = category
            && self.schema.is_strict()
            && self.field(field).is_none()
        {
            let warning = Diagnostic::warning(codes::UNKNOWN_FIELD, format!("unknown column [{field}]"), *span)
                .label("the category is a value of this field, which is not in the mapping")
                .help("`any where …` asks for no category");
            self.errors.push(warning);
        }
    }

    /// A condition that was written to ask something and asks nothing is most likely a mistake.
    fn check_constant(&mut self, written: &Expr, condition: &Condition) {
        // Beside a syntax error it is most likely that error's consequence.
        let asks = !matches!(written.kind, ExprKind::Literal(_)) && self.error_count() == 0;
        if let (Condition::Constant(truth), true) = (condition, asks) {
            let events = if *truth { "every event" } else { "no event" };
            let message = format!("the condition holds for {events}");
            let warning = Diagnostic::warning(codes::CONSTANT_CONDITION, message, written.span);
            self.errors.push(warning.label(format!("always {truth}")));
        }
    }

    /// Reports what is wrong with a filter; true when nothing is.
    pub fn check(&mut self, filter: &EventFilter) -> bool {
        let before = self.error_count();
        self.check_condition(&filter.condition);
        self.error_count() == before
    }

    /// The value of an expression without fields; `None` when there are errors.
    pub fn constant(&mut self, expr: &Expr) -> Option<Value<'static>> {
        let before = self.error_count();
        self.check_expression(expr);
        if self.error_count() > before {
            return None;
        }
        self.fold(expr)
    }

    pub fn error_count(&self) -> usize {
        self.errors.iter().filter(|d| d.level == Level::Error).count()
    }

    fn source(&self, expr: &Expr) -> &str {
        self.text.get(expr.span.range()).unwrap_or_default()
    }
}
