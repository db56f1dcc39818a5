//! `adversarial`: what events cost that are made to be costly.

use std::time::Duration;

use anyhow::Result;
use bytesize::ByteSize;
use host_runner::{Engine, InstanceLimits, WasmOptions};
use rule_core::{Limits, Source};
use serde::Serialize;
use tripline_benches::stream::{self, Stream};
use tripline_benches::{hostile, rules};

use crate::contender::{Contender as _, Tripline};
use crate::report;

/// Measure events made to be costly, all rules loaded, natively and in the sandbox
///
/// Shown is what a byte costs, and how many times that is what a byte of an ordinary event costs with the same rules. `growth` is
/// by how much a byte becomes dearer when the event is four times as large: 1 is linear. Limits on size are raised for the
/// largest, and for wasm the memory; the deadline is ten times the default.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  cargo xtask bench adversarial
  cargo xtask bench adversarial --output json > adversarial.json")]
pub struct Options {
    /// Tries of each event, of which the quickest counts
    #[arg(long, default_value_t = 3)]
    tries: usize,
    /// How to print the figures
    #[arg(long, default_value = "human")]
    output: report::Output,
}

#[derive(Debug, Serialize)]
struct Row {
    host: &'static str,
    event: String,
    bytes: usize,
    ms: f64,
    ns_per_byte: f64,
    /// In relation to an ordinary event.
    times_ordinary: f64,
    /// In relation to a quarter of it.
    growth: Option<f64>,
    matches: u64,
    rejected: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Runs it and prints the figures.
pub fn run(options: &Options) -> Result<()> {
    let all = rules::elastic()?.map_or_else(rules::examples, Ok)?;
    let mut rows = Vec::new();
    for (host, engine) in [("native", Engine::native()), ("wasm", Engine::wasm(&WasmOptions::default())?)] {
        let limits = InstanceLimits {
            memory: ByteSize::gib(1),
            deadline: InstanceLimits::default().deadline * 10,
            ..InstanceLimits::default()
        };
        let ordinary = Stream::new(&stream::Options::default()).lines(1_000);
        let start = || start(&engine, &all, limits);
        let mut tripline = start()?;
        let base = best(&mut tripline, &ordinary, options.tries)?;
        let base_per_byte = nanoseconds(base.0) / ordinary.len() as f64;
        rows.push(row(host, "ordinary events", &ordinary, base, base_per_byte, None));
        for (event, small) in hostile::all(1).iter().zip(hostile::all(4)) {
            eprint!("\r{host}: {:60}", event.name);
            let result = best(&mut tripline, &event.line, options.tries)
                .and_then(|full| Ok((full, best(&mut tripline, &small.line, options.tries)?)));
            rows.push(match result {
                Ok((full, quarter)) => {
                    let per_byte = nanoseconds(full.0) / event.line.len() as f64;
                    let growth = per_byte / (nanoseconds(quarter.0) / small.line.len() as f64);
                    row(host, event.name, &event.line, full, base_per_byte, Some(growth))
                }
                Err(error) => {
                    // The instance is gone.
                    tripline = start()?;
                    let none = row(host, event.name, &event.line, (Duration::ZERO, 0, 0), base_per_byte, None);
                    Row { error: Some(format!("{error:#}")), ..none }
                }
            });
        }
    }
    eprint!("\r{:80}\r", "");
    print(&rows, all.len(), options.output)
}

fn start(engine: &Engine, rules: &[Source], limits: InstanceLimits) -> Result<Tripline> {
    let events = Limits { max_event_bytes: 16 << 20, ..Limits::default() };
    Tripline::with_event_limits(engine, rules, limits, events)
}

type Best = (Duration, u64, u64);

fn best(tripline: &mut Tripline, lines: &[u8], tries: usize) -> Result<Best> {
    let mut best = (Duration::MAX, 0, 0);
    for _ in 0..tries.max(1) {
        let (time, found) = tripline.round(&[lines])?;
        best = (best.0.min(time), found.matches, found.rejected);
    }
    Ok(best)
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

fn row(host: &'static str, event: &str, lines: &[u8], best: Best, base: f64, growth: Option<f64>) -> Row {
    let (time, matches, rejected) = best;
    let ns_per_byte = nanoseconds(time) / lines.len() as f64;
    Row {
        host,
        event: event.into(),
        bytes: lines.len(),
        ms: report::milliseconds(time),
        ns_per_byte,
        times_ordinary: ns_per_byte / base,
        growth,
        matches,
        rejected,
        error: None,
    }
}

fn print(rows: &[Row], rules: usize, output: report::Output) -> Result<()> {
    if output == report::Output::Json {
        println!("{}", serde_json::to_string_pretty(rows)?);
        return Ok(());
    }
    println!("{rules} rules\n");
    println!(
        "{:<7} {:<42} {:>9} {:>10} {:>9} {:>10} {:>7} {:>8} {:>8}",
        "", "", "KB", "ms", "ns/byte", "/ ordinary", "growth", "matches", "rejected"
    );
    for row in rows {
        if let Some(error) = &row.error {
            println!("{:<7} {:<42} {:>9.1} {error}", row.host, row.event, row.bytes as f64 / 1e3);
            continue;
        }
        println!(
            "{:<7} {:<42} {:>9.1} {:>10.2} {:>9.2} {:>10.2} {:>7} {:>8} {:>8}",
            row.host,
            row.event,
            row.bytes as f64 / 1e3,
            row.ms,
            row.ns_per_byte,
            row.times_ordinary,
            row.growth.map_or("-".into(), |growth| format!("{growth:.2}")),
            row.matches,
            row.rejected,
        );
    }
    Ok(())
}
