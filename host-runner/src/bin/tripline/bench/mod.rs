//! `tripline bench`: how fast rules run on events, and which cost most.
//!
//! | file | what it does |
//! |---|---|
//! | `data` | reads events into memory |
//! | `measure` | goes over them, by engine and stage, and takes the time |
//! | `split` | what stages, rules and predicates have of that time |
//! | `hints` | why, and what could be done about it |
//! | `report`, `show` | the figures as data, and for people |

mod data;
pub mod hints;
mod measure;
mod report;
mod show;
mod split;

use std::io::{self, IsTerminal as _, Write};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use host_runner::rules::RuleFiles;
use host_runner::{EngineError, EngineKind};
use rule_core::profile::Profiler;
use rule_core::{CompileReport, SessionOptions};

use crate::args::{BenchArgs, BenchOutput};
use crate::{Outcome, output, render, setup};
use data::Data;
use measure::{Bench, Found, Hosted, Step, Times, name};
use report::{Disagreement, EngineRow, EventTotals, Report, RuleTotals};
use split::{Costs, Split};

/// Elsewhere than on a terminal, and on a wide one, texts are cut here. The document has all of them.
const WIDEST: usize = 160;

pub fn run(args: &BenchArgs) -> Result<Outcome> {
    bench(args).map_err(with_advice)
}

/// What to do about a limit.
fn with_advice(error: anyhow::Error) -> anyhow::Error {
    let advice = match error.downcast_ref::<EngineError>() {
        Some(EngineError::Memory { .. }) => "raise --memory-limit",
        Some(EngineError::Deadline { .. }) => "raise --deadline, or --compile-deadline if it was compiling",
        _ => return error,
    };
    error.context(format!("the sandbox needs more: {advice}, or leave it out with --engine native"))
}

fn bench(args: &BenchArgs) -> Result<Outcome> {
    setup::check_stdin(&args.events.events, None)?;
    let limits = args.limits.limits();
    let (RuleFiles { sources, diagnostics }, options) = setup::read(&args.rules, limits.clone())?;

    let mut compiled = None;
    let mut engines = Vec::new();
    for kind in args.engines.kinds() {
        let mut instance = setup::instance_of(*kind, &args.engines.sandbox)?;
        let started = Instant::now();
        let (rules, report) = instance.compile(&sources, &options).context("cannot compile the rules")?;
        engines.push(Hosted { kind: *kind, instance, rules, compile: started.elapsed() });
        compiled.get_or_insert(report);
    }
    let mut report = compiled.unwrap_or_default();
    report.diagnostics.splice(0..0, diagnostics);
    render::errors(&mut anstream::stderr(), &report, &setup::shown(&sources, &options))?;
    let rules = split::compiled(&report).count();
    if rules == 0 {
        let hint = "`tripline check --rules …` tells what became of each";
        output::error(&anyhow!(
            "none of the {} rules compiled, so that there is nothing to measure: {hint}",
            report.rules.len()
        ));
        return Ok(Outcome::Failed);
    }

    let data = Data::read(&args.events.events, &limits, args.max_input.as_u64())?;
    let native = args.engines.kinds().iter().position(|kind| *kind == EngineKind::Native);
    let mut bench = Bench {
        data: &data,
        found: engines.iter().map(|_| Found::new(rules)).collect(),
        engines,
        profiler: native.map(|_| Profiler::compile(&sources, &options).0),
        options: SessionOptions {
            index: None,
            alerts: true,
            notes: false,
            lateness_ms: args.lateness.map(|lateness| u64::try_from(lateness.as_millis()).unwrap_or(u64::MAX)),
            hash_seed: Some(host_runner::hash_seed()),
            ..SessionOptions::default()
        },
    };
    let parts = bench.engines.len() as u32 + u32::from(native.is_some());
    let measured = bench.measure(args.seconds * parts)?;
    let report = document(&mut bench, &measured, native, &report, args);
    warn(&report);

    let output = args.output.unwrap_or(match io::stdout().is_terminal() {
        true => BenchOutput::Human,
        false => BenchOutput::Json,
    });
    match output {
        BenchOutput::Human => {
            let mut out = io::BufWriter::new(anstream::stdout().lock());
            show::Show { out: &mut out, width: output::width().min(WIDEST) }.report(&report)?;
            out.flush()?;
        }
        BenchOutput::Json => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            serde_json::to_writer_pretty(&mut out, &report)?;
            writeln!(out)?;
            out.flush()?;
        }
    }
    let failed = report.rules.failed > 0 || report.engines_agree == Some(false);
    Ok(if failed { Outcome::Failed } else { Outcome::Done })
}

/// All that there is to say.
fn document(
    bench: &mut Bench<'_>,
    measured: &[(Step, Times)],
    native: Option<usize>,
    compiled: &CompileReport,
    args: &BenchArgs,
) -> Report {
    let data = bench.data;
    let (mut stages, mut costliest_rules, mut costliest_predicates) = (None, None, None);
    if let (Some(native), Some(profiler)) = (native, &mut bench.profiler) {
        let split = Split::new(measured);
        let passes = split::observe(profiler, data, args.seconds.min(Duration::from_secs(1)));
        let costs = Costs { split, profile: &profiler.profile(), passes, events: data.events };
        stages = Some(split.rows(data.events));
        costliest_rules = Some(costs.rules(compiled, &bench.found[native], args.top));
        costliest_predicates = Some(costs.predicates(profiler, compiled, args.top));
    }
    let (rules, skipped, failed) = compiled.totals();
    let disagreements = disagreements(bench, compiled);
    Report {
        version: host_runner::VERSION,
        module_sha256: host_runner::module_sha256(),
        rules: RuleTotals { compiled: rules, skipped, failed },
        events: EventTotals {
            count: data.events,
            bytes: data.bytes,
            rejected: bench.found.first().map_or(0, |found| found.rejected),
            too_large: data.too_large,
            cut: data.is_cut,
        },
        engines: engines(bench, measured),
        engines_agree: (bench.engines.len() > 1).then_some(disagreements.is_empty()),
        disagreements,
        stages,
        costliest_rules,
        costliest_predicates,
    }
}

fn engines(bench: &Bench<'_>, measured: &[(Step, Times)]) -> Vec<EngineRow> {
    let events = bench.data.events as f64;
    let row = |(step, times): &(Step, Times)| {
        let Step::Whole(number) = *step else { return None };
        let Hosted { kind, instance, compile, .. } = &bench.engines[number];
        let pass = times.median().max(1.0);
        Some(EngineRow {
            engine: name(*kind),
            events_per_second: events / pass * 1e9,
            mb_per_second: bench.data.bytes as f64 / pass * 1e3,
            ns_per_event: pass / events,
            best_ns_per_event: times.best() / events,
            passes: times.0.len(),
            compile_ms: compile.as_secs_f64() * 1e3,
            matches: bench.found[number].matches.iter().sum(),
            memory_bytes: instance.memory(),
        })
    };
    measured.iter().filter_map(row).collect()
}

/// The rules of which the engines found different numbers of matches.
fn disagreements(bench: &Bench<'_>, compiled: &CompileReport) -> Vec<Disagreement> {
    let [native, wasm] = bench.found.as_slice() else { return Vec::new() };
    let matches = native.matches.iter().zip(&wasm.matches);
    let rules = split::compiled(compiled).zip(matches).filter(|(_, (native, wasm))| native != wasm);
    rules
        .map(|(rule, (native, wasm))| Disagreement { rule: split::name(rule).to_owned(), native: *native, wasm: *wasm })
        .collect()
}

/// What makes the figures say less than they seem to.
fn warn(report: &Report) {
    for Disagreement { rule, native, wasm } in &report.disagreements {
        output::warning(&format!(
            "{rule}: {native} matches natively, {wasm} in the sandbox; they must be the same: this is a fault in tripline"
        ));
    }
    let events = &report.events;
    if events.rejected > 0 {
        let (rejected, count) = (events.rejected, events.count);
        output::warning(&format!("{rejected} of {count} events were rejected; `tripline eval` says why"));
    }
    if events.too_large > 0 {
        output::warning(&format!(
            "{} events are too large and were left out (see --max-event-bytes)",
            events.too_large
        ));
    }
    if events.cut {
        output::warning(&format!("only the first {} events were read; --max-input lets in more", events.count));
    }
    if cfg!(debug_assertions) {
        output::warning(
            "this is a debug build, whose figures say little: `cargo xtask build --release` makes a fast one",
        );
    }
}
