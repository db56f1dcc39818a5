//! What is known about fields: their types, where an event holds their values, and which name was meant by a misspelt one.
//!
//! A schema is either *strict*, made from an Elasticsearch mapping that lists every field there is, or open: the Elastic
//! Common Schema tells the types of well-known fields and leaves all others to the values that events bring.

mod ecs;
mod mapping;
mod nearest;

use std::sync::Arc;

use serde_json::Value;

use crate::sort;
use crate::time::Format;

/// The type of a field, as far as EQL tells types apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FieldType {
    /// A string that is compared as it is: `keyword`, `constant_keyword`, `wildcard`, `flattened`, and a `text` field that
    /// has a keyword twin, which is what EQL reads then.
    Keyword,
    /// Analysed text with no keyword twin, or a normalised keyword: there is no exact value to compare.
    Text,
    /// A whole number of any width.
    Long,
    /// A number with a fraction of any width.
    Double,
    /// `true` or `false`.
    Boolean,
    /// A point in time in milliseconds.
    Date,
    /// A point in time in nanoseconds.
    DateNanos,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A version number, ordered as semantic versions are.
    Version,
    /// Anything that EQL cannot compute with.
    Other,
}

impl FieldType {
    /// Whether it is a point in time.
    pub fn is_date(self) -> bool {
        matches!(self, FieldType::Date | FieldType::DateNanos)
    }

    /// As Elasticsearch calls it.
    pub fn name(self) -> &'static str {
        match self {
            FieldType::Keyword => "keyword",
            FieldType::Text => "text",
            FieldType::Long => "long",
            FieldType::Double => "double",
            FieldType::Boolean => "boolean",
            FieldType::Date => "date",
            FieldType::DateNanos => "date_nanos",
            FieldType::Ip => "ip",
            FieldType::Version => "version",
            FieldType::Other => "object",
        }
    }
}

/// A field of a schema.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// Its type.
    pub kind: FieldType,
    /// What an explicit `null` counts as; an absent field stays absent.
    pub null_value: Option<Value>,
    /// The flat dotted name under which an event holds the value: aliases and multi-fields are resolved.
    pub path: String,
    /// How dates are written, where the mapping says so.
    pub format: Option<Arc<Format>>,
    /// Whether it lies inside a `nested` object, which EQL cannot query.
    pub nested: bool,
}

/// The known fields.
#[derive(Clone, Debug)]
pub struct Schema {
    fields: Arc<Fields>,
    known: Known,
}

/// What a schema says of fields that it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Nothing: data is expected to bring others.
    Some,
    /// Nothing, but of those it has the types are certain.
    Mapped,
    /// There are none.
    All,
}

impl Schema {
    /// The Elastic Common Schema and fields that Elastic's integrations add to it. Other fields are allowed. Cheap after the first call.
    pub fn ecs() -> Schema {
        Schema { fields: ecs::fields(), known: Known::Some }
    }

    /// The fields of an Elasticsearch mapping, and no others, unless the mapping itself says `"dynamic": true`: then it is one
    /// by which an index is made, and Elasticsearch adds the fields that the data brings. Takes what `GET index/_mapping`
    /// answers, its `mappings` or `properties` alone, and the bare properties. An error says in words what is wrong with
    /// the mapping.
    pub fn from_mapping(mapping: &Value) -> Result<Schema, String> {
        let (fields, dynamic) = mapping::fields(mapping)?;
        Ok(Schema { fields: Arc::new(fields), known: if dynamic { Known::Mapped } else { Known::All } })
    }

    /// Whether the types of its fields are certain.
    pub fn is_certain(&self) -> bool {
        self.known != Known::Some
    }

    /// Whether a field that is not in the schema is an error.
    pub fn is_strict(&self) -> bool {
        self.known == Known::All
    }

    /// The field of this flat dotted name. Names below a `flattened` field are keywords.
    pub fn get(&self, name: &str) -> Option<Field> {
        if let Some(field) = self.fields.get(name) {
            return Some(field.clone());
        }
        let nested = self.fields.is_nested(name);
        ancestors(name)
            .any(|above| self.fields.flattened.binary_search_by(|f| f.as_str().cmp(above)).is_ok())
            .then(|| Field { kind: FieldType::Keyword, null_value: None, path: name.to_owned(), format: None, nested })
    }

    /// Whether the name is that of a `nested` object, or below one.
    pub fn is_nested(&self, name: &str) -> bool {
        self.fields.is_nested(name) || self.fields.nested.binary_search_by(|n| n.as_str().cmp(name)).is_ok()
    }

    /// Whether there are fields below this name: it is that of an object.
    pub fn has_below(&self, name: &str) -> bool {
        let sorted = &self.fields.sorted;
        let at = sorted.partition_point(|(known, _)| known.as_str() < name);
        sorted[at..]
            .iter()
            .take_while(|(known, _)| known.starts_with(name))
            .any(|(known, _)| known[name.len()..].starts_with('.'))
    }

    /// The known name that was probably meant by this unknown one, if one is close enough to be suggested.
    pub fn nearest(&self, name: &str) -> Option<String> {
        let names = || self.fields.sorted.iter().map(|(name, _)| name.as_str());
        let near = nearest::nearest(name, names());
        // What a mapping does not have is wrong for certain, so a wilder guess is better than none.
        let near = if self.is_certain() { near.or_else(|| crate::nearest::nearest(name, names())) } else { near };
        near.map(str::to_owned)
    }
}

/// `a.b.c` is below `a.b` and `a`.
fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    name.rmatch_indices('.').map(|(at, _)| &name[..at])
}

/// Fields by name.
#[derive(Debug, Default)]
struct Fields {
    /// Ordered by name.
    sorted: Vec<(String, Field)>,
    /// Ordered names of nested objects.
    nested: Vec<String>,
    /// Ordered names of flattened fields.
    flattened: Vec<String>,
}

impl Fields {
    /// Puts what was collected in order and finds out which fields are nested. Of two fields with one name the first stays.
    fn new(mut sorted: Vec<(String, Field)>, mut nested: Vec<String>, mut flattened: Vec<String>) -> Fields {
        sort::by(&mut sorted, |a, b| a.0.cmp(&b.0));
        sorted.dedup_by(|later, first| later.0 == first.0);
        sort::sort(&mut nested);
        sort::sort(&mut flattened);
        let mut fields = Fields { sorted: Vec::new(), nested, flattened };
        for (_, field) in &mut sorted {
            field.nested = fields.is_nested(&field.path);
        }
        fields.sorted = sorted;
        fields
    }

    fn get(&self, name: &str) -> Option<&Field> {
        let at = self.sorted.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        Some(&self.sorted[at].1)
    }

    fn is_nested(&self, name: &str) -> bool {
        !self.nested.is_empty()
            && ancestors(name).any(|above| self.nested.binary_search_by(|n| n.as_str().cmp(above)).is_ok())
    }
}
