//! `tripline rules fields`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Result, bail};
use host_runner::ruleset::needs::{self, FieldNeed, Group, Needs};
use rule_core::inspect::Inspector;
use rule_core::{Limits, RuleStatus};

use super::args::FieldsArgs;
use super::{Inspected, WIDEST, inspect_with, is_for_people, people, rules_in_words, warn_of_errors, write_json};
use crate::output::{self, BOLD, DIM, RED, YELLOW, clean, cut};
use crate::progress::Progress;
use crate::{Outcome, events, setup};

/// So many fields, groups, and names of a group, if not all are asked for.
const FIRST_FIELDS: usize = 25;
const FIRST_GROUPS: usize = 15;
const FIRST_NAMES: usize = 2;
/// However narrow the terminal is, samples and names are not cut shorter than this.
const MIN_TEXT: usize = 16;

pub fn run(args: &FieldsArgs) -> Result<Outcome> {
    setup::check_stdin(&args.events, None)?;
    let limits = args.limits.limits();
    let Inspected { mut inspector, report, .. } =
        inspect_with(setup::read(&args.rules, limits.clone())?, args.max_event_kinds);
    let selection = args.select.selection();
    let mut wanted = BTreeMap::new();
    let (mut chosen, mut left_out) = (0, 0);
    for rule in report.rules.iter().filter(|rule| selection.matches(rule)) {
        chosen += 1;
        match rule.status {
            RuleStatus::Compiled { index } => drop(wanted.insert(index as usize, ())),
            _ => left_out += 1,
        }
    }
    let observed = !args.events.is_empty();
    if observed {
        let too_large = observe(&mut inspector, &args.events, &limits)?;
        let seen = inspector.seen();
        if seen.events == 0 {
            bail!("there are no events to look at ({} rejected): give NDJSON or JSON", seen.rejected + too_large);
        }
        if seen.rejected + too_large > 0 {
            let count = seen.rejected + too_large;
            output::warning(&format!("{count} events cannot be read and were left out; `tripline eval` says why"));
        }
        if seen.unshaped > 0 {
            output::warning(&format!(
                "the events are of very many kinds; of {} of them only the fields were looked at (see --max-event-kinds)",
                seen.unshaped
            ));
        }
    }
    let needs = needs::needs(&inspector, &|rule| wanted.contains_key(&rule), observed);
    if is_for_people(args.output) {
        let mut out = people();
        let width = output::width().min(WIDEST);
        Show { out: &mut out, width, all: args.all }.needs(&needs)?;
        if left_out > 0 {
            writeln!(
                out,
                "{DIM}{left_out} of {} left out: not run, see `tripline rules list`{DIM:#}",
                rules_in_words(chosen)
            )?;
        }
        out.flush()?;
    } else {
        write_json(&needs)?;
    }
    warn_of_errors(&report);
    Ok(Outcome::Done)
}

/// Shows the inspector all events. Counts those that are too large.
fn observe(inspector: &mut Inspector, files: &[PathBuf], limits: &Limits) -> Result<u64> {
    let progress = Progress::new();
    let mut too_large = 0;
    events::for_each(files, limits, &progress, |_, batch| {
        progress.suspend(|| ());
        too_large += batch.too_large.len() as u64;
        inspector.observe(&batch.lines);
        Ok(())
    })?;
    Ok(too_large)
}

struct Show<'a> {
    out: &'a mut dyn Write,
    width: usize,
    all: bool,
}

impl Show<'_> {
    fn needs(&mut self, needs: &Needs) -> io::Result<()> {
        if needs.rules.is_empty() {
            return writeln!(self.out, "no rule that runs is like that: `tripline rules list` tells what there is");
        }
        self.fields(&needs.fields, needs.events.map(|seen| seen.count))?;
        let Some(seen) = needs.events else {
            let (rules, fields) = (rules_in_words(needs.rules.len()), needs.fields.len());
            return writeln!(
                self.out,
                "\n{BOLD}{rules}{BOLD:#} read {fields} fields; --events tells which of them events have"
            );
        };
        let (could, never) = (needs.could_fire.unwrap_or(0), needs.could_never_fire.unwrap_or(0));
        let style = if never > 0 { YELLOW } else { BOLD };
        writeln!(
            self.out,
            "\n{BOLD}{} could fire{BOLD:#} on events like these, {style}{never} could never{style:#}  {DIM}{} events of {} kinds{DIM:#}",
            rules_in_words(could),
            seen.count,
            seen.kinds,
        )?;
        let most = if self.all { usize::MAX } else { FIRST_GROUPS };
        needs.missing.iter().take(most).try_for_each(|group| self.group(group))?;
        if needs.missing.len() > most {
            writeln!(self.out, "{DIM}and {} more reasons (--all shows them){DIM:#}", needs.missing.len() - most)?;
        }
        Ok(())
    }

    fn fields(&mut self, fields: &[FieldNeed], events: Option<u64>) -> io::Result<()> {
        let most = if self.all { usize::MAX } else { FIRST_FIELDS };
        let shown = || fields.iter().take(most);
        let names = shown().map(|field| field.field.len()).max().unwrap_or(0).clamp(5, 48);
        write!(self.out, "{DIM}{:names$}  {:9}{:>7}{:>10}", "FIELD", "TYPE", "RULES", "REQUIRED")?;
        let columns = if events.is_some() { format!("{:>10}  SAMPLE", "EVENTS") } else { String::new() };
        writeln!(self.out, "{columns}{DIM:#}")?;
        for FieldNeed { field, kind, rules, required_by, events, sample } in shown() {
            let name = cut(&clean(field), names);
            let missing = *events == Some(0);
            let style = if missing { RED } else { anstyle::Style::new() };
            write!(
                self.out,
                "{style}{name:names$}{style:#}  {DIM}{:9}{DIM:#}{rules:>7}{required_by:>10}",
                kind.unwrap_or("-")
            )?;
            if let Some(events) = events {
                write!(self.out, "{style}{events:>10}{style:#}")?;
            }
            if let Some(sample) = sample {
                let room = self.width.saturating_sub(names + 40).max(MIN_TEXT);
                write!(self.out, "  {DIM}{}{DIM:#}", cut(&clean(&sample.replace(['\n', '\t'], " ")), room))?;
            }
            writeln!(self.out)?;
        }
        if fields.len() > most {
            writeln!(self.out, "{DIM}and {} more fields (--all shows them){DIM:#}", fields.len() - most)?;
        }
        Ok(())
    }

    fn group(&mut self, group: &Group) -> io::Result<()> {
        let Group { reason, count, rules } = group;
        let (count, noun) = (*count, if *count == 1 { "rule " } else { "rules" });
        let reason = if count == 1 { singular(reason) } else { reason.clone() };
        writeln!(self.out, "{BOLD}{count:>6} {noun}{BOLD:#} {}", clean(&reason.replace(['\n', '\t'], " ")))?;
        let most = if self.all { usize::MAX } else { FIRST_NAMES };
        for name in rules.iter().take(most) {
            let name = clean(&name.replace(['\n', '\t'], " "));
            writeln!(self.out, "             {DIM}{}{DIM:#}", cut(&name, self.width.saturating_sub(13).max(MIN_TEXT)))?;
        }
        if rules.len() > most {
            writeln!(self.out, "             {DIM}and {} more{DIM:#}", rules.len() - most)?;
        }
        Ok(())
    }
}

/// `needs …` of `need …`.
fn singular(reason: &str) -> String {
    match reason.split_once(' ') {
        Some((verb, rest)) => format!("{verb}s {rest}"),
        None => reason.to_owned(),
    }
}
