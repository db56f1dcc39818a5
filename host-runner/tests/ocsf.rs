//! Alerts as OCSF Detection Findings: every one has what OCSF requires, and a few are written out.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use common::collector::Collector;
use common::{Folder, SERVICE_EVENT, TOML_RULE, tripline};
use host_runner::ocsf::{finding, findings};
use rule_core::{CompileOptions, Session, SessionOptions, Source, compile};
use serde_json::{Value, json};

/// One object of OCSF.
#[derive(Default)]
struct Shape {
    /// Types of attributes, and the values of an enumeration.
    attributes: BTreeMap<String, (String, Vec<i64>)>,
    required: Vec<String>,
    one_of: Vec<String>,
}

fn shapes() -> BTreeMap<String, Shape> {
    let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
    let mut name = String::new();
    for line in include_str!("ocsf/shapes.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let Some(attribute) = line.strip_prefix("  ") else {
            name = line.to_owned();
            continue;
        };
        let shape = shapes.entry(name.clone()).or_default();
        let words: Vec<&str> = attribute.split(' ').collect();
        if let ["one", "of", names @ ..] = &words[..] {
            shape.one_of = names.iter().map(|name| (*name).to_owned()).collect();
            continue;
        }
        let attribute = words[0].trim_end_matches('!').to_owned();
        if words[0].ends_with('!') {
            shape.required.push(attribute.clone());
        }
        let values = words[2..].iter().map(|value| value.parse().unwrap()).collect();
        shape.attributes.insert(attribute, (words[1].to_owned(), values));
    }
    shapes
}

/// What is wrong with an object, by its path.
fn check(shapes: &BTreeMap<String, Shape>, kind: &str, object: &Value, path: &str, problems: &mut Vec<String>) {
    let Some(members) = object.as_object() else { return problems.push(format!("{path} is no object")) };
    let shape = &shapes[kind];
    for name in shape.required.iter().filter(|name| !members.contains_key(*name)) {
        problems.push(format!("{path} has no {name}"));
    }
    if !shape.one_of.is_empty() && !shape.one_of.iter().any(|name| members.contains_key(name)) {
        problems.push(format!("{path} has none of {:?}", shape.one_of));
    }
    for (name, value) in members {
        let path = format!("{path}.{name}");
        let Some((kind, values)) = shape.attributes.get(name) else {
            problems.push(format!("{path} is unknown"));
            continue;
        };
        let (kind, list) = kind.strip_suffix("[]").map_or((kind.as_str(), false), |kind| (kind, true));
        let single = std::slice::from_ref(value);
        let items = if list { value.as_array().map_or(single, Vec::as_slice) } else { single };
        if list && (!value.is_array() || items.is_empty()) {
            problems.push(format!("{path} is no list, or empty"));
        }
        for item in items {
            let good = match kind {
                "string" => item.as_str().is_some_and(|text| !text.is_empty()),
                "integer" => item.as_i64().is_some_and(|number| values.is_empty() || values.contains(&number)),
                "timestamp" => item.is_i64(),
                "boolean" => item.is_boolean(),
                "object" => item.is_object(),
                "port" => item.as_u64().is_some_and(|port| port <= 65_535),
                "ip" => item.as_str().is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok()),
                kind => {
                    check(shapes, kind, item, &path, problems);
                    true
                }
            };
            if !good {
                problems.push(format!("{path} is {item}, not {kind}"));
            }
        }
    }
}

fn valid(finding: &Value) {
    let mut problems = Vec::new();
    check(&shapes(), "detection_finding", finding, "finding", &mut problems);
    assert!(problems.is_empty(), "{problems:#?}\n{finding:#}");
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// The files of a folder in order.
fn files(folder: PathBuf) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The alerts of all example rules for all example events.
fn example_alerts() -> String {
    let read = |path: PathBuf| Source { text: fs::read_to_string(&path).unwrap(), path: path.display().to_string() };
    let is_rule = |path: &PathBuf| {
        ["toml", "ndjson"].map(Some).contains(&path.extension().and_then(|extension| extension.to_str()))
    };
    let sources: Vec<Source> = files(examples().join("rules")).into_iter().filter(is_rule).map(read).collect();
    let indicators = vec![read(examples().join("indicators.csv"))];
    let (rules, _) = compile(&sources, &CompileOptions { indicators, ..CompileOptions::default() });
    // Each file is a stream of its own hour, so no event is late.
    let options = SessionOptions { alerts: true, lateness_ms: None, ..SessionOptions::default() };
    let mut session = Session::open(Arc::new(rules), options);
    let events: Vec<u8> =
        files(examples().join("events")).into_iter().flat_map(|path| fs::read(path).unwrap()).collect();
    session.evaluate(&events).alerts + &session.finish().alerts
}

#[test]
fn every_example_alert_has_what_ocsf_requires() {
    let alerts = example_alerts();
    let findings = findings(&alerts, Some("web")).unwrap();
    assert_eq!(findings.lines().count(), alerts.lines().count());
    assert!(findings.lines().count() > 50);
    for (line, alert) in findings.lines().zip(alerts.lines()) {
        let finding: Value = serde_json::from_str(line).unwrap();
        valid(&finding);
        let alert: Value = serde_json::from_str(alert).unwrap();
        assert_eq!(finding["finding_info"]["uid"], alert["kibana.alert.uuid"]);
        assert_eq!(finding["metadata"]["tenant_uid"], "web");
        assert_eq!(serde_json::from_str::<Value>(finding["raw_data"].as_str().unwrap()).unwrap(), alert);
        // What happened in a cloud's account has no host.
        let has_host = alert.get("host").or_else(|| alert.get("host.name")).is_some();
        assert_eq!(finding["device"]["hostname"].is_string(), has_host, "{finding:#}");
        assert!(!finding["finding_info"]["attacks"].as_array().unwrap().is_empty());
    }
}

/// A finding without what changes with every version, and what is the alert itself.
fn steady(mut finding: Value) -> String {
    finding["metadata"]["product"]["version"] = json!("VERSION");
    finding.as_object_mut().unwrap().remove("raw_data");
    serde_json::to_string_pretty(&finding).unwrap() + "\n"
}

#[test]
fn a_few_are_written_out() {
    let alerts = example_alerts();
    let of = |rule: &str| {
        let name = format!("\"kibana.alert.rule.name\":\"{rule}\"");
        alerts.lines().find(|line| line.contains(&name)).unwrap_or_else(|| panic!("no alert of {rule}"))
    };
    let threshold = json!({
        "@timestamp": "2026-01-01T00:05:00.000Z", "host.name": "web-1", "source.ip": "192.0.2.7", "event.kind": "signal",
        "kibana.alert.uuid": "00000000-0000-8000-8000-000000000000", "kibana.alert.severity": "high",
        "kibana.alert.risk_score": 73.5, "kibana.alert.reason": "event on web-1 created high alert Many.",
        "kibana.alert.original_time": "2026-01-01T00:05:00.000Z",
        "kibana.alert.ancestors": [{"id": "0", "type": "event", "index": "logs-*", "depth": 0}],
        "kibana.alert.threshold_result": {"count": 12, "from": "2026-01-01T00:00:00.000Z",
            "terms": [{"field": "host.name", "value": "web-1"}, {"field": "source.ip", "value": "192.0.2.7"}]},
        "kibana.alert.rule.rule_id": "many", "kibana.alert.rule.name": "Many", "kibana.alert.rule.tags": ["OS: Linux"],
        "kibana.alert.rule.threat": [{"framework": "MITRE ATT&CK",
            "tactic": {"id": "TA0006", "name": "Credential Access", "reference": ""}}],
    });
    for (file, alert) in [
        ("file.json", of("Mining Service File Created").to_owned()),
        ("process.json", of("Long Encoded Command").to_owned()),
        ("threshold.json", threshold.to_string()),
    ] {
        let found = finding(&alert, None).unwrap();
        valid(&found);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ocsf").join(file);
        if env::var_os("TRIPLINE_BLESS").is_some_and(|value| value == "1") {
            fs::write(&path, steady(found)).unwrap();
        } else {
            let golden = fs::read_to_string(&path).unwrap();
            assert_eq!(steady(found), golden, "{file}: not the golden file; TRIPLINE_BLESS=1 makes it again");
        }
    }
}

#[test]
fn whatever_an_event_has_the_finding_is_one() {
    let base = r#""kibana.alert.uuid":"u","kibana.alert.severity":"low""#;
    for event in [
        r#""@timestamp":null"#,
        r#""@timestamp":"yesterday","process":{"name":"x"}"#,
        r#""process":[{"pid":-1},{"pid":2}],"user":"root","host":7"#,
        r#""process":{"pid":"12","executable":"/","hash":{"md5":"","sha1":1}},"user":{"name":""},"file":{"path":"/a/"}"#,
        r#""source":{"ip":"nowhere","port":70000,"domain":"a"},"destination":{"port":80},"url":{"domain":"b"}"#,
        r#""host":{"ip":["127.0.0.1","x",null],"os":{"type":"plan9"}},"url.full":"http://a/","dns.question.type":"A""#,
        r#""kibana.alert.rule.threat":[{"tactic":{}},{"technique":[{"id":"T1","subtechnique":[{}]}]},7],"event.category":null"#,
        r#""kibana.alert.ancestors":[{},{"id":"a","type":"signal"},3],"kibana.alert.threshold_result":7"#,
        r#""kibana.alert.suppression.docs_count":18446744073709551615,"@timestamp":99999999999999999999"#,
    ] {
        let found = finding(&format!("{{{event},{base}}}"), None).unwrap();
        valid(&found);
        let deep = format!("{{{event},\"deep\":{}{},{base}}}", "[".repeat(500), "]".repeat(500));
        valid(&finding(&deep, None).unwrap());
    }
    let found = finding(&format!(r#"{{"host.ip":["::1","198.51.100.3"],{base}}}"#), None).unwrap();
    assert_eq!(found["device"]["ip"], "198.51.100.3", "not the loopback interface");
    assert!(finding("{", None).is_err());
}

#[test]
fn the_command_writes_findings_and_the_schema() {
    let folder = Folder::new();
    let rule = folder.file("rule.toml", TOML_RULE);
    let events = folder.file("events.ndjson", &format!("{SERVICE_EVENT}\n"));
    let run = tripline(&["eval", "--engine", "native", "--output", "ocsf", "--rules", &rule, "--events", &events]);
    let found: Value = serde_json::from_str(&run.out).unwrap();
    valid(&found);
    assert_eq!(found["evidences"][0]["file"]["path"], "/etc/systemd/system/x.service");
    assert_eq!(found["time"], 1_767_323_045_678_i64);
    let run = tripline(&["schema", "alert"]);
    let schema: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn the_collector_writes_findings_with_their_tenant() {
    let folder = Folder::new();
    folder.file("rules/rule.toml", TOML_RULE);
    let config = folder.file(
        "tripline.yaml",
        "engine: native\nformat: ocsf\ntenants:\n  - name: web\n    rules: [rules]\ninputs:\n  - stdin: true\n",
    );
    let mut collector = Collector::start(&config);
    let mut stdin = collector.stdin.take().unwrap();
    writeln!(stdin, "{SERVICE_EVENT}").unwrap();
    let found = collector.alert();
    valid(&found);
    assert_eq!(found["metadata"]["tenant_uid"], "web");
    assert_eq!(found["finding_info"]["title"], "Service of a miner");
    drop(stdin);
    assert_eq!(collector.end().0, 0);
}
