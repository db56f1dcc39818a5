//! One rule, for people.

use std::io::{self, Write};

use rule_core::{RuleInfo, Source};

use super::list::status_style;
use super::paint;
use super::show::Page;
use crate::explain::paint::wrap;
use crate::output::{BOLD, DIM, clean, severity_style};
use crate::render;

/// Where what is said begins, behind its title.
const INDENT: usize = 14;
/// However narrow the terminal is, texts are not broken shorter than this.
const MIN_TEXT: usize = 30;

/// Writes the page of a rule for a terminal of that width.
pub struct Show<'a> {
    pub out: &'a mut dyn Write,
    pub width: usize,
    /// Whether long texts are shown.
    pub note: bool,
    /// For excerpts.
    pub sources: &'a [Source],
}

impl Show<'_> {
    pub fn page(&mut self, page: &Page<'_>) -> io::Result<()> {
        let rule = page.rule;
        self.head(page)?;
        self.threat(rule)?;
        self.list("TAGS", &rule.tags)?;
        self.list("INDEX", &rule.index)?;
        self.text("DATA VIEW", rule.data_view_id.as_deref().unwrap_or_default())?;
        self.text("SCHEDULE", &schedule(rule))?;
        self.settings(rule)?;
        self.query(rule)?;
        self.compiler(page)?;
        self.lines("REFERENCES", &rule.references)?;
        self.lines("HARMLESS", &rule.false_positives)?;
        for (title, text) in [("SETUP", &rule.setup), ("NOTE", &rule.note)] {
            let Some(text) = text.as_deref().map(str::trim).filter(|text| !text.is_empty()) else { continue };
            if self.note {
                writeln!(self.out, "\n{DIM}{title}{DIM:#}")?;
                for line in text.lines() {
                    writeln!(self.out, "  {}", plain(line))?;
                }
            } else {
                self.text(title, &format!("{} lines; --note shows them", text.lines().count()))?;
            }
        }
        Ok(())
    }

    fn head(&mut self, page: &Page<'_>) -> io::Result<()> {
        let rule = page.rule;
        let name = if rule.name.is_empty() { page.path } else { &rule.name };
        writeln!(self.out, "{BOLD}{}{BOLD:#}", plain(name))?;
        let style = severity_style(&rule.severity);
        let version = rule.version.map_or_else(String::new, |version| format!(", version {version}"));
        let block = if rule.building_block { ", a building block" } else { "" };
        let disabled = if rule.disabled { ", disabled" } else { "" };
        writeln!(
            self.out,
            "{style}{}{style:#} severity, risk score {}; a rule of type {}{}{block}{disabled}",
            plain(&rule.severity),
            rule.risk_score,
            plain(if rule.kind.is_empty() { "unknown" } else { &rule.kind }),
            plain(&version),
        )?;
        let by = if rule.author.is_empty() { String::new() } else { format!("  by {}", rule.author.join(", ")) };
        let license = rule.license.as_ref().map_or_else(String::new, |license| format!("  {license}"));
        writeln!(self.out, "{DIM}{}{}{DIM:#}", plain(&rule.id), plain(&format!("{by}{license}")))?;
        writeln!(self.out, "{DIM}{}{DIM:#}", plain(page.path))?;
        let description = rule.description.trim();
        if description.is_empty() {
            return Ok(());
        }
        writeln!(self.out)?;
        for line in wrap(&plain(description), self.width.max(MIN_TEXT)) {
            writeln!(self.out, "{line}")?;
        }
        writeln!(self.out)
    }

    fn threat(&mut self, rule: &RuleInfo) -> io::Result<()> {
        let mut lines = Vec::new();
        for threat in &rule.threat {
            lines.push(format!("{} {}", threat.tactic.id, threat.tactic.name));
            for technique in &threat.technique {
                lines.push(format!("  {} {}", technique.id, technique.name));
                lines.extend(technique.subtechnique.iter().map(|sub| format!("    {} {}", sub.id, sub.name)));
            }
        }
        self.lines("ATT&CK", &lines)
    }

    /// What the rule says beside its query.
    fn settings(&mut self, rule: &RuleInfo) -> io::Result<()> {
        if let Some(threshold) = &rule.threshold {
            let by = if threshold.field.is_empty() {
                "all together".into()
            } else {
                format!("by {}", threshold.field.join(", "))
            };
            let counts = threshold
                .cardinality
                .iter()
                .map(|count| format!("; at least {} values of {}", count.value, count.field));
            let counts: String = counts.collect();
            self.text("THRESHOLD", &format!("at least {} events, {by}{counts}", threshold.value))?;
        }
        if let Some(new_terms) = &rule.new_terms {
            let fields = new_terms.fields.join(", ");
            self.text("NEW TERMS", &format!("of {fields}, not seen since {}", new_terms.history_window_start))?;
        }
        if let Some(threat) = &rule.threat_match {
            let all = |entries: &[rule_core::rule::ThreatEntryMapping]| {
                let one = |entry: &rule_core::rule::ThreatEntryMapping| {
                    format!("{} {} {}", entry.field, if entry.negate { "is not" } else { "is" }, entry.value)
                };
                entries.iter().map(one).collect::<Vec<_>>().join(" and ")
            };
            let mappings: Vec<String> = threat.mapping.iter().map(|mapping| all(&mapping.entries)).collect();
            self.lines("INDICATORS", &mappings)?;
            self.text("", &format!("of {}, where {}", threat.index.join(", "), threat.query))?;
        }
        if let Some(suppression) = &rule.alert_suppression {
            let by = suppression.group_by.join(", ");
            let time = suppression.duration.map_or_else(
                || "during a run".to_owned(),
                |duration| {
                    let time = std::time::Duration::from_millis(duration.milliseconds());
                    format!("for {}", humantime::format_duration(time))
                },
            );
            let by = if by.is_empty() { by } else { format!("alerts of the same {by} are one, ") };
            self.text("SUPPRESSION", &format!("{by}{time}"))?;
        }
        let lists: Vec<String> =
            rule.exceptions_list.iter().map(|list| format!("{} ({})", list.list_id, list.kind)).collect();
        self.lines("EXCEPTIONS", &lists)?;
        let filters: Vec<String> = rule.filters.iter().map(ToString::to_string).collect();
        self.lines("FILTERS", &filters)?;
        let fields = [
            ("TIME", rule.timestamp_override.as_ref().or(rule.timestamp_field.as_ref())),
            ("TIEBREAKER", rule.tiebreaker_field.as_ref()),
            ("CATEGORY", rule.event_category_override.as_ref()),
            ("NAMED BY", rule.rule_name_override.as_ref()),
        ];
        for (title, field) in fields {
            self.text(title, field.map_or("", String::as_str))?;
        }
        Ok(())
    }

    fn query(&mut self, rule: &RuleInfo) -> io::Result<()> {
        if rule.query.trim().is_empty() {
            return Ok(());
        }
        writeln!(self.out, "\n{DIM}QUERY ({}){DIM:#}", plain(&rule.language))?;
        let query = rule.query.trim_matches(['\n', '\r']).trim_end();
        for line in paint::query(query, &rule.language).lines() {
            writeln!(self.out, "  {line}")?;
        }
        writeln!(self.out)
    }

    fn compiler(&mut self, page: &Page<'_>) -> io::Result<()> {
        let style = status_style(page.status);
        let reason = page.reason.map_or_else(String::new, |reason| format!(": {reason}"));
        self.title("STATUS")?;
        writeln!(self.out, "{style}{}{style:#}{}", page.status.name(), plain(&reason))?;
        for diagnostic in &page.diagnostics {
            // Why it is skipped has been said.
            if page.reason != Some(&diagnostic.message) {
                writeln!(self.out)?;
                render::diagnostic(self.out, diagnostic, self.sources)?;
                writeln!(self.out)?;
            }
        }
        self.lines("FOUND BY", &page.found_by)?;
        let (required, others): (Vec<_>, Vec<_>) = page.fields.iter().partition(|field| field.required);
        for (title, fields) in [("REQUIRES", required), ("READS", others)] {
            let names: Vec<String> = fields.iter().map(|field| field.field.clone()).collect();
            self.list(title, &names)?;
        }
        Ok(())
    }

    fn title(&mut self, title: &str) -> io::Result<()> {
        write!(self.out, "{DIM}{title:INDENT$}{DIM:#}")
    }

    fn list(&mut self, title: &str, items: &[String]) -> io::Result<()> {
        self.text(title, &items.join(", "))
    }

    /// Nothing at all for no text.
    fn text(&mut self, title: &str, text: &str) -> io::Result<()> {
        let lines = if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
        self.lines(title, &lines)
    }

    fn lines(&mut self, title: &str, lines: &[String]) -> io::Result<()> {
        let room = self.width.saturating_sub(INDENT).max(MIN_TEXT);
        let mut title = title;
        for line in lines {
            let depth = line.len() - line.trim_start().len();
            for part in wrap(&plain(line.trim_start()), room.saturating_sub(depth).max(MIN_TEXT)) {
                self.title(title)?;
                writeln!(self.out, "{:depth$}{part}", "")?;
                title = "";
            }
        }
        Ok(())
    }
}

/// One line that cannot drive the terminal.
fn plain(text: &str) -> String {
    clean(&text.replace(['\n', '\t'], " "))
}

fn schedule(rule: &RuleInfo) -> String {
    let parts = [
        rule.interval.as_ref().map(|interval| format!("every {interval}")),
        rule.from.as_ref().map(|from| format!("from {from}")),
        rule.max_signals.map(|most| format!("at most {most} alerts")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
