//! `tripline explain`: why a rule matches events or does not.

pub mod paint;
mod show;
pub mod trace;
pub mod tree;

use std::io::{self, IsTerminal as _, Write};
use std::iter;

use anyhow::{Context as _, Result, bail};
use host_runner::EngineError;
use host_runner::input::{Batches, Input, too_large_message};
use rule_core::{CompileOptions, ExplainOptions, Limits, Source};

use crate::args::{ExplainArgs, ExplainOutput};
use crate::events::{Rejected, Rejections};
use crate::{Outcome, eval, output, pretty, render, setup};

pub fn run(args: &ExplainArgs) -> Result<Outcome> {
    setup::check_stdin(&args.event, args.rule.as_deref())?;
    let limits = args.limits.limits();
    let rule = setup::source(args.query.as_deref(), args.rule.as_deref(), "rule")?;
    let events = Events::read(args, &limits)?;
    let compile = CompileOptions { limits: limits.clone(), ..CompileOptions::default() };
    let deployment = args.deployment.files().read(compile)?;
    let options = ExplainOptions {
        timestamp_field: args.timestamp_field.clone(),
        event_category_field: args.event_category_field.clone(),
        mapping: setup::mapping(args.mapping.as_deref())?,
        overrides: deployment.overrides,
        value_lists: deployment.value_lists,
        indicators: deployment.indicators,
        normalisers: deployment.normalisers,
        normaliser: deployment.normaliser,
        exceptions: args
            .exceptions
            .iter()
            .map(|path| setup::source(None, Some(path), "exceptions"))
            .collect::<Result<_>>()?,
        index: args.index.clone(),
        learning_ms: args.learning.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        only: events.only.clone(),
        limits,
    };
    let files = iter::once(&rule).chain(&options.overrides).chain(&options.normalisers).chain(&options.exceptions);
    let sources: Vec<Source> = files.cloned().collect();
    let mut instance = setup::instance(&args.engine)?;
    let mut explanation = match instance.explain(&rule, &events.lines, &options) {
        Ok(explanation) => explanation,
        Err(EngineError::Query(diagnostics)) => {
            for diagnostic in &diagnostics {
                render::diagnostic(&mut anstream::stderr(), diagnostic, &sources)?;
            }
            return Ok(Outcome::Failed);
        }
        Err(error) => return Err(error.into()),
    };
    for warning in &explanation.warnings {
        render::diagnostic(&mut anstream::stderr(), warning, &sources)?;
    }
    let places: Vec<Place> = explanation.events.iter().map(|event| events.place(event.event)).collect();
    for (event, place) in explanation.events.iter_mut().zip(&places) {
        event.event = place.number - 1;
        if let Some(rejected) = &mut event.rejected {
            rejected.event = event.event;
        }
    }
    if !args.only.is_empty() {
        // Some events of a data set say nothing of its sequences.
        explanation.sequence = None;
    }
    let terminal = io::stdout().is_terminal();
    match args.output.unwrap_or(if terminal { ExplainOutput::Tree } else { ExplainOutput::Json }) {
        ExplainOutput::Json => {
            let body = serde_json::to_string(&explanation)?;
            let body = if terminal { pretty::indent(&body) } else { body };
            writeln!(io::stdout(), "{body}")?;
        }
        ExplainOutput::Tree => {
            let width = args.width.map_or_else(|| if terminal { output::width() } else { 100 }, usize::from);
            let view = show::View { width, full: args.full, chosen: !args.only.is_empty(), more: events.more };
            let mut out = io::BufWriter::new(anstream::stdout().lock());
            view.explanation(&mut out, &explanation, &places)?;
            out.flush()?;
        }
    }
    Ok(Outcome::Done)
}

/// Where an event stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    /// In the data set, counted from 1.
    number: u64,
    file: String,
    line: u64,
}

/// Bytes of events up to which those that are not explained are read too: they count for thresholds and the like.
const MOST_BESIDE: usize = 16 << 20;

/// The events to explain, and those beside them.
#[derive(Default)]
struct Events {
    lines: Vec<u8>,
    /// Of those to explain.
    places: Vec<Place>,
    /// Their ordinals among the lines; empty when they are all.
    only: Vec<u64>,
    /// Whether there are more than may be explained.
    more: bool,
}

impl Events {
    fn read(args: &ExplainArgs, limits: &Limits) -> Result<Events> {
        let mut events = Events::default();
        let last = args.only.iter().max().copied();
        let mut number = 0;
        let mut ordinal = 0;
        'inputs: for path in &args.event {
            let input = Input::from(path.as_path());
            let name = input.name();
            let reader = input.open(|raw| raw).with_context(|| format!("cannot read {name}"))?;
            for batch in Batches::new(reader, limits) {
                let batch = batch.with_context(|| format!("cannot read {name}"))?;
                let described = batch.too_large.iter().map(|event| Rejected {
                    file: name.clone(),
                    line: event.line,
                    offset: u64::from(limits.max_event_bytes),
                    message: too_large_message(event, limits.max_event_bytes),
                });
                eval::report_rejected(&Rejections { described: described.collect(), more: 0 })?;
                let lines = batch.lines.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
                for (line, at) in lines.zip(&batch.numbers) {
                    number += 1;
                    let is_chosen = args.only.is_empty() || args.only.contains(&number);
                    let is_full = events.places.len() >= limits.max_explained_events.max(1) as usize;
                    events.more |= is_chosen && is_full;
                    if !is_chosen || is_full {
                        let is_over = is_full || last.is_some_and(|last| number > last);
                        match (events.lines.len() >= MOST_BESIDE, is_over) {
                            (true, true) => break 'inputs,
                            (true, false) => continue,
                            _ => {}
                        }
                    } else {
                        events.only.push(ordinal);
                        events.places.push(Place { number, file: name.clone(), line: *at });
                    }
                    events.lines.extend_from_slice(line);
                    events.lines.push(b'\n');
                    ordinal += 1;
                }
            }
        }
        if events.places.len() as u64 == ordinal {
            events.only.clear();
        }
        if let Some(beyond) = args.only.iter().find(|only| **only > number) {
            bail!("there is no event {beyond}: the data set has {number}");
        }
        Ok(events)
    }

    fn place(&self, ordinal: u64) -> Place {
        let at = match self.only.is_empty() {
            true => usize::try_from(ordinal).ok(),
            false => self.only.binary_search(&ordinal).ok(),
        };
        at.and_then(|at| self.places.get(at)).cloned().unwrap_or_default()
    }
}
