//! The example rules over the example events, in the sandboxed engine.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::build;
use crate::steps::Steps;
use crate::{paths, process};

/// Build what is needed and run the demo: the example rules over the example events, in the sandboxed engine
#[derive(clap::Args, Debug)]
pub struct Options {
    /// Further arguments for `tripline eval`, like `--engine native` or `--output ndjson`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds and runs it.
pub fn run(options: &Options) -> Result<ExitCode> {
    let mut steps = Steps::default();
    if !build::all(&mut steps) {
        steps.print_table();
        return Ok(steps.exit_code());
    }
    let mut events: Vec<_> = fs::read_dir(paths::root().join("examples/events"))
        .and_then(|files| files.map(|file| file.map(|file| file.path())).collect::<std::io::Result<_>>())
        .context("cannot list examples/events")?;
    events.sort();

    let mut tripline = process::command("target/debug/tripline");
    tripline.args(["eval", "--rules", "examples/rules", "--indicators", "examples/indicators.csv"]);
    if !options.arguments.iter().any(|argument| argument.starts_with("--output") || argument.starts_with("-o")) {
        tripline.args(["--output", "table"]);
    }
    tripline.args(&options.arguments).arg("--events");
    tripline.args(events.iter().map(|file| file.strip_prefix(paths::root()).unwrap_or(file)));
    println!();
    process::run(&mut tripline)?;
    Ok(ExitCode::SUCCESS)
}
