//! The figures for people.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use super::hints::percent;
use super::report::{EngineRow, PredicateRow, Report, RuleRow, StageRow};
use crate::output::{BOLD, DIM, RED, YELLOW, clean, cut};

const CYAN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));
/// How wide the bar of a stage is that takes all of the time.
const BAR: usize = 24;
/// Where the last column of the lists begins.
const NAME: usize = 40;
/// However narrow the terminal is, names are not cut shorter than this.
const MIN_TEXT: usize = 24;

/// Writes a report for a terminal of that width.
pub struct Show<'a> {
    pub out: &'a mut dyn Write,
    pub width: usize,
}

impl Show<'_> {
    pub fn report(&mut self, report: &Report) -> io::Result<()> {
        self.totals(report)?;
        writeln!(self.out)?;
        self.engines(report)?;
        if let Some(stages) = &report.stages {
            self.stages(stages)?;
        }
        if let Some(rules) = &report.costliest_rules {
            self.rules(rules)?;
        }
        if let Some(predicates) = &report.costliest_predicates {
            self.predicates(predicates)?;
        }
        Ok(())
    }

    fn totals(&mut self, report: &Report) -> io::Result<()> {
        let (rules, events) = (&report.rules, &report.events);
        let failed = if rules.failed > 0 { RED } else { Style::new() };
        let rejected = if events.rejected > 0 { YELLOW } else { Style::new() };
        writeln!(
            self.out,
            "{} rules, {} skipped, {failed}{} failed{failed:#}; {} events, {:.1} MB, {rejected}{} rejected{rejected:#}",
            grouped(rules.compiled as f64),
            grouped(rules.skipped as f64),
            grouped(rules.failed as f64),
            grouped(events.count as f64),
            events.bytes as f64 / 1e6,
            grouped(events.rejected as f64),
        )
    }

    fn engines(&mut self, report: &Report) -> io::Result<()> {
        writeln!(
            self.out,
            "{DIM}{:8}{:>12}{:>9}{:>11}{:>11}{:>9}{:>11}{:>11}{:>10}{DIM:#}",
            "ENGINE", "EVENTS/S", "MB/S", "ns/EVENT", "BEST", "PASSES", "COMPILE", "MEMORY", "MATCHES"
        )?;
        for row in &report.engines {
            let EngineRow { engine, passes, compile_ms, memory_bytes, matches, .. } = row;
            let memory = memory_bytes.map_or_else(|| "-".into(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6));
            writeln!(
                self.out,
                "{engine:8}{BOLD}{:>12}{BOLD:#}{:>9.1}{:>11}{:>11}{passes:>9}{:>11}{memory:>11}{:>10}",
                grouped(row.events_per_second),
                row.mb_per_second,
                grouped(row.ns_per_event),
                grouped(row.best_ns_per_event),
                format!("{compile_ms:.1} ms"),
                grouped(*matches as f64),
            )?;
        }
        if let [native, wasm] = report.engines.as_slice() {
            let ratio = wasm.ns_per_event / native.ns_per_event.max(1e-9);
            let matches = if report.engines_agree == Some(true) { "; both find the same matches" } else { "" };
            writeln!(
                self.out,
                "{DIM}{} takes {ratio:.2} times as long as {}{matches}{DIM:#}",
                wasm.engine, native.engine
            )?;
        }
        Ok(())
    }

    fn stages(&mut self, stages: &[StageRow]) -> io::Result<()> {
        let total: f64 = stages.iter().map(|row| row.ns_per_event).sum();
        let best = format!("natively, {} ns per event in the best pass", grouped(total));
        writeln!(self.out, "\n{BOLD}WHERE THE TIME GOES{BOLD:#}  {DIM}{best}{DIM:#}")?;
        for StageRow { stage, ns_per_event, share, what } in stages {
            let bar = bar(*share);
            let pad = " ".repeat(BAR.saturating_sub(bar.width()));
            let what = cut(what, self.width.saturating_sub(34 + BAR).max(MIN_TEXT));
            writeln!(
                self.out,
                "{stage:10}{:>10} ns{:>7}  {CYAN}{bar}{CYAN:#}{pad}  {DIM}{what}{DIM:#}",
                grouped(*ns_per_event),
                percent(*share),
            )?;
        }
        Ok(())
    }

    fn rules(&mut self, rules: &[RuleRow]) -> io::Result<()> {
        self.head("COSTLIEST RULES", "EVALUATED", "MATCHES", "RULE")?;
        if rules.is_empty() {
            return self.note("no rule was evaluated: the index found none for any of the events", DIM);
        }
        for row in rules {
            self.figures(row.ns_per_event, row.share, row.evaluated, row.matches, &row.name)?;
            if row.path != row.name {
                self.note(&row.path, DIM)?;
            }
            self.note(&format!("found by {}", row.reached_by), DIM)?;
            let held = grouped(row.held as f64);
            let sequences = (row.sequences_ns, format!("the {held} events that its terms took in"));
            let alerts = (row.alerts_ns, "its alerts".to_owned());
            for (time, what) in [sequences, alerts].into_iter().filter(|(time, _)| *time * 10.0 > row.ns_per_event) {
                self.note(&format!("about {} of this is for {what}", percent(time / row.ns_per_event)), DIM)?;
            }
            self.hint(row.hint.as_deref())?;
        }
        Ok(())
    }

    fn predicates(&mut self, predicates: &[PredicateRow]) -> io::Result<()> {
        self.head("COSTLIEST PREDICATES", "ANSWERED", "TRUE", "PREDICATE")?;
        if predicates.is_empty() {
            return self.note("no predicate was asked but those that the index answers", DIM);
        }
        for row in predicates {
            self.figures(row.ns_per_event, row.share, row.answered, row.held, &row.text)?;
            let used = match row.rules.as_slice() {
                [] => continue,
                [one] => format!("in {one}"),
                [first, rest @ ..] => format!("in {first} and {} more rules", rest.len()),
            };
            self.note(&used, DIM)?;
            self.hint(row.hint.as_deref())?;
        }
        Ok(())
    }

    fn head(&mut self, title: &str, third: &str, fourth: &str, last: &str) -> io::Result<()> {
        writeln!(self.out, "\n{BOLD}{title}{BOLD:#}")?;
        writeln!(self.out, "{DIM}{:>9}{:>8}{third:>11}{fourth:>10}  {last}{DIM:#}", "ns/EVENT", "SHARE")
    }

    fn figures(&mut self, time: f64, share: f64, third: u64, fourth: u64, last: &str) -> io::Result<()> {
        // Of little each tenth counts.
        let time = if time < 99.95 { format!("{time:.1}") } else { grouped(time) };
        let (third, fourth) = (grouped(third as f64), grouped(fourth as f64));
        let last = self.fit(last);
        writeln!(self.out, "{time:>9}{:>8}{third:>11}{fourth:>10}  {BOLD}{last}{BOLD:#}", percent(share))
    }

    fn hint(&mut self, hint: Option<&str>) -> io::Result<()> {
        hint.map_or(Ok(()), |hint| self.note(&format!("↳ {hint}"), CYAN))
    }

    fn note(&mut self, text: &str, style: Style) -> io::Result<()> {
        let text = self.fit(text);
        writeln!(self.out, "{:NAME$}{style}{text}{style:#}", "")
    }

    /// One line of text from rules, for the last column.
    fn fit(&self, text: &str) -> String {
        cut(&clean(&text.replace(['\n', '\t'], " ")), self.width.saturating_sub(NAME).max(MIN_TEXT))
    }
}

/// A bar of eighths of a character.
fn bar(share: f64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * (BAR * 8) as f64).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8])
}

/// A whole number with commas: `12,345`.
fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        assert_eq!([0.4, 999.0, 1000.0, 1234567.8].map(grouped), ["0", "999", "1,000", "1,234,568"]);
    }

    #[test]
    fn bars_are_as_long_as_shares() {
        assert_eq!(bar(0.0), "");
        assert_eq!(bar(1.0 / 48.0), "▌");
        assert_eq!(bar(0.5).width(), BAR / 2);
        assert_eq!(bar(7.0).width(), BAR);
    }
}
