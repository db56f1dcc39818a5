//! What is wrong with a key, and which one was meant.

use rule_syntax::nearest::nearest;
use serde_saphyr::Error;

/// `; did you mean …?` where a name is near enough, else nothing.
pub fn did_you_mean(name: &str, known: &[&str]) -> String {
    nearest(name, known.iter().copied()).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// The YAML reader's message on one line, with the name that was meant; the place is told apart from it.
pub fn unknown(error: &Error) -> String {
    let error = error.without_snippet();
    if let Error::SerdeUnknownField { field, expected, .. } = error {
        let near = did_you_mean(field, expected);
        let known: Vec<String> = expected.iter().map(|name| format!("`{name}`")).collect();
        return format!("there is no key `{field}` here, only {}{near}", known.join(", "));
    }
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.rsplit_once(" at line ").map_or(line, |(message, _)| message).to_owned()
}
