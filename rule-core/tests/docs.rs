//! The documentation names every diagnostic and every limit.

use rule_core::Limits;
use rule_core::diagnostic::codes;

fn page(name: &str) -> String {
    let path = format!("{}/../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_code_has_its_heading() {
    let page = page("diagnostics.md");
    let headings: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let codes: Vec<_> = codes::ALL.iter().map(|(code, _)| *code).collect();
    for code in &codes {
        assert!(headings.contains(code), "docs/diagnostics.md has no heading for {code}");
    }
    for heading in headings {
        assert!(codes.contains(&heading), "docs/diagnostics.md explains {heading}, which no diagnostic has");
    }
}

#[test]
fn every_limit_is_documented() {
    let page = page("limits.md");
    let limits = serde_json::to_value(Limits::default()).expect("plain data");
    for name in limits.as_object().expect("a struct").keys() {
        assert!(page.contains(&format!("| `{name}` |")), "docs/limits.md has no row for {name}");
    }
}
