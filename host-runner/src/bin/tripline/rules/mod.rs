//! `tripline rules`: looks at a rule set.
//!
//! What there is to tell comes from [`host_runner::ruleset`]; here it is shown.

pub mod args;
mod diff;
mod fields;
mod list;
mod navigator;
mod page;
mod paint;
mod show;

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use host_runner::rules::{self, RuleFiles};
use rule_core::inspect::Inspector;
use rule_core::{CompileOptions, CompileReport, Limits, Source};
use serde::Serialize;

use crate::{Outcome, output, setup};
use args::{Output, RulesCommand, Sub};

/// Elsewhere than on a terminal, and on a wide one, texts are broken or cut here.
const WIDEST: usize = 120;

pub fn run(args: &RulesCommand) -> Result<Outcome> {
    match &args.command {
        Sub::List(args) => list::run(args),
        Sub::Show(args) => show::run(args),
        Sub::Fields(args) => fields::run(args),
        Sub::Navigator(args) => navigator::run(args),
        Sub::Diff(args) => diff::run(args),
    }
}

/// A rule set that is looked at and not run.
struct Inspected {
    inspector: Inspector,
    report: CompileReport,
    sources: Vec<Source>,
    options: CompileOptions,
}

/// Rules as they are, without what a deployment adds.
fn inspect(paths: &[PathBuf], mapping: Option<&Path>, limits: Limits) -> Result<Inspected> {
    let files = rules::read(paths, &limits)?;
    let options = CompileOptions { mapping: setup::mapping(mapping)?, limits, ..CompileOptions::default() };
    Ok(inspect_with((files, options), 0))
}

/// Rules, and what they are compiled with. So many shapes of events are kept apart.
fn inspect_with((files, options): (RuleFiles, CompileOptions), max_shapes: usize) -> Inspected {
    let RuleFiles { sources, diagnostics } = files;
    let (inspector, mut report) = Inspector::compile(&sources, &options, max_shapes);
    report.diagnostics.splice(0..0, diagnostics);
    Inspected { inspector, report, sources, options }
}

fn is_for_people(output: Option<Output>) -> bool {
    output.map_or_else(|| io::stdout().is_terminal(), |output| output == Output::Human)
}

/// Writes a document to standard output.
fn write_json(document: &impl Serialize) -> Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, document)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// Standard output for people: colours are left out where they are not wanted.
fn people() -> io::BufWriter<anstream::AutoStream<io::StdoutLock<'static>>> {
    io::BufWriter::new(anstream::stdout().lock())
}

/// Says where errors are shown, if there are any.
fn warn_of_errors(report: &CompileReport) {
    let errors = report.diagnostics.iter().filter(|diagnostic| diagnostic.level == rule_core::Level::Error).count();
    if errors > 0 {
        let errors = if errors == 1 { "1 error".to_owned() } else { format!("{errors} errors") };
        output::warning(&format!("the rules have {errors}: `tripline check --rules …` shows them"));
    }
}

/// `1 rule`, `2 rules`
fn rules_in_words(count: usize) -> String {
    if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") }
}
