//! `tripline embed`: a module with rules in it.

use std::fs;
use std::io::Write as _;

use anyhow::{Context as _, Result};
use host_runner::rules::RuleFiles;
use host_runner::{EngineError, embed};

use crate::args::EmbedArgs;
use crate::{Outcome, output, render, setup};

pub fn run(args: &EmbedArgs) -> Result<Outcome> {
    let module = host_runner::core_module().ok_or(EngineError::NoModule)?;
    let limits = args.limits.limits();
    let (RuleFiles { sources, diagnostics }, options) = setup::read(&args.rules, limits)?;
    let (_, mut report) = rule_core::compile(&sources, &options);
    report.diagnostics.splice(0..0, diagnostics);
    let mut err = anstream::stderr();
    render::errors(&mut err, &report, &setup::shown(&sources, &options))?;
    render::totals(&mut err, &report)?;
    if report.has_errors() {
        output::warning(&format!("{} is not written: mend the rules first", args.out.display()));
        return Ok(Outcome::Failed);
    }
    let bytes = embed::embed_rules(module, &sources, &options)?;
    fs::write(&args.out, &bytes).with_context(|| format!("cannot write {}", args.out.display()))?;
    writeln!(err, "{}: {} bytes", args.out.display(), bytes.len())?;
    Ok(Outcome::Done)
}
