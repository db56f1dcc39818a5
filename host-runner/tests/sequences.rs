//! Sequences in `tripline run`: the order of events, and time that passes without them.
#![allow(clippy::unwrap_used)]

mod common;

use common::RULE;
use common::collector::{Collector, await_status, post, status};
use common::sequences::*;
use rustix::process::Signal;
use serde_json::Value;

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
