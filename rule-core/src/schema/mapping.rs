//! Reads an Elasticsearch mapping.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Field, FieldType, Fields};
use crate::time::Format;

/// Elasticsearch's own default is 20; a deeper mapping is a mistake or an attack on the stack.
const MAX_DEPTH: usize = 64;

/// The fields, and whether the data may bring others.
pub(super) fn fields(mapping: &Value) -> Result<(Fields, bool), String> {
    let mut reader = Reader::default();
    let Some(object) = mapping.as_object() else {
        return Err("the mapping is not a JSON object".into());
    };
    let per_index = |value: &Value| value.get("mappings").is_some_and(|inner| inner.is_object() && !is_field(inner));
    if !object.is_empty() && object.values().all(per_index) {
        // What `GET index/_mapping` answers: one entry per index.
        for index in object.values() {
            reader.mappings(self::object(&index["mappings"], "mappings")?)?;
        }
    } else if let Some(mappings) = object.get("mappings").filter(|inner| !is_field(inner)) {
        reader.mappings(self::object(mappings, "mappings")?)?;
    } else if object.get("properties").is_some_and(|inner| !is_field(inner)) {
        reader.mappings(object)?;
    } else {
        reader.properties("", object, 0)?;
    }
    reader.finish()
}

/// A field definition has a `type` that is a word, whereas an object of fields may have a *field* called `type`.
fn is_field(value: &Value) -> bool {
    value.get("type").is_some_and(Value::is_string)
}

#[derive(Default)]
struct Reader {
    fields: BTreeMap<String, Field>,
    aliases: BTreeMap<String, String>,
    nested: BTreeSet<String>,
    flattened: BTreeSet<String>,
    dynamic: bool,
}

impl Reader {
    /// `{"properties": {…}, "runtime": {…}}`; an index without a field has neither.
    fn mappings(&mut self, mappings: &Map<String, Value>) -> Result<(), String> {
        self.dynamic |= match mappings.get("dynamic") {
            Some(Value::String(word)) => word == "true" || word == "runtime",
            other => other == Some(&Value::Bool(true)),
        };
        if let Some(properties) = mappings.get("properties") {
            self.properties("", object(properties, "properties")?, 0)?;
        }
        if let Some(runtime) = mappings.get("runtime") {
            let runtime = object(runtime, "runtime")?;
            // A runtime field shadows the field of the same name.
            for name in runtime.keys() {
                self.fields.remove(name);
            }
            self.properties("", runtime, 0)?;
        }
        Ok(())
    }

    fn properties(&mut self, prefix: &str, properties: &Map<String, Value>, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("the mapping nests deeper than {MAX_DEPTH} levels below {prefix:?}"));
        }
        for (key, definition) in properties {
            let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            self.field(&name, object(definition, &name)?, depth)?;
        }
        Ok(())
    }

    fn field(&mut self, name: &str, definition: &Map<String, Value>, depth: usize) -> Result<(), String> {
        let kind = match definition.get("type") {
            None => "object",
            Some(Value::String(kind)) => kind,
            Some(other) => return Err(format!("the type of field {name:?} is {other}, not a string")),
        };
        if kind == "nested" {
            self.nested.insert(name.to_owned());
        }
        if matches!(kind, "object" | "nested" | "passthrough") {
            return match definition.get("properties") {
                Some(properties) => self.properties(name, object(properties, name)?, depth + 1),
                None if definition.contains_key("type") => Ok(()),
                None => Err(format!("field {name:?} has neither a \"type\" nor \"properties\"")),
            };
        }
        if kind == "alias" {
            let Some(path) = definition.get("path").and_then(Value::as_str) else {
                return Err(format!("the alias {name:?} has no \"path\""));
            };
            self.aliases.insert(name.to_owned(), path.to_owned());
            return Ok(());
        }
        if kind == "flattened" {
            self.flattened.insert(name.to_owned());
        }
        let mut own = exact_type(kind, definition.get("normalizer"));
        if let Some(twins) = definition.get("fields") {
            for (key, twin) in object(twins, name)? {
                let twin_name = format!("{name}.{key}");
                let Some(twin_kind) = twin.get("type").and_then(Value::as_str) else {
                    return Err(format!("the multi-field {twin_name:?} has no \"type\""));
                };
                let twin_type = exact_type(twin_kind, twin.get("normalizer"));
                // A text field is compared through its keyword twin, if that holds the exact value.
                if own == FieldType::Text && twin_type == FieldType::Keyword {
                    own = FieldType::Keyword;
                }
                self.insert(&twin_name, twin_type, twin, name)?;
            }
        }
        self.insert(name, own, &Value::Object(definition.clone()), name)
    }

    fn insert(&mut self, name: &str, kind: FieldType, definition: &Value, path: &str) -> Result<(), String> {
        let format = definition.get("format").and_then(Value::as_str).filter(|_| kind.is_date());
        let format = format.map(|text| Format::new(text).map_err(|error| format!("field {name:?}: {error}")));
        let field = Field {
            kind,
            null_value: null_value(definition).cloned(),
            path: path.to_owned(),
            format: format.transpose()?.map(Arc::new),
            nested: false,
        };
        match self.fields.get(name) {
            Some(known) if known.kind != kind => {
                Err(format!("field {name:?} is mapped twice, with types that EQL cannot treat alike"))
            }
            Some(_) => Ok(()),
            None => {
                self.fields.insert(name.to_owned(), field);
                Ok(())
            }
        }
    }

    fn finish(mut self) -> Result<(Fields, bool), String> {
        let mut resolved = Vec::new();
        for (alias, path) in &self.aliases {
            let mut seen = BTreeSet::from([alias.as_str()]);
            let mut target = path.as_str();
            while let Some(next) = self.aliases.get(target) {
                if !seen.insert(target) {
                    return Err(format!("the alias {alias:?} leads back to itself"));
                }
                target = next;
            }
            match self.fields.get(target) {
                Some(field) => resolved.push((alias.clone(), field.clone())),
                None => {
                    return Err(format!(
                        "the alias {alias:?} leads to {target:?}, which is not a field of the mapping"
                    ));
                }
            }
        }
        for (alias, field) in resolved {
            if self.fields.insert(alias.clone(), field).is_some() {
                return Err(format!("{alias:?} is mapped twice, as an alias and as a field"));
            }
        }
        let fields = Fields::new(
            self.fields.into_iter().collect(),
            self.nested.into_iter().collect(),
            self.flattened.into_iter().collect(),
        );
        Ok((fields, self.dynamic))
    }
}

fn null_value(definition: &Value) -> Option<&Value> {
    definition.get("null_value").filter(|value| !value.is_null())
}

fn object<'a>(value: &'a Value, name: &str) -> Result<&'a Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("the definition of {name:?} in the mapping is not a JSON object"))
}

/// The type of a field. A normalised keyword holds no exact value, so it is no better than text.
fn exact_type(kind: &str, normalizer: Option<&Value>) -> FieldType {
    match field_type(kind) {
        FieldType::Keyword if normalizer.is_some() => FieldType::Text,
        other => other,
    }
}

fn field_type(kind: &str) -> FieldType {
    match kind {
        "keyword" | "constant_keyword" | "wildcard" | "flattened" | "counted_keyword" => FieldType::Keyword,
        "text" | "match_only_text" | "search_as_you_type" | "annotated_text" | "semantic_text" => FieldType::Text,
        "long" | "integer" | "short" | "byte" | "unsigned_long" => FieldType::Long,
        "double" | "float" | "half_float" | "scaled_float" => FieldType::Double,
        "boolean" => FieldType::Boolean,
        "date" => FieldType::Date,
        "date_nanos" => FieldType::DateNanos,
        "ip" => FieldType::Ip,
        "version" => FieldType::Version,
        _ => FieldType::Other,
    }
}
