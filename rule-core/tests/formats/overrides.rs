//! What a deployment changes of rules.

use rule_core::rule::Overrides;
use rule_core::{Limits, Source};
use rule_core::{RuleInfo, RuleReport};

use crate::{at, compiled, exported, status};

const DISABLED: &str = ",\"enabled\":false,\"tags\":[\"OS: Linux\"]";

fn changed(text: &str) -> Vec<RuleReport> {
    let rules = format!("{}\n{}\n", exported("1", ""), exported("2", DISABLED));
    let (_, report) = compiled(&[("rules.ndjson", &rules)], Some(text));
    assert_eq!(report.diagnostics, [], "{text}");
    report.rules
}

#[test]
fn rules_are_enabled_and_disabled() {
    let rules = format!("{}\n{}\n", exported("1", ""), exported("2", DISABLED));
    for (overrides, one, two) in [
        ("", "compiled", "disabled in its file"),
        ("[[rule]]\nid = '1'\nenabled = false", "disabled in overrides.toml", "disabled in its file"),
        ("[[rule]]\nid = ['1', '2']\nenabled = true", "compiled", "compiled"),
        ("[[rule]]\nname = 'Rule *'\nenabled = false", "disabled in overrides.toml", "disabled in overrides.toml"),
        ("[[rule]]\ntag = '*: Linux'\nenabled = true", "compiled", "compiled"),
        ("[[rule]]\nname = 'Rule *'\ntag = 'OS: *'\nenabled = true", "compiled", "compiled"),
        // The last word counts.
        (
            "[[rule]]\nname = '*'\nenabled = false\n[[rule]]\nid = '2'\nenabled = true",
            "disabled in overrides.toml",
            "compiled",
        ),
    ] {
        let (_, report) = compiled(&[("a", &rules)], Some(overrides));
        assert_eq!(report.diagnostics, [], "{overrides}");
        assert_eq!(status(&report), [("a", one), ("a", two)], "{overrides}");
    }
}

#[test]
fn what_a_rule_says_is_changed() {
    let rules = changed(
        r#"
[[rule]]
id = "1"
severity = "critical"
risk_score = 99
tags_add = ["mine", "mine"]
max_signals = 7
alert_suppression = { group_by = ["host.id"], duration = { value = 1, unit = "h" } }

[[rule.exception]]
name = "build machines"
os_types = ["linux"]
entries = [{ field = "host.name", type = "wildcard", value = "ci-*" }]

[[rule.exception]]
entries = [{ field = "user.name", type = "match_any", operator = "excluded", value = ["root"] }]
"#,
    );
    let info = &rules[0].rule;
    assert_eq!((info.severity.as_str(), info.risk_score, info.max_signals), ("critical", 99, Some(7)));
    assert_eq!(info.tags, ["mine"]);
    let suppression = info.alert_suppression.as_ref().expect("a suppression");
    assert_eq!(
        (suppression.group_by.as_slice(), suppression.duration.map(|duration| duration.milliseconds())),
        (&["host.id".to_owned()][..], Some(3_600_000))
    );
    let lists: Vec<_> = info.exceptions_list.iter().map(|list| list.list_id.as_str()).collect();
    assert_eq!(lists, ["overrides.toml#1"]);
    // Another rule is as it was.
    assert_eq!((rules[1].rule.severity.as_str(), rules[1].rule.exceptions_list.len()), ("low", 0));
}

#[test]
fn a_suppression_without_fields_keeps_those_of_the_rule() {
    let own = exported("1", ",\"alert_suppression\":{\"group_by\":[\"user.id\"]}");
    let text = "[[rule]]\nname = '*'\nalert_suppression = { duration = { value = 5, unit = 'm' } }";
    let (_, report) = compiled(&[("a", &own)], Some(text));
    assert_eq!(report.diagnostics, []);
    let suppression = report.rules[0].rule.alert_suppression.as_ref().expect("a suppression");
    assert_eq!((suppression.group_by[0].as_str(), suppression.duration.is_some()), ("user.id", true));
    // Rules that have none are told of once.
    let rules = format!("{}\n{}\n", exported("1", ""), exported("2", ""));
    let (_, report) = compiled(&[("a", &rules)], Some(text));
    let [error] = &report.diagnostics[..] else { panic!("{:#?}", report.diagnostics) };
    assert_eq!((error.path.as_str(), error.line), ("overrides.toml", 3));
    assert!(error.message.contains("no `group_by`"));
    assert!(at(text, error).starts_with("{ duration"));
}

/// Its items are in the list that the rules mention.
#[test]
fn exceptions_are_items_of_a_list() {
    let text = "[[rule]]\nid = '1'\n[[rule.exception]]\nentries = [{field = 'a', type = 'exists'}]\n";
    let source = Source { path: "o.toml".into(), text: text.into() };
    let (mut overrides, diagnostics) = Overrides::read(&source, &Limits::default());
    assert_eq!(diagnostics, []);
    let items: Vec<_> = overrides.exceptions.iter().map(|found| (&*found.item.list_id, &*found.item.item_id)).collect();
    assert_eq!(items, [("o.toml#1", "o.toml#1.1")]);
    let mut info = RuleInfo { id: "1".into(), ..RuleInfo::default() };
    assert_eq!(overrides.apply(&mut info, &mut Vec::new()), None);
    assert_eq!(info.exceptions_list[0].list_id, "o.toml#1");
}

#[test]
fn what_no_rule_is_like_is_told() {
    let text = "[[rule]]\nid = ['1', '7']\n[[rule]]\nname = 'x*'\n[[rule]]\ntag = 'x*'\n";
    let (_, report) = compiled(&[("a", &exported("1", ""))], Some(text));
    let found: Vec<_> = report.diagnostics.iter().map(|found| (at(text, found), &*found.message, found.line)).collect();
    assert_eq!(
        found,
        [
            ("'7'", "no rule has the id \"7\"", 2),
            ("'x*'", "no rule has a name like \"x*\"", 4),
            ("'x*'", "no rule has a tag like \"x*\"", 6)
        ]
    );
    assert!(report.diagnostics.iter().all(|found| found.code == "override" && found.path == "overrides.toml"));
    assert!(!report.has_errors());
}

#[test]
fn mistakes_are_shown_where_they_are() {
    for (text, place, message, mend) in [
        ("[[rule]]\nid = '1'\nenabeld = true", "enabeld", "no key of an override", Some("enabled")),
        ("[[rules]]\nid = '1'", "rules", "no key of the file of overrides", Some("rule")),
        ("[rule]\nid = '1'", "[rule]", "`rule` is a table, not an array of tables", None),
        ("[[rule]]\nenabled = true", "[[rule]]", "no `id`", None),
        ("[[rule]]\nid = 1", "1", "not a string", Some("\"1\"")),
        ("[[rule]]\nid = '1'\nseverity = 'hihg'", "'hihg'", "no severity", Some("\"high\"")),
        ("[[rule]]\nid = '1'\nrisk_score = 101", "101", "out of range", None),
        ("[[rule]]\nid = '1'\nenabled = 'false'", "'false'", "not a boolean", Some("false")),
        ("[[rule]]\nid = '1'\n[[rule.exception]]\nentires = []", "entires", "no key of an exception", Some("entries")),
        ("[[rule]\n", "\n", "not valid TOML", None),
    ] {
        let (_, report) = compiled(&[("a", &exported("1", ""))], Some(text));
        let error = report.diagnostics.first().unwrap_or_else(|| panic!("{text}"));
        assert_eq!(
            (at(text, error).trim_end_matches('\n'), error.path.as_str()),
            (place.trim_end_matches('\n'), "overrides.toml"),
            "{text}"
        );
        assert!(error.message.contains(message), "{text}\n{}", error.message);
        assert_eq!(error.suggestion.as_ref().map(|mend| mend.replacement.as_str()), mend, "{text}");
        assert!(report.has_errors());
    }
    // Where somebody gives the file as a rule.
    let found = crate::read("[[rule]]\nid = '1'\n");
    assert!(found.diagnostics[0].help[0].contains("--overrides"));
}
