//! What a sequence or sample made of the events, key by key: what happened at which event, and what is still open.

use std::io::{self, Write};

use anstyle::Style;
use rule_core::explain::{QueryKind, Role, SequenceTrace, Term};
use rule_core::{Explanation, Pending, Step, StepKind, format_date};
use serde_json::Value;

use super::paint::{GREEN, plain, styled};
use super::show::label;
use crate::output::{BOLD, DIM, RED, YELLOW, cut};

/// Keys, and lines of a key, that are shown without `--full`.
const MOST_KEYS: usize = 10;
const MOST_LINES: usize = 12;

/// Writes the part below the events; nothing for an event query.
pub fn write(out: &mut dyn Write, explanation: &Explanation, width: usize, full: bool) -> io::Result<()> {
    let Some(trace) = &explanation.sequence else { return Ok(()) };
    let (what, each) = match explanation.query {
        QueryKind::Sample => ("sample", "samples"),
        _ => ("sequence", "sequences"),
    };
    let found = match trace.matches.len() {
        0 => styled(&format!("no {what}"), BOLD),
        1 => styled(&format!("1 {what}"), GREEN),
        count => styled(&format!("{count} {each}"), GREEN),
    };
    writeln!(out, "\n{found} {}", styled("in all events, put in order", DIM))?;
    let keys = keys(trace);
    let shown = if full { keys.len() } else { MOST_KEYS };
    for key in keys.iter().take(shown) {
        write_key(out, explanation, trace, key, (width, full))?;
    }
    let more = keys.len().saturating_sub(shown);
    if more > 0 {
        writeln!(out, "  {}", styled(&format!("{more} more keys (--full shows them)"), DIM))?;
    }
    if trace.omitted > 0 {
        let text = format!("{} more steps are left out (see --max-explained-nodes)", trace.omitted);
        writeln!(out, "  {}", styled(&text, YELLOW))?;
    }
    if trace.undated > 0 {
        let text = format!("{} events have no timestamp, and so no place in the order", trace.undated);
        writeln!(out, "  {}", styled(&text, YELLOW))?;
    }
    Ok(())
}

/// The join keys in the order in which they came up.
fn keys(trace: &SequenceTrace) -> Vec<&[Value]> {
    let all = trace.steps.iter().map(|step| &step.key).chain(trace.pending.iter().map(|pending| &pending.key));
    let mut seen = std::collections::HashSet::new();
    all.filter(|key| seen.insert(Value::from(key.to_vec()).to_string())).map(Vec::as_slice).collect()
}

fn write_key(
    out: &mut dyn Write,
    explanation: &Explanation,
    trace: &SequenceTrace,
    key: &[Value],
    (width, full): (usize, bool),
) -> io::Result<()> {
    if !key.is_empty() {
        let fields = explanation.terms.first().map(|term| term.keys.as_slice()).unwrap_or_default();
        let told: Vec<String> = key.iter().zip(fields).map(|(value, key)| format!("{} {value}", key.field)).collect();
        writeln!(out, "  {}", styled(&cut(&plain(&told.join(", ")), width.saturating_sub(2).max(20)), BOLD))?;
    }
    let steps = trace.steps.iter().filter(|step| step.key == key).map(|step| {
        let who = step.event.map_or_else(|| "later".to_owned(), |event| format!("event {}", event + 1));
        let (text, style) = tell(step, explanation);
        (who, text, style)
    });
    let open = trace.pending.iter().filter(|pending| pending.key == key);
    let open = open.map(|pending| ("open".to_owned(), waits(pending, explanation), YELLOW));
    let lines: Vec<(String, String, Style)> = steps.chain(open).collect();
    // The last say most.
    let skipped = if full { 0 } else { lines.len().saturating_sub(MOST_LINES) };
    if skipped > 0 {
        writeln!(out, "    {}", styled(&format!("{skipped} earlier steps (--full shows them)"), DIM))?;
    }
    let room = width.saturating_sub(16).max(20);
    for (who, text, style) in &lines[skipped..] {
        writeln!(out, "    {}  {}", styled(&format!("{who:<10}"), DIM), styled(&cut(text, room), *style))?;
    }
    Ok(())
}

fn tell(step: &Step, explanation: &Explanation) -> (String, Style) {
    let events = numbers(&step.events);
    let dropped = |why: &str| (format!("drops {events}: {why}"), RED);
    match step.what {
        StepKind::Started => ("starts".into(), Style::new()),
        StepKind::Advanced if explanation.query == QueryKind::Sample => (format!("collects {events}"), Style::new()),
        StepKind::Advanced => {
            (format!("goes on: {} of {} events, {events}", step.stage, positives(explanation)), Style::new())
        }
        StepKind::Waiting => (format!("has all events, {events}; waits for one that must be missing"), Style::new()),
        StepKind::Completed => (format!("matches: {events}"), GREEN),
        StepKind::Replaced => (format!("takes the place of {events}: the latest counts"), DIM),
        StepKind::Expired => dropped("maxspan has passed"),
        StepKind::Until => dropped("it is the until event"),
        StepKind::MissingBefore => dropped("an event that must be missing came before"),
        StepKind::MissingBetween => dropped("an event that must be missing came in between"),
        StepKind::MissingAfter => dropped("it must be missing"),
        StepKind::Evicted => dropped("it had to make room (see docs/limits.md)"),
    }
}

fn waits(pending: &Pending, explanation: &Explanation) -> String {
    let until = pending.until.map_or_else(String::new, |until| format!(" until {}", format_date(until, 0)));
    let events = numbers(&pending.events);
    if explanation.query == QueryKind::Sample {
        let lacks: Vec<String> = pending.lacks.iter().map(|term| format!("term {}", term + 1)).collect();
        let lacks = if lacks.is_empty() { "another event".to_owned() } else { lacks.join(", ") };
        return format!("{events}; lacks {lacks}{until}");
    }
    match next(&explanation.terms, pending.stage) {
        Some(term) => format!("{events}; waits for {term}{until}"),
        None => format!("{events}; waits for an event that must be missing{until}"),
    }
}

/// How many events a match has.
fn positives(explanation: &Explanation) -> u32 {
    explanation.terms.iter().filter(|term| term.role == Role::Term).map(|term| term.runs).sum()
}

/// The term of a stage.
fn next(terms: &[Term], stage: u16) -> Option<String> {
    let mut before = 0;
    for (at, term) in terms.iter().enumerate().filter(|(_, term)| term.role == Role::Term) {
        before += term.runs;
        if u32::from(stage) < before {
            return Some(label(term, at));
        }
    }
    None
}

/// `event 3`, `events 3, 5`
fn numbers(events: &[u64]) -> String {
    let list: Vec<String> = events.iter().map(|event| (event + 1).to_string()).collect();
    format!("{} {}", if list.len() == 1 { "event" } else { "events" }, list.join(", "))
}
