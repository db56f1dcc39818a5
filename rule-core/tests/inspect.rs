//! What rules need, and what events have of it.

use rule_core::inspect::{Inspector, Lack, MAX_SHAPES, Reason, Verdict};
use rule_core::profile::Reach;
use rule_core::{CompileOptions, Source};

fn inspector(rules: &[&str], max_shapes: usize) -> Inspector {
    let source = |(at, text): (usize, &&str)| Source { path: format!("{at}.eql"), text: (*text).into() };
    let sources: Vec<Source> = rules.iter().enumerate().map(source).collect();
    let (inspector, report) = Inspector::compile(&sources, &CompileOptions::default(), max_shapes);
    assert!(!report.has_errors(), "{:?}", report.diagnostics);
    inspector
}

/// `field`, `field: a, b`, `not field: a`; alternatives with `|` between them.
fn words(reason: &Reason) -> String {
    let lack = |Lack { field, wanted, negated }: &Lack| {
        let values = if wanted.is_empty() { String::new() } else { format!(": {}", wanted.join(", ")) };
        format!("{}{field}{values}", if *negated { "not " } else { "" })
    };
    match reason {
        Reason::Lacks(lacks) => lacks.iter().map(lack).collect::<Vec<_>>().join(" | "),
        Reason::Apart(lacks) => format!("apart {}", lacks.iter().map(lack).collect::<Vec<_>>().join(" | ")),
        Reason::Impossible => "impossible".into(),
    }
}

fn why(rule: &str, events: &str) -> Vec<String> {
    let mut inspector = inspector(&[rule], MAX_SHAPES);
    inspector.observe(events.as_bytes());
    match inspector.verdict(0) {
        Verdict::Could => Vec::new(),
        Verdict::Never(reasons) => reasons.iter().map(words).collect(),
    }
}

#[test]
fn the_fields_of_each_rule_are_its_own() {
    let inspector = inspector(
        &[
            r#"process where process.name : "a" and (process.args : "x" or user.id == 0)"#,
            "file where not file.size > 3 and ?file.name != null",
            "any where length(message) > 3 and startsWith(host.name, agent.name)",
            "sequence by host.id, ?user.name with maxspan=1m [process where true] ![file where file.path : \"x\"] [file where true] until [network where true]",
        ],
        MAX_SHAPES,
    );
    let fields = |rule| {
        let fields = inspector.fields_of(rule).into_iter();
        fields
            .map(|(path, required)| format!("{path}{}", if required { "!" } else { "" }))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(fields(0), "event.category! process.args process.name! user.id");
    assert_eq!(fields(1), "event.category! file.name! file.size");
    assert_eq!(fields(2), "agent.name host.name message!");
    assert_eq!(fields(3), "@timestamp! event.category! file.path host.id! user.name");
    assert_eq!(inspector.fields_of(4), []);
    assert!(inspector.state_of(0).is_none() && inspector.state_of(3).is_some());
    assert_eq!(inspector.reach_of(0).len(), 1);
    assert_eq!(inspector.reach_of(3)[0], (Some(0), &Reach::Category("process".into())));
    let kinds = inspector.fields().into_iter().map(|field| (field.path, field.kind)).collect::<Vec<_>>();
    assert!(kinds.contains(&("file.size".into(), Some("long"))), "{kinds:?}");
    assert!(kinds.is_sorted());
}

const EVENTS: &str = r#"{"event":{"category":"process","type":"start"},"host.os.type":"linux","process":{"name":"a","args":["x"]}}
{"event":{"category":"file","type":["creation","change"]},"host":{"os":{"type":"windows"}},"file":{"path":"/x","name":null}}
not an event
"#;

#[test]
fn what_no_event_has_is_a_reason() {
    // Values of other fields than those that say what kind of event it is are not looked at.
    assert_eq!(why(r#"process where process.name : "zzz""#, EVENTS), [""; 0]);
    assert_eq!(why(r#"file where file.path : "/x" and not registry.path : "y""#, EVENTS), [""; 0]);
    assert_eq!(why(r#"process where registry.path : "x""#, EVENTS), ["registry.path"]);
    assert_eq!(why(r#"file where file.name : "x""#, EVENTS), ["file.name"], "null is no value");
    assert_eq!(why(r#"registry where process.name : "a""#, EVENTS), ["event.category: registry"]);
    assert_eq!(why(r#"any where host.os.type == "macos""#, EVENTS), ["host.os.type: macos"]);
    assert_eq!(why(r#"any where host.os.type : ("MAC*", "LIN*")"#, EVENTS), [""; 0]);
    assert_eq!(why(r#"any where event.type in ("end", "change")"#, EVENTS), [""; 0]);
    assert_eq!(why(r#"any where dns.id : "1" or registry.path : "x""#, EVENTS), ["dns.id | registry.path"]);
    assert_eq!(why(r#"any where dns.id : "1" or event.type == "end""#, EVENTS), ["dns.id | event.type: end"]);
    assert_eq!(why(r#"any where dns.id : "1" or process.name : "x""#, EVENTS), [""; 0]);
    assert_eq!(why("any where length(dns.id) > 3", EVENTS), ["dns.id"]);
    assert_eq!(why("any where not dns.id : \"x\" and ?dns.id == null", EVENTS), [""; 0]);
    assert_eq!(why("any where false", EVENTS), ["impossible"]);
    assert_eq!(
        why(r#"registry where dns.id : "1" and process.name : "x""#, EVENTS),
        ["dns.id", "event.category: registry"]
    );
}

#[test]
fn what_no_one_event_has_together_is_a_reason() {
    assert_eq!(why(r#"process where host.os.type == "windows""#, EVENTS), ["apart host.os.type: windows"]);
    assert_eq!(why("file where process.name : \"a\"", EVENTS), ["apart process.name"]);
    assert_eq!(why(r#"file where event.type != "change""#, EVENTS), ["apart not event.type: change"]);
    assert_eq!(
        why(r#"any where file.path != null and event.type != "creation" and event.type : "c*""#, EVENTS).len(),
        1
    );
}

#[test]
fn a_sequence_needs_its_terms_but_not_those_that_must_be_missing() {
    let sequence = |term: &str| why(&format!("sequence [process where true] {term} [file where true]"), EVENTS);
    assert_eq!(sequence(""), ["@timestamp"]);
    let events = EVENTS.replace("{\"event\"", "{\"@timestamp\":1,\"event\"");
    let sequence = |query: &str| why(query, &events);
    assert_eq!(sequence("sequence [process where true] [file where true] until [network where true]"), [""; 0]);
    assert_eq!(
        sequence("sequence with maxspan=1m [process where true] ![network where true] [file where true]"),
        [""; 0]
    );
    assert_eq!(sequence("sequence by host.id [process where true] [file where true]"), ["host.id"]);
    assert_eq!(sequence("sequence by ?host.id [process where true] [file where true]"), [""; 0]);
    assert_eq!(sequence("sample by host.os.type [process where true] [dns where true]"), ["event.category: dns"]);
}

#[test]
fn what_was_seen_is_counted() {
    let mut inspector = inspector(&["process where process.name : \"a\" and process.args : \"x\""], 1);
    inspector.observe(EVENTS.as_bytes());
    let seen = inspector.seen();
    assert_eq!((seen.events, seen.rejected, seen.shapes, seen.unshaped), (2, 1, 1, 1));
    let field =
        |path: &str| inspector.fields().into_iter().find(|field| field.path == path).map(|f| (f.events, f.sample));
    assert_eq!(field("event.category"), Some((2, Some("process".into()))));
    assert_eq!(field("process.args"), Some((1, Some("x".into()))));
}

#[test]
fn beyond_the_limit_of_shapes_only_what_is_nowhere_is_a_reason() {
    let rules = [r#"process where host.os.type == "windows""#, r#"process where host.os.type == "macos""#];
    for (max, first) in [(MAX_SHAPES, "apart host.os.type: windows"), (1, "")] {
        let mut inspector = inspector(&rules, max);
        inspector.observe(EVENTS.as_bytes());
        let why = |rule| match inspector.verdict(rule) {
            Verdict::Could => String::new(),
            Verdict::Never(reasons) => reasons.iter().map(words).collect(),
        };
        assert_eq!((why(0).as_str(), why(1).as_str()), (first, "host.os.type: macos"));
    }
}

#[test]
fn a_field_with_very_many_values_may_have_any() {
    let values: Vec<String> = (0..20).map(|n| format!("\"{n}\"")).collect();
    let event = format!("{{\"event\":{{\"type\":[{}]}}}}", values.join(","));
    assert_eq!(why("any where event.type == \"x\"", &event), [""; 0]);
    assert_eq!(why("any where event.type == \"x\"", r#"{"event":{"type":["1","2"]}}"#), ["event.type: x"]);
}
