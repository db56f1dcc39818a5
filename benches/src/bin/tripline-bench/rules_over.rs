//! `run`: a folder of rules over a file of events, as a rival runs them.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use host_runner::{Engine, EngineKind, InstanceLimits, WasmOptions};
use rule_core::{CompileOptions, RuleStatus, SessionOptions};
use tripline_benches::{events, rules};

/// Run a folder of rules over a file of events, and print one JSON document with the times
#[derive(clap::Args, Debug)]
pub struct Options {
    /// `native` or `wasm`
    #[arg(long)]
    engine: Host,
    /// The folder
    #[arg(long)]
    rules: PathBuf,
    /// One event per line
    #[arg(long)]
    events: PathBuf,
    /// Where to write a line `EVENT RULE` for each match
    #[arg(long)]
    matches: PathBuf,
    /// How often; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Host {
    Native,
    Wasm,
}

/// Runs them.
pub fn run(options: &Options) -> Result<()> {
    let kind = match options.engine {
        Host::Native => EngineKind::Native,
        Host::Wasm => EngineKind::Wasm,
    };
    let mut instance = Engine::new(kind, &WasmOptions::default())?.instance(InstanceLimits::default())?;
    let sources = rules::read(&options.rules)?;
    let (set, report) = instance.compile(&sources, &CompileOptions::default())?;
    let ids: Vec<&str> = report
        .rules
        .iter()
        .filter(|rule| matches!(rule.status, RuleStatus::Compiled { .. }))
        .map(|rule| rule.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".toml"))
        .collect();
    let lines = fs::read(&options.events).with_context(|| format!("cannot read {}", options.events.display()))?;
    let batches = events::batches(&lines, host_runner::input::BATCH_BYTES);
    let mut times = Vec::new();
    let mut matches = String::new();
    for _ in 0..options.rounds.max(1) {
        let session = instance.open(set, &SessionOptions::default())?;
        matches.clear();
        let mut time = Duration::ZERO;
        for batch in &batches {
            let started = Instant::now();
            let outcome = instance.evaluate(session, batch)?;
            time += started.elapsed();
            for found in &outcome.matches {
                let _ = writeln!(matches, "{} {}", found.events[0], ids[found.rule as usize]);
            }
        }
        times.push(time);
        instance.release(session)?;
    }
    times.sort();
    fs::write(&options.matches, &matches)?;
    let figures = serde_json::json!({
        "rules": ids.len(),
        "left_out": sources.len() - ids.len(),
        "events": events::lines(&lines).count(),
        "evaluate_s": times[times.len() / 2].as_secs_f64(),
        "parse_s": 0.0,
    });
    println!("{figures}");
    Ok(())
}
