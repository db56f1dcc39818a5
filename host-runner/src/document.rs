//! Alerts and events as documents, read for people and for other formats.

use serde_json::Value;

/// An alert of the core's; of one whose event is nested too deeply to be read, what the alert says beside it.
pub fn read_alert(line: &str) -> serde_json::Result<Value> {
    let whole = serde_json::from_str(line);
    match (whole, line.rfind(r#","kibana.alert.uuid":"#)) {
        (Err(_), Some(at)) => serde_json::from_str(&format!("{{{}", &line[at + 1..])),
        (whole, _) => whole,
    }
}

/// A field, written nested, dotted or mixed; in arrays of objects that of the first.
pub fn lookup<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    let document = match document {
        Value::Array(values) => values.first()?,
        value => value,
    };
    if let Some(found) = document.get(path) {
        return Some(found);
    }
    path.match_indices('.').filter_map(|(dot, _)| lookup(document.get(&path[..dot])?, &path[dot + 1..])).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_however_it_is_written() {
        for json in [r#"{"a":{"b":{"c":1}}}"#, r#"{"a.b.c":1}"#, r#"{"a":{"b.c":1}}"#, r#"{"a.b":[{"c":1},{"c":2}]}"#] {
            let document = serde_json::from_str(json).unwrap();
            assert_eq!(lookup(&document, "a.b.c"), Some(&Value::from(1)), "{json}");
        }
        assert_eq!(lookup(&Value::from(1), "a.b"), None);
    }

    #[test]
    fn of_a_deep_event_the_alert_is_left() {
        let deep = format!(r#"{{"a":{}{},"kibana.alert.uuid":"u"}}"#, "[".repeat(300), "]".repeat(300));
        assert_eq!(read_alert(&deep).unwrap(), serde_json::json!({"kibana.alert.uuid": "u"}));
        assert!(read_alert("{").is_err());
    }
}
