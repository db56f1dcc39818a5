//! Sequences in `tripline run`: order, time that passes, and state that outlives rules, instances and the process.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::net::SocketAddr;

use common::collector::{Collector, await_status, http, post, status};
use common::{Folder, RULE, tripline};
use rustix::process::Signal;
use serde_json::{Value, json};

/// A download, then a service file, on one host.
const SEQUENCE: &str = r#"sequence by host.name with maxspan=1m
  [process where event.type == "start" and process.name == "curl"]
  [file where event.type == "creation" and file.name : "*.service"]"#;

/// A download that no service file follows.
const TRAILING: &str = r#"sequence by host.name with maxspan=1s
  [process where event.type == "start" and process.name == "curl"]
 ![file where event.type == "creation" and file.name : "*.service"]"#;

/// Long past, so that no event is from the future whatever the clock says.
fn at(second: u32) -> String {
    format!("2020-02-03T04:{:02}:{:02}.000Z", second / 60, second % 60)
}

fn download(host: &str, second: u32) -> String {
    json!({
        "@timestamp": at(second), "event": {"category": "process", "type": "start"}, "host": {"name": host},
        "process": {"name": "curl"},
    })
    .to_string()
}

fn service(host: &str, second: u32) -> String {
    json!({
        "@timestamp": at(second), "event": {"category": "file", "type": "creation"},
        "host": {"name": host, "os": {"type": "linux"}}, "file": {"name": "x.service"},
    })
    .to_string()
}

/// An event of no rule: it only shows that time has passed.
fn other(second: u32) -> String {
    json!({"@timestamp": at(second), "event": {"category": "network"}}).to_string()
}

/// A folder with one rule and a configuration; `settings` are lines of the tenant's.
fn configured(engine: &str, rule: &str, settings: &[&str]) -> (Folder, String) {
    let folder = Folder::new();
    folder.file("rules/sequence.eql", rule);
    let settings: String = settings.iter().map(|line| format!("    {line}\n")).collect();
    let text =
        format!("engine: {engine}\ntenants:\n  - name: web\n    rules: [rules]\n{settings}inputs:\n  - http: 0\n");
    let config = folder.file("tripline.yaml", &text);
    (folder, config)
}

/// The alerts of one sequence: those of its events, then the one for all. Gives the hosts and the seconds of the events.
fn assert_group(alerts: &[Value]) {
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

fn next_group(collector: &Collector) -> Vec<Value> {
    let group: Vec<Value> = (0..3).map(|_| collector.alert()).collect();
    assert_group(&group);
    group
}

fn stop(collector: Collector) -> Vec<Value> {
    collector.signal(Signal::TERM);
    let (code, alerts) = collector.end();
    assert_eq!(code, 0);
    alerts
}

#[test]
fn events_out_of_order_within_the_lateness_make_one_group_of_alerts() {
    for engine in ["wasm", "native"] {
        let (_folder, config) = configured(engine, SEQUENCE, &["allowed_lateness: 20s"]);
        let collector = Collector::start(&config);
        let address = collector.address();
        post(address, &[service("a", 40), service("b", 41)]);
        post(address, &[download("a", 25)]);
        // Nothing is decided before the lateness is over.
        let sequences = status(address)["sequences"].clone();
        assert_eq!((&sequences["held"], &sequences["partial_matches"]), (&3.into(), &0.into()));
        assert_eq!(status(address)["matches"], 0);
        post(address, &[other(90)]);
        next_group(&collector);
        let tenant = status(address);
        assert_eq!((&tenant["matches"], &tenant["sequences"]["late"]), (&1.into(), &0.into()));
        assert_eq!(tenant["sequences"]["watermark"], 1_580_702_470_000_i64, "the latest event but the lateness");
        assert_eq!(stop(collector), [] as [Value; 0]);
    }
}

#[test]
fn without_state_a_stop_decides_what_is_held_back() {
    for end in [Signal::TERM, Signal::INT] {
        let (_folder, config) = configured("native", SEQUENCE, &["allowed_lateness: 1h"]);
        let collector = Collector::start(&config);
        let address = collector.address();
        post(address, &[service("a", 40), download("a", 39), download("b", 41)]);
        collector.signal(end);
        let lost = collector.logged("partial matches end here");
        assert_eq!((&lost["tenant"], &lost["partials"]), (&"web".into(), &1.into()));
        let (code, alerts) = collector.end();
        assert_eq!(code, 0);
        assert_group(&alerts);
    }
}

#[test]
fn a_sequence_goes_on_over_a_restart_with_state() {
    for engine in ["wasm", "native"] {
        let settings = ["allowed_lateness: 1s", "state: state"];
        let (folder, config) = configured(engine, SEQUENCE, &settings);
        let collector = Collector::start(&config);
        let address = collector.address();
        // One is a partial match at the stop, the other still held back.
        post(address, &[download("a", 10), download("b", 20)]);
        assert_eq!(stop(collector), [] as [Value; 0]);
        assert!(fs::metadata(folder.path("state/web.state")).unwrap().len() > 0);

        let collector = Collector::start(&config);
        let address = collector.address();
        post(address, &[service("a", 21), service("b", 22), other(50)]);
        for host in ["a", "b"] {
            assert_eq!(next_group(&collector)[2]["host"]["name"], host);
        }
        let tenant = status(address);
        assert_eq!((&tenant["sequences_restored"], &tenant["sequences_dropped"]), (&1.into(), &0.into()));
        stop(collector);
    }
}

#[test]
fn state_goes_on_over_a_reload_for_rules_that_did_not_change() {
    let (folder, config) = configured("wasm", SEQUENCE, &["allowed_lateness: 1s"]);
    folder.file("rules/changed.eql", &TRAILING.replace("curl", "wget"));
    let collector = Collector::start(&config);
    let address = collector.address();
    post(address, &[download("a", 10), other(11), download("b", 20)]);

    folder.file("rules/changed.eql", &TRAILING.replace("curl", "fetch"));
    folder.file("rules/new.eql", RULE);
    collector.signal(Signal::HUP);
    let reloaded = collector.logged("rules reloaded");
    assert_eq!(
        (&reloaded["rules"], &reloaded["sequences_restored"], &reloaded["sequences_dropped"]),
        (&3.into(), &1.into(), &1.into())
    );
    fs::remove_file(folder.path("rules/new.eql")).unwrap();
    fs::remove_file(folder.path("rules/changed.eql")).unwrap();
    collector.signal(Signal::HUP);
    assert_eq!(collector.logged("rules reloaded")["rules"], 1);

    post(address, &[service("a", 21), service("b", 22), other(50)]);
    for host in ["a", "b"] {
        assert_eq!(next_group(&collector)[2]["host"]["name"], host);
    }
    let tenant = status(address);
    assert_eq!((&tenant["reloads"], &tenant["restarts"]), (&2.into(), &0.into()));
    assert_eq!((&tenant["sequences_restored"], &tenant["sequences_dropped"]), (&2.into(), &2.into()));
    stop(collector);
}

#[test]
fn an_event_that_stays_missing_is_told_without_events() {
    let (_folder, config) = configured("wasm", TRAILING, &["allowed_lateness: 100ms"]);
    let collector = Collector::start(&config);
    post(collector.address(), &[download("a", 10)]);
    let [event, shell] = [collector.alert(), collector.alert()];
    assert_eq!(event["process"]["name"], "curl");
    assert_eq!(event["kibana.alert.group.index"], 0);
    assert_eq!(shell["kibana.alert.group.id"], event["kibana.alert.group.id"]);
    stop(collector);
}

#[test]
fn held_events_are_told_without_events() {
    let (_folder, config) = configured("native", SEQUENCE, &["allowed_lateness: 2s"]);
    let collector = Collector::start(&config);
    post(collector.address(), &[service("a", 11), download("a", 10)]);
    next_group(&collector);
    stop(collector);
}

#[test]
fn a_late_event_is_counted_and_reaches_rules_of_one_event() {
    let (folder, config) = configured("wasm", SEQUENCE, &["allowed_lateness: 5s"]);
    folder.file("rules/single.eql", RULE);
    let collector = Collector::start(&config);
    let address = collector.address();
    post(address, &[download("a", 1), other(60), service("a", 2)]);
    let alert = collector.alert();
    assert_eq!((&alert["file"]["name"], &alert["kibana.alert.group.id"]), (&"x.service".into(), &Value::Null));
    let warning = collector.logged("`allowed_lateness` (5s)");
    assert_eq!((&warning["level"], &warning["tenant"], &warning["events"]), (&"WARN".into(), &"web".into(), &1.into()));
    // It is said once, and counted every time.
    post(address, &[service("a", 3)]);
    collector.alert();
    let tenant = status(address);
    assert_eq!((&tenant["sequences"]["late"], &tenant["matches"]), (&2.into(), &2.into()));
    stop(collector);
}

#[test]
fn an_event_from_the_future_makes_no_other_late() {
    let (_folder, config) = configured("wasm", SEQUENCE, &["allowed_lateness: 1s", "clock_skew: 1m"]);
    let collector = Collector::start(&config);
    let address = collector.address();
    let future = other(0).replace("2020", "2999");
    post(address, std::slice::from_ref(&future));
    assert_eq!(status(address)["sequences"]["watermark"], Value::Null);
    post(address, &[download("a", 10), future, service("a", 11), other(20)]);
    next_group(&collector);
    assert_eq!(status(address)["sequences"]["late"], 0);
    // One that a sequence wants is held until its time has come, and that is said.
    let (_folder, config) = configured("native", SEQUENCE, &["allowed_lateness: 1s", "clock_skew: 1m"]);
    let other = Collector::start(&config);
    post(other.address(), &[download("a", 10).replace("2020", "2999")]);
    assert_eq!(other.logged("`clock_skew` (1m)")["events"], 1);
    stop(other);
    stop(collector);
}

#[test]
fn dropped_state_is_counted_and_the_limit_is_named() {
    let (_folder, config) =
        configured("native", SEQUENCE, &["allowed_lateness: 0s", "limits: { max_join_keys: 2, max_held_bytes: 700 }"]);
    let collector = Collector::start(&config);
    let address = collector.address();
    let hosts: Vec<String> = (0..5).map(|number| download(&format!("host-{number}"), number)).collect();
    post(address, &hosts);
    post(address, &[other(9)]);
    assert!(collector.logged("`limits.max_join_keys` (2)")["keys"].as_u64().unwrap() >= 1);
    let sequences = await_status(address, |tenant| tenant["sequences"]["evicted_keys"] == 3)["sequences"].clone();
    assert_eq!((&sequences["join_keys"], &sequences["partial_matches"]), (&2.into(), &2.into()));
    // Events of one time are held back until it is over, and three of them take more than is allowed.
    post(address, &[download("a", 20), download("b", 20), download("c", 20), download("d", 20)]);
    collector.logged("`limits.max_held_bytes` (700)");
    assert_ne!(status(address)["sequences"]["hurried"], 0);
    let undated = download("e", 0).replace("@timestamp", "timestamp");
    post(address, &[undated]);
    collector.logged("without a timestamp");
    stop(collector);
}

#[test]
fn a_snapshot_that_cannot_be_used_is_set_aside() {
    let (folder, config) = configured("wasm", SEQUENCE, &["allowed_lateness: 1s", "state: state"]);
    let collector = Collector::start(&config);
    post(collector.address(), &[download("a", 10)]);
    stop(collector);
    let state = fs::read(folder.path("state/web.state")).unwrap();
    let mut damaged = state.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for (bytes, reason) in [
        (&b"rubbish"[..], "not a snapshot"),
        (&damaged, "damaged"),
        (&state[..state.len() / 2], "damaged"),
        (b"", "not a snapshot"),
    ] {
        folder.bytes("state/web.state", bytes);
        let collector = Collector::start(&config);
        let refused = collector.logged("state refused");
        assert!(refused["reason"].as_str().unwrap().contains(reason), "{refused}");
        let kept = refused["kept"].as_str().unwrap();
        assert!(kept.ends_with("/state/web.state.refused"), "{refused}");
        assert_eq!(fs::read(kept).unwrap(), bytes);
        let address = collector.address();
        post(address, &[service("a", 11), download("b", 12), service("b", 13), other(50)]);
        assert_eq!(next_group(&collector)[2]["host"]["name"], "b", "it started anew");
        assert_eq!(status(address)["state_refused"], 1);
        stop(collector);
    }
    // What the last one left is as good as ever.
    let collector = Collector::start(&config);
    let tenant = await_status(collector.address(), |tenant| tenant["sequences_restored"] == 1);
    assert_eq!(tenant["state_refused"], 0);
    stop(collector);
}

#[test]
fn a_state_folder_belongs_to_one_collector() {
    let (folder, config) = configured("native", SEQUENCE, &["state: state"]);
    let collector = Collector::start(&config);
    collector.address();
    let second = tripline(&["run", "--config", &config]);
    assert_eq!(second.code, 2, "{}", second.err);
    assert!(second.err.contains("tenant `web`") && second.err.contains("another collector"), "{}", second.err);
    stop(collector);

    let (_folder, config) = configured("native", SEQUENCE, &[&format!("state: {}", folder.path("tripline.yaml"))]);
    let on_a_file = tripline(&["run", "--config", &config]);
    assert_eq!(on_a_file.code, 2, "{}", on_a_file.err);
    assert!(on_a_file.err.contains("cannot keep state in"), "{}", on_a_file.err);
}

/// An event that takes more memory than the tenant has.
fn killer() -> Vec<u8> {
    let mut event = b"{\"a\":\"".to_vec();
    event.resize(32 << 20, b'x');
    event.extend_from_slice(b"\"}");
    event
}

#[test]
fn after_a_failure_sequences_go_on_from_the_last_snapshot() {
    let settings = [
        "allowed_lateness: 1s",
        "memory_limit: 16MiB",
        "limits: { max_event_bytes: 100000000 }",
        "state: state",
        "state_interval: 100ms",
    ];
    let (folder, config) = configured("wasm", SEQUENCE, &settings);
    let collector = Collector::start(&config);
    let address = collector.address();
    let kill = || {
        let (status, answer) = http(address, "POST /v1/events HTTP/1.1", &killer());
        assert_eq!((status, &answer["failed"]), (500, &1.into()), "{answer}");
    };
    post(address, &[download("a", 10), other(12)]);
    await_status(address, |tenant| tenant["state_saved"].as_u64().unwrap() > 0);
    kill();
    collector.logged("sequences go on from the last snapshot");
    post(address, &[service("a", 13), other(20)]);
    next_group(&collector);
    let tenant = status(address);
    assert_eq!((&tenant["restarts"], &tenant["restarts_with_state"]), (&1.into(), &1.into()));

    // Two in a row: the state itself may be the cause.
    post(address, &[download("b", 30), other(32)]);
    kill();
    kill();
    let refused = collector.logged("state refused");
    assert!(refused["reason"].as_str().unwrap().contains("failed again"), "{refused}");
    collector.logged("sequences start anew");
    let tenant = status(address);
    assert_eq!((&tenant["restarts"], &tenant["restarts_with_state"]), (&3.into(), &2.into()));
    assert_eq!(tenant["state_refused"], 1);
    assert!(fs::exists(folder.path("state/web.state.refused")).unwrap());
    post(address, &[service("b", 33), download("c", 34), service("c", 35), other(40)]);
    assert_eq!(next_group(&collector)[2]["host"]["name"], "c");
    stop(collector);
}

#[test]
fn without_state_sequences_start_anew_after_a_failure() {
    let settings = ["allowed_lateness: 1s", "memory_limit: 16MiB", "limits: { max_event_bytes: 100000000 }"];
    let (_folder, config) = configured("wasm", SEQUENCE, &settings);
    let collector = Collector::start(&config);
    let address = collector.address();
    post(address, &[download("a", 10), other(12)]);
    assert_eq!(http(address, "POST /v1/events HTTP/1.1", &killer()).0, 500);
    collector.logged("sequences start anew");
    post(address, &[service("a", 13), other(20)]);
    let tenant = status(address);
    assert_eq!((&tenant["matches"], &tenant["restarts_with_state"]), (&0.into(), &0.into()));
    stop(collector);
}

/// Puts many partial matches, of about 2.4 kB each, into a session.
fn fill(address: SocketAddr, count: usize) {
    let padding = "x".repeat(1000);
    let hosts: Vec<String> = (0..count).map(|number| download(&format!("host-{number}-{padding}"), 10)).collect();
    for events in hosts.chunks(500) {
        post(address, events);
    }
    post(address, &[other(20)]);
    assert_eq!(status(address)["sequences"]["partial_matches"], count);
}

#[test]
fn a_snapshot_that_cannot_fit_is_not_tried_and_what_is_held_back_is_decided() {
    let settings = [
        "allowed_lateness: 5s",
        "state: state",
        "state_interval: 1h",
        "memory_limit: 56MiB",
        "limits: { max_state_bytes: 50000000 }",
    ];
    let (folder, config) = configured("wasm", SEQUENCE, &settings);
    let collector = Collector::start(&config);
    let address = collector.address();
    fill(address, 15_000);
    post(address, &[service("a", 25), download("a", 24)]);
    collector.signal(Signal::TERM);
    collector.logged("no snapshot is taken: `memory_limit` (56.0 MiB)");
    let counts = collector.logged("stopped");
    assert_eq!((&counts["restarts"], &counts["state_failed"]), (&0.into(), &1.into()));
    let (code, alerts) = collector.end();
    assert_eq!(code, 0);
    assert_group(&alerts);
    assert!(!fs::exists(folder.path("state/web.state")).unwrap());
}

#[test]
fn state_that_the_memory_does_not_hold_is_set_aside() {
    let settings = ["allowed_lateness: 0s", "state: state", "memory_limit: 256MiB"];
    let (folder, config) = configured("wasm", SEQUENCE, &settings);
    let collector = Collector::start(&config);
    let address = collector.address();
    fill(address, 12_000);
    stop(collector);

    let text = fs::read_to_string(&config).unwrap();
    let state = fs::read(folder.path("state/web.state")).unwrap();
    for (limit, reason) in
        [("16MiB", "more than the 16777216 bytes of memory_limit"), ("40MiB", "memory limit of 40.0 MiB")]
    {
        fs::write(&config, text.replace("256MiB", limit)).unwrap();
        folder.bytes("state/web.state", &state);
        let collector = Collector::start(&config);
        let refused = collector.logged("state refused");
        assert!(refused["reason"].as_str().unwrap().contains(reason), "{refused}");
        assert_eq!(fs::read(folder.path("state/web.state.refused")).unwrap(), state);
        let address = collector.address();
        post(address, &[download("a", 30), service("a", 31), other(40)]);
        next_group(&collector);
        stop(collector);
    }
}
