//! `tripline check`: what is wrong with rules.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Result;

use crate::args::{CheckArgs, CheckOutput};
use crate::setup::{self, Compiled};
use crate::{Outcome, render};

pub fn run(args: &CheckArgs) -> Result<Outcome> {
    let Compiled { report, sources, .. } = setup::compile(&args.rules, &args.engine, args.limits.limits())?;
    let output = args.output.unwrap_or(match io::stdout().is_terminal() {
        true => CheckOutput::Human,
        false => CheckOutput::Json,
    });
    match output {
        CheckOutput::Human => {
            let mut out = anstream::stdout().lock();
            for diagnostic in &report.diagnostics {
                render::diagnostic(&mut out, diagnostic, &sources)?;
                writeln!(out)?;
            }
            render::omitted(&mut out, &report)?;
            render::totals(&mut out, &report)?;
        }
        CheckOutput::Json => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            serde_json::to_writer_pretty(&mut out, &report)?;
            writeln!(out)?;
            out.flush()?;
        }
    }
    Ok(if report.has_errors() { Outcome::Failed } else { Outcome::Done })
}
