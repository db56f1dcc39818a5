//! What an event has in place of a field that it lacks.

use serde_json::Value as Json;

use crate::nearest;

/// Events larger than this are not searched for names.
const MAX_BYTES: usize = 64 << 10;

/// The names of an event: flat dotted, and whether there is an object.
pub struct Names(Vec<(String, bool)>);

impl Names {
    /// The names of an event object.
    pub fn of(event: &[u8]) -> Names {
        let mut names = Vec::new();
        if event.len() <= MAX_BYTES
            && let Ok(event) = std::str::from_utf8(event)
            && let Ok(event) = serde_json::from_str(event)
        {
            collect(&event, "", &mut names);
        }
        Names(names)
    }

    /// What stands where the field would be, in words. `known`: whether the field is one that the schema knows, so that a
    /// similar name is another field.
    pub fn instead_of(&self, field: &str, known: bool) -> Option<String> {
        if self.0.iter().any(|(name, object)| *object && name == field) {
            return Some(format!("in the event, {field} is an object"));
        }
        let values = || self.0.iter().filter(|(_, object)| !object).map(|(name, _)| name.as_str());
        let in_other_case = values().find(|name| *name != field && name.eq_ignore_ascii_case(field));
        let near = in_other_case.or_else(|| if known { None } else { nearest::nearest(field, values()) });
        near.filter(|name| *name != field).map(|name| format!("the event does have {name}"))
    }
}

fn collect(value: &Json, path: &str, names: &mut Vec<(String, bool)>) {
    match value {
        Json::Object(fields) => {
            if !path.is_empty() {
                names.push((path.to_owned(), true));
            }
            for (key, value) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(value, &path, names);
            }
        }
        Json::Array(values) => values.iter().for_each(|value| collect(value, path, names)),
        Json::Null => {}
        _ => names.push((path.to_owned(), false)),
    }
}
