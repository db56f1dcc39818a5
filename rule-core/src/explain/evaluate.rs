//! One event through the blueprints.

use std::cell::{OnceCell, RefCell};

use serde_json::Value as Json;

use super::blueprint::{Blueprint, Null, Part, Read, Test};
use super::data::{ExplainedEvent, Found, Node, NodeKind, Verdict};
use super::gates::Outside;
use super::hints::{self, Hint};
use super::names::Names;
use super::text::{self, OneLine};
use super::words::{self, Wanted};
use super::{decide, notes, walk};
use crate::api::Rejection;
use crate::decode::{self, Line};
use crate::engine::{Evaluator, Program};
use crate::pattern::Fold;
use crate::plan::Predicate;
use crate::plan::script::Node as Script;
use crate::rule::QueryText;
use crate::syntax::ast::{Expr, ExprKind};
use crate::value::Value;

/// Values shown of one field.
const MAX_VALUES: usize = 20;
/// Deepest nesting of the values inside a test.
const MAX_DEPTH: usize = 8;

/// What explains events, one after the other.
pub struct Explainer<'q> {
    pub program: Program,
    pub blueprints: Vec<Blueprint<'q>>,
    pub timestamp: u32,
    pub query: &'q QueryText,
    pub lines: &'q OneLine<'q>,
    pub evaluator: Evaluator,
    pub outside: Outside<'q>,
}

/// The filter that holds for every event that can be read.
pub const READABLE: u32 = 0;

impl Explainer<'_> {
    /// The event, held against every term.
    pub fn explain(&mut self, ordinal: u64, line: Line<'_>) -> ExplainedEvent {
        let result = self.evaluator.run(&self.program, line);
        let mut holds = vec![false; self.program.code.len()];
        for filter in self.evaluator.matched() {
            holds[*filter as usize] = true;
        }
        // An error may also be that some condition cannot be decided, which its own node says.
        if let (Err((offset, message)), false) = (result, holds[READABLE as usize]) {
            let rejected = Rejection { event: ordinal, offset: offset as u64, message };
            return ExplainedEvent {
                event: ordinal,
                timestamp: None,
                rejected: Some(rejected),
                terms: Vec::new(),
                gates: Vec::new(),
            };
        }
        let event = self.evaluator.event(line);
        self.outside.seen.event(&self.outside.streams, event, self.outside.index);
        let scene = Scene { explainer: self, event, holds, fold: RefCell::default(), names: OnceCell::new() };
        let terms: Vec<_> = self.blueprints.iter().map(|blueprint| scene.verdict(blueprint)).collect();
        ExplainedEvent {
            event: ordinal,
            gates: self.outside.gates(&scene, ordinal, &terms),
            timestamp: scene.stored(self.timestamp).next().map(|value| text::plain(&value)),
            rejected: None,
            terms,
        }
    }
}

/// An event and which filters hold for it.
pub struct Scene<'a> {
    explainer: &'a Explainer<'a>,
    event: decode::Event<'a>,
    holds: Vec<bool>,
    fold: RefCell<Fold>,
    /// Read when the first field is missing.
    names: OnceCell<Names>,
}

impl<'a> Scene<'a> {
    pub fn verdict(&self, blueprint: &Blueprint<'_>) -> Verdict {
        let mut tree = self.node(&blueprint.root);
        let holds = tree.holds();
        let keys: Vec<Found> = blueprint
            .keys
            .iter()
            .zip(&blueprint.term.keys)
            .map(|(slot, key)| self.found(&key.field, *slot, |_| false))
            .collect();
        let mut phrases = Vec::new();
        decide::mark(self, &blueprint.root, &mut tree, holds == Some(true), &mut phrases);
        let lacking: Vec<&str> = (keys.iter().zip(&blueprint.term.keys))
            .filter(|(found, key)| found.values.is_empty() && !key.optional)
            .map(|(_, key)| key.field.as_str())
            .collect();
        let reason = match holds {
            Some(true) if !lacking.is_empty() => {
                let lacking = lacking.join(" and no ");
                format!("did not match: the condition holds, but the event has no {lacking} to be joined by")
            }
            Some(true) => words::reason("matched", phrases),
            Some(false) => words::reason("did not match", phrases),
            None => words::reason("undecided, so it did not match", phrases),
        };
        Verdict {
            matched: holds == Some(true) && lacking.is_empty(),
            reason,
            distance: tree.distance(true),
            keys,
            tree,
        }
    }

    fn node(&self, part: &Part<'_>) -> Node {
        let mut node = Node::new(part.kind, part.text.clone(), part.span);
        node.notes.clone_from(&part.notes);
        node.children = part.children.iter().map(|child| self.node(child)).collect();
        node.truth = self.truth(part, &node);
        if let Some(test) = &part.test {
            self.test(test, &mut node);
        } else if part.kind == NodeKind::Constant && part.null {
            node.counts_as = node.truth.take();
        }
        if let (NodeKind::Not, Some(inner)) = (node.kind, node.children.first()) {
            node.notes.extend(notes::of_negation(inner));
        }
        node
    }

    /// What the engine takes the condition for.
    fn truth(&self, part: &Part<'_>, node: &Node) -> Option<bool> {
        if self.holds[part.holds as usize] {
            return Some(true);
        }
        match part.fails {
            Some(fails) => self.holds[fails as usize].then_some(false),
            // A filter is undecided when all of it might hold.
            None if node.children.iter().any(|child| child.holds() == Some(false)) => Some(false),
            None => node.children.is_empty().then_some(false),
        }
    }

    fn test(&self, test: &Test<'_>, node: &mut Node) {
        let decided = node.truth;
        let passes = decided.map(|holds| holds != test.negated);
        let program = &self.explainer.program;
        let predicate = test.predicate.map(|number| &program.plan.predicates[number as usize]);
        for Read { name: field, slot, .. } in &test.fields {
            let found = match (predicate, &test.wanted) {
                (Some(Predicate::Field { slot, test }), _) => self.found(field, *slot, |value| {
                    let column = &program.plan.columns[*slot as usize];
                    test.passes(*value, column, &mut self.fold.borrow_mut())
                }),
                (_, Wanted::Category(name)) => self.found(field, *slot, |value| *value == decode::Value::String(name)),
                _ => self.found(field, *slot, |_| false),
            };
            node.fields.push(found);
        }
        let mut null = match test.null {
            Null::Always => true,
            Null::Asked => false,
            Null::Missing => node.fields.iter().all(|found| found.values.is_empty()),
        };
        node.children.extend(test.constants.iter().cloned());
        if let (Some(Predicate::Script(script)), Some(expr)) = (predicate, test.expr) {
            let most = program.limits.max_combinations;
            let fold = &mut self.fold.borrow_mut();
            let values = script.combination(self.event, &program.plan.columns, most, fold);
            null = script.body.value(&values, fold).is_null();
            let several = |mention: usize| {
                script.mentions.get(mention).is_some_and(|mention| self.stored(mention.slot).nth(1).is_some())
            };
            let Explainer { lines, query, .. } = self.explainer;
            let mut parts = Parts { lines, query, values: &values, several: &several, fold };
            node.children = parts.of(expr, &script.body, 0);
        }
        if null && decided.is_some() {
            (node.truth, node.counts_as) = (None, decided);
        }
        let held = test.items.iter().filter(|(filter, _)| self.holds[*filter as usize]).map(|(_, item)| item.as_str());
        node.notes.extend(notes::met_by(held.collect()));
        let said = notes::of_test(test, node, passes, program.limits.max_combinations, &|read| {
            self.names.get_or_init(|| Names::of(self.event.source())).instead_of(&read.name, read.known)
        });
        node.notes.extend(said);
        if let Some(hint) = self.near_miss(test, node) {
            node.notes.insert(0, notes::near_miss(test.expr, hint));
        }
    }

    /// The way of writing the test that would have made it hold, if it does not.
    pub fn near_miss(&self, test: &Test<'_>, node: &Node) -> Option<Hint> {
        if node.holds()? != test.negated {
            return None;
        }
        let written = test.hints.iter().find(|(filter, _)| self.holds[*filter as usize]).map(|(_, hint)| *hint);
        let in_blanks = || {
            let strings = node.fields.iter().flat_map(|found| &found.values).filter_map(Json::as_str);
            let expr = test.expr?;
            strings.into_iter().any(|value| hints::differs_in_blanks(expr, value)).then_some(Hint::Blank)
        };
        written.or_else(in_blanks)
    }

    /// The values of a field as the engine reads them.
    pub fn stored(&self, slot: u32) -> impl Iterator<Item = decode::Value<'a>> {
        let column = &self.explainer.program.plan.columns[slot as usize];
        self.event.values(slot as usize).filter_map(|value| column.stored(value))
    }

    fn found(&self, field: &str, slot: u32, mut passes: impl FnMut(&decode::Value<'_>) -> bool) -> Found {
        let mut found = Found { field: field.to_owned(), values: Vec::new(), passing: Vec::new(), total: None };
        let mut total = 0;
        for value in self.stored(slot) {
            total += 1;
            let passes = passes(&value);
            if found.values.len() == MAX_VALUES {
                // Of values that pass one at least is shown.
                if !passes || !found.passing.is_empty() {
                    continue;
                }
                found.values.pop();
            }
            if passes {
                found.passing.push(found.values.len() as u32);
            }
            found.values.push(text::json(&value));
        }
        found.total = (total > found.values.len()).then_some(total as u64);
        found
    }
}

/// The values inside a script.
struct Parts<'s, 'v> {
    lines: &'s OneLine<'s>,
    query: &'s QueryText,
    values: &'v [Value<'v>],
    /// Whether the event has several values for a mention of a field.
    several: &'s dyn Fn(usize) -> bool,
    fold: &'s mut Fold,
}

impl<'v> Parts<'_, 'v> {
    /// The parts of an expression that have a value worth showing.
    fn of(&mut self, expr: &Expr, script: &'v Script, depth: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        for (operand, script) in walk::pairs(expr, script) {
            let shown = match (&operand.kind, script) {
                (ExprKind::Literal(_) | ExprKind::Error, _) => false,
                // The field itself is shown beside the test.
                (ExprKind::Field { .. }, Script::Field(mention)) => (self.several)(*mention),
                _ => true,
            };
            if !shown {
                continue;
            }
            let value = text::computed(&script.value(self.values, self.fold));
            let mut node = Node::of_value(self.lines.of(operand.span), self.query.map.span(operand.span), value);
            if depth + 1 < MAX_DEPTH {
                node.children = self.of(operand, script, depth + 1);
            }
            nodes.push(node);
        }
        nodes
    }
}
