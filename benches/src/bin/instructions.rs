//! One stage of a small fixed workload, for counting its instructions: `cargo xtask bench instructions` runs it under callgrind.
//!
//! Only what is the project's own goes in: the generator's events, the example rules, and the rules below. Stages go through the
//! public interface, so that they mean the same whatever the engine is like inside.
#![forbid(unsafe_code)]

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;

use rule_core::{CompileOptions, Session, SessionOptions, Source, compile};
use tripline_benches::events::lines;
use tripline_benches::rules;
use tripline_benches::stream::{Options, Stream};

/// Events of a run: enough that what a session does once does not show.
const EVENTS: usize = 400;

const SEQUENCES: [&str; 3] = [
    "sequence by process.entity_id with maxspan=10m [process where event.type == \"start\"] [file where event.type == \"creation\"]",
    "sequence by host.id, process.entity_id with maxspan=1m [file where event.type == \"change\"] [network where destination.port == 22]",
    "sequence by process.entity_id [process where event.type == \"start\"] [process where event.type == \"end\"]",
];

fn main() -> ExitCode {
    let Some(stage) = std::env::args().nth(1) else {
        eprintln!("which stage?");
        return ExitCode::from(2);
    };
    let stream = |one_in| Stream::new(&Options { suspicious_one_in: one_in, ..Options::default() }).lines(EVENTS);
    let events = stream(500);
    let examples = rules::examples().expect("the examples are in the checkout");
    let mining = || examples.iter().filter(|rule| rule.path.ends_with("mining_service_file.toml")).cloned().collect();
    match stage.as_str() {
        "reference" => {
            let mut read = |line: &[u8]| drop(black_box(serde_json::from_slice::<serde_json::Value>(line)));
            measured(&mut || lines(&events).for_each(&mut read));
        }
        "no rules" => evaluate(Vec::new(), &events, false),
        "one rule" => evaluate(mining(), &events, false),
        "example rules" => evaluate(examples, &events, false),
        "example rules, one event in five matching" => evaluate(examples, &stream(5), false),
        "example rules, one event in five matching, alerts" => evaluate(examples, &stream(5), true),
        "sequences" => {
            let source = |text: &&str| Source { path: "sequence.eql".into(), text: (*text).into() };
            evaluate(SEQUENCES.iter().map(source).collect(), &events, false);
        }
        "compile example rules" => {
            measured(&mut || _ = black_box(compile(black_box(&examples), &CompileOptions::default())));
        }
        other => {
            eprintln!("there is no stage {other:?}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn evaluate(rules: Vec<Source>, events: &[u8], alerts: bool) {
    let (set, report) = compile(&rules, &CompileOptions::default());
    assert!(!report.has_errors() && set.rules().len() == rules.len(), "{:?}", report.diagnostics);
    let options = SessionOptions { alerts, lateness_ms: Some(1_000), ..SessionOptions::default() };
    let mut session = Session::open(Arc::new(set), options);
    measured(&mut || {
        let outcome = session.evaluate(black_box(events));
        assert!(outcome.rejected == 0 && outcome.events == EVENTS as u64);
        black_box(outcome);
    });
}

/// Callgrind counts what happens in here, by the function's name.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
}
