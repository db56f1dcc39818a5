//! Rule sets to measure with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rule_core::Source;

/// The project's own rules.
pub fn examples() -> io::Result<Vec<Source>> {
    read(&crate::root().join("examples/rules"))
}

/// The EQL rules of Elastic's rule set, where that is beside the checkout.
pub fn elastic() -> io::Result<Option<Vec<Source>>> {
    of_types(&["eql"])
}

/// Its rules of every type that Tripline evaluates.
pub fn elastic_of_every_type() -> io::Result<Option<Vec<Source>>> {
    of_types(&["eql", "query", "threshold", "new_terms", "threat_match"])
}

fn of_types(types: &[&str]) -> io::Result<Option<Vec<Source>>> {
    let folder = crate::root().join("../shared/data/rules/elastic");
    if !folder.is_dir() {
        return Ok(None);
    }
    let lines: Vec<String> = types.iter().map(|kind| format!("type = \"{kind}\"")).collect();
    let mut rules = read(&folder)?;
    rules.retain(|rule| rule.text.lines().any(|line| lines.iter().any(|kind| line.trim() == kind)));
    Ok(Some(rules))
}

/// So many of the rules, spread evenly over them.
pub fn spread(rules: &[Source], count: usize) -> Vec<Source> {
    (0..count.min(rules.len())).map(|n| rules[n * rules.len() / count.min(rules.len())].clone()).collect()
}

/// So many rules: the set again and again, each time with other literals.
///
/// What changes is plain text: in copy 7 each string of a query gets a 7 behind its first run of three letters
/// (`"*\\AppData\\*"` becomes `"*\\AppData7\\*"`), but for strings that are compared with a field of `event` or `host`. Those
/// say of which events a rule speaks: the copies speak of the same ones.
pub fn multiply(rules: &[Source], count: usize) -> Vec<Source> {
    (0..count)
        .map(|n| {
            let rule = &rules[n % rules.len()];
            match n / rules.len() {
                0 => rule.clone(),
                copy => Source { path: format!("{copy}/{}", rule.path), text: vary(&rule.text, copy) },
            }
        })
        .collect()
}

/// A rule file, the strings of its query varied.
fn vary(file: &str, copy: usize) -> String {
    for quotes in ["'''", "\"\"\""] {
        let Some((before, rest)) = file.split_once(&format!("query = {quotes}")) else { continue };
        let Some((query, after)) = rest.split_once(quotes) else { continue };
        let query = vary_query(query, copy);
        // A set has each rule once, by its id.
        let file = format!("{before}query = {quotes}{query}{quotes}{after}");
        return file.replacen("rule_id = \"", &format!("rule_id = \"{copy}-"), 1);
    }
    file.to_owned()
}

fn vary_query(query: &str, copy: usize) -> String {
    let mut out = String::with_capacity(query.len() + 64);
    let mut field = String::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(inner) = rest.strip_prefix("\"\"\"") {
            inner.find("\"\"\"").map_or(rest.len(), |end| end + 6)
        } else if first == '"' {
            end_of_string(rest)
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first.is_ascii_alphabetic() {
            let word = rest.find(|c: char| !c.is_alphanumeric() && !"_.".contains(c)).unwrap_or(rest.len());
            if rest[..word].contains('.') {
                rest[..word].clone_into(&mut field);
            }
            word
        } else {
            first.len_utf8()
        };
        let token = &rest[..length];
        let place = || field.starts_with("event.") || field.starts_with("host.");
        if first == '"' && !place() {
            out += &vary_string(token, copy)
        } else {
            out += token
        }
        rest = &rest[length..];
    }
    out
}

/// Where a string in double quotes ends.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn vary_string(text: &str, copy: usize) -> String {
    let bytes = text.as_bytes();
    let mut run = 0;
    for (at, byte) in bytes.iter().enumerate() {
        // The letter behind a backslash may be an escape.
        let is_letter = byte.is_ascii_alphabetic() && (at == 0 || bytes[at - 1] != b'\\');
        run = if is_letter { run + 1 } else { 0 };
        if run >= 3 && !bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) {
            return format!("{}{copy}{}", &text[..=at], &text[at + 1..]);
        }
    }
    text.to_owned()
}

/// The rule files in a folder and in those below it, in the order of their paths.
pub fn read(folder: &Path) -> io::Result<Vec<Source>> {
    let mut paths = Vec::new();
    walk(folder, &mut paths)?;
    paths.sort();
    let source = |path: PathBuf| Ok(Source { text: fs::read_to_string(&path)?, path: path.display().to_string() });
    paths.into_iter().map(source).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_vary_but_not_those_that_say_which_events() {
        let query = r#"process where host.os.type == "windows" and process.name : ("cmd.exe", "*\\AppData\\*") // "abc"
  and event.type == "start" and process.args like "\\n??" "#;
        let varied = r#"process where host.os.type == "windows" and process.name : ("cmd7.exe", "*\\AppData7\\*") // "abc"
  and event.type == "start" and process.args like "\\n??" "#;
        assert_eq!(vary_query(query, 7), varied);
    }

    #[test]
    fn other_letters_are_left_alone() {
        assert_eq!(vary_string("\".*[ʰ-˿]+abc\"", 2), "\".*[ʰ-˿]+abc2\"");
    }

    #[test]
    fn copies_of_the_examples_compile() {
        let rules = examples().expect("the examples are there");
        let many = multiply(&rules, rules.len() * 3);
        let (set, report) = rule_core::compile(&many, &rule_core::CompileOptions::default());
        assert!(!report.has_errors(), "{:?}", report.diagnostics);
        assert_eq!(set.rules().len(), many.len());
        assert_ne!(many[0].text, many[rules.len()].text);
    }
}
