//! Diagnostics for people, and totals.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rule_core::{CompileReport, Diagnostic, Level, RuleStatus, Source};

/// Writes one diagnostic with an excerpt of its file.
pub fn diagnostic(out: &mut dyn Write, diagnostic: &Diagnostic, sources: &[Source]) -> io::Result<()> {
    let text = sources.iter().find(|source| source.path == diagnostic.path).map_or("", |source| &source.text);
    // The stream strips colour where it is not wanted.
    writeln!(out, "{}", rule_core::render(diagnostic, text, true).trim_end())
}

/// Writes all errors of a report. Warnings are for `check`; most of them say that a rule is skipped.
pub fn errors(out: &mut dyn Write, report: &CompileReport, sources: &[Source]) -> io::Result<()> {
    for error in report.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error) {
        diagnostic(out, error, sources)?;
        writeln!(out)?;
    }
    omitted(out, report)
}

/// Writes how many diagnostics a limit left out.
pub fn omitted(out: &mut dyn Write, report: &CompileReport) -> io::Result<()> {
    match report.diagnostics_omitted {
        0 => Ok(()),
        count => writeln!(out, "and {count} more (see --max-diagnostics)"),
    }
}

/// Writes what became of the rules.
pub fn totals(out: &mut dyn Write, report: &CompileReport) -> io::Result<()> {
    let (compiled, skipped, failed) = report.totals();
    let bad = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let good = Style::new().bold().fg_color(Some(AnsiColor::Green.into()));
    let failed_style = if failed > 0 { bad } else { Style::new() };
    writeln!(
        out,
        "{} rules: {good}{compiled} compiled{good:#}, {skipped} skipped, {failed_style}{failed} failed{failed_style:#}",
        report.rules.len()
    )?;
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in &report.rules {
        if let RuleStatus::Skipped { reason } = &rule.status {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (reason, count) in reasons {
        writeln!(out, "{count:>7} skipped: {reason}")?;
    }
    Ok(())
}
