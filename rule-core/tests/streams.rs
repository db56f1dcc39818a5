//! Which events a rule is meant for: index patterns and Kibana's filters.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use rule_core::{CompileOptions, RuleSet, Session, SessionOptions, Source, compile};

fn rules(texts: &[&str]) -> Arc<RuleSet> {
    let source = |(at, text): (usize, &&str)| Source { path: format!("{at}.toml"), text: (*text).to_owned() };
    let sources: Vec<Source> = texts.iter().enumerate().map(source).collect();
    let (set, report) = compile(&sources, &CompileOptions::default());
    assert!(!report.has_errors(), "{:#?}", report.diagnostics);
    Arc::new(set)
}

/// The rules that match an event, finished if they are sequences.
fn matched(set: &Arc<RuleSet>, index: Option<&str>, events: &str) -> Vec<u32> {
    let options = SessionOptions { index: index.map(str::to_owned), ..SessionOptions::default() };
    let mut session = Session::open(set.clone(), options);
    let mut found = session.evaluate(events.as_bytes()).matches;
    found.extend(session.finish().matches);
    found.iter().map(|found| found.rule).collect()
}

const DEFEND: &str = r#"
[rule]
name = "one"
type = "eql"
index = ["logs-endpoint.events.process*", "endgame-*"]
query = 'process where process.name == "nc"'
"#;
const KUERY: &str = r#"
[rule]
name = "two"
type = "query"
index = ["logs-*", "-logs-endpoint*"]
query = 'process.name: nc'
"#;
const SEQUENCE: &str = r#"
[rule]
name = "three"
type = "eql"
index = ["logs-endpoint.events.*"]
query = 'sequence [process where process.name == "nc"] [file where true]'
"#;
const ANYWHERE: &str = r#"
[rule]
name = "four"
rule_id = "four"
type = "eql"
query = 'process where process.name == "nc"'
"#;

#[test]
fn a_rule_is_about_the_data_streams_of_its_patterns() {
    let set = rules(&[DEFEND, KUERY, SEQUENCE, ANYWHERE]);
    let event = |stream: &str| {
        format!(r#"{{"@timestamp":1,{stream}"event":{{"category":"process"}},"process":{{"name":"nc"}}}}"#)
    };
    let stream =
        |dataset: &str| event(&format!(r#""data_stream":{{"type":"logs","dataset":"{dataset}","namespace":"x"}},"#));
    assert_eq!(matched(&set, None, &event("")), [0, 1, 3], "not known: all");
    assert_eq!(matched(&set, None, &stream("endpoint.events.process")), [0, 3]);
    assert_eq!(matched(&set, None, &stream("endpoint.events.file")), [3]);
    assert_eq!(matched(&set, None, &stream("system.auth")), [1, 3]);
    assert_eq!(
        matched(&set, None, &event(r#""data_stream.dataset":"system.auth","#)),
        [0, 1, 3],
        "not all of its name"
    );
    assert_eq!(matched(&set, Some("endgame-4"), &event("")), [0, 3], "the input says it");
    assert_eq!(matched(&set, Some("endgame-4"), &stream("system.auth")), [1, 3], "the event knows better");
    let hit =
        format!(r#"{{"_index":".ds-logs-endpoint.events.process-default-2026.01.02-000001","_source":{}}}"#, event(""));
    assert_eq!(matched(&set, None, &hit), [0, 3]);
}

#[test]
fn a_sequence_sees_the_events_of_its_patterns_alone() {
    let set = rules(&[SEQUENCE]);
    let event = |at: u64, dataset: &str, category: &str| {
        format!(
            r#"{{"@timestamp":{at},"data_stream":{{"type":"logs","dataset":"{dataset}","namespace":"x"}},"event":{{"category":"{category}"}},"process":{{"name":"nc"}}}}"#
        )
    };
    let ours = event(1, "endpoint.events.process", "process");
    assert_eq!(matched(&set, None, &[&ours[..], &event(2, "endpoint.events.file", "file")].join("\n")), [0]);
    assert!(matched(&set, None, &[&ours[..], &event(2, "auditd.log", "file")].join("\n")).is_empty());
}

#[test]
fn names_of_strangers_do_not_pile_up() {
    let set = rules(&[DEFEND]);
    let events: String = (0..5_000)
        .map(|n| {
            let dataset = if n % 7 == 0 { "endpoint.events.process".to_owned() } else { format!("x{n}") };
            format!(
                "{{\"data_stream\":{{\"type\":\"logs\",\"dataset\":\"{dataset}\",\"namespace\":\"x\"}},\"event.category\":\"process\",\"process.name\":\"nc\"}}\n"
            )
        })
        .collect();
    assert_eq!(matched(&set, None, &events).len(), 715);
}

#[test]
fn filters_leave_what_they_say() {
    let filtered = format!(
        "{DEFEND}{}",
        r#"
[[rule.filters]]
[rule.filters.meta]
negate = true
[rule.filters.query.wildcard."process.executable"]
case_insensitive = true
value = "/opt/*"
"#
    );
    let (set, report) = compile(&[Source { path: "f.toml".into(), text: filtered }], &CompileOptions::default());
    assert!(!report.has_errors(), "{:#?}", report.diagnostics);
    let set = Arc::new(set);
    let event =
        |path: &str| format!(r#"{{"event":{{"category":"process"}},"process":{{"name":"nc","executable":"{path}"}}}}"#);
    assert_eq!(matched(&set, None, &event("/usr/bin/nc")), [0]);
    if !set.rules()[0].filters.is_empty() {
        assert!(matched(&set, None, &event("/OPT/nc")).is_empty());
    }
}
