//! `tripline eval`: rules over events.

use std::io::{self, IsTerminal as _, Write};
use std::time::{Duration, Instant};

use anstyle::Style;
use anyhow::{Context as _, Result};
use host_runner::Instance;
use host_runner::input::{Batch, Input};
use host_runner::ocsf;
use rule_core::{Advance, CompileReport, Match, SequenceStatus, SessionOptions};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::alerts::AlertTable;
use crate::args::{EvalArgs, EvalOutput};
use crate::events::{self, Answer, Next, Rejected, Rejections, Totals};
use crate::progress::Progress;
use crate::setup::{self, Compiled};
use crate::{Outcome, output, render};

/// `--output json`.
#[derive(Serialize)]
struct Document<'a> {
    report: &'a CompileReport,
    events: u64,
    matches: &'a [Match],
    alerts: Vec<&'a RawValue>,
    rejected: u64,
    rejections: &'a [Rejected],
}

pub fn run(args: &EvalArgs) -> Result<Outcome> {
    setup::check_stdin(&args.events.events, None)?;
    let output = args.output.unwrap_or(match io::stdout().is_terminal() {
        true => EvalOutput::Table,
        false => EvalOutput::Ndjson,
    });
    let limits = args.limits.limits();
    let Compiled { mut instance, rules, report, sources } = setup::compile(&args.rules, &args.engine, limits.clone())?;
    render::errors(&mut anstream::stderr(), &report, &sources)?;
    drop(sources);
    setup::warn_of_missing_indicators(&args.rules, &report);

    let options = SessionOptions {
        index: args.index.clone(),
        alerts: true,
        notes: args.notes,
        lateness_ms: args.lateness.map(milliseconds),
        hash_seed: Some(host_runner::hash_seed()),
        ..SessionOptions::default()
    };
    let session = instance.open(rules, &options)?;
    let progress = Progress::new();
    let mut results = Results::new(output, &report);
    let mut totals = Totals::default();
    let started = Instant::now();

    let files = &args.events.events;
    let mut batch = |instance: &mut dyn Instance, results: &mut Results, input: &Input, batch: Batch| {
        let outcome = instance
            .evaluate(session, &batch.lines)
            .with_context(|| format!("{}:{}: evaluation stopped", input.name(), batch.first_line()))?;
        let answer = Answer {
            events: outcome.events,
            rejected: outcome.rejected,
            first: outcome.first,
            rejections: &outcome.rejections,
        };
        let rejected = totals.add(input, &batch, answer, &limits);
        progress.suspend(|| {
            report_rejected(&rejected)?;
            results.rejections(rejected);
            results.take(outcome)
        })
    };
    match args.lateness {
        // Everything is held until the end: time that passes decides nothing.
        None => events::for_each(files, &limits, &progress, |input, events| {
            batch(&mut *instance, &mut results, input, events)
        })?,
        Some(_) => events::for_each_live(files, &limits, &progress, |next| match next {
            Next::Batch(input, events) => batch(&mut *instance, &mut results, input, events),
            Next::Idle(time) if results.waits => {
                let outcome = instance.advance(session, Advance::Idle(milliseconds(time)));
                let outcome = outcome.context("evaluation stopped while there were no events")?;
                progress.suspend(|| results.take(outcome))
            }
            Next::Idle(_) => Ok(()),
        })?,
    }
    progress.finish();
    // The events are all there: what was held back or waited for an event that did not come is decided.
    results.take(instance.advance(session, Advance::Finish).context("evaluation stopped at the end")?)?;
    results.sequences.warn();

    let summary = summary(&totals, results.count, &report, started.elapsed());
    match output {
        EvalOutput::Table => writeln!(anstream::stdout(), "{summary}")?,
        EvalOutput::Ndjson | EvalOutput::Ocsf => writeln!(anstream::stderr(), "{summary}")?,
        EvalOutput::Json => {
            results.document(&report, &totals)?;
            writeln!(anstream::stderr(), "{summary}")?;
        }
    }
    Ok(if report.has_errors() { Outcome::Failed } else { Outcome::Done })
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What was found, printed as it comes or kept for the document.
struct Results {
    output: EvalOutput,
    table: AlertTable,
    /// Matches so far.
    count: u64,
    sequences: Sequences,
    /// Whether events or partial matches wait for time to pass.
    waits: bool,
    matches: Vec<Match>,
    alerts: String,
    rejections: Vec<Rejected>,
}

impl Results {
    fn new(output: EvalOutput, report: &CompileReport) -> Self {
        Results {
            output,
            table: AlertTable::new(report),
            count: 0,
            sequences: Sequences::default(),
            waits: false,
            matches: Vec::new(),
            alerts: String::new(),
            rejections: Vec::new(),
        }
    }

    fn take(&mut self, outcome: rule_core::Outcome) -> Result<()> {
        self.count += outcome.matches.len() as u64;
        self.sequences.add(outcome.sequences);
        self.waits =
            outcome.sequences.is_some_and(|status| status.held + status.join_keys + status.partial_matches > 0);
        match self.output {
            EvalOutput::Table => self.table.rows(&outcome.alerts, &outcome.matches)?,
            EvalOutput::Ndjson => print(&outcome.alerts)?,
            EvalOutput::Ocsf => print(&ocsf::findings(&outcome.alerts, None).context("an alert is not JSON")?)?,
            EvalOutput::Json => {
                self.alerts.push_str(&outcome.alerts);
                self.matches.extend(outcome.matches);
            }
        }
        Ok(())
    }

    fn rejections(&mut self, rejected: Rejections) {
        if self.output == EvalOutput::Json {
            self.rejections.extend(rejected.described);
        }
    }

    fn document(&self, report: &CompileReport, totals: &Totals) -> Result<()> {
        let document = Document {
            report,
            events: totals.events,
            matches: &self.matches,
            alerts: self.alerts.lines().map(serde_json::from_str).collect::<Result<_, _>>()?,
            rejected: totals.rejected,
            rejections: &self.rejections,
        };
        let mut out = io::BufWriter::new(io::stdout().lock());
        serde_json::to_writer_pretty(&mut out, &document)?;
        writeln!(out)?;
        out.flush()?;
        Ok(())
    }
}

/// Prints whole lines at once.
fn print(lines: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(lines.as_bytes())?;
    out.flush()
}

/// Says on standard error which events were rejected, and why.
pub fn report_rejected(rejected: &Rejections) -> io::Result<()> {
    let mut out = anstream::stderr().lock();
    for Rejected { file, line, offset, message } in &rejected.described {
        writeln!(out, "{}:{line}: {offset}: {}", output::clean(file), output::clean(message))?;
    }
    match rejected.more {
        0 => Ok(()),
        more => writeln!(out, "and {more} more events near these (see --max-rejections)"),
    }
}

/// What sequences and samples lost over all batches.
#[derive(Debug, Default)]
struct Sequences {
    late: u64,
    undated: u64,
    evicted: u64,
}

impl Sequences {
    fn add(&mut self, status: Option<SequenceStatus>) {
        let status = status.unwrap_or_default();
        self.late += status.late;
        self.undated += status.undated;
        self.evicted += status.evicted_keys + status.evicted_partials;
    }

    fn warn(&self) {
        let Sequences { late, undated, evicted } = self;
        if *late > 0 {
            output::warning(&format!(
                "{late} events came too late for their place in a sequence; --lateness or --max-held-bytes lets them come later"
            ));
        }
        if *undated > 0 {
            output::warning(&format!("{undated} events have no timestamp and are left out of sequences"));
        }
        if *evicted > 0 {
            output::warning(&format!(
                "{evicted} partial matches or join keys were dropped for lack of room (see --max-join-keys, \
                 --max-partial-matches, --max-state-bytes)"
            ));
        }
    }
}

fn summary(totals: &Totals, matches: u64, report: &CompileReport, took: Duration) -> String {
    let (compiled, skipped, failed) = report.totals();
    let rate = totals.bytes as f64 / 1e6 / took.as_secs_f64().max(1e-6);
    let style = if totals.rejected > 0 { output::YELLOW } else { Style::new() };
    let failed_style = if report.has_errors() { output::RED } else { Style::new() };
    format!(
        "{} events, {matches} matches, {style}{} rejected{style:#}; {compiled} rules, {skipped} skipped, \
         {failed_style}{failed} failed{failed_style:#}; {rate:.1} MB/s",
        totals.events, totals.rejected
    )
}
