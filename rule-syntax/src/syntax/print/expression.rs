//! Expressions, and which of them stand in parentheses.

use super::Printer;
use super::layout::Frame;
use super::literal;
use crate::syntax::ast::{ArithmeticOp, Expr, ExprKind, Literal, MatchOp};
use crate::syntax::token::TokenKind;

/// How tightly an expression holds together; a looser one needs parentheses where a tighter one is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binding {
    Or,
    And,
    Not,
    Compare,
    Add,
    Multiply,
    /// A sign, or a predicate: `in`, `:`, `like`, `regex`.
    Unary,
    Primary,
}

impl Binding {
    fn of(expr: &Expr) -> Binding {
        match &expr.kind {
            ExprKind::Or(_) => Binding::Or,
            ExprKind::And(_) => Binding::And,
            ExprKind::Not(_) => Binding::Not,
            ExprKind::Compare { .. } => Binding::Compare,
            ExprKind::Arithmetic { op, .. } => Binding::of_arithmetic(*op),
            ExprKind::Negate(_) | ExprKind::Match { .. } | ExprKind::In { .. } => Binding::Unary,
            ExprKind::Literal(literal) if is_negative(literal) => Binding::Unary,
            ExprKind::Literal(_) | ExprKind::Field { .. } | ExprKind::Call { .. } | ExprKind::Error => Binding::Primary,
        }
    }

    fn of_arithmetic(op: ArithmeticOp) -> Binding {
        match op {
            ArithmeticOp::Add | ArithmeticOp::Subtract => Binding::Add,
            ArithmeticOp::Multiply | ArithmeticOp::Divide | ArithmeticOp::Modulo => Binding::Multiply,
        }
    }
}

fn is_negative(literal: &Literal) -> bool {
    match literal {
        Literal::Int(number) => *number < 0,
        Literal::Float(number) => number.is_sign_negative(),
        _ => false,
    }
}

/// Whether an expression's first line ends with an opening parenthesis when it is broken, so that it can go on where a
/// line begins with something else.
pub(super) fn opens_at_its_end(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Not(operand) => {
            matches!(operand.kind, ExprKind::And(_) | ExprKind::Or(_)) || opens_at_its_end(operand)
        }
        ExprKind::In { .. } => true,
        ExprKind::Match { patterns, .. } => needs_list(patterns),
        ExprKind::Call { arguments, .. } => !arguments.is_empty(),
        _ => false,
    }
}

/// Whether patterns stand between parentheses. A call without them would be a method call of the older dialect.
fn needs_list(patterns: &[Expr]) -> bool {
    !matches!(patterns, [pattern] if Binding::of(pattern) == Binding::Primary && !matches!(pattern.kind, ExprKind::Call { .. }))
}

impl<'a> Printer<'a> {
    /// An expression where one that binds as `wanted`, or tighter, can stand without parentheses.
    pub(super) fn expression(&mut self, expr: &'a Expr, wanted: Binding) {
        let binding = Binding::of(expr);
        // Not needed, but nobody knows by heart what binds tighter: `and` beside `or`, and a predicate as an operand.
        let for_reading = match wanted {
            Binding::And => binding == Binding::And,
            Binding::Add | Binding::Multiply | Binding::Unary => {
                matches!(expr.kind, ExprKind::Match { .. } | ExprKind::In { .. })
            }
            _ => false,
        };
        if binding >= wanted && !(for_reading && self.for_reading) {
            return self.bare(expr);
        }
        let start = expr.span.start as usize;
        let end = expr.span.end as usize;
        self.writer.open(Frame::Group);
        self.writer.word(start..start, "(");
        self.writer.indent();
        self.writer.soft_line();
        self.bare(expr);
        self.end_list(end);
    }

    /// What follows the last item of a list or group that ends at `end` in the source.
    fn end_list(&mut self, end: usize) {
        // A comment before the parenthesis would stand at the end of a line if the list is broken, and then keep it so.
        let ends_line = self.writer.comments_inside(end, false);
        self.writer.dedent();
        if ends_line {
            self.writer.new_line()
        } else {
            self.writer.soft_line()
        }
        self.writer.text(")");
        self.writer.close();
    }

    pub(super) fn bare(&mut self, expr: &'a Expr) {
        let start = expr.span.start as usize;
        match &expr.kind {
            ExprKind::Or(operands) => self.operands(operands, " or", Binding::And),
            ExprKind::And(operands) => self.operands(operands, " and", Binding::Not),
            ExprKind::Not(operand) => {
                let not = self.writer.token_from(start, |kind| *kind == TokenKind::Not);
                self.writer.word(not, "not");
                self.behind_word(operand, Binding::Not);
            }
            ExprKind::Compare { op, left, right } => {
                self.expression(left, Binding::Add);
                self.writer.text(format!(" {}", op.text()));
                self.behind_word(right, Binding::Add);
            }
            ExprKind::Arithmetic { .. } => {
                self.writer.open(Frame::Group);
                self.writer.indent();
                self.arithmetic(expr);
                self.writer.dedent();
                self.writer.close();
            }
            ExprKind::Negate(operand) => {
                let minus = self.writer.token_from(start, |kind| *kind == TokenKind::Minus);
                self.writer.word(minus, "-");
                self.expression(operand, Binding::Unary);
            }
            ExprKind::Match { op, insensitive, value, patterns } => {
                self.expression(value, Binding::Primary);
                self.writer.text(match (op, insensitive) {
                    (MatchOp::Colon, _) => " :",
                    (MatchOp::Like, false) => " like",
                    (MatchOp::Like, true) => " like~",
                    (MatchOp::Regex, false) => " regex",
                    (MatchOp::Regex, true) => " regex~",
                });
                match patterns.as_slice() {
                    [pattern] if !needs_list(patterns) => self.behind_word(pattern, Binding::Primary),
                    _ => {
                        self.writer.space();
                        self.list(patterns, expr.span.end);
                    }
                }
            }
            ExprKind::In { negated, insensitive, value, list } => {
                self.expression(value, Binding::Primary);
                self.writer.text(if *negated { " not in" } else { " in" });
                self.writer.text(if *insensitive { "~" } else { "" });
                self.writer.space();
                self.list(list, expr.span.end);
            }
            ExprKind::Call { name, name_span, insensitive, arguments } => {
                let tilde = if *insensitive { "~" } else { "" };
                self.writer.word(name_span.range(), format!("{name}{tilde}"));
                self.list(arguments, name_span.end);
            }
            ExprKind::Field { name, optional } => {
                let range = self.writer.field_from(start);
                self.writer.word(range, literal::field(name, *optional));
            }
            ExprKind::Literal(constant) => self.constant(constant, start),
            ExprKind::Error => self.writer.text("<error>"),
        }
    }

    pub(super) fn operands(&mut self, operands: &'a [Expr], word: &'static str, wanted: Binding) {
        for (nth, operand) in operands.iter().enumerate() {
            if nth > 0 {
                self.writer.text(word);
                self.writer.line_between();
            }
            self.expression(operand, wanted);
        }
    }

    /// A chain of operators, all on the same level of indentation.
    fn arithmetic(&mut self, expr: &'a Expr) {
        let ExprKind::Arithmetic { op, left, right } = &expr.kind else { return self.expression(expr, Binding::Add) };
        let (binding, tighter) = match Binding::of_arithmetic(*op) {
            Binding::Add => (Binding::Add, Binding::Multiply),
            _ => (Binding::Multiply, Binding::Unary),
        };
        if matches!(left.kind, ExprKind::Arithmetic { .. }) && Binding::of(left) >= binding {
            self.arithmetic(left);
        } else {
            self.expression(left, binding);
        }
        self.writer.text(match op {
            ArithmeticOp::Add => " +",
            ArithmeticOp::Subtract => " -",
            ArithmeticOp::Multiply => " *",
            ArithmeticOp::Divide => " /",
            ArithmeticOp::Modulo => " %",
        });
        self.writer.line();
        self.expression(right, tighter);
    }

    /// What stands behind an operator, on its line; if comments push it to the next line it is indented.
    fn behind_word(&mut self, expr: &'a Expr, wanted: Binding) {
        let is_pushed = self.has_comments_before(expr);
        if is_pushed {
            self.writer.indent();
        }
        self.writer.space();
        self.expression(expr, wanted);
        if is_pushed {
            self.writer.dedent();
        }
    }

    /// Whether comments stand before an expression, inside its parentheses or not.
    pub(super) fn has_comments_before(&mut self, expr: &Expr) -> bool {
        let is_word = |kind: &TokenKind| !matches!(kind, TokenKind::LeftParen | TokenKind::Plus | TokenKind::Minus);
        let first = self.writer.token_from(expr.span.start as usize, is_word);
        self.writer.has_comments_before(first.start)
    }

    /// Values between parentheses; what comes before them in the source ends at `from`. One to a line if their author
    /// wrote them so and they do not fit on one, else as many to a line as fit.
    fn list(&mut self, items: &'a [Expr], from: u32) {
        self.writer.open(Frame::Group);
        self.writer.text("(");
        let end = items.last().map_or(from, |item| item.span.end) as usize;
        if !items.is_empty() {
            let gap = |pair: &[Expr]| pair[0].span.end as usize..pair[1].span.start as usize;
            let one_to_a_line = items.len() > 1 && items.windows(2).all(|pair| self.writer.has_line_break(gap(pair)));
            self.writer.indent();
            self.writer.soft_line();
            if !one_to_a_line {
                self.writer.open(Frame::Fill);
            }
            for (nth, item) in items.iter().enumerate() {
                if nth > 0 {
                    self.writer.text(",");
                    self.writer.line_between();
                }
                self.item(item);
            }
            if !one_to_a_line {
                self.writer.close();
            }
        } else {
            self.writer.indent();
        }
        let close = self.writer.token_from(end, |kind| *kind == TokenKind::RightParen);
        self.end_list(close.end);
    }

    /// One of several expressions with commas between them.
    fn item(&mut self, item: &'a Expr) {
        if !matches!(item.kind, ExprKind::And(_) | ExprKind::Or(_)) {
            return self.bare(item);
        }
        self.writer.open(Frame::Group);
        self.writer.indent();
        self.bare(item);
        self.writer.dedent();
        self.writer.close();
    }

    fn constant(&mut self, constant: &'a Literal, start: usize) {
        let is_constant = |kind: &TokenKind| {
            use TokenKind::*;
            matches!(kind, String(_) | Integer(_) | Decimal(_) | True | False | Null)
        };
        let range = self.writer.token_from(start, is_constant);
        let text = match (constant, self.writer.source(range.clone())) {
            (_, "") => literal::literal(constant),
            (Literal::String(value), source) => literal::string_as_written(source, value),
            (Literal::Int(_) | Literal::Float(_), source) if is_negative(constant) => format!("-{source}").into(),
            (_, source) => source.into(),
        };
        self.writer.word(range, text);
    }
}
