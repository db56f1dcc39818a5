//! Documents with variables: `"$process.name"` stands for a value, and a member without one is left out.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The values of one event: JSON text for each variable.
pub type Values = HashMap<&'static str, String>;

/// A JSON document whose members keep the order in which they are written, as the sources keep theirs.
#[derive(Clone, Debug)]
pub enum Template {
    /// JSON text.
    Literal(String),
    /// The name of a variable.
    Variable(String),
    /// An array.
    Array(Vec<Template>),
    /// An object: keys as JSON text.
    Object(Vec<(String, Template)>),
}

impl Template {
    /// The document with its variables filled in, appended to `out`. False, and nothing appended, if no variable has a value.
    pub fn render(&self, values: &Values, out: &mut String) -> bool {
        let (open, close) = match self {
            Template::Literal(text) => {
                out.push_str(text);
                return true;
            }
            Template::Variable(name) => {
                return values.get(name.as_str()).map(|text| out.push_str(text)).is_some();
            }
            Template::Array(_) => ('[', ']'),
            Template::Object(_) => ('{', '}'),
        };
        let start = out.len();
        out.push(open);
        let mut any = false;
        let mut part = |key: &str, value: &Template, out: &mut String| {
            let before = out.len();
            if out.len() > start + 1 {
                out.push(',');
            }
            out.push_str(key);
            if value.render(values, out) {
                any = true;
            } else {
                out.truncate(before);
            }
        };
        match self {
            Template::Array(items) => items.iter().for_each(|item| part("", item, out)),
            Template::Object(members) => members.iter().for_each(|(key, value)| part(key, value, out)),
            Template::Literal(_) | Template::Variable(_) => {}
        }
        out.push(close);
        let empty_as_written = matches!(self, Template::Array(items) if items.is_empty());
        if !any && !empty_as_written {
            out.truncate(start);
        }
        any || empty_as_written
    }
}

/// A string as JSON text.
pub fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Template;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Template, E> {
        Ok(Template::Literal(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Template, E> {
        Ok(Template::Literal(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Template, E> {
        Ok(Template::Literal(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Template, E> {
        Ok(match value.strip_prefix('$') {
            Some(name) => Template::Variable(name.to_owned()),
            None => Template::Literal(quote(value)),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Template, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Template::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Template, A::Error> {
        let mut all = Vec::new();
        while let Some((key, value)) = members.next_entry::<String, Template>()? {
            all.push((format!("{}:", quote(&key)), value));
        }
        Ok(Template::Object(all))
    }
}
