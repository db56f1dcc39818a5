//! Constants beside fields of a type.

use super::Checker;
use super::types::Type;
use crate::diagnostic::{Diagnostic, codes};
use crate::pattern::address::Range;
use crate::plan::test;
use crate::schema::FieldType;
use crate::syntax::ast::Expr;
use crate::time;
use crate::value::Value;

impl Checker<'_> {
    /// A constant that no value of the field can be: Elasticsearch takes the query and fails when it runs.
    pub(super) fn check_value_of(&mut self, field: Type, constant: &Expr) {
        let (Type::Field(kind), Some(value)) = (field, self.fold(constant)) else { return };
        let wanted = match (kind, &value) {
            (_, Value::Null) => return,
            (FieldType::Date | FieldType::DateNanos, Value::Str(text)) if time::parse(text).is_none() => "a date",
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
            .label(format!("compared with a field of type {}", field.name()));
        if let (Value::Str(text), "a date") = (&value, wanted)
            && (text.starts_with("now") || text.contains("||"))
        {
            warning = warning.help("date math needs a clock, and rules see nothing but events");
        }
        self.errors.push(warning);
    }
}
