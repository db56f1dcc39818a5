//! State of sequences in `tripline run`: it outlives rules, instances and the process.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::net::SocketAddr;

use common::collector::{Collector, await_status, http, post, status};
use common::sequences::*;
use common::{RULE, tripline};
use rustix::process::Signal;
use serde_json::Value;

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

#[test]
fn a_killed_collector_goes_on_from_its_last_snapshot() {
    let settings = ["allowed_lateness: 1s", "state: state", "state_interval: 100ms"];
    let (_folder, config) = configured("wasm", SEQUENCE, &settings);
    let mut collector = Collector::start(&config);
    let address = collector.address();
    post(address, &[download("a", 10), other(12)]);
    await_status(address, |tenant| tenant["state_saved"].as_u64().unwrap() > 0);
    collector.child.kill().unwrap();
    collector.child.wait().unwrap();

    let collector = Collector::start(&config);
    post(collector.address(), &[service("a", 13), other(20)]);
    next_group(&collector);
    stop(collector);
}
