//! `tripline normalise`: raw records as the events that rules see.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, BufWriter, IsTerminal as _, Write};

use anyhow::Result;
use host_runner::rules;
use rule_core::normaliser::Want;
use rule_core::{CompileOptions, Diagnostic, Limits, Normaliser, Rejection, Source};
use serde_json::{Map, Value};

use crate::args::NormaliseArgs;
use crate::eval::report_rejected;
use crate::events::{self, Answer, Totals};
use crate::output::{BOLD, Cell, Column, Table, width};
use crate::progress::Progress;
use crate::{Outcome, output, pretty, render, setup};

pub fn run(args: &NormaliseArgs) -> Result<Outcome> {
    setup::check_stdin(&args.events, None)?;
    let limits = args.limits.limits();
    let (files, only) = args.sources.normalise.files(&args.sources.normalisers, &limits)?;
    if args.list {
        return list(&files, &limits);
    }
    let mut normaliser = match Normaliser::new(&files, only.as_deref(), limits.clone()) {
        Ok(normaliser) => normaliser,
        Err(found) => return fail(&found, &files),
    };
    let wanted = wanted(args, &files, only, &limits)?;

    let progress = Progress::new();
    let terminal = io::stdout().is_terminal();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut totals = Totals::default();
    let mut unknown = 0;
    events::for_each(&args.events, &limits, &progress, |input, batch| {
        let first = totals.evaluated;
        let mut rejections = Vec::new();
        let mut events = 0;
        for line in batch.lines.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            match normaliser.normalise(line) {
                Ok(Some(shown)) => {
                    let event = match &wanted {
                        None => shown.event,
                        Some(wanted) => only_fields(&shown.event, wanted)?,
                    };
                    let event = if terminal { pretty::indent(&event) } else { event };
                    writeln!(out, "{event}")?;
                }
                Ok(None) => unknown += 1,
                Err((offset, message)) => {
                    rejections.push(Rejection { event: first + events, offset: offset as u64, message });
                }
            }
            events += 1;
        }
        let answer = Answer { events, rejected: rejections.len() as u64, first, rejections: &rejections };
        let rejected = totals.add(input, &batch, answer, &limits);
        progress.suspend(|| report_rejected(&rejected)).map_err(Into::into)
    })?;
    progress.finish();
    out.flush()?;
    if unknown > 0 {
        output::warning(&format!("{unknown} of {} events are no records of a known source", totals.events));
    }
    Ok(Outcome::Done)
}

fn fail(found: &[Diagnostic], sources: &[Source]) -> Result<Outcome> {
    for diagnostic in found {
        render::diagnostic(&mut anstream::stderr(), diagnostic, sources)?;
    }
    Ok(Outcome::Failed)
}

/// The fields to show; none: all.
fn wanted(
    args: &NormaliseArgs,
    normalisers: &[Source],
    normaliser: Option<String>,
    limits: &Limits,
) -> Result<Option<BTreeSet<String>>> {
    if args.rules.is_empty() && args.fields.is_empty() {
        return Ok(None);
    }
    let mut wanted: BTreeSet<String> = args.fields.iter().cloned().collect();
    if !args.rules.is_empty() {
        let files = rules::read(&args.rules, limits)?;
        let normalisers = normalisers.to_vec();
        let options = CompileOptions { limits: limits.clone(), normalisers, normaliser, ..CompileOptions::default() };
        let (rules, report) = rule_core::compile(&files.sources, &options);
        render::errors(&mut anstream::stderr(), &report, &files.sources)?;
        wanted.extend(rules.fields().map(str::to_owned));
    }
    Ok(Some(wanted))
}

/// An event with some of its fields, under their dotted names.
fn only_fields(event: &str, wanted: &BTreeSet<String>) -> Result<String> {
    let event: Value = serde_json::from_str(event)?;
    let mut fields = Map::new();
    flatten("", event.get("_source").unwrap_or(&event), wanted, &mut fields);
    Ok(Value::Object(fields).to_string())
}

fn flatten(path: &str, value: &Value, wanted: &BTreeSet<String>, out: &mut Map<String, Value>) {
    if wanted.contains(path) && !value.is_object() {
        out.insert(path.to_owned(), value.clone());
    }
    if let Value::Object(members) = value {
        for (name, value) in members {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            flatten(&path, value, wanted, out);
        }
    }
}

/// The sources, a line each.
fn list(files: &[Source], limits: &Limits) -> Result<Outcome> {
    let mut out = anstream::stdout().lock();
    let columns = vec![Column("name", 26), Column("source", 36), Column("fields", 6)];
    let table = Table::new(columns, width());
    table.head(&mut out, "recognised by")?;
    let mut seen = HashSet::new();
    for source in files {
        let file = match rule_core::normaliser::read(source, limits) {
            Ok(file) => file,
            Err(found) => return fail(&found, files),
        };
        if !seen.insert(file.name.clone()) {
            continue;
        }
        let one = |(path, want): &(String, Want)| match want {
            Want::Present => path.clone(),
            Want::Missing => format!("no {path}"),
            Want::Text(texts) => format!("{path}={}", texts.join("|")),
        };
        let all = |condition: &rule_core::normaliser::Condition| {
            condition.tests.iter().map(one).collect::<Vec<_>>().join(" and ")
        };
        let recognised = file.recognise.iter().map(all).collect::<Vec<_>>().join(", or ");
        let plain = anstyle::Style::new();
        let fields = file.fields.len().to_string();
        table.row(&mut out, &[Cell(file.name, BOLD), Cell(file.title, plain), Cell(fields, plain)], &recognised)?;
    }
    Ok(Outcome::Done)
}
