//! Constants beside fields of a type.

use super::Checker;
use crate::diagnostic::{Diagnostic, codes};
use crate::pattern::address::Range;
use crate::plan::test;
use crate::schema::FieldType;
use crate::syntax::ast::{Expr, ExprKind};
use crate::time;
use crate::value::Value;

impl Checker<'_> {
    /// A constant that no value of the field can be: Elasticsearch takes the query and fails when it runs.
    pub(super) fn check_value_of(&mut self, field: &Expr, constant: &Expr) {
        let ExprKind::Field { name, .. } = &field.kind else { return };
        let (Some(field), Some(value)) = (self.field(name), self.fold(constant)) else { return };
        let is_date = |text: &str| {
            let format = field.format.as_deref();
            format.and_then(|format| format.parse(text)).or_else(|| time::parse(text)).is_some()
        };
        let wanted = match (field.kind, &value) {
            (_, Value::Null) => return,
            (FieldType::Date | FieldType::DateNanos, Value::Str(text)) if !is_date(text) => "a date",
            (FieldType::Date | FieldType::DateNanos, Value::Bool(_)) => "a date",
            (FieldType::Long | FieldType::Double, Value::Str(text)) if test::number(text).is_none() => "a number",
            (FieldType::Long | FieldType::Double, Value::Bool(_)) => "a number",
            (FieldType::Boolean, Value::Str(text)) if !matches!(&**text, "true" | "false") => "`true` or `false`",
            (FieldType::Boolean, Value::Int(_) | Value::Float(_)) => "`true` or `false`",
            (FieldType::Ip, Value::Str(text)) if Range::parse(text).is_none() => "an address",
            (FieldType::Ip, Value::Bool(_) | Value::Int(_) | Value::Float(_)) => "an address",
            _ => return,
        };
        let message = format!("[{}] is not {wanted}", self.source(constant));
        let mut warning = Diagnostic::warning(codes::TYPE, message, constant.span)
            .label(format!("compared with a field of type {}", field.kind.name()));
        if let (Value::Str(text), "a date") = (&value, wanted)
            && (text.starts_with("now") || text.contains("||"))
        {
            warning = warning.help("date math needs a clock, and rules see nothing but events");
        }
        self.errors.push(warning);
    }
}
