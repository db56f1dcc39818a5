//! `tripline rules diff`.

use std::io::{self, Write};
use std::slice;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use host_runner::ruleset::diff::{self, Brief, Change, Changed, Diff, Version};
use serde_json::Value;

use super::args::DiffArgs;
use super::{WIDEST, inspect, is_for_people, people, warn_of_errors, write_json};
use crate::output::{BOLD, DIM, YELLOW, clean, cut, width};
use crate::{Outcome, diff as lines};

const GREEN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const RED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
/// A value has so much room at least.
const MIN_VALUE: usize = 20;

pub fn run(args: &DiffArgs) -> Result<Outcome> {
    let limits = args.limits.limits();
    let old = inspect(slice::from_ref(&args.old), None, limits.clone())?;
    let new = inspect(slice::from_ref(&args.new), None, limits)?;
    let found = diff::diff(
        Version { inspector: &old.inspector, report: &old.report },
        Version { inspector: &new.inspector, report: &new.report },
    );
    if is_for_people(args.output) {
        let mut out = people();
        Show { out: &mut out, width: width().min(WIDEST) }.diff(&found)?;
        out.flush()?;
    } else {
        write_json(&found)?;
    }
    warn_of_errors(&new.report);
    Ok(if new.report.has_errors() { Outcome::Failed } else { Outcome::Done })
}

struct Show<'a> {
    out: &'a mut dyn Write,
    width: usize,
}

impl Show<'_> {
    fn diff(&mut self, diff: &Diff) -> io::Result<()> {
        diff.removed.iter().try_for_each(|rule| self.brief("-", RED, rule))?;
        diff.added.iter().try_for_each(|rule| self.brief("+", GREEN, rule))?;
        diff.changed.iter().try_for_each(|rule| self.changed(rule))?;
        if diff.removed.len() + diff.added.len() + diff.changed.len() > 0 {
            writeln!(self.out)?;
        }
        writeln!(
            self.out,
            "{GREEN}{} added{GREEN:#}, {RED}{} removed{RED:#}, {YELLOW}{} changed{YELLOW:#}, {} unchanged",
            diff.added.len(),
            diff.removed.len(),
            diff.changed.len(),
            diff.unchanged
        )?;
        let sequences = |count| if count == 1 { "1 sequence".to_owned() } else { format!("{count} sequences") };
        if diff.states_started_anew > 0 {
            let (count, verb) =
                (diff.states_started_anew, if diff.states_started_anew == 1 { "starts" } else { "start" });
            writeln!(
                self.out,
                "{} {verb} anew: partial matches are dropped when the new version is loaded",
                sequences(count)
            )?;
        }
        if diff.states_ended > 0 {
            writeln!(self.out, "of {} removed the partial matches are dropped", sequences(diff.states_ended))?;
        }
        Ok(())
    }

    fn brief(&mut self, sign: &str, style: Style, rule: &Brief) -> io::Result<()> {
        let Brief { name, kind, severity, id, status, .. } = rule;
        let about = [kind, severity, status.name(), id].map(one_line).join(", ");
        writeln!(self.out, "{style}{sign} {}{style:#}  {DIM}{about}{DIM:#}", one_line(name))
    }

    fn changed(&mut self, rule: &Changed) -> io::Result<()> {
        writeln!(self.out, "{YELLOW}~ {}{YELLOW:#}  {DIM}{}{DIM:#}", one_line(&rule.name), one_line(&rule.id))?;
        for change in &rule.changes {
            self.change(change)?;
        }
        if rule.state_starts_anew {
            writeln!(self.out, "    {BOLD}its partial matches start anew{BOLD:#}")?;
        }
        Ok(())
    }

    fn change(&mut self, Change { field, old, new }: &Change) -> io::Result<()> {
        let listed = |value: &Value| match value {
            Value::Array(list) if field == "threat" => Some(list.iter().flat_map(threat).collect()),
            Value::Array(list) => Some(list.iter().map(text).collect()),
            // A list that is empty may be left out.
            Value::Null => Some(Vec::new()),
            _ => None,
        };
        let lists: Option<(Vec<String>, Vec<String>)> = match old.is_array() || new.is_array() {
            true => listed(old).zip(listed(new)),
            false => None,
        };
        match (old, new) {
            _ if let Some((old, new)) = lists => {
                let gone = old.iter().filter(|value| !new.contains(value)).map(|value| ("-", RED, value));
                let come = new.iter().filter(|value| !old.contains(value)).map(|value| ("+", GREEN, value));
                let changes: Vec<_> = gone.chain(come).collect();
                let order = if changes.is_empty() { "  in another order" } else { "" };
                writeln!(self.out, "    {BOLD}{field}{BOLD:#}{order}")?;
                for (sign, style, value) in changes {
                    let value = self.fit(value, 8);
                    writeln!(self.out, "      {style}{sign} {value}{style:#}")?;
                }
                Ok(())
            }
            _ if is_long(old) || is_long(new) => {
                writeln!(self.out, "    {BOLD}{field}{BOLD:#}")?;
                let end = |value: &Value| match value {
                    Value::Null => String::new(),
                    value => format!("{}\n", text(value)),
                };
                for line in lines::hunks(&end(old), &end(new), true).lines() {
                    writeln!(self.out, "      {line}")?;
                }
                Ok(())
            }
            _ => {
                let (old, new) = (self.fit(&text(old), field.len() + 10), self.fit(&text(new), field.len() + 10));
                writeln!(self.out, "    {BOLD}{field}{BOLD:#}  {RED}{old}{RED:#} → {GREEN}{new}{GREEN:#}")
            }
        }
    }

    fn fit(&self, value: &str, used: usize) -> String {
        cut(&one_line(value), self.width.saturating_sub(used).max(MIN_VALUE))
    }
}

/// A tactic's techniques, each on a line.
fn threat(threat: &Value) -> Vec<String> {
    let words = |value: &Value| [&value["id"], &value["name"]].map(text).join(" ");
    let tactic = words(&threat["tactic"]);
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let mut lines = vec![tactic.clone()];
    for technique in list(threat, "technique") {
        lines.push(format!("{tactic}: {}", words(&technique)));
        lines.extend(list(&technique, "subtechnique").iter().map(|sub| format!("{tactic}: {}", words(sub))));
    }
    lines
}

/// Whether a diff of lines says more than both values.
fn is_long(value: &Value) -> bool {
    matches!(value, Value::String(text) if text.contains('\n') || text.chars().count() > 60)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        value => value.to_string(),
    }
}

fn one_line(text: &str) -> String {
    clean(&text.replace(['\n', '\t'], " "))
}
