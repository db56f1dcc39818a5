use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{AlertBuilder, Extra, ThresholdResult};
use crate::rule::{NewTerms, RiskScoreMapping, SeverityMapping, Threshold};
use crate::{Limits, RuleInfo};

fn rule(kind: &str) -> RuleInfo {
    RuleInfo {
        id: "r".into(),
        name: "Rule".into(),
        kind: kind.into(),
        severity: "medium".into(),
        risk_score: 47,
        index: vec!["logs-a*".into(), "logs-b*".into()],
        ..RuleInfo::default()
    }
}

/// What is pushed for the rule, as documents.
fn alerts(rule: &RuleInfo, push: impl FnOnce(&mut AlertBuilder, &RuleInfo, &mut String)) -> Vec<Value> {
    let mut out = String::new();
    push(&mut AlertBuilder::new(&[Arc::new(rule.clone())], false), rule, &mut out);
    let found: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("an alert is JSON")).collect();
    found.iter().for_each(check);
    found
}

/// The schema of alerts.
struct Schema {
    schemas: boon::Schemas,
    index: boon::SchemaIndex,
}

impl Schema {
    fn read() -> Schema {
        let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
        let text = include_str!("../../../schemas/alert.schema.json");
        compiler.add_resource("alert.json", serde_json::from_str(text).expect("JSON")).expect("a schema");
        let index = compiler.compile("alert.json", &mut schemas).expect("a schema");
        Schema { schemas, index }
    }

    /// Fails when the alert is not as the schema has it.
    fn check(&self, alert: &Value) {
        if let Err(error) = self.schemas.validate(alert, self.index) {
            panic!("{error:#}\n{alert:#}");
        }
    }
}

fn check(alert: &Value) {
    Schema::read().check(alert);
}

fn alert(rule: &RuleInfo, event: &str) -> Value {
    alerts(rule, |builder, rule, out| builder.push(0, rule, event.as_bytes(), &Limits::default(), out)).remove(0)
}

fn reason(event: &str) -> String {
    alert(&rule("eql"), event)["kibana.alert.reason"].as_str().expect("a reason").to_owned()
}

#[test]
fn the_reason_is_worded_as_in_kibana() {
    for (event, expected) in [
        ("{}", "event created medium alert Rule."),
        (
            r#"{"event":{"category":["process","network"]},"process":{"name":"nc","parent":{"name":"sh"}},"user.name":"root",
               "host":{"name":"web"}}"#,
            "process, network event with process nc, parent process sh, by root on web created medium alert Rule.",
        ),
        (
            r#"{"source":{"ip":"10.0.0.1","port":5050},"destination":{"ip":["10.0.0.2","10.0.0.3"],"port":"443"}}"#,
            "event with source 10.0.0.1:5050, destination 10.0.0.2, 10.0.0.3:443, created medium alert Rule.",
        ),
        // The comma comes with the port, and a port alone tells nothing.
        (r#"{"source.ip":"10.0.0.1"}"#, "event with source 10.0.0.1 created medium alert Rule."),
        (r#"{"destination.port":443}"#, "event created medium alert Rule."),
        (r#"{"file.name":["a",null,"b"],"user.name":""}"#, "event with file a, b, created medium alert Rule."),
        (r#"{"process.name":"-","host.name":["-"]}"#, "event created medium alert Rule."),
    ] {
        assert_eq!(reason(event), expected, "{event}");
    }
}

fn severities(field: &str, values: &[(&str, &str)]) -> RuleInfo {
    let mapping = values.iter().map(|(value, severity)| SeverityMapping {
        field: field.into(),
        operator: "equals".into(),
        value: (*value).into(),
        severity: (*severity).into(),
    });
    RuleInfo { severity_mapping: mapping.collect(), ..rule("query") }
}

#[test]
fn the_highest_mapped_severity_wins() {
    let mapped = severities("vendor.level", &[("3", "high"), ("crit", "critical"), ("1", "low")]);
    for (event, expected) in [
        (r#"{"vendor":{"level":"crit"}}"#, "critical"),
        (r#"{"vendor.level":["1",3]}"#, "high"),
        (r#"{"vendor":{"level":["crit","1"]}}"#, "critical"),
        // Lower than the rule's own.
        (r#"{"vendor":{"level":1}}"#, "low"),
        (r#"{"vendor":{"level":"Crit"}}"#, "medium"),
        (r#"{"vendor":{"level":1.0}}"#, "medium"),
        (r#"{"vendor":{"level":true}}"#, "medium"),
        ("{}", "medium"),
    ] {
        let alert = alert(&mapped, event);
        assert_eq!(alert["kibana.alert.severity"], expected, "{event}");
        assert_eq!(alert["kibana.alert.rule.severity"], "medium");
        let reason = alert["kibana.alert.reason"].as_str().expect("a reason");
        assert!(reason.contains(&format!("created {expected} alert")), "{reason}");
    }
}

#[test]
fn event_severity_is_a_number() {
    let mapped = severities("event.severity", &[("73.9", "high"), ("99", "critical")]);
    for (event, expected) in [
        (r#"{"event":{"severity":73}}"#, "high"),
        (r#"{"event":{"severity":99.0}}"#, "critical"),
        (r#"{"event":{"severity":"99"}}"#, "medium"),
    ] {
        assert_eq!(alert(&mapped, event)["kibana.alert.severity"], expected, "{event}");
    }
}

#[test]
fn the_largest_score_from_0_to_100_counts() {
    let field = |field: &str| RiskScoreMapping { field: field.into(), ..RiskScoreMapping::default() };
    let mapped = RuleInfo { risk_score_mapping: vec![field("event.risk_score"), field("other")], ..rule("query") };
    for (event, expected) in [
        (r#"{"event":{"risk_score":12}}"#, json!(12)),
        (r#"{"event":{"risk_score":12.5}}"#, json!(12.5)),
        (r#"{"event.risk_score":["7","101",33.0,-1,null]}"#, json!(33)),
        (r#"{"event":{"risk_score":0}}"#, json!(0)),
        (r#"{"event":{"risk_score":100.1},"other":3}"#, json!(47)),
        (r#"{"event":{"risk_score":1e999}}"#, json!(47)),
        (r#"{"event":{"risk_score":"high"}}"#, json!(47)),
        (r#"{"event":{"risk_score":""}}"#, json!(47)),
    ] {
        let alert = alert(&mapped, event);
        assert_eq!(alert["kibana.alert.risk_score"], expected, "{event}");
        assert_eq!(alert["kibana.alert.rule.risk_score"], 47);
    }
}

#[test]
fn a_string_of_the_event_names_the_alert() {
    let mapped = RuleInfo { rule_name_override: Some("message".into()), ..rule("query") };
    for (event, expected) in [
        (r#"{"message":"Mimikatz \"seen\""}"#, "Mimikatz \"seen\""),
        (r#"{"message":12}"#, "Rule"),
        (r#"{"message":["a","b"]}"#, "Rule"),
        (r#"{"message":" "}"#, "Rule"),
        ("{}", "Rule"),
    ] {
        let alert = alert(&mapped, event);
        assert_eq!(alert["kibana.alert.rule.name"], expected, "{event}");
        assert_eq!(alert["kibana.alert.rule.rule_name_override"], "message");
        assert_eq!(alert["kibana.alert.reason"], format!("event created medium alert {expected}."));
    }
}

#[test]
fn sequences_take_nothing_from_their_events() {
    let mapped = RuleInfo { rule_name_override: Some("message".into()), ..severities("message", &[("a", "high")]) };
    let found = alerts(&mapped, |builder, rule, out| {
        let lines: [&[u8]; 2] = [br#"{"message":"a"}"#, br#"{"message":"a"}"#];
        let extra = Extra::new().with("kibana.alert.instance.id", "a").with("kibana.alert.instance.id", "i");
        builder.push_group_with(0, rule, (b"", &lines), &extra, &Limits::default(), out);
    });
    assert_eq!(found.len(), 3);
    for alert in &found {
        assert_eq!(alert["kibana.alert.severity"], "medium");
        assert_eq!(alert["kibana.alert.rule.name"], "Rule");
    }
    let instances: Vec<_> = found.iter().map(|alert| alert.get("kibana.alert.instance.id")).collect();
    assert_eq!(instances, [None, None, Some(&json!("i"))]);
}

#[test]
fn a_shell_has_what_its_events_have_in_common() {
    let found = alerts(&rule("eql"), |builder, rule, out| {
        let lines: [&[u8]; 3] = [
            br#"{"event":{"category":["process","file"],"type":"start"},"a":[1,2,2,3],"b":{"c":1,"d":2},"e":"x"}"#,
            br#"{"event":{"category":["process"],"type":["end","start"]},"a":[2,3,4],"b":{"c":1,"d":3},"e":["y"]}"#,
            br#"{"event":{"category":["process","x"],"type":"start"},"a":[3,2],"b":{"c":1},"e":"x"}"#,
        ];
        builder.push_group(0, rule, b"", &lines, &Limits::default(), out);
    });
    let shell = found.last().expect("a shell");
    assert_eq!(shell["event"], json!({"category": ["process"], "kind": "signal", "type": ["start"]}));
    assert_eq!((&shell["a"], &shell["b"], shell.get("e")), (&json!([2, 3]), &json!({"c": 1}), None));
    assert_eq!(shell["kibana.alert.reason"], "process event created medium alert Rule.");
}

#[test]
fn all_alerts_of_a_building_block_rule_are_building_blocks() {
    let found = alert(&RuleInfo { building_block: true, ..rule("eql") }, "{}");
    assert_eq!(found["kibana.alert.building_block_type"], "default");
    assert_eq!(found["kibana.alert.rule.building_block_type"], "default");
    assert_eq!(alert(&rule("eql"), "{}").get("kibana.alert.building_block_type"), None);
}

#[test]
fn an_update_has_the_id_of_what_it_updates_and_another_key_another() {
    let new_terms = NewTerms { fields: vec!["user.name".into()], history_window_start: "now-14d".into() };
    let rule = RuleInfo { new_terms: Some(new_terms), ..rule("new_terms") };
    let event =
        r#"{"@timestamp":"2026-01-01T00:00:00Z","user":{"name":["a","b"]},"threat.enrichments":[{"matched":{}}]}"#;
    let push = |extra: &Extra| {
        alerts(&rule, |builder, rule, out| builder.push_with(0, rule, event.as_bytes(), extra, &Limits::default(), out))
            .remove(0)
    };
    let extra = |term: &str, count: u64| {
        Extra::keyed(term.as_bytes())
            .with("kibana.alert.new_terms", &[term])
            .with("kibana.alert.instance.id", "i")
            .with("kibana.alert.suppression.docs_count", &count)
            .with_json("threat.enrichments", "[]".into())
    };
    let first = push(&extra("a", 0));
    assert_eq!(first["kibana.alert.new_terms"], json!(["a"]));
    assert_eq!(first["threat.enrichments"], json!([]), "instead of the event's own");
    assert_eq!(first["kibana.alert.rule.parameters"]["new_terms_fields"], json!(["user.name"]));
    let update = push(&extra("a", 5));
    assert_eq!(update["kibana.alert.suppression.docs_count"], 5);
    assert_eq!(update["kibana.alert.uuid"], first["kibana.alert.uuid"]);
    assert_ne!(push(&extra("b", 0))["kibana.alert.uuid"], first["kibana.alert.uuid"]);
    // Without a key, the id is that of the plain alert.
    let unkeyed = push(&Extra::new().with("kibana.alert.new_terms", &["a"]));
    let plain = alert(&RuleInfo { kind: "query".into(), ..rule.clone() }, event);
    assert_eq!(unkeyed["kibana.alert.uuid"], plain["kibana.alert.uuid"]);
}

#[test]
fn a_threshold_alert_has_the_fields_of_its_group() {
    let threshold = Threshold { field: vec!["host.name".into(), "user.name".into()], value: 3, ..Threshold::default() };
    let mapped = severities("host.name", &[("web \"1\"", "high")]);
    let rule = RuleInfo { threshold: Some(threshold), severity_mapping: mapped.severity_mapping, ..rule("threshold") };
    let terms = [("host.name", r#""web \"1\"""#), ("user.name", r#""root""#)];
    let result = ThresholdResult {
        terms: &terms,
        cardinality: Some(("process.pid", 4)),
        count: 5,
        from: 1_767_225_600_000,
        to: 1_767_225_660_250,
        window: 1_767_225_600_000,
    };
    let push = |result: ThresholdResult<'_>| {
        alerts(&rule, |builder, rule, out| {
            builder.push_threshold(0, rule, &result, Extra::new(), &Limits::default(), out);
        })
        .remove(0)
    };
    let found = push(result);
    assert_eq!(found["@timestamp"], "2026-01-01T00:01:00.250Z");
    assert_eq!(found["kibana.alert.original_time"], "2026-01-01T00:01:00.250Z");
    assert_eq!((&found["host.name"], &found["user.name"]), (&json!("web \"1\""), &json!("root")));
    assert_eq!(found["event.kind"], "signal");
    assert_eq!(
        found["kibana.alert.threshold_result"],
        json!({
            "cardinality": [{"field": "process.pid", "value": 4}],
            "count": 5,
            "from": "2026-01-01T00:00:00.000Z",
            "terms": [{"field": "host.name", "value": "web \"1\""}, {"field": "user.name", "value": "root"}],
        })
    );
    assert_eq!(found["kibana.alert.severity"], "high");
    assert_eq!(found["kibana.alert.reason"], "event by root on web \"1\" created high alert Rule.");
    let ancestor = &found["kibana.alert.ancestors"][0];
    assert_eq!((&ancestor["type"], &ancestor["index"]), (&json!("event"), &json!("logs-a*,logs-b*")));
    // More events in the same window are an update, and another window or group another alert.
    let uuid = &found["kibana.alert.uuid"];
    assert_eq!(push(ThresholdResult { count: 9, to: result.to + 1, ..result })["kibana.alert.uuid"], *uuid);
    assert_ne!(push(ThresholdResult { window: result.window + 1, ..result })["kibana.alert.uuid"], *uuid);
    assert_ne!(push(ThresholdResult { terms: &terms[..1], ..result })["kibana.alert.uuid"], *uuid);
    let all = push(ThresholdResult { terms: &[], cardinality: None, ..result });
    assert_eq!(all["kibana.alert.threshold_result"]["terms"], json!([]));
    assert_eq!(all["kibana.alert.threshold_result"].get("cardinality"), None);
}

#[test]
fn what_is_no_date_dates_nothing_and_every_event_object_is_a_signals() {
    let found = alert(&rule("eql"), r#"{"@timestamp":null,"event":{"kind":"event"},"event":{},"kibana":{"alert":{}}}"#);
    assert_eq!(found["event"], json!({"kind": "signal"}));
    assert_eq!(found.get("kibana.alert.start").or(found.get("kibana")), None);
    assert_eq!(found["kibana.alert.original_event.kind"], "event");
}

#[test]
fn long_texts_come_when_asked_for() {
    let rule = RuleInfo {
        note: Some("## Triage".into()),
        setup: Some("Install it.".into()),
        query: "q".into(),
        ..rule("eql")
    };
    let mut out = String::new();
    AlertBuilder::new(&[Arc::new(rule.clone())], true).push(0, &rule, b"{}", &Limits::default(), &mut out);
    let with: Value = serde_json::from_str(&out).expect("JSON");
    check(&with);
    assert_eq!(with["kibana.alert.rule.note"], "## Triage");
    assert_eq!(with["kibana.alert.rule.parameters"], json!({"query": "q", "language": "", "setup": "Install it."}));
    let without = alert(&rule, "{}");
    assert!(without.get("kibana.alert.rule.note").or(without.get("kibana.alert.rule.parameters")).is_none());
    assert_eq!(without["kibana.alert.uuid"], with["kibana.alert.uuid"]);
}

/// JSON with names that alerts care about, some twice, and values of any type.
fn event() -> impl Strategy<Value = String> {
    const NAMES: &[&str] = &[
        "@timestamp",
        "event",
        "event.kind",
        "kind",
        "category",
        "event.severity",
        "severity",
        "kibana",
        "kibana.alert.uuid",
        "process",
        "name",
        "process.name",
        "host.name",
        "message",
        "source",
        "ip",
        "port",
        "ki\\u0062ana",
        "_source",
        "",
    ];
    let scalar = || {
        let values = ["null", "true", "7", "-0.5", "1e999", "\"\"", "\"a\"", "\"-\"", "\"\\ud800\"", "\"2026-01-01\""];
        prop::sample::select(values.map(str::to_owned).to_vec())
    };
    let object = |value: BoxedStrategy<String>| {
        let member = (prop::sample::select(NAMES), value).prop_map(|(name, value)| format!("\"{name}\": {value}"));
        prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(" ,")))
    };
    let value = scalar().prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            2 => object(inner.clone().boxed()),
            1 => prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    });
    object(value.boxed())
}

#[test]
fn whatever_the_events_their_alerts_are_as_the_schema_says_and_a_replay_gives_the_same() {
    let schema = Schema::read();
    let mapped = RuleInfo {
        rule_name_override: Some("message".into()),
        risk_score_mapping: vec![RiskScoreMapping { field: "severity".into(), ..RiskScoreMapping::default() }],
        ..severities("event.severity", &[("7", "critical")])
    };
    let rules = [Arc::new(mapped)];
    let config = ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() };
    let run = |events: Vec<String>| {
        let make = || {
            let mut builder = AlertBuilder::new(&rules, true);
            let (limits, mut out) = (Limits::default(), String::new());
            for event in &events {
                builder.push(0, &rules[0], event.as_bytes(), &limits, &mut out);
            }
            let lines: Vec<&[u8]> = events.iter().map(String::as_bytes).collect();
            builder.push_group(0, &rules[0], b"key", &lines, &limits, &mut out);
            out
        };
        let out = make();
        prop_assert_eq!(out.lines().count(), 2 * events.len() + 1);
        for line in out.lines() {
            schema.check(&serde_json::from_str(line).expect("an alert is JSON"));
        }
        prop_assert_eq!(&out, &make());
        Ok(())
    };
    TestRunner::new(config).run(&prop::collection::vec(event(), 1..4), run).unwrap_or_else(|error| panic!("{error}"));
}
