//! Types: what Elasticsearch's verifier refuses, refused with the same meaning and more help.
//!
//! With a mapping the types of fields are certain and a mismatch is an error. The types of the Elastic Common Schema
//! are what data should have but may not, so without a mapping a mismatch is a warning.

use super::Checker;
use crate::Span;
use crate::diagnostic::{Diagnostic, Level, codes};
use crate::functions::{Function, Kind, Signature};
use crate::pattern::address::Range;
use crate::pattern::regex::Regex;
use crate::schema::FieldType;
use crate::syntax::ast::{Expr, ExprKind, Literal, MatchOp};

/// The type of an expression, as far as it is known before any event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// Depends on the event, or was reported.
    Unknown,
    /// The constant null, which goes everywhere.
    Null,
    /// A truth.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// A field of a type of its own, or a number or string that is a field.
    Field(FieldType),
}

impl Type {
    /// The type that a field's type is for functions and operators.
    fn plain(self) -> Type {
        match self {
            Type::Field(FieldType::Keyword | FieldType::Text) => Type::String,
            Type::Field(FieldType::Long | FieldType::Double) => Type::Number,
            Type::Field(FieldType::Boolean) => Type::Bool,
            Type::Field(FieldType::Other) => Type::Unknown,
            other => other,
        }
    }

    fn is(self, kind: Kind) -> bool {
        matches!(
            (self.plain(), kind),
            (Type::Unknown | Type::Null, _)
                | (_, Kind::Any)
                | (Type::Bool, Kind::Bool)
                | (Type::Number, Kind::Number)
                | (Type::String, Kind::String)
                | (Type::Field(FieldType::Ip), Kind::Ip)
        )
    }

    /// As Elasticsearch calls it.
    fn name(self) -> &'static str {
        match self {
            Type::Unknown => "unknown",
            Type::Null => "null",
            Type::Bool => "boolean",
            Type::Number => "numeric",
            Type::String => "keyword",
            Type::Field(kind) => kind.name(),
        }
    }
}

impl Checker<'_> {
    /// Checks a condition.
    pub(super) fn check_condition(&mut self, expr: &Expr) {
        let found = self.check_expression(expr);
        self.want_boolean(expr, found);
    }

    fn want_boolean(&mut self, expr: &Expr, found: Type) {
        if matches!(found.plain(), Type::Bool | Type::Unknown | Type::Null) {
            return;
        }
        let name = found.name().to_uppercase();
        let mut error = Diagnostic::error(
            codes::CONDITION,
            format!("condition expression needs to be boolean, found [{name}]"),
            expr.span,
        )
        .label("not a condition by itself");
        if matches!(found, Type::Field(_)) {
            let field = self.source(expr).to_owned();
            error = error.help(format!("to ask whether the field has a value, write `{field} != null`"));
        }
        self.errors.push(error);
    }

    /// A mismatch between a field's type and its use: certain with a mapping, likely without.
    fn mismatch(&mut self, expr: &Expr, found: Type, error: Diagnostic) {
        let likely = matches!(found, Type::Field(_)) && matches!(expr.kind, ExprKind::Field { .. });
        let level = if likely && !self.schema.is_certain() { Level::Warning } else { Level::Error };
        self.errors.push(Diagnostic { level, ..error });
    }

    /// Checks an expression and tells its type.
    pub(super) fn check_expression(&mut self, expr: &Expr) -> Type {
        match &expr.kind {
            ExprKind::Error => Type::Unknown,
            ExprKind::Literal(Literal::Null) => Type::Null,
            ExprKind::Literal(Literal::Bool(_)) => Type::Bool,
            ExprKind::Literal(Literal::Int(_) | Literal::Float(_)) => Type::Number,
            ExprKind::Literal(Literal::String(_)) => Type::String,
            ExprKind::Field { name, optional } => {
                self.check_field(name, *optional, expr.span).map_or(Type::Unknown, Type::Field)
            }
            ExprKind::Not(inner) => {
                self.check_condition(inner);
                Type::Bool
            }
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                for part in parts {
                    self.check_condition(part);
                }
                Type::Bool
            }
            ExprKind::Compare { op, left, right } => {
                let types = (self.check_expression(left), self.check_expression(right));
                self.check_comparison(expr.span, op.text(), (left, types.0), (right, types.1));
                Type::Bool
            }
            ExprKind::Match { op, insensitive, value, patterns } => {
                self.check_match(*op, *insensitive, value, patterns);
                Type::Bool
            }
            ExprKind::In { value, list, .. } => {
                self.check_in(value, list);
                Type::Bool
            }
            ExprKind::Arithmetic { left, right, .. } => {
                self.want_number(left);
                self.want_number(right);
                Type::Number
            }
            ExprKind::Negate(inner) => {
                self.want_number(inner);
                Type::Number
            }
            ExprKind::Call { name, name_span, insensitive, arguments } => {
                let Some(signature) = self.function(name, *insensitive, *name_span) else {
                    for argument in arguments {
                        self.check_expression(argument);
                    }
                    return Type::Unknown;
                };
                self.check_call(signature, expr.span, arguments);
                match signature.result {
                    Kind::Bool => Type::Bool,
                    Kind::Number => Type::Number,
                    Kind::String => Type::String,
                    Kind::Any | Kind::Ip => Type::Unknown,
                }
            }
        }
    }

    fn check_comparison(&mut self, span: Span, op: &str, left: (&Expr, Type), right: (&Expr, Type)) {
        if !self.is_constant(left.0) && !self.is_constant(right.0) {
            if left.1 == Type::Unknown && has_error(left.0) || has_error(right.0) {
                return;
            }
            let error = Diagnostic::error(
                codes::FIELD_COMPARISON,
                "comparisons against fields are not (currently) supported",
                span,
            )
            .help("one side of a comparison must be a constant; to compare strings of two fields use a function, like `startsWith(a, b)`");
            self.errors.push(error);
            return;
        }
        // A field's values are converted as its mapping would; results of functions are what they are.
        let (a, b) = (left.1, right.1);
        self.check_value_of(left.0, right.0);
        self.check_value_of(right.0, left.0);
        let of_field = matches!(a, Type::Field(_)) || matches!(b, Type::Field(_));
        let known = |t: Type| !matches!(t.plain(), Type::Unknown | Type::Null);
        if !of_field && known(a) && known(b) && a.plain() != b.plain() {
            let message = format!("[{op}] compares a [{}] with a [{}]", a.name(), b.name());
            let error = Diagnostic::error(codes::TYPE, message, span)
                .also(left.0.span, a.name().to_owned())
                .also(right.0.span, b.name().to_owned());
            self.errors.push(error);
        }
    }

    fn check_match(&mut self, op: MatchOp, insensitive: bool, value: &Expr, patterns: &[Expr]) {
        let symbol = match (op, insensitive) {
            (MatchOp::Colon, _) => ":",
            (MatchOp::Like, false) => "like",
            (MatchOp::Like, true) => "like~",
            (MatchOp::Regex, false) => "regex",
            (MatchOp::Regex, true) => "regex~",
        };
        let found = self.check_expression(value);
        if !found.is(Kind::String) {
            let source = self.source(value).to_owned();
            let message = format!(
                "first argument of [{symbol}] must be [string], found value [{source}] type [{}]; consider using [==] instead",
                found.name()
            );
            let mut error = Diagnostic::error(codes::TYPE, message, value.span);
            if found == Type::Field(FieldType::Ip) {
                error = error.help("for address ranges use `cidrMatch(field, \"10.0.0.0/8\")`");
            }
            self.mismatch(value, found, error);
        }
        for pattern in patterns {
            let ExprKind::Literal(literal) = &pattern.kind else {
                self.check_expression(pattern);
                if !has_error(pattern) {
                    let message = format!("the right side of [{symbol}] must be a constant");
                    self.errors.push(Diagnostic::error(codes::CONSTANT, message, pattern.span));
                }
                continue;
            };
            match literal {
                Literal::String(text) => self.check_pattern(op, insensitive, text, pattern.span),
                _ => {
                    let message =
                        format!("the right side of [{symbol}] must be [string], found [{}]", self.source(pattern));
                    let error = Diagnostic::error(codes::TYPE, message, pattern.span)
                        .help("`==` compares numbers and truths; `:` and `like` match strings");
                    self.errors.push(error);
                }
            }
        }
    }

    fn check_pattern(&mut self, op: MatchOp, insensitive: bool, pattern: &str, span: Span) {
        if pattern.len() > self.limits.max_pattern_bytes as usize {
            let message = format!("the pattern is longer than {} bytes", self.limits.max_pattern_bytes);
            let error = Diagnostic::error(codes::TOO_LARGE, message, span);
            self.errors.push(error.help("split it, or raise --max-pattern-bytes"));
        } else if op == MatchOp::Regex
            && let Err(error) = Regex::new(pattern, insensitive, self.limits.max_regex_bytes as usize)
        {
            let message = format!("malformed regular expression: {}", error.message);
            let at = self.pattern_offset(span, pattern, error.offset);
            self.errors.push(Diagnostic::error(codes::PATTERN, message, at));
        }
    }

    /// Where an offset of the pattern is in the query: exact in raw strings and where nothing is escaped.
    fn pattern_offset(&self, literal: Span, pattern: &str, offset: usize) -> Span {
        let text = self.text.get(literal.range()).unwrap_or_default();
        let quotes = if text.starts_with("\"\"\"") { 3 } else { 1 };
        if text.get(quotes..quotes + pattern.len()) != Some(pattern) {
            return literal;
        }
        let start = literal.start + (quotes + offset) as u32;
        let len = pattern[offset..].chars().next().map_or(1, char::len_utf8);
        Span::new(start.min(literal.end - 1), (start + len as u32).min(literal.end))
    }

    fn check_in(&mut self, value: &Expr, list: &[Expr]) {
        let wanted = self.check_expression(value);
        for (at, item) in list.iter().enumerate() {
            let found = self.check_expression(item);
            if !self.is_constant(item) {
                if !has_error(item) {
                    let error = Diagnostic::error(
                        codes::FIELD_COMPARISON,
                        "comparisons against fields are not (currently) supported",
                        item.span,
                    );
                    self.errors.push(error.label("a list holds constants only"));
                }
                continue;
            }
            let compatible = match (wanted.plain(), found.plain()) {
                (Type::Unknown | Type::Null, _) | (_, Type::Unknown | Type::Null) => true,
                // Dates, addresses and versions are written as strings, dates also as numbers.
                (Type::Field(_), Type::String | Type::Number) => true,
                (a, b) => a == b,
            };
            if compatible {
                self.check_value_of(value, item);
            } else {
                let message = format!(
                    "{} argument of [in] must be [{}], found value [{}] type [{}]",
                    ordinal(at + 1),
                    wanted.name(),
                    self.source(item),
                    found.name()
                );
                let error = Diagnostic::error(codes::TYPE, message, item.span);
                self.mismatch(value, wanted, error);
            }
        }
    }

    fn want_number(&mut self, expr: &Expr) {
        let found = self.check_expression(expr);
        if !found.is(Kind::Number) {
            let message =
                format!("arithmetic needs numbers, found value [{}] type [{}]", self.source(expr), found.name());
            let error =
                Diagnostic::error(codes::TYPE, message, expr.span).help("`number(text)` turns a string into a number");
            self.mismatch(expr, found, error);
        }
    }

    fn check_call(&mut self, signature: &Signature, span: Span, arguments: &[Expr]) {
        let name = signature.name;
        if !(signature.least..=signature.most).contains(&arguments.len()) {
            let message = format!("[{name}] expects {}, found [{}]", signature.arity(), arguments.len());
            self.errors.push(Diagnostic::error(codes::ARGUMENTS, message, span));
        }
        for (at, argument) in arguments.iter().enumerate() {
            let found = self.check_expression(argument);
            let Some(kind) = signature.parameters.get(at).or(signature.parameters.last()) else { continue };
            let fits = found.is(*kind)
                // An address may be written as a string.
                || *kind == Kind::Ip && found == Type::String && self.is_constant(argument);
            if !fits {
                let message = format!(
                    "{} argument of [{name}] must be [{}], found value [{}] type [{}]",
                    ordinal(at),
                    kind.name(),
                    self.source(argument),
                    found.name()
                );
                let error = Diagnostic::error(codes::TYPE, message, argument.span);
                self.mismatch(argument, found, error);
            }
            if signature.function == Function::CidrMatch && at > 0 {
                self.check_range(at, argument);
            }
        }
        if matches!(signature.function, Function::EndsWith | Function::StringContains) {
            self.check_affix(name, arguments);
        }
    }

    fn check_range(&mut self, at: usize, argument: &Expr) {
        match &argument.kind {
            ExprKind::Literal(Literal::String(text)) if Range::parse(text).is_none() => {
                let message = format!("[{text}] is not an address range");
                let error = Diagnostic::error(codes::PATTERN, message, argument.span)
                    .help("write an address and the number of its fixed bits, like `10.0.0.0/8` or `2001:db8::/32`");
                self.errors.push(error);
            }
            _ if self.is_constant(argument) || has_error(argument) => {}
            _ => {
                let message = format!("{} argument of [cidrMatch] must be a constant", ordinal(at));
                self.errors.push(Diagnostic::error(codes::CONSTANT, message, argument.span));
            }
        }
    }

    /// Whether no event is needed for the value.
    pub fn is_constant(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Literal(_) => true,
            ExprKind::Error => false,
            ExprKind::Field { name, optional } => self.is_absent(name, *optional),
            ExprKind::Not(inner) | ExprKind::Negate(inner) => self.is_constant(inner),
            ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Call { arguments: parts, .. } => {
                parts.iter().all(|part| self.is_constant(part))
            }
            ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic { left, right, .. } => {
                self.is_constant(left) && self.is_constant(right)
            }
            ExprKind::Match { value, .. } => self.is_constant(value),
            ExprKind::In { value, list, .. } => self.is_constant(value) && list.iter().all(|i| self.is_constant(i)),
        }
    }
}

/// Whether part of the expression was reported already.
fn has_error(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Error => true,
        ExprKind::Literal(_) | ExprKind::Field { .. } => false,
        ExprKind::Not(inner) | ExprKind::Negate(inner) => has_error(inner),
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Call { arguments: parts, .. } => {
            parts.iter().any(has_error)
        }
        ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic { left, right, .. } => {
            has_error(left) || has_error(right)
        }
        ExprKind::Match { value, patterns: list, .. } | ExprKind::In { value, list, .. } => {
            has_error(value) || list.iter().any(has_error)
        }
    }
}

/// "first" and so on, for the argument at a place counted from 0.
fn ordinal(at: usize) -> String {
    match at {
        0 => "first".into(),
        1 => "second".into(),
        2 => "third".into(),
        3 => "fourth".into(),
        n => format!("{}th", n + 1),
    }
}
