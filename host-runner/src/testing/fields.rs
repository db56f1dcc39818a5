//! Fields of events and alerts by their dotted names, however a document writes them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// An object as the tests' author writes it: nested, with dotted keys, or both.
pub type Object = Map<String, Value>;

/// Fields by their full dotted names. Arrays, also those of objects, are values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(BTreeMap<String, Value>);

impl Fields {
    /// The fields of an object. The error names a field that the object gives twice, or as an object and a value.
    pub fn of(object: &Object) -> Result<Fields, String> {
        let mut fields = Fields::default();
        fields.flatten("", object)?;
        let clash = fields.0.keys().find(|name| ancestors(name).any(|above| fields.0.contains_key(above)));
        clash.cloned().map_or(Ok(fields), Err)
    }

    fn flatten(&mut self, path: &str, object: &Object) -> Result<(), String> {
        for (key, value) in object {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match value {
                Value::Object(inner) => self.flatten(&path, inner)?,
                _ => {
                    if self.0.insert(path.clone(), value.clone()).is_some() {
                        return Err(path);
                    }
                }
            }
        }
        Ok(())
    }

    /// Sets what `changes` has. A null takes the field away, with all that is below it.
    pub fn change(&mut self, changes: &Fields) {
        for (name, value) in &changes.0 {
            let below = format!("{name}.");
            self.0.retain(|known, _| known != name && !known.starts_with(&below));
            for above in ancestors(name) {
                self.0.remove(above);
            }
            if !value.is_null() {
                self.0.insert(name.clone(), value.clone());
            }
        }
    }

    /// Sets one field.
    pub fn set(&mut self, name: &str, value: Value) {
        self.change(&Fields(BTreeMap::from([(name.to_owned(), value)])));
    }

    /// Whether there is a value, null or not.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The fields and their values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The document, nested.
    pub fn document(&self) -> Value {
        let mut document = Object::new();
        for (name, value) in &self.0 {
            insert(&mut document, name, value);
        }
        Value::Object(document)
    }
}

/// The names above a dotted name: of `a.b.c` these are `a` and `a.b`.
fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').map(|(dot, _)| &name[..dot])
}

fn insert(object: &mut Object, path: &str, value: &Value) {
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value.clone());
        }
        Some((head, rest)) => {
            let inner = object.entry(head).or_insert_with(|| Value::Object(Object::new()));
            // No field has one above it that is a value, so this is an object.
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// What a document has for a field: nothing, a value, or an array where arrays of objects bring several.
pub fn lookup(document: &Value, path: &str) -> Option<Value> {
    let mut found = Vec::new();
    collect(document, path, &mut found);
    match found.as_slice() {
        [] => None,
        [one] => Some((*one).clone()),
        several => Some(Value::Array(several.iter().map(|value| (*value).clone()).collect())),
    }
}

fn collect<'d>(document: &'d Value, path: &str, found: &mut Vec<&'d Value>) {
    match document {
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, found)),
        Value::Object(object) => {
            found.extend(object.get(path));
            for (dot, _) in path.match_indices('.') {
                if let Some(inner) = object.get(&path[..dot]) {
                    collect(inner, &path[dot + 1..], found);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Result<Fields, String> {
        Fields::of(value.as_object().unwrap())
    }

    #[test]
    fn nested_and_dotted_are_the_same() {
        let one = fields(json!({"host.os.type": "linux", "host": {"name": "a"}, "x": [{"y": 1}]})).unwrap();
        assert_eq!(one.document(), json!({"host": {"name": "a", "os": {"type": "linux"}}, "x": [{"y": 1}]}));
        assert_eq!(fields(json!({"a.b": 1, "a": {"b": 2}})), Err("a.b".into()));
        assert_eq!(fields(json!({"a.b": 1, "a": 2})), Err("a.b".into()));
    }

    #[test]
    fn changes_replace_and_take_away() {
        let change = |changes: Value| {
            let mut base = fields(json!({"a": {"b": 1, "c": 2}, "d": 3})).unwrap();
            base.change(&fields(changes).unwrap());
            base.document()
        };
        assert_eq!(change(json!({"a.b": 9})), json!({"a": {"b": 9, "c": 2}, "d": 3}));
        assert_eq!(change(json!({"a": null})), json!({"d": 3}));
        assert_eq!(change(json!({"a": "x"})), json!({"a": "x", "d": 3}));
        assert_eq!(change(json!({"d.e": 4})), json!({"a": {"b": 1, "c": 2}, "d": {"e": 4}}));
    }

    #[test]
    fn values_are_found_however_they_are_written() {
        let document = json!({"a.b": {"c": 1}, "a": {"b.d": 2}, "x": [{"y": 1}, {"y": 2}, {"z": 3}]});
        assert_eq!(lookup(&document, "a.b.c"), Some(json!(1)));
        assert_eq!(lookup(&document, "a.b.d"), Some(json!(2)));
        assert_eq!(lookup(&document, "x.y"), Some(json!([1, 2])));
        assert_eq!(lookup(&document, "x.z"), Some(json!(3)));
        assert_eq!(lookup(&document, "a.q"), None);
    }
}
