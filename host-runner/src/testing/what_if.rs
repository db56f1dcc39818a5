//! What a test changes of the rule that it tests: exceptions that are in force for it alone.

use rule_core::{CompileOptions, Source};
use serde_json::Value;

use super::fields::Object;

/// The keys of an exception, as `docs/testing.md` has them: those of the overrides of a deployment.
pub const KEYS: [&str; 4] = ["entries", "expire_time", "name", "os_types"];

/// The options under which the rule is enabled and has these exceptions beside its own: they are added to the overrides of
/// the deployment. The error is one sentence.
pub fn with_exceptions(
    mut options: CompileOptions,
    rule_id: &str,
    exceptions: &[Object],
) -> Result<CompileOptions, String> {
    let mut overrides = options
        .overrides
        .take()
        .unwrap_or_else(|| Source { path: "<the test's exceptions>".into(), text: String::new() });
    let id = Value::from(rule_id);
    overrides.text.push_str(&format!("\n[[rule]]\nid = {id}\nenabled = true\n"));
    for exception in exceptions {
        overrides.text.push_str("\n[[rule.exception]]\n");
        for (key, value) in exception {
            overrides.text.push_str(&format!("{key} = {}\n", toml(value)?));
        }
    }
    options.overrides = Some(overrides);
    Ok(options)
}

/// A value as TOML has it on one line. A JSON string is a basic string: both have the same escapes.
fn toml(value: &Value) -> Result<String, String> {
    Ok(match value {
        Value::Null => return Err("an exception has a null, which means nothing there".into()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string().replace('\u{7f}', "\\u007F"),
        Value::Array(values) => {
            let values: Result<Vec<_>, _> = values.iter().map(toml).collect();
            format!("[{}]", values?.join(", "))
        }
        Value::Object(object) => {
            let pairs =
                object.iter().map(|(key, value)| Ok(format!("{} = {}", Value::from(key.as_str()), toml(value)?)));
            let pairs: Result<Vec<_>, String> = pairs.collect();
            format!("{{ {} }}", pairs?.join(", "))
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn exceptions_are_overrides() {
        let exception =
            json!({"name": "ci \"x\"", "entries": [{"field": "a.b", "type": "match_any", "value": ["c", "d"]}]});
        let exception = exception.as_object().cloned().unwrap();
        let base = Source { path: "site.toml".into(), text: "# ours".into() };
        let options = CompileOptions { overrides: Some(base), ..CompileOptions::default() };
        let overrides = with_exceptions(options, "id-1", &[exception]).unwrap().overrides.unwrap();
        assert_eq!(
            overrides.text,
            r##"# ours
[[rule]]
id = "id-1"
enabled = true

[[rule.exception]]
entries = [{ "field" = "a.b", "type" = "match_any", "value" = ["c", "d"] }]
name = "ci \"x\""
"##
        );
        let bad = json!({"name": null}).as_object().cloned().unwrap();
        assert!(with_exceptions(CompileOptions::default(), "id-1", &[bad]).is_err());
    }
}
