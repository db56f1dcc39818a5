//! Which conditions of a rule its tests reach.
//!
//! A condition is a single test of the rule's query: a comparison, a list, a function. What is to be seen of it depends on
//! what it is there for. One that lets events in has to hold in an event that alerts, and be a cause of that: each alternative
//! of an `or` in an event of its own or together. One that keeps events out (below `not`, or `!=`, or `not in`) has to keep one
//! out alone: an event of a test that counts its alerts, and that would match but for this condition.
//!
//! What holds is read off the explanations of the tests' events, so it is what the engine found.

use std::collections::BTreeMap;

use rule_core::diagnostic::line_column;
use rule_core::explain::{Explanation, Node, NodeKind, Role};
use rule_core::syntax::lexer;
use rule_core::syntax::token::TokenKind;
use rule_core::{Diagnostic, Span};
use serde::Serialize;

/// The code of the diagnostics that show what is not reached.
pub const CODE: &str = "not-reached";

/// What of a rule its tests reach.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Coverage {
    /// Conditions of the rule.
    pub conditions: usize,
    /// Those that the tests reach.
    pub reached: usize,
    /// Those that they do not, in the order of the rule.
    pub unreached: Vec<Unreached>,
}

/// A condition that no test reaches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unreached {
    /// Line of the rule file, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// Its source on one line.
    pub text: String,
    /// Where it stands in the rule file.
    pub span: Span,
    /// What is yet to be seen of it.
    pub missing: Missing,
}

/// What no test shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// That it lets an event in.
    LetsIn,
    /// That it keeps an event out.
    KeepsOut,
}

impl Unreached {
    /// As a diagnostic, which can be shown with an excerpt of the rule.
    pub fn diagnostic(&self, path: &str) -> Diagnostic {
        let (message, label) = match self.missing {
            Missing::LetsIn => ("no test has an alert by this condition", "never holds where an alert is expected"),
            Missing::KeepsOut => ("no test has an event that only this keeps out", "never the one reason for no alert"),
        };
        let mut diagnostic = Diagnostic::warning(CODE, message, self.span).label(label);
        path.clone_into(&mut diagnostic.path);
        (diagnostic.line, diagnostic.column) = (self.line, self.column);
        diagnostic
    }
}

/// A place in the query: the term, and which child at each level.
type Place = (usize, Vec<usize>);

/// Conditions and whether they have been reached.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    conditions: BTreeMap<Place, Condition>,
}

#[derive(Clone, Debug)]
struct Condition {
    text: String,
    span: Span,
    missing: Missing,
    reached: bool,
}

/// What a test that passed shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shows {
    /// The rule fires.
    pub fires: bool,
    /// The events are all that alert: the test counts.
    pub counts: bool,
}

impl Marks {
    /// Adds what the events of a test show.
    pub fn add(&mut self, explanation: &Explanation, shows: Shows) {
        for event in &explanation.events {
            for (at, (verdict, term)) in event.terms.iter().zip(&explanation.terms).enumerate() {
                self.draw(at, &mut Vec::new(), &verdict.tree, true);
                // A missing or `until` event keeps a sequence from matching.
                let hinders = matches!(term.role, Role::Missing | Role::Until);
                let counts = match (verdict.matched, hinders) {
                    (true, false) => shows.fires,
                    (true, true) | (false, _) => shows.counts,
                };
                if counts {
                    self.cause(at, &mut Vec::new(), &verdict.tree);
                }
            }
        }
    }

    /// Lists the conditions of a tree. `lets_in`: whether an even number of negations is above.
    fn draw(&mut self, term: usize, path: &mut Vec<usize>, node: &Node, lets_in: bool) {
        match node.kind {
            NodeKind::Constant | NodeKind::Value => {}
            _ if is_condition(node) => {
                self.conditions.entry((term, path.clone())).or_insert_with(|| Condition {
                    text: node.text.clone(),
                    span: node.span,
                    missing: if lets_in != is_negated(node) { Missing::LetsIn } else { Missing::KeepsOut },
                    reached: false,
                });
            }
            _ => {
                let lets_in = lets_in != (node.kind == NodeKind::Not);
                for (at, child) in node.children.iter().enumerate() {
                    path.push(at);
                    self.draw(term, path, child, lets_in);
                    path.pop();
                }
            }
        }
    }

    /// Follows what causes the truth of a node down to the conditions that are found true without their negation. Where
    /// several children each are enough to make it false, none of them is the cause.
    fn cause(&mut self, term: usize, path: &mut Vec<usize>, node: &Node) {
        let Some(holds) = node.holds() else { return };
        if is_condition(node) {
            if holds != is_negated(node)
                && let Some(condition) = self.conditions.get_mut(&(term, path.clone()))
            {
                condition.reached = true;
            }
            return;
        }
        let is_and = matches!(node.kind, NodeKind::Filter | NodeKind::And);
        let failing = node.children.iter().filter(|child| child.holds() != Some(true)).count();
        if is_and && !holds && failing != 1 {
            return;
        }
        for (at, child) in node.children.iter().enumerate() {
            if node.kind == NodeKind::Not || child.holds() == Some(holds) {
                path.push(at);
                self.cause(term, path, child);
                path.pop();
            }
        }
    }

    /// Adds what other tests of the same rule reached.
    pub fn merge(&mut self, other: &Marks) {
        for (place, condition) in &other.conditions {
            let known = self.conditions.entry(place.clone()).or_insert_with(|| condition.clone());
            known.reached |= condition.reached;
        }
    }

    /// What has been reached. `text`: the rule file's.
    pub fn coverage(&self, text: &str) -> Coverage {
        let all = self.conditions.values();
        let mut unreached: Vec<Unreached> = all
            .filter(|condition| !condition.reached)
            .map(|condition| {
                let (line, column) = line_column(text, condition.span.start as usize);
                let Condition { text, span, missing, .. } = condition;
                Unreached { line, column, text: text.clone(), span: *span, missing: *missing }
            })
            .collect();
        unreached.sort_by_key(|unreached| (unreached.span.start, unreached.span.end));
        let conditions = self.conditions.len();
        Coverage { conditions, reached: conditions - unreached.len(), unreached }
    }
}

/// Whether a node is a single condition.
fn is_condition(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Test | NodeKind::Category) || is_list(node)
}

/// Whether a node is a list of KQL, `field: (a or b)`: of its children each is told with the field, which stands there once.
fn is_list(node: &Node) -> bool {
    let is_item = |node: &Node| {
        let length = node.span.end.saturating_sub(node.span.start) as usize;
        node.kind == NodeKind::Test && node.text.len() > length
    };
    node.kind == NodeKind::Or && node.children.iter().all(is_item)
}

/// Whether a test has its negation in itself: `!=`, `not in`.
fn is_negated(node: &Node) -> bool {
    let mut depth = 0u32;
    lexer::tokens(&node.text, &mut Vec::new()).iter().any(|token| match token.kind {
        TokenKind::LeftParen => {
            depth += 1;
            false
        }
        TokenKind::RightParen => {
            depth = depth.saturating_sub(1);
            false
        }
        TokenKind::NotEqual | TokenKind::Not => depth == 0,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use rule_core::{ExplainOptions, Source, explain};

    use super::*;

    const FIRES: Shows = Shows { fires: true, counts: false };
    const SILENT: Shows = Shows { fires: false, counts: true };

    /// What is not reached, with what is missing.
    fn unreached(query: &str, tests: &[(&str, Shows)]) -> Vec<(String, Missing)> {
        let source = Source { path: "rule.eql".into(), text: query.into() };
        let mut marks = Marks::default();
        for (event, shows) in tests {
            let explanation = explain(&source, event.as_bytes(), &ExplainOptions::default()).unwrap();
            marks.add(&explanation, *shows);
        }
        marks.coverage(query).unreached.into_iter().map(|found| (found.text, found.missing)).collect()
    }

    #[test]
    fn alternatives_have_to_let_in_and_negations_to_keep_out() {
        use Missing::{KeepsOut, LetsIn};
        let query = r#"any where (a == 1 or b == 2) and not (c == 3 or d == 4) and e != 5 and f not in (6, 7)"#;
        let said = |list: &[(&str, Missing)]| -> Vec<(String, Missing)> {
            list.iter().map(|(text, missing)| ((*text).to_owned(), *missing)).collect()
        };
        assert_eq!(
            unreached(query, &[(r#"{"a":1,"b":0}"#, FIRES)]),
            said(&[
                ("b == 2", LetsIn),
                ("c == 3", KeepsOut),
                ("d == 4", KeepsOut),
                ("e != 5", KeepsOut),
                ("f not in (6, 7)", KeepsOut)
            ])
        );
        // Not the only reason, not in an event of a test that counts, or not in an event that alerts: nothing is shown.
        let weak = [
            (r#"{"a":1,"c":3,"e":5}"#, SILENT),
            (r#"{"a":1,"c":3}"#, FIRES),
            (r#"{"b":2}"#, SILENT),
            (r#"{"a":0,"c":3}"#, SILENT),
        ];
        assert_eq!(unreached(query, &weak).len(), 6);
        let all = [
            (r#"{"a":1}"#, FIRES),
            (r#"{"b":2}"#, FIRES),
            (r#"{"a":1,"c":3}"#, SILENT),
            (r#"{"a":1,"d":4}"#, SILENT),
            (r#"{"a":1,"e":5}"#, SILENT),
            (r#"{"a":1,"f":7}"#, SILENT),
        ];
        assert_eq!(unreached(query, &all), []);
    }

    #[test]
    fn a_list_is_one_condition_in_kql_too() {
        let source = "[rule]\nname = \"x\"\nrule_id = \"x\"\ntype = \"query\"\nlanguage = \"kuery\"\nquery = 'a: (1 or 2) and (b: 1 or c: 1) and not d: (3 or 4)'\n";
        let rule = Source { path: "rule.toml".into(), text: source.into() };
        let mut marks = Marks::default();
        for (event, shows) in [(r#"{"a":2,"b":1}"#, FIRES), (r#"{"a":1,"c":1,"d":4}"#, SILENT)] {
            marks.add(&explain(&rule, event.as_bytes(), &ExplainOptions::default()).unwrap(), shows);
        }
        let coverage = marks.coverage(source);
        let unreached: Vec<&str> = coverage.unreached.iter().map(|found| found.text.as_str()).collect();
        assert_eq!((coverage.conditions, unreached), (4, vec!["c: 1"]));
    }

    #[test]
    fn a_double_negation_lets_in() {
        let query = "any where not (a == 1 and not b == 2)";
        assert_eq!(unreached(query, &[(r#"{"a":1,"b":2}"#, FIRES), (r#"{"a":1,"b":0}"#, SILENT)]), []);
    }

    #[test]
    fn events_that_hinder_a_sequence_are_wanted_in_silence() {
        let query = "sequence [any where a == 1] [any where b == 1] until [any where c == 1]";
        let fires = "{\"a\":1}\n{\"b\":1}";
        assert_eq!(unreached(query, &[(fires, FIRES)]), [("c == 1".to_owned(), Missing::LetsIn)]);
        assert_eq!(unreached(query, &[(fires, FIRES), (r#"{"c":1}"#, SILENT)]), []);
    }
}
