//! What stands between an event and an alert beside the query: each gate, and what it says.

use rule_core::explain::{Gate, GateKind};
use rule_core::{ExplainOptions, Explanation, Source, explain};
use serde_json::{Value, json};

use crate::shown;

/// A rule as Kibana exports it, with the exception items of its lists.
fn explained(rule: &Value, items: &[Value], events: &str, options: &ExplainOptions) -> Explanation {
    let mut whole =
        json!({"rule_id": "r", "name": "R", "type": "query", "language": "kuery", "query": "process.name: nc"});
    whole.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
    let text = std::iter::once(&whole).chain(items).map(|line| format!("{line}\n")).collect();
    let source = Source { path: "rules.ndjson".into(), text };
    explain(&source, events.as_bytes(), options).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn plain(rule: &Value, events: &str) -> Explanation {
    explained(rule, &[], events, &ExplainOptions::default())
}

fn item(name: &str, entries: &Value) -> Value {
    json!({"item_id": name, "list_id": "l", "name": name, "type": "simple", "namespace_type": "single", "entries": entries})
}

fn entry(field: &str, kind: &str, value: &Value) -> Value {
    json!({"field": field, "operator": "included", "type": kind, "value": value})
}

/// The gates of an event, a line each.
fn gates(explanation: &Explanation, event: usize) -> String {
    let line = |gate: &Gate| {
        let kind = serde_json::to_value(gate.gate).unwrap();
        format!("{} {} {}\n", if gate.passes { "+" } else { "-" }, kind.as_str().unwrap(), gate.reason)
    };
    explanation.events[event].gates.iter().map(line).collect()
}

#[test]
fn a_rule_with_its_query_alone_has_no_gates() {
    let explanation = plain(&json!({}), r#"{"process":{"name":"nc"}}"#);
    assert_eq!((explanation.events[0].gates.len(), explanation.alerts_when, explanation.skipped), (0, None, None));
    let json = serde_json::to_value(&explanation.events[0]).unwrap();
    assert!(json.get("gates").is_none());
}

#[test]
fn index_patterns_name_the_stream_and_what_becomes_of_events_without() {
    let rule = json!({"index": ["logs-endpoint.events.*", "-logs-endpoint.events.network-*"]});
    let events = [
        r#"{"data_stream":{"type":"logs","dataset":"endpoint.events.process","namespace":"default"},"process":{"name":"nc"}}"#,
        r#"{"_index":".ds-logs-windows.sysmon-default-2026.01.01-000001","_source":{"process":{"name":"nc"}}}"#,
        r#"{"process":{"name":"nc"}}"#,
    ];
    let explanation = plain(&rule, &events.join("\n"));
    let patterns = "logs-endpoint.events.*, -logs-endpoint.events.network-*";
    let query = "+ query matched: process.name is \"nc\"\n";
    assert_eq!(
        gates(&explanation, 0),
        format!(
            "+ index the event's data stream logs-endpoint.events.process-default is among the rule's index patterns: {patterns}\n{query}"
        )
    );
    assert_eq!(
        gates(&explanation, 1),
        format!(
            "- index the event's data stream logs-windows.sysmon-default is not among the rule's index patterns: {patterns}\n{query}"
        )
    );
    assert_eq!(
        gates(&explanation, 2),
        format!(
            "+ index the event does not say its data stream (`_index`, or all of `data_stream.*`), so it is taken for one of the rule's: {patterns}\n{query}"
        )
    );
    assert_eq!(explanation.events[1].held_by().unwrap().gate, GateKind::Index);
    let options = ExplainOptions { index: Some("logs-endpoint.events.network-x".into()), ..ExplainOptions::default() };
    let explanation = explained(&rule, &[], events[2], &options);
    assert!(
        gates(&explanation, 0).starts_with("- index the event's data stream logs-endpoint.events.network-x is not")
    );
}

#[test]
fn the_filter_that_rejects_is_told_with_its_value() {
    let filter = |field: &str, value: &str, negate: bool, more: Value| {
        let mut meta = json!({"negate": negate, "disabled": false});
        meta.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"meta": meta, "query": {"match_phrase": {field: value}}})
    };
    let rule = json!({"filters": [
        filter("host.os.type", "linux", false, json!({})),
        filter("user.name", "root", true, json!({"alias": "not root"})),
        filter("user.name", "nobody", false, json!({"disabled": true})),
    ]});
    let event = |os: &str, user: &str| {
        json!({"process": {"name": "nc"}, "host": {"os": {"type": os}}, "user": {"name": user}}).to_string()
    };
    let events = [event("linux", "ada"), event("windows", "ada"), event("linux", "root")].join("\n");
    let explanation = plain(&rule, &events);
    let query = "+ query matched: process.name is \"nc\"\n";
    assert_eq!(gates(&explanation, 0), format!("{query}+ filters all 2 filters hold\n"));
    assert_eq!(
        gates(&explanation, 1),
        format!(
            "{query}- filters the filter `host.os.type:\"linux\"` does not hold: host.os.type is \"windows\", it wants \"linux\"\n"
        )
    );
    assert_eq!(
        gates(&explanation, 2),
        format!("{query}- filters the filter \"not root\" does not hold: user.name is \"root\", which it excludes\n")
    );
    let gate = &explanation.events[2].gates[1];
    assert_eq!(gate.name.as_deref(), Some("not root"));
    assert_eq!(
        shown(gate.tree.as_ref().unwrap()),
        "*filter false `not user.name:\"root\"`\n  *not false `not user.name:\"root\"`\n    *test true `user.name:\"root\"` user.name=[\"root\"!]\n"
    );
}

#[test]
fn the_exception_that_takes_an_event_away_is_told_entry_by_entry() {
    let rule = json!({"exceptions_list": [{"list_id": "l", "type": "detection", "namespace_type": "single"}]});
    let items = [
        item(
            "scanners",
            &json!([{"field": "source.ip", "operator": "included", "type": "list", "list": {"id": "scan", "type": "ip"}}]),
        ),
        item(
            "build machines",
            &json!([
                entry("host.name", "wildcard", &json!("ci-*")),
                entry("user.name", "match_any", &json!(["runner", "root"]))
            ]),
        ),
    ];
    let event = |host: &str, user: &str| json!({"process": {"name": "nc"}, "host": {"name": host}, "user": {"name": user}, "source": {"ip": "10.0.0.7"}});
    let events = [event("ci-7", "root"), event("ci-7", "ada")].map(|event| event.to_string()).join("\n");
    let list = |text: &str| Source { path: "lists/scan.txt".into(), text: text.into() };
    let options = ExplainOptions { value_lists: vec![list("10.0.0.1\n10.0.0.2\n")], ..ExplainOptions::default() };
    let explanation = explained(&rule, &items, &events, &options);
    let query = "+ query matched: process.name is \"nc\"\n";
    assert_eq!(
        gates(&explanation, 0),
        format!(
            "{query}- exceptions the exception \"build machines\" takes it away: host.name is \"ci-7\"; user.name is \"root\"\n"
        )
    );
    assert_eq!(
        shown(explanation.events[0].gates[1].tree.as_ref().unwrap()),
        r#"*filter true `host.name:ci-* and (user.name:"runner" or user.name:"root")`
  *and true `host.name:ci-* and (user.name:"runner" or user.name:"root")`
    *test true `host.name:ci-*` host.name=["ci-7"!]
    *test true `user.name: ("runner" or "root")` user.name=["root"!]
"#
    );
    assert_eq!(
        gates(&explanation, 1),
        format!(
            "{query}+ exceptions none of 2 exceptions holds; the nearest is \"scanners\": source.ip is \"10.0.0.7\", it wants \"10.0.0.1\" or \"10.0.0.2\"\n"
        )
    );
    let options = ExplainOptions { value_lists: vec![list("10.0.0.7")], ..ExplainOptions::default() };
    let explanation = explained(&rule, &items, &events, &options);
    assert!(
        gates(&explanation, 1)
            .contains("- exceptions the exception \"scanners\" takes it away: source.ip is \"10.0.0.7\"")
    );
    // Without the list the item takes nothing away, and a warning says so.
    let explanation = explained(&rule, &items, &events, &ExplainOptions::default());
    assert!(
        gates(&explanation, 1)
            .contains("+ exceptions the exception \"build machines\" does not hold: user.name is \"ada\"")
    );
    assert!(explanation.warnings.iter().any(|warning| warning.message.contains("scanners takes no events away")));
}

#[test]
fn exceptions_of_overrides_and_of_other_files_count_and_a_disabled_rule_says_so() {
    let rule = json!({"enabled": false, "exceptions_list": [{"list_id": "l", "type": "detection", "namespace_type": "single"}]});
    let event = r#"{"process":{"name":"nc"},"host":{"name":"a"},"user":{"name":"b"}}"#;
    let text = "[[rule]]\nid = 'r'\n[[rule.exception]]\nname = 'mine'\nentries = [{ field = 'host.name', type = 'match', value = 'a' }]\n[[rule]]\nid = 'other'\n";
    let options = ExplainOptions {
        overrides: Some(Source { path: "o.toml".into(), text: text.into() }),
        ..ExplainOptions::default()
    };
    let explanation = explained(&rule, &[], event, &options);
    assert!(gates(&explanation, 0).contains("- exceptions the exception \"mine\" takes it away: host.name is \"a\""));
    assert_eq!(explanation.skipped.as_deref(), Some("disabled in its file"));
    let said: Vec<_> = explanation.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(said, ["no file has the rule's exception list l"]);
    let items = item("theirs", &json!([entry("user.name", "match", &json!("b"))])).to_string();
    let options = ExplainOptions {
        exceptions: vec![Source { path: "list.ndjson".into(), text: items }],
        ..ExplainOptions::default()
    };
    let explanation = explained(&rule, &[], event, &options);
    assert!(gates(&explanation, 0).contains("the exception \"theirs\" takes it away: user.name is \"b\""));
    assert!(explanation.warnings.is_empty(), "{:?}", explanation.warnings);
}

/// An event at a second after a full hour.
fn at(second: u32, more: &Value) -> String {
    let mut event = json!({"@timestamp": format!("2026-03-01T10:{:02}:{:02}Z", second / 60, second % 60), "process": {"name": "nc"}});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event.to_string()
}

fn host(second: u32, name: &str) -> String {
    at(second, &json!({"host.name": name}))
}

/// The last gate of each event.
fn last(explanation: &Explanation) -> Vec<String> {
    (0..explanation.events.len())
        .map(|at| gates(explanation, at).lines().last().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn thresholds_tell_how_many_there_are_and_how_many_it_takes() {
    let rule = json!({"type": "threshold", "threshold": {"field": ["host.name"], "value": 3, "cardinality": [{"field": "user.name", "value": 2}]}});
    let event = |second, host: &str, user: &str| at(second, &json!({"host.name": host, "user.name": user}));
    let events = [
        event(0, "a", "u"),
        event(1, "b", "u"),
        event(2, "a", "v"),
        event(3, "a", "u"),
        at(4, &json!({"user.name": "u"})),
        event(5, "c", "u"),
        event(6, "c", "u"),
        event(7, "c", "u"),
    ];
    let explanation = plain(&rule, &events.join("\n"));
    assert_eq!(
        explanation.alerts_when.as_deref(),
        Some(
            "a match makes an alert when 3 events come with the same host.name and 2 values of user.name in one run (each 5m, over the last 6m)"
        )
    );
    let a = "+ threshold there are 3 events with host.name \"a\" in the run of 2026-03-01T10:05:00.000Z, the rule asks for 3; 2 values of user.name, it asks for 2";
    let b = "- threshold there is 1 event with host.name \"b\" in the run of 2026-03-01T10:05:00.000Z, the rule asks for 3; 1 value of user.name, it asks for 2";
    let c = "- threshold there are 3 events with host.name \"c\" in the run of 2026-03-01T10:05:00.000Z, the rule asks for 3; 1 value of user.name, it asks for 2";
    assert_eq!(last(&explanation), [a, b, a, a, "- threshold the event has no host.name", c, c, c]);
    // The events beside it count, explained or not.
    let options = ExplainOptions { only: vec![3], ..ExplainOptions::default() };
    let explanation = explained(&rule, &[], &events.join("\n"), &options);
    assert_eq!((explanation.events[0].event, last(&explanation), explanation.omitted), (3, vec![a.to_owned()], 0));
    let undated = plain(&rule, r#"{"process":{"name":"nc"},"host.name":"a","user.name":"u"}"#);
    assert_eq!(last(&undated), ["- threshold the event has no timestamp, and so is in no run"]);
}

#[test]
fn new_terms_tell_when_a_term_was_seen_or_that_it_is_learned() {
    let rule = json!({"type": "new_terms", "new_terms_fields": ["host.name"], "history_window_start": "now-7d"});
    let events = [host(0, "a"), host(3, "a"), at(4, &json!({})), host(600, "b")].join("\n");
    let explanation = plain(&rule, &events);
    assert_eq!(
        explanation.alerts_when.as_deref(),
        Some("a match makes an alert when its host.name was not seen in the 7d before")
    );
    let b = "+ new_terms host.name \"b\" was not seen in the 7d before";
    assert_eq!(
        last(&explanation),
        [
            "+ new_terms host.name \"a\" was not seen in the 7d before",
            "- new_terms host.name \"a\" is not new: it was last seen at 2026-03-01T10:00:00.000Z",
            "- new_terms the event has no host.name",
            b,
        ]
    );
    let options = ExplainOptions { learning_ms: 300_000, ..ExplainOptions::default() };
    let learned = "- new_terms host.name \"a\" is new, but learned without an alert: so are those of the first 5m";
    let found = last(&explained(&rule, &[], &events, &options));
    assert_eq!((found[0].as_str(), found[3].as_str()), (learned, b));
}

#[test]
fn indicators_tell_what_none_of_them_has() {
    let rule = json!({
        "type": "threat_match", "threat_query": "*:*", "threat_index": ["ti"],
        "threat_mapping": [{"entries": [{"field": "destination.ip", "type": "mapping", "value": "threat.indicator.ip"}]}],
    });
    let indicators = |text: &str| ExplainOptions {
        indicators: vec![Source { path: "i.csv".into(), text: format!("threat.indicator.ip\n{text}") }],
        ..ExplainOptions::default()
    };
    let event = |ip: &str| at(0, &json!({"destination": {"ip": ip}}));
    let events = [event("10.0.0.1"), event("10.0.0.2"), at(1, &json!({}))].join("\n");
    let explanation = explained(&rule, &[], &events, &indicators("10.0.0.1\n10.0.0.9\n"));
    assert_eq!(
        explanation.alerts_when.as_deref(),
        Some("a match makes an alert when an indicator has its destination.ip (2 of the 2 that are loaded are meant)")
    );
    assert_eq!(
        last(&explanation),
        [
            "+ indicators an indicator matches: destination.ip \"10.0.0.1\"",
            "- indicators none of the 2 indicators matches: destination.ip \"10.0.0.2\"",
            "- indicators the event has no destination.ip",
        ]
    );
    assert_eq!(last(&plain(&rule, &events))[0], "- indicators the rule means none of the 0 loaded indicators");
}

#[test]
fn suppression_names_the_alert_that_an_event_is_part_of() {
    let rule = json!({"alert_suppression": {"group_by": ["host.name"], "duration": {"value": 5, "unit": "m"}}});
    let events = [host(0, "a"), host(1, "b"), host(2, "a"), host(3, "a"), host(301, "a")];
    let explanation = plain(&rule, &events.join("\n"));
    assert_eq!(
        explanation.alerts_when.as_deref(),
        Some("a match makes an alert once for all with the same host.name within 5m")
    );
    let free = "+ suppression it is part of no other alert";
    let part = |others| {
        format!(
            "- suppression it is part of the alert of event 1, which stands for {others} by then: both have host.name \"a\""
        )
    };
    assert_eq!(last(&explanation), [free, free, &part("1 other"), &part("2 others"), free]);
}

#[test]
fn what_is_over_the_budget_of_a_run_is_told() {
    let rule = json!({"max_signals": 1});
    let explanation = plain(&rule, &[host(0, "a"), host(1, "b"), host(400, "c")].join("\n"));
    let query = "matched: process.name is \"nc\"";
    let over = "- max_signals the run of 2026-03-01T10:05:00.000Z had its 1 alert (`max_signals`) before";
    assert_eq!(last(&explanation), ["", over, ""]);
    assert_eq!(explanation.events[1].gates[0].reason, query);
    let rule = json!({"max_signals": 1, "type": "threshold", "threshold": {"field": ["host.name"], "value": 1}});
    let explanation = plain(&rule, &[host(0, "a"), host(1, "b")].join("\n"));
    assert_eq!(last(&explanation)[1], over);
}

/// What takes an event from a sequence takes it from the timeline too.
#[test]
fn sequences_are_traced_with_their_exceptions_and_patterns() {
    let rule = json!({
        "type": "eql", "language": "eql", "index": ["logs-x-*"],
        "query": "sequence by host.name with maxspan=1m [any where process.name == \"nc\"] [any where process.name == \"sh\"]",
        "exceptions_list": [{"list_id": "l", "type": "detection", "namespace_type": "single"}],
    });
    let items = [item("lab", &json!([entry("user.name", "match", &json!("lab"))]))];
    let event = |second, name: &str, user: &str, dataset: &str| {
        at(
            second,
            &json!({"host.name": "a", "process": {"name": name}, "user": {"name": user},
            "data_stream": {"type": "logs", "dataset": dataset, "namespace": "d"}}),
        )
    };
    let events = |user, dataset| [event(0, "nc", user, "x"), event(1, "sh", "ada", dataset)].join("\n");
    for (user, dataset, matches) in [("ada", "x", 1), ("lab", "x", 0), ("ada", "y", 0)] {
        let explanation = explained(&rule, &items, &events(user, dataset), &ExplainOptions::default());
        assert_eq!(explanation.sequence.as_ref().unwrap().matches.len(), matches, "{user} {dataset}");
        let held = explanation.events.iter().filter(|event| event.held_by().is_some()).count();
        assert_eq!((held, explanation.events.iter().filter(|event| event.matched()).count()), (1 - matches, 2));
    }
}

#[test]
fn a_rule_with_pipes_says_that_it_does_not_run() {
    let rule = json!({"type": "eql", "language": "eql", "query": "any where process.name == \"nc\" | head 1"});
    let explanation = plain(&rule, r#"{"process":{"name":"nc"}}"#);
    assert!(explanation.events[0].matched());
    assert_eq!(
        explanation.skipped.as_deref(),
        Some("pipes choose from a finite result, and a rule on a stream has none")
    );
}

#[test]
fn an_equals_sign_is_warned_of() {
    let explanation = plain(&json!({"query": "process.name = nc"}), r#"{"process":{"name":"nc"}}"#);
    assert!(!explanation.events[0].matched());
    let suggestion = explanation.warnings[0].suggestion.as_ref().unwrap();
    assert_eq!(suggestion.replacement, "process.name: nc");
}
