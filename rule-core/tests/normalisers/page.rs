//! The tables of docs/sources.md are those that the files give. `UPDATE_EXPECT=1` writes them.

use rule_core::normaliser::{self, Condition, Constant, Field, Step, Want, Way};

use super::*;

const HEADING: &str = "## The fields of each source\n";

#[test]
fn the_page_has_the_tables_of_the_files() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/sources.md");
    let page = fs::read_to_string(&path).expect("docs/sources.md");
    let (before, rest) = page.split_once(HEADING).expect("a heading");
    let introduction = rest.split("\n### ").next().unwrap_or_default().trim_end();
    let mut wanted = format!("{before}{HEADING}{introduction}\n");
    for source in files() {
        let file = normaliser::read(&source, &Limits::default()).unwrap_or_else(|errors| panic!("{errors:#?}"));
        wanted += &section(&file);
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &wanted).expect("writing the page");
        return;
    }
    assert!(page == wanted, "docs/sources.md is out of date: run this test with UPDATE_EXPECT=1");
}

fn section(file: &normaliser::Normaliser) -> String {
    let mut out = format!("\n### {}\n\n`{}`: {}", file.title, file.name, file.description);
    if let Some(record) = &file.record {
        out += &format!(" The record is found below `{record}`.");
    }
    let recognised: Vec<String> = file.recognise.iter().map(condition).collect();
    out += &format!("\nA record has {}.\n", recognised.join("; or "));
    for (name, paths) in &file.paths {
        out +=
            &format!("\n- *{name}* stands for {}", paths.iter().map(|path| code(path)).collect::<Vec<_>>().join(", "));
    }
    if !file.paths.is_empty() {
        out.push('\n');
    }
    out += "\n| field | from | how |\n|---|---|---|\n";
    for field in &file.fields {
        out += &row(file, field);
    }
    out
}

fn row(file: &normaliser::Normaliser, field: &Field) -> String {
    let from = |way: &Way| match &way.from[..] {
        [] => constants(&way.constants),
        paths => paths.iter().map(|path| path_of(file, path)).collect::<Vec<_>>().join(", "),
    };
    let mut out = String::new();
    for (number, way) in field.ways.iter().enumerate() {
        let name = if number == 0 { code(&field.to) } else { "or".to_owned() };
        let mut how: Vec<String> = way.steps.iter().map(step).collect();
        if let Some(join) = &way.join {
            how.insert(0, format!("joined with {}", code(join)));
        }
        if !way.map.is_empty() {
            how.push(map(way));
        } else if !way.from.is_empty() && !way.constants.is_empty() {
            how.push(constants(&way.constants));
        }
        if way.count {
            how.push("counted".into());
        }
        if !way.when.is_empty() {
            let names: Vec<String> =
                way.when.iter().map(|number| condition(&file.conditions[*number as usize])).collect();
            how.push(format!("if {}", names.join("; or ")));
        }
        out += &format!("| {name} | {} | {} |\n", from(way), how.join("; "));
    }
    out
}

fn path_of(file: &normaliser::Normaliser, path: &str) -> String {
    match file.paths.iter().any(|(name, _)| name == path) {
        true => format!("*{path}*"),
        false => code(path.trim_start_matches('.')),
    }
}

/// What a map does, in full where it is short.
fn map(way: &Way) -> String {
    if way.map.len() > 12 {
        return format!("by a table of {} values", way.map.len());
    }
    let mut parts: Vec<String> =
        way.map.iter().map(|(text, to)| format!("{} → {}", code(text), constants(to))).collect();
    if !way.constants.is_empty() {
        parts.push(format!("else {}", constants(&way.constants)));
    }
    parts.join(", ")
}

fn constants(list: &[Constant]) -> String {
    list.iter().map(|constant| format!("\"{}\"", constant.text.replace('|', "\\|"))).collect::<Vec<_>>().join(", ")
}

fn condition(condition: &Condition) -> String {
    let one = |(path, want): &(String, Want)| match want {
        Want::Present => code(path),
        Want::Missing => format!("no {}", code(path)),
        Want::Text(texts) if texts.len() > 12 => format!("{} one of {} values", code(path), texts.len()),
        Want::Text(texts) => {
            format!(
                "{} {}",
                code(path),
                texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(" or ")
            )
        }
    };
    condition.tests.iter().map(one).collect::<Vec<_>>().join(" and ")
}

/// In a table, where a bar would end the cell.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

fn step(step: &Step) -> String {
    match step {
        Step::Basename => "last part of the path".into(),
        Step::Dirname => "path without its last part".into(),
        Step::Extension => "extension".into(),
        Step::Lowercase => "lower case".into(),
        Step::Uppercase => "upper case".into(),
        Step::Trim => "trimmed".into(),
        Step::Unquote => "without quotes".into(),
        Step::Args => "arguments".into(),
        Step::Integer => "number".into(),
        Step::Hex => "number of hexadecimal digits".into(),
        Step::Boolean => "truth".into(),
        Step::String => "text".into(),
        Step::Unhex => "text of hexadecimal digits".into(),
        Step::Before(mark) => format!("before {}", code(mark)),
        Step::After(mark) => format!("after {}", code(mark)),
        Step::Prefix(text) | Step::Suffix(text) => format!("without {}", code(text)),
        Step::Device(drive) => format!("device as {}", code(drive)),
        Step::Split(mark) if mark == " " => "split at blanks".into(),
        Step::Split(mark) => format!("split at {}", code(mark)),
        Step::Pair(key) => format!("value of {}", code(key)),
        Step::Drop(texts) if texts.iter().all(|text| text.len() > 8) => "not if it is all zeros".into(),
        Step::Drop(texts) => format!("not {}", texts.iter().map(|text| code(text)).collect::<Vec<_>>().join(", ")),
        Step::Time(unit) => format!("date ({})", format!("{unit:?}").to_lowercase()),
    }
}
