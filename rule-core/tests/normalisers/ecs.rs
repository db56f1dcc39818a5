//! Events of the Elastic Common Schema are left alone, and anything else that is no record of a known source.

use proptest::prelude::*;
use rule_core::{CompileOptions, Outcome, Session, SessionOptions, compile};
use serde_json::json;

use super::*;

/// How many events of a text an EQL query matches, with these normaliser files.
pub fn matches(query: &str, events: &str, normalisers: Vec<Source>) -> usize {
    let rule = Source { path: "rule.eql".into(), text: query.into() };
    evaluate(&[rule], events, normalisers).matches.len()
}

fn evaluate(rules: &[Source], events: &str, normalisers: Vec<Source>) -> Outcome {
    let options = CompileOptions { normalisers, ..CompileOptions::default() };
    let (set, report) = compile(rules, &options);
    assert!(!report.has_errors(), "{:#?}", report.diagnostics);
    let mut session =
        Session::open(set.into(), SessionOptions { alerts: true, lateness_ms: None, ..SessionOptions::default() });
    let mut outcome = session.evaluate(events.as_bytes());
    let last = session.finish();
    outcome.matches.extend(last.matches);
    outcome.alerts += &last.alerts;
    outcome
}

/// Rules that read what normalisers write, so that these have something to do.
fn rules() -> Vec<Source> {
    let queries = [
        r#"process where event.type == "start" and process.args != null"#,
        r#"any where host.os.type in ("linux", "windows", "macos") and process.name : "*""#,
        r#"any where event.action != null and user.name != null"#,
        r#"file where file.name != null"#,
        r#"network where destination.ip != null"#,
        r#"any where data_stream.dataset : "*" and @timestamp != null"#,
        r#"sequence by host.id with maxspan=1h [any where event.kind == "event"] [any where process.pid > 0]"#,
    ];
    let source = |query: &&str| Source { path: "rule.eql".into(), text: (*query).into() };
    queries.iter().map(source).collect()
}

/// The events of a file that holds some, one on each line.
fn lines(text: &str) -> String {
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return match value {
            Value::Array(items) => items.iter().map(|item| format!("{item}\n")).collect(),
            other => format!("{other}\n"),
        };
    }
    text.to_owned()
}

#[test]
fn ecs_events_are_left_alone() {
    let mut events = String::new();
    for path in [
        "events/crowdstrike_fdr_ecs/sample_event.json",
        "events/crowdstrike_fdr_ecs/excerpts.ndjson",
        "events/sentinel_one_cloud_funnel_ecs/excerpts.ndjson",
    ] {
        events += &lines(&shared(path).unwrap_or_default());
    }
    let folders = [PathBuf::from("../../shared/data/events/elastic_defend"), PathBuf::from("../examples/events")];
    for folder in folders {
        collect(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder), &mut events);
    }
    assert!(events.lines().count() > 5);
    let rules = rules();
    let without = evaluate(&rules, &events, Vec::new());
    assert!(without.matches.len() > 10, "{}", without.matches.len());
    assert_eq!(evaluate(&rules, &events, files()), without);
    for line in events.lines().filter(|line| !line.trim().is_empty()) {
        assert_eq!(normalise(line).map(|(name, _)| name), None, "{line}");
    }
}

fn collect(folder: &std::path::Path, events: &mut String) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, events);
        } else if let Ok(text) = fs::read_to_string(&path) {
            *events += &lines(&text);
            events.push('\n');
        }
    }
}

/// A value that records and events have somewhere.
fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!("")),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![
            "process",
            "ProcessRollup2",
            "Win",
            "start",
            "create",
            "exec",
            "0x1f",
            "1604829512.519",
            "C:\\a b\\c.exe",
            "/bin/sh -c \"",
            "Security",
            "Microsoft-Windows-Sysmon/Operational",
            "MD5=a,SHA1=",
            "a\\b",
            "::ffff:1.2.3.4",
            "PROCESSCREATION",
            "-",
            "execve",
        ])
        .prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ]
}

/// A document under names that the normalisers read, nested and dotted.
fn document() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "event_simpleName",
        "aid",
        "event",
        "event_type",
        "subtype",
        "timestamp",
        "event.type",
        "event.category",
        "meta.event.name",
        "agent.uuid",
        "CommandLine",
        "ImageFileName",
        "ID",
        "SYSCALL",
        "SYSCALL.SYSCALL",
        "syscall",
        "auditID",
        "verb",
        "stage",
        "winlog",
        "channel",
        "event_id",
        "event_data",
        "Hashes",
        "System",
        "EventData",
        "EventID",
        "Channel",
        "category",
        "process",
        "name",
        "ecs.version",
        "annotations",
        "_source",
    ]);
    let value = leaf().prop_recursive(3, 24, 5, move |inner| {
        let names = prop::sample::select(vec![
            "event",
            "SYSCALL",
            "channel",
            "event_id",
            "event_data",
            "CommandLine",
            "category",
            "name",
            "_index",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..5).prop_map(|members| Value::Object(
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    });
    prop::collection::vec((names, value), 0..12)
        .prop_map(|members| Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever a document is, rules see what is shown of it, and one that nobody recognises is taken as it is.
    #[test]
    fn any_document(document in document()) {
        let text = document.to_string();
        let rules = rules();
        let with = evaluate(&rules, &text, files());
        match normaliser().normalise(text.as_bytes()).expect("it is JSON") {
            None => prop_assert_eq!(with, evaluate(&rules, &text, Vec::new())),
            Some(shown) => {
                let again = evaluate(&rules, &shown.event, Vec::new());
                let rules = |outcome: &Outcome| outcome.matches.iter().map(|found| found.rule).collect::<Vec<_>>();
                prop_assert_eq!(rules(&with), rules(&again), "{}", shown.event);
            }
        }
    }

    /// An event that has a category and says its version of the schema is as it was, whatever else it has.
    #[test]
    fn any_ecs_event(mut document in document()) {
        let members = document.as_object_mut().expect("an object");
        members.remove("_source");
        members.insert("ecs.version".into(), json!("8.11.0"));
        members.insert("event.category".into(), json!(["process"]));
        members.insert("event.kind".into(), json!("event"));
        let text = document.to_string();
        let rules = rules();
        prop_assert_eq!(evaluate(&rules, &text, files()), evaluate(&rules, &text, Vec::new()));
    }
}
