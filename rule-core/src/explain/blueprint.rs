//! The rule as a tree of conditions, before any event.
//!
//! Every condition of the rule, down to the single test, becomes a filter of one private program, lowered by the checker
//! just as the rule is. So the engine's own evaluator tells the truth of each.

use super::data::{Key, Node, NodeKind, Role, Term};
use super::hints::{self, Hint};
use super::text::{self, OneLine};
use super::words::Wanted;
use super::{notes, walk};
use crate::check::{Checker, is_boolean};
use crate::diagnostic::Span;
use crate::plan::Filter;
use crate::plan::condition::Condition;
use crate::rule::QueryText;
use crate::syntax::ast::{self, Category, CompareOp, EventFilter, Expr, ExprKind};
use crate::value::Value;

/// Deepest nesting of nodes: JSON parsers have a limit of their own, and a node nests it by two.
pub(super) const MAX_DEPTH: usize = 40;

/// A term of the query.
pub struct Blueprint<'q> {
    pub term: Term,
    /// The slot of each of [`Term::keys`].
    pub keys: Vec<u32>,
    /// The filter's node.
    pub root: Part<'q>,
}

/// A condition and how to find out its truth.
pub struct Part<'q> {
    pub kind: NodeKind,
    pub text: String,
    pub span: Span,
    /// The filter that holds when the condition does.
    pub holds: u32,
    /// The filter that holds when the condition does not; neither does when the condition cannot be decided. `None` when it
    /// always can.
    pub fails: Option<u32>,
    pub test: Option<Box<Test<'q>>>,
    /// Whether it is a constant that comes to null.
    pub null: bool,
    pub notes: Vec<String>,
    pub children: Vec<Part<'q>>,
}

/// A question to an event's fields.
pub struct Test<'q> {
    pub expr: Option<&'q Expr>,
    /// The fields that it reads, each once.
    pub fields: Vec<Read>,
    /// The predicate that asks; none when the answer is the same for every event.
    pub predicate: Option<u32>,
    /// Whether the test holds when the predicate does not: `!=`, `not in`.
    pub negated: bool,
    pub null: Null,
    /// What the rule wants, in words.
    pub wanted: Wanted,
    /// Filters that would hold if the test were written in another way.
    pub hints: Vec<(u32, Hint)>,
    /// Filters that hold when one item of a list alone does, with the item.
    pub items: Vec<(u32, String)>,
    /// Constants that are computed, such as `60 * 60`.
    pub constants: Vec<Node>,
}

/// A field that a test reads.
pub struct Read {
    pub name: String,
    pub slot: u32,
    /// Whether the mapping or the Elastic Common Schema has it.
    pub known: bool,
}

/// What a test has to do with null.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Null {
    /// It is null where its fields are missing.
    Missing,
    /// It asks whether something is null, so it never is null itself.
    Asked,
    /// It compares with null, so it always is null.
    Always,
}

/// Draws blueprints, collecting filters.
pub struct Drawer<'a> {
    pub checker: Checker<'a>,
    pub query: &'a QueryText,
    pub lines: &'a OneLine<'a>,
    pub category_field: &'a str,
    pub filters: Vec<Filter>,
    /// Whether what is drawn is not written in the query: nodes then have the text that KQL has for them, and no place.
    pub is_printed: bool,
}

impl Drawer<'_> {
    /// Checks that join keys are fields that there are.
    pub fn check_keys<'q>(&mut self, keys: impl IntoIterator<Item = &'q Expr>) {
        for key in keys {
            if let ExprKind::Field { name, optional } = &key.kind {
                self.checker.check_field(name, *optional, key.span);
            }
        }
    }

    /// One term of a sequence or sample, with the keys of the whole query.
    pub fn term<'q>(&mut self, term: &'q ast::Term, role: Role, by: &'q [Expr]) -> Option<Blueprint<'q>> {
        let mut described = self.describe(role, term.span);
        described.runs = term.runs.map_or(1, |(runs, _)| runs);
        let mut slots = Vec::new();
        for key in by.iter().chain(&term.by) {
            let ExprKind::Field { name, optional } = &key.kind else { continue };
            slots.push(self.checker.plan.slot(self.checker.schema, name));
            described.keys.push(Key { field: name.clone(), span: self.query.map.span(key.span), optional: *optional });
        }
        let root = self.filter(&term.filter)?;
        Some(Blueprint { term: described, keys: slots, root })
    }

    /// The only term of an event query.
    pub fn event<'q>(&mut self, filter: &'q EventFilter) -> Option<Blueprint<'q>> {
        let root = self.filter(filter)?;
        Some(Blueprint { term: self.describe(Role::Event, filter.span), keys: Vec::new(), root })
    }

    pub(super) fn describe(&self, role: Role, span: Span) -> Term {
        Term { role, text: self.lines.of(span), span: self.query.map.span(span), runs: 1, keys: Vec::new() }
    }

    fn filter<'q>(&mut self, filter: &'q EventFilter) -> Option<Part<'q>> {
        let lowered = self.checker.filter(filter, self.category_field)?;
        let mut children = Vec::new();
        if let (Category::Name(name, span), Some(category)) = (&filter.category, &lowered.category) {
            let holds = self.push(Filter { category: Some(category.clone()), condition: Condition::Constant(true) });
            let mut part = self.part(NodeKind::Category, *span, holds, None);
            part.test = Some(Box::new(Test {
                expr: None,
                fields: vec![self.read(self.category_field, category.0)],
                predicate: None,
                negated: false,
                null: Null::Missing,
                wanted: Wanted::Category(name.clone()),
                hints: Vec::new(),
                items: Vec::new(),
                constants: Vec::new(),
            }));
            children.push(part);
        }
        children.push(self.condition(&filter.condition, 1));
        let holds = self.push(lowered);
        let mut root = self.part(NodeKind::Filter, filter.span, holds, None);
        root.children = children;
        Some(root)
    }

    pub(super) fn part<'q>(&self, kind: NodeKind, span: Span, holds: u32, fails: Option<u32>) -> Part<'q> {
        let (text, span) = (self.lines.of(span), self.query.map.span(span));
        Part { kind, text, span, holds, fails, test: None, null: false, notes: Vec::new(), children: Vec::new() }
    }

    pub(super) fn push(&mut self, filter: Filter) -> u32 {
        self.filters.push(filter);
        self.filters.len() as u32 - 1
    }

    pub(super) fn push_condition(&mut self, condition: Condition) -> u32 {
        self.push(Filter { category: None, condition })
    }

    fn condition<'q>(&mut self, expr: &'q Expr, depth: usize) -> Part<'q> {
        let condition = self.checker.condition(expr);
        let holds = self.push_condition(condition.clone());
        let fails = self.push_condition(condition.clone().negate());
        let mut part = self.part(NodeKind::Test, expr.span, holds, Some(fails));
        if self.checker.is_constant(expr) {
            part.kind = NodeKind::Constant;
            part.null = self.checker.fold(expr).is_some_and(|value| value.is_null());
            part.notes = notes::of_constant(expr);
            return part;
        }
        let inner: Vec<&Expr>;
        (part.kind, inner) = match &expr.kind {
            ExprKind::And(parts) => (NodeKind::And, parts.iter().collect()),
            ExprKind::Or(parts) => (NodeKind::Or, parts.iter().collect()),
            ExprKind::Not(inner) => (NodeKind::Not, vec![&**inner]),
            _ => match self.truth_of(expr) {
                Some((inner, true)) => (NodeKind::And, vec![inner]),
                Some((inner, false)) => (NodeKind::Not, vec![inner]),
                None => {
                    part.test = Some(Box::new(self.test(expr, &condition)));
                    return part;
                }
            },
        };
        if depth >= MAX_DEPTH {
            part.notes.push("nested too deeply to be shown".into());
        } else {
            part.children = inner.into_iter().map(|inner| self.condition(inner, depth + 1)).collect();
        }
        part
    }

    /// `f(x) == true` and its like: the condition inside, and whether it has to hold.
    fn truth_of<'q>(&mut self, expr: &'q Expr) -> Option<(&'q Expr, bool)> {
        let ExprKind::Compare { op, left, right } = &expr.kind else { return None };
        let (value, constant) = match (self.checker.fold(right), self.checker.fold(left)) {
            (Some(constant), _) => (left, constant),
            (_, Some(constant)) => (right, constant),
            _ => return None,
        };
        match (constant, op) {
            (Value::Bool(truth), CompareOp::Equal) if is_boolean(value) => Some((value, truth)),
            (Value::Bool(truth), CompareOp::NotEqual) if is_boolean(value) => Some((value, !truth)),
            _ => None,
        }
    }

    fn test<'q>(&mut self, expr: &'q Expr, condition: &Condition) -> Test<'q> {
        let (predicate, negated) = match condition {
            Condition::Predicate(number) => (Some(*number), false),
            Condition::Not(inner) => match **inner {
                Condition::Predicate(number) => (Some(number), true),
                _ => (None, true),
            },
            other => (None, *other == Condition::Constant(true)),
        };
        let mut fields: Vec<Read> = Vec::new();
        for (name, optional) in walk::fields(expr) {
            if !self.checker.is_absent(name, optional) && !fields.iter().any(|read| read.name == name) {
                let slot = self.checker.plan.slot(self.checker.schema, name);
                fields.push(self.read(name, slot));
            }
        }
        let constants = walk::operands(expr).into_iter().filter_map(|operand| self.constant(operand)).collect();
        let null = self.null(expr);
        let wanted = match (predicate, null) {
            (None, Null::Missing) => Wanted::Impossible,
            _ => Wanted::of(expr, null, self.lines),
        };
        let mut hints = Vec::new();
        for (variant, hint) in hints::variants(expr) {
            let condition = self.checker.condition(&variant);
            hints.push((self.push_condition(condition), hint));
        }
        let mut items = Vec::new();
        for (alone, item) in hints::items(expr) {
            let condition = self.checker.condition(&alone);
            items.push((self.push_condition(condition), self.lines.quote(item.span)));
        }
        Test { expr: Some(expr), fields, predicate, negated, null, wanted, hints, items, constants }
    }

    pub(super) fn read(&self, name: &str, slot: u32) -> Read {
        Read { name: name.to_owned(), slot, known: self.checker.schema.get(name).is_some() }
    }

    fn null(&mut self, expr: &Expr) -> Null {
        let ExprKind::Compare { op, left, right } = &expr.kind else { return Null::Missing };
        let null = |value: Option<Value<'_>>| value.is_some_and(|value| value.is_null());
        if !null(self.checker.fold(right)) && !null(self.checker.fold(left)) {
            Null::Missing
        } else if matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
            Null::Asked
        } else {
            Null::Always
        }
    }

    /// The value of an operand that is constant but not written as its value.
    fn constant(&mut self, expr: &Expr) -> Option<Node> {
        if matches!(expr.kind, ExprKind::Literal(_)) {
            return None;
        }
        let value = text::computed(&self.checker.fold(expr)?);
        Some(Node::of_value(self.lines.of(expr.span), self.query.map.span(expr.span), value))
    }
}
