//! What people call the predicates of a rule set, and how its filters are reached.
//!
//! Kept only for a profile: the text of all queries is not worth its memory elsewhere.

use super::access::reach::{self, Reach};
use super::condition::Condition;
use super::test::Spec;
use super::{Column, Filter};
use crate::diagnostic::Span;
use crate::explain::text::OneLine;
use crate::syntax::lexer;
use crate::syntax::token::TokenKind;

/// See the module.
#[derive(Debug, Default)]
pub struct Notes {
    queries: Vec<String>,
    /// By predicate; none for those of rules that are not in the set.
    names: Vec<Option<Name>>,
    /// For each predicate the filters that ask it.
    pub filters: Vec<Vec<u32>>,
    /// What each predicate is.
    pub kinds: Vec<Kind>,
    /// How each filter is reached.
    pub reach: Vec<Reach>,
}

/// Where a predicate was first written.
#[derive(Clone, Copy, Debug)]
struct Name {
    query: u32,
    span: Span,
    /// Whether what is written is the complement, as `a != 1` is.
    negated: bool,
}

/// What a predicate is, as far as cost goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A test on the values of one field.
    Test,
    /// Such a test with a regular expression.
    Regex,
    /// A function, or an expression over several fields.
    Computed,
}

impl Notes {
    /// Notes where a condition was written, if it is one predicate.
    pub fn note(&mut self, query: &str, span: Span, condition: &Condition) {
        let (number, negated) = match condition {
            Condition::Predicate(number) => (*number as usize, false),
            Condition::Not(inner) => match **inner {
                Condition::Predicate(number) => (number as usize, true),
                _ => return,
            },
            _ => return,
        };
        if self.names.len() <= number {
            self.names.resize(number + 1, None);
        }
        // Of `not a == 1` the part is noted first, and stays.
        if self.names[number].is_some_and(|name| !name.negated || negated) {
            return;
        }
        if self.queries.last().is_none_or(|last| last != query) {
            self.queries.push(query.to_owned());
        }
        self.names[number] = Some(Name { query: self.queries.len() as u32 - 1, span, negated });
    }

    /// Notes what the finished plan knows.
    pub fn complete(&mut self, specs: &[Option<(u32, Spec)>], columns: &[Column], filters: &[Filter]) {
        self.names.resize(specs.len(), None);
        self.kinds = specs.iter().map(|spec| spec.as_ref().map_or(Kind::Computed, |(_, spec)| kind(spec))).collect();
        self.filters = vec![Vec::new(); specs.len()];
        for (number, filter) in (0..).zip(filters) {
            each_predicate(&filter.condition, &mut |predicate| {
                let filters = &mut self.filters[predicate as usize];
                if filters.last() != Some(&number) {
                    filters.push(number);
                }
            });
        }
        self.reach = reach::reach(specs, columns, filters);
    }

    /// A predicate as a rule writes it, on one line.
    pub fn text(&self, predicate: u32) -> String {
        let name = self.names[predicate as usize];
        name.map_or_else(String::new, |name| {
            let text = OneLine::new(&self.queries[name.query as usize]).of(name.span);
            without_parentheses(&text).to_owned()
        })
    }

    /// Whether that is its complement.
    pub fn is_negated(&self, predicate: u32) -> bool {
        self.names[predicate as usize].is_some_and(|name| name.negated)
    }
}

/// The parser counts parentheses around an expression as part of it.
fn without_parentheses(mut text: &str) -> &str {
    loop {
        let (mut depth, mut closed) = (0, None);
        for token in lexer::tokens(text, &mut Vec::new()) {
            match token.kind {
                TokenKind::LeftParen => depth += 1,
                TokenKind::RightParen => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                closed = Some(token.span.end as usize);
                break;
            }
        }
        if !text.starts_with('(') || closed != Some(text.len()) {
            return text;
        }
        text = text[1..text.len() - 1].trim();
    }
}

fn kind(spec: &Spec) -> Kind {
    match spec {
        Spec::Regex(..) => Kind::Regex,
        Spec::AnyOf(list) | Spec::AllOf(list) if list.iter().any(|spec| kind(spec) == Kind::Regex) => Kind::Regex,
        Spec::AnyWord(inner) => kind(inner),
        _ => Kind::Test,
    }
}

fn each_predicate(condition: &Condition, call: &mut dyn FnMut(u32)) {
    match condition {
        Condition::Constant(_) => {}
        Condition::Predicate(number) => call(*number),
        Condition::Not(inner) => each_predicate(inner, call),
        Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| each_predicate(part, call)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parentheses_around_all_of_it_are_left_out() {
        for (text, expected) in [
            ("(a > 1)", "a > 1"),
            ("((a > 1))", "a > 1"),
            ("(a + 1) > (b)", "(a + 1) > (b)"),
            ("(a : \")\")", "a : \")\""),
            ("a in (1, 2)", "a in (1, 2)"),
            ("(a", "(a"),
            ("", ""),
        ] {
            assert_eq!(without_parentheses(text), expected);
        }
    }
}
