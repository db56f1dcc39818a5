//! Two events that make a sequence, a collector that waits for them, and the alerts that come of it.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::Folder;
use super::collector::Collector;

/// A download, then a service file, on one host.
pub const SEQUENCE: &str = r#"sequence by host.name with maxspan=1m
  [process where event.type == "start" and process.name == "curl"]
  [file where event.type == "creation" and file.name : "*.service"]"#;

/// A download that no service file follows.
pub const TRAILING: &str = r#"sequence by host.name with maxspan=1s
  [process where event.type == "start" and process.name == "curl"]
 ![file where event.type == "creation" and file.name : "*.service"]"#;

/// Long past, so that no event is from the future whatever the clock says.
pub fn at(second: u32) -> String {
    format!("2020-02-03T04:{:02}:{:02}.000Z", second / 60, second % 60)
}

pub fn download(host: &str, second: u32) -> String {
    json!({
        "@timestamp": at(second), "event": {"category": "process", "type": "start"}, "host": {"name": host},
        "process": {"name": "curl"},
    })
    .to_string()
}

pub fn service(host: &str, second: u32) -> String {
    json!({
        "@timestamp": at(second), "event": {"category": "file", "type": "creation"},
        "host": {"name": host, "os": {"type": "linux"}}, "file": {"name": "x.service"},
    })
    .to_string()
}

/// An event of no rule: it only shows that time has passed.
pub fn other(second: u32) -> String {
    json!({"@timestamp": at(second), "event": {"category": "network"}}).to_string()
}

/// A folder with one rule and a configuration; `settings` are lines of the tenant's.
pub fn configured(engine: &str, rule: &str, settings: &[&str]) -> (Folder, String) {
    let folder = Folder::new();
    folder.file("rules/sequence.eql", rule);
    let settings: String = settings.iter().map(|line| format!("    {line}\n")).collect();
    let text =
        format!("engine: {engine}\ntenants:\n  - name: web\n    rules: [rules]\n{settings}inputs:\n  - http: 0\n");
    let config = folder.file("tripline.yaml", &text);
    (folder, config)
}

/// The alerts of one sequence: those of its events, then the one for all. Gives the hosts and the seconds of the events.
pub fn assert_group(alerts: &[Value]) {
    let [first, second, shell] = alerts else { panic!("three alerts make a group: {alerts:#?}") };
    let group = &shell["kibana.alert.group.id"];
    assert!(group.is_string(), "{shell}");
    for (index, event) in [first, second].into_iter().enumerate() {
        assert_eq!(&event["kibana.alert.group.id"], group);
        assert_eq!(event["kibana.alert.group.index"], index);
        assert_eq!(event["kibana.alert.building_block_type"], "default");
        assert_eq!(event["tripline.tenant"], "web");
    }
    assert_eq!(shell["kibana.alert.group.index"], Value::Null);
    assert_eq!(shell["kibana.alert.building_block_type"], Value::Null);
    assert_eq!((&first["process"]["name"], &second["file"]["name"]), (&"curl".into(), &"x.service".into()));
    assert_eq!(shell["host"]["name"], first["host"]["name"]);
}

pub fn next_group(collector: &Collector) -> Vec<Value> {
    let group: Vec<Value> = (0..3).map(|_| collector.alert()).collect();
    assert_group(&group);
    group
}

pub fn stop(collector: Collector) -> Vec<Value> {
    collector.signal(Signal::TERM);
    let (code, alerts) = collector.end();
    assert_eq!(code, 0);
    alerts
}
