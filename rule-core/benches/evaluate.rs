//! Decoding and matching a batch of events of 1 KiB, against what `serde_json` takes to build a `Value` of each.
//!
//! `cargo bench -p rule-core`; the ratio to `serde_json value` is what counts, not the time.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rule_core::{CompileOptions, Session, SessionOptions, Source, compile};

/// As Elastic Defend sends it. It matches the mining-service rule.
const EVENT: &str = include_str!("event.json");
const EVENTS: usize = 100;
const MINING: &str = "execution_mining_service_file.toml";

fn evaluate(c: &mut Criterion) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/rules");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the examples are in the repository")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let all: Vec<Source> = files
        .iter()
        .map(|path| Source {
            path: path.display().to_string(),
            text: std::fs::read_to_string(path).expect("a readable file"),
        })
        .collect();
    let mining: Vec<Source> = all.iter().filter(|source| source.path.ends_with(MINING)).cloned().collect();

    let matching = EVENT.repeat(EVENTS);
    // The same but for what the rule asks last.
    let other = EVENT.replace("c3pool_miner", "postgres_main").repeat(EVENTS);
    let mut group = c.benchmark_group("evaluate");
    group.throughput(Throughput::Elements(EVENTS as u64));
    for (name, sources) in [("1 rule", &mining), ("all example rules", &all)] {
        let (rules, report) = compile(sources, &CompileOptions::default());
        assert!(!report.has_errors() && !rules.rules().is_empty(), "{:?}", report.diagnostics);
        let rules = Arc::new(rules);
        for (which, events, expected) in [("no match", &other, 0), ("match", &matching, EVENTS)] {
            let mut session = Session::open(Arc::clone(&rules), SessionOptions::default());
            group.bench_with_input(BenchmarkId::new(name, which), events.as_bytes(), |b, events| {
                b.iter(|| {
                    let outcome = session.evaluate(black_box(events));
                    // Other example rules may match the event as well.
                    assert!(outcome.rejected == 0 && outcome.matches.len() >= expected);
                    outcome
                });
            });
        }
    }
    group.bench_function("serde_json value", |b| {
        b.iter(|| {
            for line in matching.as_bytes().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                black_box(serde_json::from_slice::<serde_json::Value>(black_box(line)).expect("the event is JSON"));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
