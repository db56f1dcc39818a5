//! `compare`: Tripline beside parsers of JSON, in one run.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytesize::ByteSize;
use host_runner::{Engine, EngineKind, WasmOptions};
use rule_core::Source;
use tripline_benches::stream::{self, Stream};
use tripline_benches::{events, rules};

use crate::contender::{Contender, Found, SerdeIgnored, SerdeValue, SimdTape, Start, Tripline, limits};
use crate::report::{self, Corpus, Report, Row, StartRow};

/// Compare Tripline, natively and in the sandbox, with serde_json and simd-json on the same events
///
/// Every contender goes over all events in each round, one after the other; then comes the next round. Figures are
/// medians, and ratios are to what serde_json takes to build a `Value` of each event in the same round. The events are generated
/// ones, and the real ones of ../shared/data/events where those are present. The rules are Elastic's EQL rules in
/// ../shared/data/rules/elastic, or the example rules where those are absent; and, unless `--rules` is given, all of Elastic's rules
/// that Tripline evaluates: KQL, Lucene, threshold, new_terms and threat_match too.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  cargo xtask bench compare                              everything, in about ten minutes
  cargo xtask bench compare --quick                      fewer events, rounds and rules
  cargo xtask bench compare --rules 1 --rules 1024       only with these numbers of rules
  cargo xtask bench compare --engine native --corpus generated --output json > figures.json")]
pub struct Options {
    /// Generated events
    #[arg(long, default_value_t = 8_000)]
    events: usize,
    /// Where the generator's random numbers begin
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rounds over all events
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds after which a slow contender stays out of further rounds
    #[arg(long, default_value_t = 12)]
    budget: u64,
    /// Numbers of rules (0: none; 1: the mining-service rule) [default: 0 1 10 100 1024 10000]
    #[arg(long)]
    rules: Vec<usize>,
    /// Only this host
    #[arg(long)]
    engine: Option<Host>,
    /// Only these events
    #[arg(long)]
    corpus: Option<Which>,
    /// 2,000 events, 3 rounds, at most 1,024 rules
    #[arg(long)]
    quick: bool,
    /// How to print the figures
    #[arg(long, default_value = "human")]
    output: report::Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Host {
    Native,
    Wasm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    Generated,
    Real,
    /// The generated stream, but one event in five is of a form that a rule looks for
    Matching,
}

/// What the command reads at a time.
const BATCH: usize = host_runner::input::BATCH_BYTES;
/// As much of the few real events as makes a round long enough.
const REAL_BYTES: usize = 8 << 20;
const MINING: &str = "execution_mining_service_file.toml";

/// Runs it and prints the figures.
pub fn run(options: &Options) -> Result<()> {
    let mut report = Report::default();
    let (all, origin) = match rules::elastic()? {
        Some(all) => (all, "Elastic's EQL rules"),
        None => {
            report.notes.push("../shared/data/rules/elastic is absent: the rules are the example rules".into());
            (rules::examples()?, "the example rules")
        }
    };
    report.rules = format!("{} of {origin}", all.len());
    let counts = match options.rules.as_slice() {
        [] if options.quick => vec![0, 1, 10, 100, 1024],
        [] => vec![0, 1, 10, 100, 1024, 10_000],
        given => given.to_vec(),
    };
    let mut sets = counts.iter().map(|count| set(*count, &all)).collect::<Result<Vec<_>>>()?;
    if options.rules.is_empty()
        && let Some(every) = rules::elastic_of_every_type()?
    {
        report.rules += &format!("; {} are Elastic's rules of every type", every.len());
        sets.push(every);
    }
    let engines = engines(options)?;

    for (which, lines) in corpora(options, &mut report)? {
        let mut field: Vec<(Row, Box<dyn Contender>)> = vec![
            (Row::named("serde_json Value"), Box::new(SerdeValue)),
            (Row::named("serde_json IgnoredAny"), Box::new(SerdeIgnored)),
            (Row::named("simd-json tape"), Box::<SimdTape>::default()),
        ];
        for engine in &engines {
            for sources in &sets {
                add(&mut field, &mut report, engine, sources, false)?;
            }
            // Alerts cost when something matches.
            if let Some(largest) = sets.iter().rfind(|set| set.len() <= all.len()) {
                add(&mut field, &mut report, engine, largest, true)?;
            }
        }
        report.corpora.push(measure(options, which, &lines, field)?);
    }
    starts(&mut report, &engines, &sets)?;
    report.print(options.output)
}

/// The rules of this number.
fn set(count: usize, all: &[Source]) -> Result<Vec<Source>> {
    Ok(match count {
        0 => Vec::new(),
        1 => {
            let mut examples = rules::examples()?;
            examples.retain(|rule| rule.path.ends_with(MINING));
            examples
        }
        count if count <= all.len() => rules::spread(all, count),
        count => rules::multiply(all, count),
    })
}

fn engines(options: &Options) -> Result<Vec<Engine>> {
    let mut engines = Vec::new();
    if options.engine != Some(Host::Wasm) {
        engines.push(Engine::native());
    }
    if options.engine != Some(Host::Native) {
        engines.push(Engine::wasm(&WasmOptions::default())?);
    }
    Ok(engines)
}

fn corpora(options: &Options, report: &mut Report) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let mut corpora = Vec::new();
    let events = if options.quick { options.events.min(2_000) } else { options.events };
    let wanted = |which| options.corpus.is_none_or(|only| only == which);
    let generate =
        |suspicious_one_in| Stream::new(&stream::Options { seed: options.seed, suspicious_one_in }).lines(events);
    if wanted(Which::Generated) {
        corpora.push(("generated", generate(500)));
    }
    if wanted(Which::Real) {
        match events::real()? {
            Some(lines) => corpora.push(("real", events::repeat(&lines, if options.quick { 1 } else { REAL_BYTES }))),
            None => report.notes.push("../shared/data/events is absent: real events are left out".into()),
        }
    }
    if wanted(Which::Matching) {
        corpora.push(("generated, one in five matching", generate(5)));
    }
    Ok(corpora)
}

fn add(
    field: &mut Vec<(Row, Box<dyn Contender>)>,
    report: &mut Report,
    engine: &Engine,
    sources: &[Source],
    alerts: bool,
) -> Result<()> {
    let mut row = Row::named(&name(engine.kind(), alerts));
    row.rules = Some(sources.len());
    let contender = match Tripline::new(engine, sources, limits(None), alerts) {
        Ok(contender) => contender,
        Err(error) => {
            let memory = ByteSize::gib(2);
            report.note(format!(
                "{} rules do not start under the default limits ({error:#}): with {memory}",
                sources.len()
            ));
            Tripline::new(engine, sources, limits(Some(memory)), alerts)?
        }
    };
    field.push((row, Box::new(contender)));
    Ok(())
}

fn name(kind: EngineKind, alerts: bool) -> String {
    let host = match kind {
        EngineKind::Native => "Tripline native",
        EngineKind::Wasm => "Tripline wasm",
    };
    format!("{host}{}", if alerts { ", alerts" } else { "" })
}

/// Rounds over all contenders.
fn measure(options: &Options, name: &str, lines: &[u8], mut field: Vec<(Row, Box<dyn Contender>)>) -> Result<Corpus> {
    let batches = events::batches(lines, BATCH);
    let count = events::lines(lines).count();
    let rounds = if options.quick { options.rounds.min(3) } else { options.rounds };
    let budget = Duration::from_secs(options.budget);
    // The first round warms up; where that alone is slow, it counts.
    for round in 0..=rounds {
        let mut base = Duration::ZERO;
        for (at, (row, contender)) in field.iter_mut().enumerate() {
            if row.spent > budget && !row.times.is_empty() {
                continue;
            }
            eprint!("\r{name}: round {round} of {rounds}, {:50}", row.title());
            let result = contender.round(&batches);
            let (time, Found { matches, rejected }) = match result {
                Ok(result) => result,
                Err(error) => {
                    row.error = Some(format!("{error:#}"));
                    row.spent = Duration::MAX;
                    row.times.push(Duration::ZERO);
                    continue;
                }
            };
            row.spent = row.spent.saturating_add(time);
            (row.matches, row.rejected) = (matches, rejected);
            if at == 0 {
                base = time;
            }
            if round > 0 || time > budget / 2 {
                row.times.push(time);
                row.ratios.push(time.as_secs_f64() / base.as_secs_f64());
            }
        }
    }
    eprint!("\r{:80}\r", "");
    let rows = field.into_iter().map(|(row, _)| row.done(count, lines.len())).collect();
    Ok(Corpus { name: name.into(), events: count, bytes: lines.len(), rows })
}

/// What it takes to start with each rule set, and to change to it.
fn starts(report: &mut Report, engines: &[Engine], sets: &[Vec<Source>]) -> Result<()> {
    let warm = Stream::new(&stream::Options::default()).lines(200);
    for engine in engines {
        for sources in sets.iter().filter(|set| !set.is_empty()) {
            eprint!("\rstart: {} with {} rules {:30}", name(engine.kind(), false), sources.len(), "");
            let Start { rules, left_out, .. } = Start::default();
            let mut row = StartRow { host: name(engine.kind(), false), rules, left_out, ..StartRow::default() };
            let tries = if sources.len() > 2_000 { 1 } else { 3 };
            let mut times = Vec::new();
            for _ in 0..tries {
                let memory = Some(ByteSize::gib(2));
                let mut tripline = Tripline::new(engine, sources, limits(memory), false)?;
                times.push(tripline.start.compile);
                (row.rules, row.left_out) = (tripline.start.rules, tripline.start.left_out);
                row.memory = tripline.start.memory;
                row.reload_ms = report::milliseconds(tripline.reload(sources, &warm)?);
            }
            times.sort();
            row.compile_ms = report::milliseconds(times[times.len() / 2]);
            if engine.kind() == EngineKind::Native {
                row.memory = native_memory(sources.len()).ok();
            }
            report.starts.push(row);
        }
    }
    eprint!("\r{:80}\r", "");
    Ok(())
}

/// Measured in a process of its own: in this one freed memory of others would hide it.
fn native_memory(rules: usize) -> Result<u64> {
    let output = Command::new(std::env::current_exe()?).args(["memory", &rules.to_string()]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// `memory`: bytes by which the process grows when it compiles so many rules natively.
pub fn memory(count: usize) -> Result<()> {
    let all = rules::elastic()?.map_or_else(rules::examples, Ok)?;
    let sources = set(count, &all)?;
    // What the first compilation of anything leaves behind is not the rule set's.
    drop(Tripline::new(&Engine::native(), &set(1, &all)?, limits(None), false)?);
    let before = resident()?;
    let tripline = Tripline::new(&Engine::native(), &sources, limits(None), false)?;
    let after = resident()?;
    drop(tripline);
    println!("{}", after.saturating_sub(before));
    Ok(())
}

fn resident() -> Result<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    Ok(pages.split(' ').nth(1).context("statm")?.parse::<u64>()? * 4096)
}
