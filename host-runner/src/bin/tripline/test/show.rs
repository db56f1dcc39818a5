//! What became of tests, for people: little when all is well, everything about what is not.

use std::io::{self, Write};

use host_runner::testing::expect::{Failure, FailureKind};
use host_runner::testing::{FileReport, Report, TestReport};
use rule_core::explain::{ExplainedEvent, QueryKind};

use crate::explain::paint::{self, GREEN, plain, styled, wrap};
use crate::explain::{trace, tree};
use crate::output::{BOLD, DIM, RED, YELLOW};
use crate::render;

/// Rule files without tests that are named; the rest are counted.
const MOST_UNTESTED: usize = 5;

/// How reports are shown.
pub struct View {
    pub width: usize,
    /// Say nothing of files of which no test was run.
    pub quiet: bool,
}

impl View {
    /// A line for the file, and what failed.
    pub fn file(&self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        let count = file.tests.len();
        if self.quiet && count == 0 && file.error.is_none() {
            return Ok(());
        }
        let (path, failed) = (plain(&file.path), count - file.passed());
        let tests = if count == 1 { "test" } else { "tests" };
        match (&file.error, failed) {
            (None, 0) => {
                let said = styled(&format!("{count} {tests}"), DIM);
                writeln!(out, "{} {path}  {said}", styled("✓", GREEN))?;
            }
            (None, _) => {
                let said = styled(&format!("{failed} of {count} {tests} failed"), RED);
                writeln!(out, "{} {path}  {said}", styled("✗", RED))?;
            }
            (Some(error), _) => {
                let place = match (error.line, error.column) {
                    (0, _) => path,
                    (line, column) => format!("{path}:{line}:{column}"),
                };
                writeln!(out, "{} {place}  {}", styled("✗", RED), styled("cannot be run", RED))?;
                self.lines(out, 2, &error.message)?;
                let sources: Vec<_> = file.source.iter().cloned().collect();
                for diagnostic in &error.diagnostics {
                    render::diagnostic(out, diagnostic, &sources)?;
                }
            }
        }
        for test in file.tests.iter().filter(|test| !test.passed()) {
            writeln!(out)?;
            self.test(out, file, test)?;
        }
        if failed > 0 || file.error.is_some() {
            writeln!(out)?;
        }
        Ok(())
    }

    fn test(&self, out: &mut dyn Write, file: &FileReport, test: &TestReport) -> io::Result<()> {
        let rule = file.rule.as_ref().map_or("", |rule| rule.name.as_str());
        let place = format!("{}:{}", plain(&file.path), test.line);
        writeln!(out, "  {} {}  {}", styled("✗", RED), styled(&plain(&test.name), BOLD), styled(&plain(rule), DIM))?;
        writeln!(out, "    {}", styled(&place, DIM))?;
        let (fields, others): (Vec<_>, Vec<_>) = test.failures.iter().partition(|failure| failure.alert.is_some());
        for failure in others {
            self.lines(out, 4, &failure.message)?;
        }
        if test.failures.iter().any(|failure| failure.kind == FailureKind::Unexpected) {
            for alert in &test.alerts {
                self.lines(out, 4, &format!("alert: {alert}"))?;
            }
        }
        diff(out, &fields)?;
        self.why(out, test)?;
        for note in &test.notes {
            writeln!(out, "    {}", styled(&format!("note: {note}"), YELLOW))?;
        }
        Ok(())
    }

    /// Why the rule did what it did.
    fn why(&self, out: &mut dyn Write, test: &TestReport) -> io::Result<()> {
        let Some(explanation) = &test.explanation else { return Ok(()) };
        for (at, why) in test.why.iter().enumerate() {
            let far = match why.distance {
                Some(distance @ 2..) => format!(" ({distance} tests from a match)"),
                _ => String::new(),
            };
            let event = styled(&format!("event {}", why.event), BOLD);
            let term = why.term.map_or_else(String::new, |term| format!(", term {term}"));
            let line = styled(&format!("(line {}){term}", why.line), DIM);
            let reason = wrap(&plain(&format!("{}{far}", why.reason)), self.width.saturating_sub(6).max(20));
            writeln!(out, "    {event} {line}")?;
            for line in &reason {
                writeln!(out, "      {line}")?;
            }
            let found = explanation.events.iter().find(|event| event.event + 1 == why.event);
            // The tree of the most telling event only: more would hide it.
            if let (0, Some(event), QueryKind::Event) = (at, found, explanation.query) {
                self.tree(out, event)?;
            }
        }
        if !test.why.is_empty() && explanation.query != QueryKind::Event {
            let mut text = Vec::new();
            trace::write(&mut text, explanation, self.width.saturating_sub(4), false)?;
            for line in String::from_utf8_lossy(&text).lines().filter(|line| !line.is_empty()) {
                writeln!(out, "    {line}")?;
            }
        }
        Ok(())
    }

    fn tree(&self, out: &mut dyn Write, event: &ExplainedEvent) -> io::Result<()> {
        let Some(verdict) = event.terms.first() else { return Ok(()) };
        // Of an event that something else holds back, the query is not what somebody looks for.
        let held = event.held_by().filter(|_| verdict.matched).map(|gate| gate.tree.as_ref());
        let Some(tree) = held.unwrap_or(Some(&verdict.tree)) else { return Ok(()) };
        paint::rows(out, &tree::rows(tree, false), 6, self.width, false)
    }

    fn lines(&self, out: &mut dyn Write, indent: usize, text: &str) -> io::Result<()> {
        for line in wrap(&plain(text), self.width.saturating_sub(indent).max(20)) {
            writeln!(out, "{}{line}", " ".repeat(indent))?;
        }
        Ok(())
    }

    /// What of the rules no test reaches.
    fn coverage(&self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        for rule in report.coverage.iter().filter(|rule| !rule.coverage.unreached.is_empty()) {
            let (path, found) = (plain(&rule.rule.path), &rule.coverage);
            let said = format!("{} of {} conditions reached", found.reached, found.conditions);
            writeln!(out, "{} {path}  {}", styled("!", YELLOW), styled(&said, YELLOW))?;
            for unreached in &found.unreached {
                let text = rule.source.as_ref().map_or("", |source| &source.text);
                let diagnostic = unreached.diagnostic(&rule.rule.path);
                writeln!(out, "{}", rule_core::render(&diagnostic, text, true).trim_end())?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    /// What is not reached, the totals, and rules without tests.
    pub fn end(&self, out: &mut dyn Write, report: &Report, stopped: bool) -> io::Result<()> {
        self.coverage(out, report)?;
        let totals = &report.totals;
        let count = |number: usize, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
        let mut said = vec![count(totals.files, "file"), count(totals.passed + totals.failed, "test")];
        said.push(match totals.failed {
            0 => styled(&format!("{} passed", totals.passed), GREEN),
            failed => format!("{} passed, {}", totals.passed, styled(&format!("{failed} failed"), RED)),
        });
        if totals.errors > 0 {
            said.push(styled(&format!("{} could not be run", count(totals.errors, "file")), RED));
        }
        if let Some(percent) = (100 * totals.reached).checked_div(totals.conditions) {
            said.push(format!("{percent} % of {} reached", count(totals.conditions, "condition")));
        }
        writeln!(out, "{}", said.join(", "))?;
        if stopped && !totals.is_good() {
            writeln!(out, "{}", styled("stopped at the first failure (--fail-fast)", YELLOW))?;
        }
        if !report.untested.is_empty() && !self.quiet {
            let named: Vec<String> = report.untested.iter().take(MOST_UNTESTED).map(|path| plain(path)).collect();
            let more = report.untested.len() - named.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            writeln!(out, "{}", styled(&format!("without tests: {}{more}", named.join(", ")), YELLOW))?;
        }
        Ok(())
    }
}

/// What was expected of fields and what came, one above the other.
fn diff(out: &mut dyn Write, failures: &[&Failure]) -> io::Result<()> {
    let mut alert = None;
    for failure in failures {
        if failure.alert != alert {
            alert = failure.alert;
            writeln!(out, "    alert {} differs", alert.unwrap_or_default())?;
        }
        let name = failure.field.as_deref().unwrap_or("its events");
        let pad = " ".repeat(name.chars().count());
        writeln!(out, "    {}", styled(&format!("- {}: {}", plain(name), plain(&failure.expected)), paint::FAILING))?;
        writeln!(out, "    {}", styled(&format!("+ {}: {}", plain(name), plain(&failure.found)), paint::PASSING))?;
        if let Some(marks) = differing(&failure.expected, &failure.found) {
            writeln!(out, "      {pad}  {}", styled(&marks, DIM))?;
        }
    }
    if !failures.is_empty() {
        writeln!(out, "    {}", styled("- expected, + came", DIM))?;
    }
    Ok(())
}

/// Marks below the characters in which what came differs from what was expected, where both have much in common.
fn differing(expected: &str, found: &str) -> Option<String> {
    let (expected, found): (Vec<char>, Vec<char>) = (plain(expected).chars().collect(), plain(found).chars().collect());
    let same = |(one, other): &(&char, &char)| one == other;
    let before = expected.iter().zip(&found).take_while(same).count();
    let rest = expected.len().min(found.len()) - before;
    let after = expected.iter().rev().zip(found.iter().rev()).take(rest).take_while(same).count();
    let changed = found.len() - before - after;
    let is_alike = before + after > found.len().max(expected.len()) / 2;
    (is_alike && expected != found).then(|| format!("{}{}", " ".repeat(before), "^".repeat(changed.max(1))))
}

#[cfg(test)]
mod tests {
    use super::differing;

    #[test]
    fn what_differs_is_marked() {
        assert_eq!(differing("\"medium\"", "\"mediun\"").as_deref(), Some("      ^"));
        assert_eq!(differing("\"pnsd\"", "\"xvf\""), None);
        assert_eq!(differing("abcd", "abd").as_deref(), Some("  ^"));
    }
}
