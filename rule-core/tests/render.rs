//! Diagnostics as people see them. A case is three files in `render/`: the rule file, the diagnostic (`.json`, where a
//! place is given by the text that stands there and `$` is the end), and the rendering (`.txt`).
//! `UPDATE_EXPECT=1 cargo test -p rule-core --features render --test render` writes the renderings.
#![cfg(feature = "render")]

use std::path::Path;

use rule_core::{Diagnostic, Label, Level, Span, Suggestion, render};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    level: Level,
    code: String,
    message: String,
    rule: Option<String>,
    labels: Vec<(String, String)>,
    #[serde(default)]
    help: Vec<String>,
    suggestion: Option<(String, String, String)>,
}

fn span(text: &str, part: &str) -> Span {
    if part == "$" {
        return Span::new(text.len() as u32, text.len() as u32);
    }
    let start = text.find(part).unwrap_or_else(|| panic!("{part:?} is not in the text"));
    Span::new(start as u32, (start + part.len()) as u32)
}

fn diagnostic(case: Case, path: &str, text: &str) -> Diagnostic {
    Diagnostic {
        level: case.level,
        code: case.code,
        message: case.message,
        path: path.into(),
        rule: case.rule,
        line: 0,
        column: 0,
        labels: case.labels.into_iter().map(|(part, message)| Label { span: span(text, &part), message }).collect(),
        help: case.help,
        suggestion: case.suggestion.map(|(part, replacement, message)| Suggestion {
            span: span(text, &part),
            replacement,
            message,
        }),
    }
}

#[test]
fn renderings_are_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/render");
    let mut cases = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("the folder of cases") {
        let path = entry.expect("an entry").path();
        let is_rule = path.extension().is_some_and(|extension| extension == "eql" || extension == "toml");
        if !is_rule {
            continue;
        }
        cases += 1;
        let text = std::fs::read_to_string(&path).expect("a rule file");
        let case = std::fs::read_to_string(path.with_extension("json")).expect("its diagnostic");
        let case: Case = serde_json::from_str(&case).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_name().expect("a name").to_string_lossy();
        let rendered = render(&diagnostic(case, &format!("rules/{name}"), &text), &text, false) + "\n";
        let expected_path = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expected_path, rendered).expect("writable");
        } else if std::fs::read_to_string(&expected_path).unwrap_or_default() != rendered {
            wrong.push(format!("{}:\n{rendered}", expected_path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= 11, "only {cases} cases");
}

#[test]
fn color_changes_nothing_but_color() {
    let text = "any where flie.name == \"x\"";
    let at = span(text, "flie.name");
    let diagnostic = Diagnostic::warning("similar-field", "unknown field", at)
        .also(span(text, "\"x\""), "a string")
        .help("look it up")
        .suggest(at, "file.name", "did you mean `file.name`?");
    let colored = render(&diagnostic, text, true);
    assert!(colored.contains("\u{1b}["));
    let mut plain = String::new();
    for (at, part) in colored.split('\u{1b}').enumerate() {
        plain.push_str(if at == 0 { part } else { part.split_once('m').expect("a style").1 });
    }
    assert_eq!(plain, render(&diagnostic, text, false));
}

#[test]
fn no_span_and_no_text_stops_the_renderer() {
    let long = format!("any where {} and é == 1", "\"a😀\" == x or\t".repeat(400));
    for text in
        ["", "\n", "a", "a\n", "a\r\n\r\nb\r\n", "\t\ta\tb", "é\n漢字\n😀", "\u{feff}a\0b\rc\n\n\n", long.as_str()]
    {
        let len = text.len() as u32;
        let step = (len / 12).max(1) as usize;
        let places: Vec<u32> =
            (0..=len + 2).step_by(step).chain([len.saturating_sub(1), len, len + 1, u32::MAX]).collect();
        for &start in &places {
            for &end in &places {
                let first = Span::new(start, end);
                let one = Diagnostic::error("syntax", "message", first).suggest(first, "x\ny", "put it there");
                let rendered = render(&one, text, false);
                assert!(rendered.starts_with("error[syntax]: message\n"), "{rendered}");
                let second = Span::new(end, start);
                let two = Diagnostic::error("syntax", "", first)
                    .label("first")
                    .also(second, "second")
                    .suggest(second, "", "");
                render(&two, text, true);
            }
        }
    }
}

#[test]
fn a_huge_line_is_shown_in_part() {
    let text = format!("any where {}", "x == 1 or ".repeat(100_000));
    let middle = Span::new(500_000, 500_006);
    let diagnostic =
        Diagnostic::error("type", "message", middle).also(Span::new(0, 3), "out of sight").suggest(middle, "y", "so");
    let rendered = render(&diagnostic, &text, false);
    assert!(rendered.len() < 5000, "{} bytes", rendered.len());
    assert!(rendered.contains(":1:500001") && rendered.contains(":1:1\n"), "{rendered}");
}
