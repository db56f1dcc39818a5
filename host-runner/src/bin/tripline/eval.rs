//! `tripline eval`: rules over events.

use std::io::{self, IsTerminal as _, Write};
use std::time::{Duration, Instant};

use anstyle::Style;
use anyhow::{Context as _, Result};
use rule_core::{Advance, CompileReport, Match, RuleInfo, RuleStatus, SequenceStatus, SessionOptions};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::args::{EvalArgs, EvalOutput};
use crate::events::{self, Answer, Rejected, Rejections, Totals};
use crate::output::{self, Cell, Column, Table};
use crate::progress::Progress;
use crate::setup::{self, Compiled};
use crate::{Outcome, render};

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

    let options = SessionOptions {
        alerts: true,
        notes: args.notes,
        lateness_ms: args.lateness.map(|lateness| u64::try_from(lateness.as_millis()).unwrap_or(u64::MAX)),
        hash_seed: Some(host_runner::hash_seed()),
    };
    let session = instance.open(rules, &options)?;
    let progress = Progress::new();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut table = (output == EvalOutput::Table).then(|| AlertTable::new(&report));
    let mut totals = Totals::default();
    let (mut matches, mut rejections, mut alerts) = (Vec::new(), Vec::new(), String::new());
    let mut count = 0u64;
    let mut sequences = Sequences::default();
    let started = Instant::now();

    events::for_each(&args.events.events, &limits, &progress, |input, batch| {
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
        count += outcome.matches.len() as u64;
        sequences.add(outcome.sequences);
        progress.suspend(|| -> Result<()> {
            report_rejected(&rejected)?;
            match &mut table {
                Some(table) => table.rows(&outcome.alerts)?,
                None if output == EvalOutput::Ndjson => {
                    out.write_all(outcome.alerts.as_bytes())?;
                    out.flush()?;
                }
                None => {
                    alerts.push_str(&outcome.alerts);
                    matches.extend(outcome.matches);
                    rejections.extend(rejected.described);
                }
            }
            Ok(())
        })
    })?;
    progress.finish();
    // The events are all there: what was held back or waited for an event that did not come is decided.
    let outcome = instance.advance(session, Advance::Finish).context("evaluation stopped at the end")?;
    count += outcome.matches.len() as u64;
    sequences.add(outcome.sequences);
    match &mut table {
        Some(table) => table.rows(&outcome.alerts)?,
        None if output == EvalOutput::Ndjson => {
            out.write_all(outcome.alerts.as_bytes())?;
            out.flush()?;
        }
        None => {
            alerts.push_str(&outcome.alerts);
            matches.extend(outcome.matches);
        }
    }
    sequences.warn();

    let summary = summary(&totals, count, &report, started.elapsed());
    match output {
        EvalOutput::Table => writeln!(anstream::stdout(), "{summary}")?,
        EvalOutput::Ndjson => writeln!(anstream::stderr(), "{summary}")?,
        EvalOutput::Json => {
            let alerts = alerts.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
            let document = Document {
                report: &report,
                events: totals.events,
                matches: &matches,
                alerts,
                rejected: totals.rejected,
                rejections: &rejections,
            };
            serde_json::to_writer_pretty(&mut out, &document)?;
            writeln!(out)?;
            out.flush()?;
            writeln!(anstream::stderr(), "{summary}")?;
        }
    }
    Ok(if report.has_errors() { Outcome::Failed } else { Outcome::Done })
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

/// Alerts as rows; the head comes with the first.
struct AlertTable {
    table: Table,
    headed: bool,
}

impl AlertTable {
    fn new(report: &CompileReport) -> Self {
        let names = report.rules.iter().filter(|rule| matches!(rule.status, RuleStatus::Compiled { .. }));
        let longest = names.map(|rule| name(&rule.rule).chars().count()).max().unwrap_or(0);
        let width = output::width();
        let wide = width >= 110;
        let mut columns = vec![
            Column("TIME", 20),
            Column("SEVERITY", 8),
            Column("RULE", longest.clamp(4, if wide { 44 } else { 26 })),
        ];
        if wide {
            columns.push(Column("HOST", 16));
        }
        AlertTable { table: Table::new(columns, width), headed: false }
    }

    fn rows(&mut self, alerts: &str) -> Result<()> {
        let mut out = anstream::stdout().lock();
        for line in alerts.lines() {
            let alert = read_alert(line).context("an alert is not JSON")?;
            // The events of a sequence: their own rows would say it all twice.
            if output::field(&alert, "kibana.alert.group.index").is_some() {
                continue;
            }
            if !std::mem::replace(&mut self.headed, true) {
                self.table.head(&mut out, "WHAT HAPPENED")?;
            }
            let get = |path| output::field(&alert, path).unwrap_or_default();
            let severity = get("kibana.alert.severity");
            let style = output::severity_style(&severity);
            let plain = |text: String| Cell(text, Style::new());
            let cells =
                [plain(time(&alert)), Cell(severity, style), plain(get("kibana.alert.rule.name")), plain(host(&alert))];
            self.table.row(&mut out, &cells, &output::what_happened(&alert))?;
        }
        Ok(())
    }
}

fn name(rule: &RuleInfo) -> &str {
    if rule.name.is_empty() { &rule.id } else { &rule.name }
}

/// When it happened, to the second.
pub fn time(event: &Value) -> String {
    let time = output::field(event, "kibana.alert.original_time").or_else(|| output::field(event, "@timestamp"));
    let Some(time) = time else { return "-".into() };
    match time.split_once('.') {
        Some((seconds, fraction)) if time.contains('T') => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{seconds}{zone}")
        }
        _ => time,
    }
}

pub fn host(event: &Value) -> String {
    ["host.name", "host.hostname", "agent.name", "host.id"]
        .iter()
        .find_map(|path| output::field(event, path))
        .unwrap_or_else(|| "-".into())
}

/// An alert as a document; of one with an event nested too deeply to be read, only what the rule says.
fn read_alert(line: &str) -> serde_json::Result<Value> {
    let whole = serde_json::from_str(line);
    match (whole, line.rfind(r#","kibana.alert.uuid":"#)) {
        (Err(_), Some(at)) => serde_json::from_str(&format!("{{{}", &line[at + 1..])),
        (whole, _) => whole,
    }
}
