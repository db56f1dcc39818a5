//! The examples of `docs/rules.md` do what the page says.

use rule_core::rule::KINDS;

use crate::{compiled, status};

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/rules.md");
    std::fs::read_to_string(path).expect("the page")
}

/// What stands in the only code block of a kind.
fn block<'a>(page: &'a str, kind: &str) -> &'a str {
    let fence = format!("```{kind}\n");
    let mut blocks = page.split(&fence).skip(1).map(|rest| rest.split("```").next().expect("an end"));
    let block = blocks.next().expect("a block");
    assert_eq!(blocks.next(), None, "one block of {kind}");
    block
}

#[test]
fn overrides_do_what_the_page_says() {
    let page = page();
    let (set, report) = compiled(&[("rules.ndjson", block(&page, "json"))], Some(block(&page, "toml")));
    assert_eq!(report.diagnostics, []);
    assert_eq!(status(&report), [("rules.ndjson", "disabled in overrides.toml"), ("rules.ndjson", "compiled")]);
    let rule = &set.rules()[0];
    assert_eq!((rule.severity.as_str(), rule.risk_score, rule.max_signals), ("critical", 90, Some(20)));
    assert_eq!(rule.tags, ["OS: Linux", "Team: Blue"]);
    assert!(rule.alert_suppression.is_some());
    assert_eq!(rule.exceptions_list.len(), 1);
}

#[test]
fn the_page_gives_the_reason_of_each_type() {
    let page = page().replace("\\|", "|");
    for kind in KINDS {
        if let Some(reason) = kind.skipped {
            assert!(page.contains(&format!("| type `{}` | {reason} |", kind.name)), "{kind:?}");
        }
    }
}
