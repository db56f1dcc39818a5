//! Tree to EQL text, in one style.
//!
//! What fits on a line of 100 columns is one line. What does not is broken at `and` and `or`, which stay at the ends of
//! lines, two columns further to the right; the conditions that say which events a rule is about (`host.os.type`,
//! `event.*`, `data_stream.*`) stay on the line of the category as long as they fit. Lists are filled, or have one value to
//! a line where their author wrote them so. The terms of a sequence have a line each. One blank line between conditions,
//! values or terms stays.
//!
//! Parentheses are those that the tree needs, and two more for reading: around `and` inside `or`, and around a predicate
//! that is an operand of something tighter than `not`.
//!
//! Comments keep their text and their place: on lines of their own, at the end of a line (behind the comma or `and` that
//! follows the word), or within a line.

mod comments;
mod expression;
mod format;
mod layout;
mod literal;
mod writer;

use super::ast::*;
use super::token::TokenKind;
use crate::Span;
use expression::{Binding, opens_at_its_end};
pub use format::format_query;
pub use format::{format_lines, line_ending};
use layout::Frame;
use writer::{Writer, Written};

/// The query as text, which parses to the same tree. A tree that no text has (with an error in it, an infinite number, or
/// a line break in a field name) gives text that does not parse.
pub fn print(query: &Query) -> String {
    Printer::new(None, true).print(query, "\n")
}

struct Printer<'a> {
    writer: Writer<'a>,
    /// With the parentheses that only help reading.
    for_reading: bool,
}

impl<'a> Printer<'a> {
    fn new(written: Option<Written<'a>>, for_reading: bool) -> Self {
        Printer { writer: Writer::new(written), for_reading }
    }

    fn print(mut self, query: &'a Query, eol: &str) -> String {
        self.writer.open(Frame::Group);
        match &query.kind {
            QueryKind::Event(filter) => self.filter(filter),
            QueryKind::Sequence(sequence) => self.sequence(sequence),
            QueryKind::Sample(sample) => {
                self.head(sample.keyword, "sample", &sample.by, None);
                self.terms(&sample.terms);
            }
        }
        let mut from = 0;
        for pipe in &query.pipes {
            let bar = self.writer.token_from(from, |kind| *kind == TokenKind::Pipe);
            from = pipe.span.end as usize;
            let name = match pipe.kind {
                PipeKind::Head => "head",
                PipeKind::Tail => "tail",
            };
            if matches!(query.kind, QueryKind::Event(_)) {
                self.writer.line()
            } else {
                self.writer.new_line()
            }
            self.writer.word(bar.start..from, format!("| {name} {}", pipe.count));
        }
        self.writer.close();
        self.writer.comments_inside(usize::MAX, false);
        layout::lay_out(&self.writer.ops, eol)
    }

    fn sequence(&mut self, sequence: &'a Sequence) {
        self.head(sequence.keyword, "sequence", &sequence.by, sequence.maxspan);
        self.terms(&sequence.terms);
        if let Some(until) = &sequence.until {
            let end = sequence.terms.last().map_or(0, |term| term.span.end);
            let word = self.writer.token_from(end as usize, |kind| *kind == TokenKind::Until);
            self.writer.new_line();
            self.writer.word(word, "until");
            self.writer.space();
            self.term(until);
        }
    }

    fn head(&mut self, keyword: Span, word: &'static str, by: &'a [Expr], maxspan: Option<(u64, Span)>) {
        self.writer.word(keyword.range(), word);
        self.writer.indent();
        self.keys(by);
        if let Some((milliseconds, span)) = maxspan {
            self.writer.text(" with");
            self.writer.space();
            self.writer.word(span.range(), format!("maxspan={}", literal::time_span(milliseconds)));
        }
        self.writer.dedent();
    }

    /// ` by a, ?b`
    fn keys(&mut self, keys: &'a [Expr]) {
        let Some((first, others)) = keys.split_first() else { return };
        self.writer.text(" by");
        self.writer.open(Frame::Fill);
        self.writer.indent();
        self.writer.space();
        self.expression(first, Binding::Primary);
        for key in others {
            self.writer.text(",");
            self.writer.line();
            self.expression(key, Binding::Primary);
        }
        self.writer.dedent();
        self.writer.close();
    }

    fn terms(&mut self, terms: &'a [Term]) {
        self.writer.indent();
        for term in terms {
            self.writer.new_line();
            self.term(term);
        }
        self.writer.dedent();
    }

    /// `[process where true] by a with runs=2`
    fn term(&mut self, term: &'a Term) {
        self.writer.open(Frame::Group);
        let start = term.span.start as usize;
        self.writer.word(start..start + 1, if term.missing { "![" } else { "[" });
        self.filter(&term.filter);
        let from = term.filter.span.end as usize;
        let close = self.writer.token_from(from, |kind| *kind == TokenKind::RightBracket);
        if self.writer.comments_inside(close.end, true) {
            self.writer.new_line();
        }
        self.writer.text("]");
        self.writer.indent();
        self.keys(&term.by);
        if let Some((count, span)) = term.runs {
            self.writer.space();
            self.writer.word(span.range(), format!("with runs={count}"));
        }
        self.writer.dedent();
        self.writer.close();
    }

    /// `category where condition`
    fn filter(&mut self, filter: &'a EventFilter) {
        match &filter.category {
            Category::Any(span) => self.writer.word(span.range(), "any"),
            Category::Name(name, span) => self.writer.word(span.range(), literal::category(name)),
        }
        self.writer.text(" where");
        let condition = &filter.condition;
        if opens_at_its_end(condition) && !self.has_comments_before(condition) {
            self.writer.space();
            return self.expression(condition, Binding::Or);
        }
        self.writer.indent();
        match &condition.kind {
            ExprKind::And(operands) => {
                let count = operands.iter().take_while(|operand| says_which_events(operand)).count();
                let (first, others) = operands.split_at(count);
                if !first.is_empty() {
                    self.writer.open(Frame::Fill);
                    self.writer.space();
                    self.operands(first, " and", Binding::Not);
                    self.writer.close();
                }
                for (nth, operand) in others.iter().enumerate() {
                    if count + nth > 0 {
                        self.writer.text(" and");
                        self.writer.line_between();
                    } else {
                        self.writer.line();
                    }
                    self.expression(operand, Binding::Not);
                }
            }
            _ => {
                self.writer.line();
                self.bare(condition);
            }
        }
        self.writer.dedent();
    }
}

/// Whether a condition is about the source and kind of events rather than about what happened.
fn says_which_events(condition: &Expr) -> bool {
    let (value, others) = match &condition.kind {
        ExprKind::Compare { left, right, .. } => (left, std::slice::from_ref(right.as_ref())),
        ExprKind::Match { value, patterns, .. } => (value, patterns.as_slice()),
        ExprKind::In { value, list, .. } => (value, list.as_slice()),
        _ => return false,
    };
    let ExprKind::Field { name, .. } = &value.kind else { return false };
    let is_constant = |expr: &Expr| matches!(expr.kind, ExprKind::Literal(_));
    (name == "host.os.type" || name.starts_with("event.") || name.starts_with("data_stream."))
        && others.iter().all(is_constant)
}
