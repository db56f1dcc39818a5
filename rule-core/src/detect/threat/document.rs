//! Values of fields of a document, however it is nested.

use serde_json::{Map, Value};

/// The value of a field, nested or with dots in its name; what is below it as an object.
pub fn get(document: &Value, name: &str) -> Option<Value> {
    match document {
        Value::Array(list) => list.iter().find_map(|element| get(element, name)),
        Value::Object(members) => {
            let mut below = Map::new();
            for (key, value) in members {
                if key == name {
                    return Some(match value {
                        Value::Array(list) if list.first().is_some_and(Value::is_object) => list.first()?.clone(),
                        other => other.clone(),
                    });
                }
                let rest = |longer: &str, shorter: &str| {
                    longer.strip_prefix(shorter).and_then(|rest| rest.strip_prefix('.')).map(str::to_owned)
                };
                if let Some(rest) = rest(name, key) {
                    match get(value, &rest) {
                        Some(Value::Object(more)) => below.extend(more),
                        Some(found) => return Some(found),
                        None => {}
                    }
                } else if let Some(rest) = rest(key, name) {
                    insert(&mut below, &rest, value.clone());
                }
            }
            (!below.is_empty()).then_some(Value::Object(below))
        }
        _ => None,
    }
}

/// Adds a value at a name with dots, as nested objects.
fn insert(into: &mut Map<String, Value>, name: &str, value: Value) {
    match name.split_once('.') {
        Some((first, rest)) => {
            let inner = into.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
        None => {
            into.insert(name.to_owned(), value);
        }
    }
}
