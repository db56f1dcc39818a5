//! Fields and functions by name.

use super::Checker;
use crate::Span;
use crate::diagnostic::{Diagnostic, codes};
use crate::functions::{self, Signature};
use crate::nearest;
use crate::schema::{Field, FieldType};

impl Checker<'_> {
    /// What is known about a field that the query mentions.
    pub(super) fn field(&self, name: &str) -> Option<Field> {
        self.plan.field(self.schema, name)
    }

    /// Whether the field is an optional one that the mapping does not have: then it is the constant null.
    pub fn is_absent(&self, name: &str, optional: bool) -> bool {
        optional && self.schema.is_strict() && self.field(name).is_none()
    }

    /// Reports a field that the mapping does not have, or one that is close to a well-known field.
    pub fn check_field(&mut self, name: &str, optional: bool, span: Span) -> Option<FieldType> {
        match self.field(name) {
            _ if self.schema.is_nested(name) => {
                let message = format!("[{name}] is a nested field, and nested fields are not supported");
                self.errors.push(Diagnostic::error(codes::NOT_SUPPORTED, message, span));
                None
            }
            Some(field) if self.schema.is_certain() => self.check_usable(name, field.kind, span),
            Some(field) => Some(field.kind),
            None => {
                self.report_unknown(name, optional, span);
                None
            }
        }
    }

    /// Reports a mapped field that Elasticsearch can do nothing with.
    fn check_usable(&mut self, name: &str, kind: FieldType, span: Span) -> Option<FieldType> {
        let error = match kind {
            FieldType::Text => {
                let message = format!("[{name}] has no exact value to compare: it is analysed text or normalised");
                Diagnostic::error(codes::TYPE, message, span)
                    .help("query a keyword that holds the value as it is, or give the field one as a multi-field")
            }
            FieldType::Other => {
                let message = format!("cannot use field [{name}]: its type is not supported");
                Diagnostic::error(codes::NOT_SUPPORTED, message, span)
            }
            _ => return Some(kind),
        };
        self.errors.push(error);
        None
    }

    pub(super) fn report_unknown(&mut self, name: &str, optional: bool, span: Span) {
        // The suggestion replaces the name only: the `?` of an optional field stays.
        let name_span = Span::new(span.start + u32::from(optional), span.end);
        let near = self.plan.nearest(self.schema, name);
        if self.schema.is_strict() {
            if optional {
                return;
            }
            let mut error = Diagnostic::error(codes::UNKNOWN_FIELD, format!("unknown column [{name}]"), span)
                .label("not in the mapping")
                .help(format!("`?{name}` makes the field optional: it is null where the mapping does not have it"));
            if let Some(near) = near {
                error = error.suggest(name_span, &near, format!("did you mean `{near}`?"));
            }
            self.errors.push(error);
        } else if let Some(near) = near {
            let place =
                if self.schema.is_certain() { "not in the mapping" } else { "not in the Elastic Common Schema" };
            let warning = Diagnostic::warning(codes::SIMILAR_FIELD, format!("unknown field `{name}`"), span)
                .label(place)
                .suggest(name_span, &near, format!("did you mean `{near}`?"));
            self.errors.push(warning);
        }
    }

    /// The function of that name, or a report.
    pub(super) fn function(&mut self, name: &str, insensitive: bool, span: Span) -> Option<&'static Signature> {
        let Some(signature) = functions::find(name) else {
            let mut error = Diagnostic::error(codes::UNKNOWN_FUNCTION, format!("unknown function [{name}]"), span);
            let replacement = match name.to_ascii_lowercase().as_str() {
                "wildcard" => Some("`wildcard` is the operator `like` today: `field like (\"a*\", \"b*\")`"),
                "match" => Some("`match` is the operator `regex` today: `field regex \"[a-z]+\"`"),
                "arraysearch" | "arraycontains" | "arraycount" => {
                    Some("a condition on a field holds if any of its values meets it, so arrays need no function")
                }
                _ => None,
            };
            match (replacement, nearest::nearest(name, functions::ALL.iter().map(|s| s.name))) {
                (Some(help), _) => error = error.help(help),
                (None, Some(near)) => error = error.suggest(span, near, format!("did you mean `{near}`?")),
                (None, None) => {
                    let all: Vec<_> = functions::ALL.iter().map(|s| s.name).collect();
                    error = error.help(format!("the functions are {}", all.join(", ")));
                }
            }
            self.errors.push(error);
            return None;
        };
        if insensitive && !signature.tilde {
            let message = format!("function [{}] has no case-insensitive form", signature.name);
            let error = Diagnostic::error(codes::UNKNOWN_FUNCTION, message, span).suggest(span, name, "remove the `~`");
            self.errors.push(error);
        }
        Some(signature)
    }
}
