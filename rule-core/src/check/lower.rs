//! Checked conditions to predicates.

use super::{Checker, affix};
use crate::functions::{self, Function, Kind};
use crate::pattern::TextTest;
use crate::pattern::address::{self, Range};
use crate::plan::condition::Condition;
use crate::plan::script::{Mention, Node, Script};
use crate::plan::test::{self, Num, Spec};
use crate::schema::{Field, FieldType};
use crate::sort;
use crate::syntax::ast::{CompareOp, Expr, ExprKind, Literal, MatchOp};
use crate::time::{self, Period};
use crate::value::Value;

impl Checker<'_> {
    /// The value of an expression without fields.
    pub fn fold(&mut self, expr: &Expr) -> Option<Value<'static>> {
        if !self.is_constant(expr) {
            return None;
        }
        let node = self.node(expr, false, &mut Vec::new());
        Some(node.value(&[], &mut Default::default()).into_owned())
    }

    /// A condition as a tree over predicates. What is constant is folded first, by three-valued logic, and null holds for
    /// no event; what remains is two-valued.
    pub fn condition(&mut self, expr: &Expr) -> Condition {
        let condition = self.lowered(expr);
        #[cfg(feature = "profile")]
        if let Some(notes) = &mut self.plan.notes {
            notes.note(self.text, expr.span, &condition);
        }
        condition
    }

    fn lowered(&mut self, expr: &Expr) -> Condition {
        if let Some(value) = self.fold(expr) {
            return Condition::Constant(value == Value::Bool(true));
        }
        match &expr.kind {
            ExprKind::Not(inner) => match self.fold(inner) {
                Some(value) => Condition::Constant(value == Value::Bool(false)),
                None => self.condition(inner).negate(),
            },
            ExprKind::And(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.condition(part)).collect();
                Condition::all(parts)
            }
            ExprKind::Or(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.condition(part)).collect();
                Condition::any(parts)
            }
            ExprKind::Field { name, .. } => self.ask(name, Spec::Bool(true)),
            ExprKind::Compare { op, left, right } => self.comparison(expr, *op, left, right),
            ExprKind::Match { op, insensitive, value, patterns } => match &value.kind {
                ExprKind::Field { name, .. } => {
                    let list = strings(patterns);
                    self.ask(
                        name,
                        if *op == MatchOp::Regex {
                            Spec::Regex(list, *insensitive)
                        } else {
                            Spec::Like(list, *insensitive)
                        },
                    )
                }
                _ => self.script(expr),
            },
            ExprKind::In { negated, insensitive, value, list } => {
                let found = match &value.kind {
                    ExprKind::Field { name, .. } => {
                        let values: Vec<_> = list.iter().filter_map(|item| self.fold(item)).collect();
                        let field = self.field(name);
                        self.ask(name, one_of(field.as_ref(), values, *insensitive))
                    }
                    _ => self.script(&Expr {
                        kind: ExprKind::In {
                            negated: false,
                            insensitive: *insensitive,
                            value: value.clone(),
                            list: list.clone(),
                        },
                        span: expr.span,
                    }),
                };
                if *negated { found.negate() } else { found }
            }
            ExprKind::Call { name, insensitive, arguments, .. } => {
                let spec = functions::find(name).and_then(|s| self.field_call(s.function, *insensitive, arguments));
                match spec {
                    Some((field, spec)) => self.ask(&field, spec),
                    None => self.script(expr),
                }
            }
            ExprKind::Literal(_) | ExprKind::Arithmetic { .. } | ExprKind::Negate(_) | ExprKind::Error => {
                self.script(expr)
            }
        }
    }

    /// Whether any value of the field passes the test.
    pub(super) fn ask(&mut self, name: &str, spec: Spec) -> Condition {
        if spec == Spec::Never {
            return Condition::Constant(false);
        }
        let slot = self.plan.slot(self.schema, name);
        match self.plan.field_predicate(slot, spec, self.limits.max_regex_bytes as usize) {
            Ok(number) => Condition::Predicate(number),
            // Patterns were compiled when they were checked.
            Err(_) => Condition::Constant(false),
        }
    }

    fn script(&mut self, expr: &Expr) -> Condition {
        let mut mentions = Vec::new();
        let body = self.node(expr, false, &mut mentions);
        Condition::Predicate(self.plan.script_predicate(Script { mentions, body }))
    }

    fn comparison(&mut self, expr: &Expr, op: CompareOp, left: &Expr, right: &Expr) -> Condition {
        let (value, op, constant) = match (self.fold(right), self.fold(left)) {
            (Some(constant), _) => (left, op, constant),
            (_, Some(constant)) => (right, op.flipped(), constant),
            _ => return self.script(expr),
        };
        let equality = matches!(op, CompareOp::Equal | CompareOp::NotEqual);
        let positive = op != CompareOp::NotEqual;
        let negate_unless = |condition: Condition, keep: bool| if keep { condition } else { condition.negate() };
        if constant.is_null() {
            // Only the two tests for existence say anything about null.
            return match (&value.kind, equality) {
                (_, false) => Condition::Constant(false),
                (ExprKind::Field { name, .. }, _) => negate_unless(self.ask(name, Spec::Exists), !positive),
                _ => {
                    let mut mentions = Vec::new();
                    let body = Node::IsNull(Box::new(self.node(value, false, &mut mentions)));
                    let number = self.plan.script_predicate(Script { mentions, body });
                    negate_unless(Condition::Predicate(number), positive)
                }
            };
        }
        if let ExprKind::Field { name, .. } = &value.kind {
            let field = self.field(name);
            let spec = compare(field.as_ref(), if positive { op } else { CompareOp::Equal }, &constant);
            return negate_unless(self.ask(name, spec), positive);
        }
        // `f(x) == false` is `not f(x)`: Elasticsearch rewrites it so before it asks any document.
        if let (Value::Bool(truth), true, true) = (&constant, equality, is_boolean(value)) {
            return negate_unless(self.condition(value), *truth == positive);
        }
        self.script(expr)
    }

    /// A call that is a test on one field.
    fn field_call(&mut self, function: Function, insensitive: bool, arguments: &[Expr]) -> Option<(String, Spec)> {
        let [Expr { kind: ExprKind::Field { name, .. }, .. }, rest @ ..] = arguments else { return None };
        let constants: Vec<_> = rest.iter().map(|a| self.fold(a)).collect::<Option<_>>()?;
        if constants.iter().any(Value::is_null) {
            return Some((name.clone(), Spec::Never));
        }
        let text = |value: &Value<'_>| match value {
            Value::Str(s) => Some(s.to_string()),
            _ => None,
        };
        let first = text(constants.first()?)?;
        let spec = match function {
            Function::StartsWith => Spec::StartsWith(first, insensitive),
            Function::EndsWith => affix::ends_with(&first, insensitive),
            Function::StringContains => affix::contains(&first, insensitive),
            Function::CidrMatch => {
                Spec::Ranges(constants.iter().map(|c| Range::parse(&text(c)?)).collect::<Option<_>>()?)
            }
            _ => return None,
        };
        Some((name.clone(), spec))
    }

    /// An expression for scripts. `as_text`: the place wants a string.
    fn node(&mut self, expr: &Expr, as_text: bool, mentions: &mut Vec<Mention>) -> Node {
        match &expr.kind {
            ExprKind::Literal(literal) => Node::Constant(Value::literal(literal).into_owned()),
            ExprKind::Error => Node::Constant(Value::Null),
            ExprKind::Field { name, optional } if self.is_absent(name, *optional) => Node::Constant(Value::Null),
            ExprKind::Field { name, .. } => {
                mentions.push(Mention { slot: self.plan.slot(self.schema, name), as_text });
                Node::Field(mentions.len() - 1)
            }
            ExprKind::Not(inner) => Node::Not(Box::new(self.node(inner, false, mentions))),
            ExprKind::And(parts) => Node::And(self.nodes(parts, mentions)),
            ExprKind::Or(parts) => Node::Or(self.nodes(parts, mentions)),
            ExprKind::Compare { op, left, right } => {
                let equality = matches!(op, CompareOp::Equal | CompareOp::NotEqual);
                let null = |value: Option<Value<'_>>| value.is_some_and(|v| v.is_null());
                let tested = match (null(self.fold(right)), null(self.fold(left))) {
                    (true, _) => Some(left),
                    (_, true) => Some(right),
                    _ => None,
                };
                if let (Some(tested), true) = (tested, equality) {
                    let is_null = Node::IsNull(Box::new(self.node(tested, false, mentions)));
                    return if *op == CompareOp::Equal { is_null } else { Node::Not(Box::new(is_null)) };
                }
                let left = self.node(left, false, mentions);
                Node::Compare(*op, Box::new(left), Box::new(self.node(right, false, mentions)))
            }
            ExprKind::Match { op, insensitive, value, patterns } => {
                let list = strings(patterns);
                let test = if *op == MatchOp::Regex {
                    // Checked before, so it compiles.
                    test::regexes(&list, *insensitive, self.limits.max_regex_bytes as usize)
                        .unwrap_or_else(|_| TextTest::equal(&[], false))
                } else if *insensitive {
                    TextTest::computed(&list, true)
                } else {
                    TextTest::patterns(&list, false)
                };
                Node::Text(Box::new(self.node(value, true, mentions)), Box::new(test))
            }
            ExprKind::In { negated, insensitive, value, list } => {
                let values: Vec<_> = list.iter().filter_map(|item| self.fold(item)).collect();
                let inner = Box::new(self.node(value, *insensitive, mentions));
                let node = if *insensitive {
                    let texts: Vec<_> = values.iter().filter_map(|v| v.text().map(|t| t.into_owned())).collect();
                    Node::Text(inner, Box::new(TextTest::computed(&texts, false)))
                } else {
                    Node::In(inner, values)
                };
                if *negated { Node::Not(Box::new(node)) } else { node }
            }
            ExprKind::Arithmetic { op, left, right } => {
                let left = self.node(left, false, mentions);
                Node::Arithmetic(*op, Box::new(left), Box::new(self.node(right, false, mentions)))
            }
            ExprKind::Negate(inner) => Node::Negate(Box::new(self.node(inner, false, mentions))),
            ExprKind::Call { name, insensitive, arguments, .. } => {
                let Some(signature) = functions::find(name) else { return Node::Constant(Value::Null) };
                let arguments = arguments.iter().enumerate().map(|(at, argument)| {
                    let kind = signature.parameters.get(at).or(signature.parameters.last());
                    self.node(argument, matches!(kind, Some(Kind::String | Kind::Ip)), mentions)
                });
                let arguments = arguments.collect();
                Node::Call(signature.function, *insensitive, arguments)
            }
        }
    }

    fn nodes(&mut self, parts: &[Expr], mentions: &mut Vec<Mention>) -> Vec<Node> {
        parts.iter().map(|part| self.node(part, false, mentions)).collect()
    }
}

/// Whether the expression gives a truth by its form.
pub fn is_boolean(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Not(_)
        | ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::Compare { .. }
        | ExprKind::Match { .. }
        | ExprKind::In { .. } => true,
        ExprKind::Call { name, .. } => functions::find(name).is_some_and(|s| s.result == Kind::Bool),
        _ => false,
    }
}

fn strings(patterns: &[Expr]) -> Vec<String> {
    let string = |expr: &Expr| match &expr.kind {
        ExprKind::Literal(Literal::String(s)) => Some(s.clone()),
        _ => None,
    };
    let mut list: Vec<_> = patterns.iter().filter_map(string).collect();
    sort::unstable(&mut list, Ord::cmp);
    list.dedup();
    list
}

/// A comparison of a field of this type with a constant that is not null.
pub(super) fn compare(field: Option<&Field>, op: CompareOp, constant: &Value<'_>) -> Spec {
    let kind = field.map(|field| field.kind);
    let number = || match constant {
        Value::Int(n) => Some(Num::Int(*n)),
        Value::Float(n) => Some(Num::float(*n)),
        _ => None,
    };
    match (kind, constant) {
        (Some(FieldType::Date | FieldType::DateNanos), _) => {
            period(field, constant).map_or(Spec::Never, |p| Spec::Date(op, p))
        }
        (Some(FieldType::Ip), Value::Str(text)) => match (address::parse(text), Range::parse(text)) {
            (Some(address), _) => Spec::Address(op, address),
            (None, Some(range)) if op == CompareOp::Equal => Spec::Ranges(vec![range]),
            _ => Spec::Text(op, text.to_string()),
        },
        (Some(FieldType::Version), Value::Str(text)) => Spec::Version(op, text.to_string()),
        (Some(FieldType::Long | FieldType::Double), Value::Str(text)) => match (text.parse(), test::number(text)) {
            (Ok(n), _) => Spec::Number(op, Num::Int(n)),
            (_, Some(n)) => Spec::Number(op, Num::float(n)),
            _ => Spec::Never,
        },
        (Some(FieldType::Boolean), Value::Bool(_) | Value::Str(_)) if op == CompareOp::Equal => match constant {
            Value::Bool(truth) => Spec::Bool(*truth),
            Value::Str(text) if text == "true" => Spec::Bool(true),
            Value::Str(text) if text == "false" => Spec::Bool(false),
            _ => Spec::Never,
        },
        (_, Value::Str(text)) if op == CompareOp::Equal => Spec::TextIn(vec![text.to_string()], false),
        (_, Value::Str(text)) => Spec::Text(op, text.to_string()),
        (Some(FieldType::Keyword | FieldType::Text), Value::Bool(truth)) => Spec::Text(op, truth.to_string()),
        (_, Value::Bool(truth)) if op == CompareOp::Equal => Spec::Bool(*truth),
        (_, Value::Bool(_) | Value::Null) => Spec::Never,
        (Some(FieldType::Boolean), _) => Spec::Never,
        (_, Value::Int(_) | Value::Float(_)) => number().map_or(Spec::Never, |n| Spec::Number(op, n)),
    }
}

/// The instants that a constant means in a date field.
fn period(field: Option<&Field>, constant: &Value<'_>) -> Option<Period> {
    let format = field.and_then(|field| field.format.as_deref());
    let millisecond = |first: i128| Period { first, last: first + 999_999 };
    let period = match constant {
        Value::Str(text) => format.and_then(|format| format.parse(text)).or_else(|| time::parse(text))?,
        Value::Int(n) => millisecond(*n as i128 * 1_000_000),
        Value::Float(n) => millisecond(time::from_millis(*n)?),
        _ => return None,
    };
    let first = if field.is_some_and(|f| f.kind == FieldType::DateNanos) {
        period.first
    } else {
        period.first.div_euclid(1_000_000) * 1_000_000
    };
    Some(Period { first, ..period })
}

/// Membership of a field of this type in a list of constants.
fn one_of(field: Option<&Field>, values: Vec<Value<'static>>, insensitive: bool) -> Spec {
    let (mut texts, mut numbers, mut dates, mut others) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for value in values.iter().filter(|v| !v.is_null()) {
        match compare(field, CompareOp::Equal, value) {
            Spec::TextIn(list, _) => texts.extend(list),
            Spec::Number(_, n) => numbers.push(n),
            Spec::Date(_, period) => dates.push(period),
            Spec::Never => {}
            other => others.push(other),
        }
    }
    if !texts.is_empty() {
        sort::unstable(&mut texts, Ord::cmp);
        texts.dedup();
        others.push(Spec::TextIn(texts, insensitive));
    }
    if !numbers.is_empty() {
        others.push(Spec::NumberIn(numbers));
    }
    if !dates.is_empty() {
        others.push(Spec::DateIn(dates));
    }
    match others.len() {
        0 => Spec::Never,
        1 => others.remove(0),
        _ => Spec::AnyOf(others),
    }
}
