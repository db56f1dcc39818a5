//! `tripline rules show`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use host_runner::ruleset::{self, Status, slug};
use rule_core::inspect::Inspector;
use rule_core::profile::Reach;
use rule_core::{Diagnostic, RuleInfo, RuleReport, RuleStatus, Source};
use serde::Serialize;

use super::args::ShowArgs;
use super::{WIDEST, inspect, is_for_people, page, people, write_json};
use crate::bench::hints::reached_by;
use crate::{Outcome, output};

/// So many rules are named when several could be meant.
const MAX_CANDIDATES: usize = 10;

/// All that there is to say of one rule.
#[derive(Debug, Serialize)]
pub struct Page<'a> {
    pub path: &'a str,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// What is wrong with it.
    pub diagnostics: Vec<&'a Diagnostic>,
    /// The fields that it reads.
    pub fields: Vec<FieldRow>,
    /// For which events it is evaluated, in words; of a sequence each term.
    pub found_by: Vec<String>,
    pub rule: &'a RuleInfo,
}

#[derive(Debug, Serialize)]
pub struct FieldRow {
    pub field: String,
    #[serde(rename = "type")]
    pub kind: Option<&'static str>,
    /// Whether it cannot match without it.
    pub required: bool,
}

pub fn run(args: &ShowArgs) -> Result<Outcome> {
    let paths = if args.rules.is_empty() { vec![PathBuf::from(&args.which)] } else { args.rules.clone() };
    let limits = args.limits.limits();
    let all = inspect(&paths, args.mapping.as_deref(), limits)?;
    let by_path = args.rules.is_empty();
    let rule = match by_path {
        true => only(&all.report.rules.iter().collect::<Vec<_>>(), &args.which)?,
        false => find(&all.report.rules, &args.which)?,
    };
    let Some(rule) = rule else {
        // A file in which there is no rule has an error that says why.
        crate::render::errors(&mut anstream::stderr(), &all.report, &all.sources)?;
        return Ok(Outcome::Failed);
    };

    // The key by which a rule is found depends on the others; alone it is what the rule itself has to offer.
    let source: Vec<Source> = all.sources.iter().filter(|source| source.path == rule.path).take(1).cloned().collect();
    let inspector = Inspector::compile(&source, &all.options, 0).0;
    let diagnostics = all.report.diagnostics.iter();
    let its = |diagnostic: &&Diagnostic| {
        diagnostic.path == rule.path && diagnostic.rule.as_ref().is_none_or(|name| *name == rule.rule.name)
    };
    let page = page(rule, &inspector, diagnostics.filter(its).collect());
    if is_for_people(args.output) {
        let mut out = people();
        let width = output::width().min(WIDEST);
        page::Show { out: &mut out, width, note: args.note, sources: &all.sources }.page(&page)?;
        std::io::Write::flush(&mut out)?;
    } else {
        write_json(&page)?;
    }
    Ok(if page.status == Status::Failed { Outcome::Failed } else { Outcome::Done })
}

fn page<'a>(rule: &'a RuleReport, inspector: &Inspector, diagnostics: Vec<&'a Diagnostic>) -> Page<'a> {
    let number = match rule.status {
        RuleStatus::Compiled { .. } => inspector.rules().iter().position(|info| info.id == rule.rule.id),
        _ => None,
    };
    let kinds: BTreeMap<String, Option<&'static str>> =
        inspector.fields().into_iter().map(|field| (field.path, field.kind)).collect();
    let fields = number.map(|number| inspector.fields_of(number)).unwrap_or_default();
    let reach = number.map(|number| inspector.reach_of(number)).unwrap_or_default();
    Page {
        path: &rule.path,
        status: Status::of(&rule.status),
        reason: ruleset::reason(rule),
        diagnostics,
        fields: fields
            .into_iter()
            .map(|(field, required)| FieldRow {
                field: field.to_owned(),
                kind: kinds.get(field).copied().flatten(),
                required,
            })
            .collect(),
        found_by: reach
            .into_iter()
            .map(|(term, reach)| match reach {
                Reach::Values(keys) if keys.is_empty() && rule.rule.kind == "threat_match" => {
                    "nothing without indicators (see --indicators)".to_owned()
                }
                reach => reached_by(reach, term),
            })
            .collect(),
        rule: &rule.rule,
    }
}

/// The rule that is meant: by id, path, file name, name, or a part of the name; the first of these that finds any.
fn find<'a>(rules: &'a [RuleReport], which: &str) -> Result<Option<&'a RuleReport>> {
    let wanted = slug(which);
    let tests: [&dyn Fn(&RuleReport) -> bool; 5] = [
        &|rule| rule.rule.id == which,
        &|rule| rule.path == which,
        &|rule| Path::new(&rule.path).file_name().is_some_and(|file| file == which),
        &|rule| slug(ruleset::name(rule)) == wanted,
        &|rule| !wanted.is_empty() && slug(ruleset::name(rule)).contains(&wanted),
    ];
    for test in tests {
        let found: Vec<&RuleReport> = rules.iter().filter(|rule| test(rule)).collect();
        if !found.is_empty() {
            return only(&found, which);
        }
    }
    bail!(
        "none of the {} rules has the id, path or name `{which}`: `tripline rules list --rules …` has them",
        rules.len()
    )
}

/// The only rule, or the one of several with one id that runs.
fn only<'a>(rules: &[&'a RuleReport], which: &str) -> Result<Option<&'a RuleReport>> {
    let Some(first) = rules.first() else { return Ok(None) };
    if rules.iter().all(|rule| rule.rule.id == first.rule.id) {
        let best = rules.iter().min_by_key(|rule| Status::of(&rule.status));
        return Ok(best.copied());
    }
    let mut names: Vec<String> = rules
        .iter()
        .take(MAX_CANDIDATES)
        .map(|rule| format!("\n  {}  {}", rule.rule.id, ruleset::name(rule)))
        .collect();
    if rules.len() > MAX_CANDIDATES {
        names.push(format!("\n  and {} more", rules.len() - MAX_CANDIDATES));
    }
    bail!("`{which}` could be any of {} rules; name one by its id, with --rules:{}", rules.len(), names.concat())
}
