//! `tripline rules navigator`.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use host_runner::ruleset::Status;
use host_runner::ruleset::navigator::{self, Coverage};
use rule_core::RuleInfo;

use super::args::NavigatorArgs;
use super::{rules_in_words, warn_of_errors};
use crate::setup::{self, Compiled};
use crate::{Outcome, output};

pub fn run(args: &NavigatorArgs) -> Result<Outcome> {
    let Compiled { report, .. } = setup::compile(&args.rules, &args.engine, args.limits.limits())?;
    let selection = args.select.selection();
    let meant = report.rules.iter().filter(|rule| selection.matches(rule));
    let runs = |rule: &&rule_core::RuleReport| {
        args.all || (Status::of(&rule.status) == Status::Compiled && !rule.rule.disabled)
    };
    let rules = meant.filter(runs).map(|rule| -> &RuleInfo { &rule.rule });
    let Coverage { layer, rules, unmapped, malformed } = navigator::coverage(rules, &args.title);

    match args.out.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => {
            let name = path.display();
            let file = File::create(path).with_context(|| format!("cannot write {name}"))?;
            let mut out = io::BufWriter::new(file);
            serde_json::to_writer_pretty(&mut out, &layer)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(out).and_then(|()| out.flush()))
                .with_context(|| format!("cannot write {name}"))?;
        }
        None => super::write_json(&layer)?,
    }
    let cells = layer.techniques.len();
    let without = if unmapped > 0 { format!(", {unmapped} of them without a technique") } else { String::new() };
    let _ = writeln!(anstream::stderr(), "{}{without}; {cells} techniques and sub-techniques", rules_in_words(rules));
    if !malformed.is_empty() {
        output::warning(&format!("these are no ids of techniques, and were left out: {}", malformed.join(", ")));
    }
    if rules == 0 && !report.rules.is_empty() {
        output::warning("no rule that runs is like that; --all counts the others too");
    }
    warn_of_errors(&report);
    Ok(Outcome::Done)
}
