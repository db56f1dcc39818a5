//! `tripline rules list`.

use std::io::{self, IsTerminal as _, Write};

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use host_runner::ruleset::select::{self, Selection};
use host_runner::ruleset::totals::{self, Skipped, TypeTotals};
use host_runner::ruleset::{self, Status, sources};
use rule_core::{CompileReport, RuleReport};
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::args::{ListArgs, ListOutput};
use super::{people, rules_in_words, warn_of_errors, write_json};
use crate::Outcome;
use crate::output::{self, BOLD, Cell, Column, DIM, RED, Table, YELLOW, clean, severity_style};
use crate::setup::{self, Compiled};

const GREEN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
/// So many names of a reason, if not all are asked for.
const FIRST_NAMES: usize = 3;
/// A name has so much room at least, and if there is none for more.
const MIN_NAME: usize = 24;
/// The columns beside the name, and what the tactics have at least.
const TYPE: usize = 16;
const SEVERITY: usize = 8;
const STATUS: usize = 8;
const MIN_TACTICS: usize = 20;

/// A rule of the list, as data.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    language: &'a str,
    version: Option<u32>,
    severity: &'a str,
    risk_score: u32,
    tactics: Vec<&'a str>,
    techniques: Vec<&'a str>,
    tags: &'a [String],
    sources: Vec<String>,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    path: &'a str,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    totals: TypeTotals,
    types: Vec<TypeTotals>,
    skipped: Vec<Skipped>,
    rules: Vec<Row<'a>>,
}

pub fn run(args: &ListArgs) -> Result<Outcome> {
    let Compiled { report, .. } = setup::compile(&args.rules, &args.engine, args.limits.limits())?;
    let selection = args.select.selection();
    let rules = selected(&report, &selection, args.sort.into());
    let output = args.output.unwrap_or(match io::stdout().is_terminal() {
        true => ListOutput::Human,
        false => ListOutput::Json,
    });
    match output {
        ListOutput::Human => {
            let mut out = people();
            human(&mut out, &rules, report.rules.len(), args.skipped, output::width())?;
            out.flush()?;
        }
        ListOutput::Json => write_json(&document(&rules))?,
        ListOutput::Ndjson => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            for rule in &rules {
                serde_json::to_writer(&mut out, &row(rule))?;
                writeln!(out)?;
            }
            out.flush()?;
        }
    }
    warn_of_errors(&report);
    // A file that holds no rule is an error of the whole.
    let all = selection == Selection::default();
    let failed = rules.iter().any(|rule| Status::of(&rule.status) == Status::Failed) || (all && report.has_errors());
    Ok(if failed { Outcome::Failed } else { Outcome::Done })
}

/// The rules that are meant, in order.
fn selected<'a>(report: &'a CompileReport, selection: &Selection, order: select::Order) -> Vec<&'a RuleReport> {
    let mut rules: Vec<&RuleReport> = report.rules.iter().filter(|rule| selection.matches(rule)).collect();
    select::sort(&mut rules, order);
    rules
}

fn row(rule: &RuleReport) -> Row<'_> {
    let info = &*rule.rule;
    Row {
        id: &info.id,
        name: ruleset::name(rule),
        kind: ruleset::kind(info),
        language: &info.language,
        version: info.version,
        severity: &info.severity,
        risk_score: info.risk_score,
        tactics: ruleset::tactics(info),
        techniques: ruleset::techniques(info),
        tags: &info.tags,
        sources: sources::sources(info).into_iter().collect(),
        status: Status::of(&rule.status),
        reason: ruleset::reason(rule),
        path: &rule.path,
    }
}

fn document<'a>(rules: &[&'a RuleReport]) -> Document<'a> {
    let types = totals::by_type(rules);
    Document {
        totals: totals::sum(&types),
        types,
        skipped: totals::skipped(rules),
        rules: rules.iter().map(|rule| row(rule)).collect(),
    }
}

fn human(out: &mut dyn Write, rules: &[&RuleReport], of: usize, all: bool, width: usize) -> io::Result<()> {
    if rules.is_empty() {
        writeln!(
            out,
            "no rule of {of} is like that: leave out one of the options, or look at `tripline rules list` without"
        )?;
        return Ok(());
    }
    table(out, rules, width)?;
    writeln!(out)?;
    types(out, &totals::by_type(rules))?;
    if rules.len() < of {
        writeln!(out, "{DIM}{} of {of}{DIM:#}", rules_in_words(rules.len()))?;
    }
    for group in totals::skipped(rules) {
        skipped(out, &group, all, width)?;
    }
    Ok(())
}

fn table(out: &mut dyn Write, rules: &[&RuleReport], width: usize) -> io::Result<()> {
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let kinds = widest(&mut rules.iter().map(|rule| ruleset::kind(&rule.rule).width())).clamp(4, TYPE);
    let names = widest(&mut rules.iter().map(|rule| clean(ruleset::name(rule)).width())).max(MIN_NAME);
    let beside = kinds + SEVERITY + STATUS + MIN_TACTICS + 8;
    let names = names.min(width.saturating_sub(beside).max(MIN_NAME));
    let columns =
        vec![Column("NAME", names), Column("TYPE", kinds), Column("SEVERITY", SEVERITY), Column("STATUS", STATUS)];
    let table = Table::new(columns, width);
    table.head(out, "TACTICS")?;
    for rule in rules {
        let info = &rule.rule;
        let status = Status::of(&rule.status);
        let cells = [
            Cell(one_line(ruleset::name(rule)), Style::new()),
            Cell(ruleset::kind(info).to_owned(), DIM),
            Cell(info.severity.clone(), severity_style(&info.severity)),
            Cell(status.name().to_owned(), status_style(status)),
        ];
        let tactics = ruleset::tactics(info);
        let tactics = if tactics.is_empty() { "-".to_owned() } else { one_line(&tactics.join(", ")) };
        table.row(out, &cells, &tactics)?;
    }
    Ok(())
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\t'], " ")
}

/// How a status looks.
pub fn status_style(status: Status) -> Style {
    match status {
        Status::Compiled => GREEN,
        Status::Skipped => YELLOW,
        Status::Failed => RED,
    }
}

fn types(out: &mut dyn Write, types: &[TypeTotals]) -> io::Result<()> {
    let head = ["TYPE", "RULES", "COMPILED", "SKIPPED", "FAILED"];
    let widest = types.iter().map(|totals| clean(&totals.kind).width()).max().unwrap_or(0).max(TYPE);
    writeln!(out, "{DIM}{:widest$}{:>9}{:>10}{:>9}{:>8}{DIM:#}", head[0], head[1], head[2], head[3], head[4])?;
    let mut line = |totals: &TypeTotals, style: Style| {
        let failed = if totals.failed > 0 { RED } else { style };
        let TypeTotals { kind, rules, compiled, skipped, failed: count } = totals;
        let kind = one_line(&clean(kind));
        writeln!(out, "{style}{kind:widest$}{rules:>9}{compiled:>10}{skipped:>9}{style:#}{failed}{count:>8}{failed:#}")
    };
    types.iter().try_for_each(|totals| line(totals, Style::new()))?;
    line(&totals::sum(types), BOLD)
}

fn skipped(out: &mut dyn Write, group: &Skipped, all: bool, width: usize) -> io::Result<()> {
    writeln!(out, "{YELLOW}{:>7} skipped{YELLOW:#}: {}", group.count, clean(&group.reason))?;
    let most = if all { usize::MAX } else { FIRST_NAMES };
    for name in group.rules.iter().take(most) {
        let name = output::cut(&clean(&one_line(name)), width.saturating_sub(8).max(MIN_NAME));
        writeln!(out, "        {DIM}{name}{DIM:#}")?;
    }
    if group.rules.len() > most {
        writeln!(out, "        {DIM}and {} more (--skipped names all){DIM:#}", group.rules.len() - most)?;
    }
    Ok(())
}
