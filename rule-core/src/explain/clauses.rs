//! The blueprint of a query in clauses: KQL and Lucene.

use super::blueprint::{Blueprint, Drawer, MAX_DEPTH, Null, Part, Test};
use super::data::{NodeKind, Role};
use super::hints::Hint;
use super::text::{MAX_TEXT, cut};
use super::words::{Wanted, one_of};
use crate::clause::{Clause, ClauseKind, FieldName, FieldTest, Glob, Part as Step};
use crate::kql;
use crate::plan::condition::Condition;

impl<'q> Drawer<'_> {
    /// The only term of the query.
    pub fn clauses(&mut self, clause: &Clause) -> Option<Blueprint<'q>> {
        let lowered = self.checker.query(clause)?;
        let child = self.clause(clause, None, 1);
        let holds = self.push(lowered);
        let whole = crate::Span::new(0, self.query.text.len() as u32);
        let mut root = self.part(NodeKind::Filter, whole, holds, None);
        root.children = vec![child];
        Some(Blueprint { term: self.describe(Role::Event, whole), keys: Vec::new(), root })
    }

    /// A filter or exception; none if it has errors.
    pub fn outside(&mut self, clause: &Clause) -> Option<Blueprint<'q>> {
        let before = self.checker.error_count();
        let condition = self.checker.clause(clause);
        if self.checker.error_count() > before {
            return None;
        }
        self.is_printed = true;
        let child = self.clause(clause, None, 1);
        self.is_printed = false;
        let holds = self.push_condition(condition);
        let mut root = self.part(NodeKind::Filter, crate::Span::default(), holds, None);
        (root.span, root.text) = (crate::Span::default(), child.text.clone());
        root.children = vec![child];
        Some(Blueprint { term: self.describe(Role::Event, crate::Span::default()), keys: Vec::new(), root })
    }

    /// `field`: what the values of a list are about, which is written before the list alone.
    fn clause(&mut self, clause: &Clause, field: Option<&str>, depth: usize) -> Part<'q> {
        let condition = self.checker.clause(clause);
        let holds = self.push_condition(condition.clone());
        let fails = self.push_condition(condition.clone().negate());
        let mut part = self.part(NodeKind::Test, clause.span, holds, Some(fails));
        if self.is_printed {
            (part.span, part.text) = (crate::Span::default(), cut(&kql::print(clause), MAX_TEXT));
            if let Some((name, list)) = values_of_one(clause) {
                part.text = cut(&format!("{name}: ({})", list.join(" or ")), MAX_TEXT);
                let mut test = self.whole_test(&condition);
                let name = self.checker.name_of(name);
                let slot = self.checker.plan.slot(self.checker.schema, &name);
                test.fields = vec![self.read(&name, slot)];
                test.wanted = Wanted::Value(one_of(&list, "values"));
                part.test = Some(Box::new(test));
                return part;
            }
        }
        let inner: Vec<&Clause>;
        (part.kind, inner) = match &clause.kind {
            ClauseKind::All | ClauseKind::None => {
                part.kind = NodeKind::Constant;
                return part;
            }
            ClauseKind::And(parts) => (NodeKind::And, parts.iter().collect()),
            ClauseKind::Or(parts) => (NodeKind::Or, parts.iter().collect()),
            ClauseKind::Not(inner) => (NodeKind::Not, vec![&**inner]),
            // Which object of several decides cannot be shown by the values of all.
            ClauseKind::Nested { .. } => {
                part.test = Some(Box::new(self.whole_test(&condition)));
                return part;
            }
            ClauseKind::Field { field: name, test, .. } => {
                if let (Some(field), FieldName::Name(_), false) = (field, name, self.is_printed) {
                    part.text = format!("{field}: {}", part.text);
                }
                part.test = Some(Box::new(match name {
                    FieldName::Name(name) => self.field_test(name, test, &condition),
                    _ => self.whole_test(&condition),
                }));
                return part;
            }
        };
        if depth >= MAX_DEPTH {
            part.notes.push("nested too deeply to be shown".into());
        } else {
            // A list of values: its items do not name the field.
            let listed = inner.iter().find_map(|inner| match &inner.kind {
                ClauseKind::Field { field: FieldName::Name(name), field_span, .. }
                    if !(inner.span.start..inner.span.end).contains(&field_span.start) =>
                {
                    Some(name.as_str())
                }
                _ => None,
            });
            part.children = inner.into_iter().map(|inner| self.clause(inner, listed, depth + 1)).collect();
        }
        part
    }

    fn whole_test(&self, condition: &Condition) -> Test<'q> {
        let predicate = if let Condition::Predicate(number) = condition { Some(*number) } else { None };
        Test {
            expr: None,
            fields: Vec::new(),
            predicate,
            negated: false,
            null: Null::Missing,
            wanted: Wanted::Itself,
            hints: Vec::new(),
            items: Vec::new(),
            constants: Vec::new(),
        }
    }

    fn field_test(&mut self, name: &str, test: &FieldTest, condition: &Condition) -> Test<'q> {
        let mut whole = self.whole_test(condition);
        if whole.predicate.is_none() {
            whole.wanted = Wanted::Impossible;
            return whole;
        }
        let name = self.checker.name_of(name);
        let slot = self.checker.plan.slot(self.checker.schema, &name);
        whole.fields = vec![self.read(&name, slot)];
        whole.wanted = match test {
            FieldTest::Exists => Wanted::Exists,
            FieldTest::Match(text) | FieldTest::Phrase(text) | FieldTest::Term(text, _) => {
                Wanted::Value(serde_json::Value::from(text.as_str()).to_string())
            }
            FieldTest::Glob(glob, _) => Wanted::Value(glob_text(glob)),
            FieldTest::Prefix(text, _) => Wanted::Value(format!("{text}*")),
            FieldTest::Regexp(text, _) => Wanted::Value(format!("a match of /{text}/")),
            FieldTest::Range(bounds) => {
                let bounds: Vec<_> = bounds.iter().map(|(op, bound)| format!("{} {bound}", op.text())).collect();
                Wanted::Value(bounds.join(" and "))
            }
        };
        let variants = match test {
            FieldTest::Match(text) | FieldTest::Phrase(text) | FieldTest::Term(text, false) => vec![
                (FieldTest::Term(text.clone(), true), Hint::Case),
                (FieldTest::Glob(wider(text), false), Hint::Part),
            ],
            FieldTest::Glob(glob, false) => vec![(FieldTest::Glob(glob.clone(), true), Hint::Case)],
            _ => Vec::new(),
        };
        for (variant, hint) in variants {
            let condition = self.checker.clause(&Clause::field(&*name, variant));
            whole.hints.push((self.push_condition(condition), hint));
        }
        whole
    }
}

/// The pattern for a value that has the text, or the pattern that the text looks like, in it.
fn wider(text: &str) -> Glob {
    let mut glob = Glob(vec![Step::Any]);
    text.chars().for_each(|c| glob.push(if c == '*' { Step::Any } else { Step::Char(c) }));
    glob.push(Step::Any);
    glob
}

/// Alternatives that are all values of one field: its name and they.
fn values_of_one(clause: &Clause) -> Option<(&str, Vec<String>)> {
    let ClauseKind::Or(parts) = &clause.kind else { return None };
    let mut of: Option<&str> = None;
    let value = |part: &'_ Clause| match &part.kind {
        ClauseKind::Field {
            field: FieldName::Name(_),
            test: FieldTest::Term(text, _) | FieldTest::Phrase(text),
            ..
        } => Some(serde_json::Value::from(text.as_str()).to_string()),
        _ => None,
    };
    for part in parts {
        let ClauseKind::Field { field: FieldName::Name(name), .. } = &part.kind else { return None };
        if *of.get_or_insert(name) != name.as_str() {
            return None;
        }
    }
    Some((of?, parts.iter().map(value).collect::<Option<_>>()?))
}

fn glob_text(glob: &Glob) -> String {
    let step = |step: &Step| match step {
        Step::Any => '*',
        Step::One => '?',
        Step::Char(c) => *c,
    };
    glob.0.iter().map(step).collect()
}
