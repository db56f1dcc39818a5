//! Decoding and matching one event of 1 KiB on both hosts, against what `serde_json` takes to parse the same bytes.
//!
//! `cargo bench -p tripline-tests`; the ratios to `serde_json/value` are what counts, not the times. The rule is the
//! mining-service rule. Events go through an engine in batches of a thousand, as the command sends them; the times are those of a batch.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use host_runner::{Engine, Instance, InstanceLimits, WasmOptions};
use rule_core::{CompileOptions, SessionOptions, Source};

/// As Elastic Defend sends it.
const EVENT: &str = include_str!("../../rule-core/benches/event.json");
const BATCH: usize = 1000;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace")
}

/// The events of one batch: the same event, or one that matches.
fn batch(matching: bool) -> Vec<u8> {
    let mut event: serde_json::Value = serde_json::from_str(EVENT).expect("the event is JSON");
    if matching {
        event["event"] = serde_json::json!({"category": ["file"], "type": ["creation"], "action": "creation"});
        event["host"]["os"]["type"] = "linux".into();
    }
    event["file"]["name"] = if matching { "xvf.service" } else { "xvf.conf" }.into();
    let line = event;
    format!("{line}\n").repeat(BATCH).into_bytes()
}

fn hosts(c: &mut Criterion) {
    let rule = root().join("examples/rules/execution_mining_service_file.toml");
    let text = std::fs::read_to_string(&rule).expect("the example rule is readable");
    let source = Source { path: rule.display().to_string(), text };
    let engines =
        [("native", Engine::native()), ("wasm", Engine::wasm(&WasmOptions::default()).expect("the module is built"))];

    let mut group = c.benchmark_group("batch");
    let events = batch(false);
    group.throughput(Throughput::Bytes(events.len() as u64));
    group.bench_function("serde_json/value", |b| {
        b.iter(|| {
            for line in events.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
                black_box(serde_json::from_slice::<serde_json::Value>(black_box(line)).expect("JSON"));
            }
        });
    });
    for (name, engine) in &engines {
        for (what, matching, alerts) in
            [("no match", false, false), ("every event matches", true, false), ("every event alerts", true, true)]
        {
            let events = batch(matching);
            let mut instance: Box<dyn Instance> = engine.instance(InstanceLimits::default()).expect("an instance");
            let (rules, report) =
                instance.compile(std::slice::from_ref(&source), &CompileOptions::default()).expect("the rule compiles");
            assert!(!report.has_errors());
            let options = SessionOptions { alerts, ..SessionOptions::default() };
            let session = instance.open(rules, &options).expect("a session");
            let matched = instance.evaluate(session, &events).expect("an outcome").matches.len();
            assert_eq!(matched, if matching { BATCH } else { 0 });
            group.bench_function(format!("{name}/{what}"), |b| {
                b.iter(|| black_box(instance.evaluate(session, black_box(&events)).expect("an outcome")));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, hosts);
criterion_main!(benches);
