//! The benchmarks.

pub mod instructions;
mod rivals;

use std::process::{ExitCode, Stdio};

use anyhow::Result;

use super::build;
use crate::process;
use crate::steps::Steps;

/// Run the benchmarks: all of them, or one of the commands below
///
/// Without a command the benchmarks of each part run, native and in the sandbox.
#[derive(clap::Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "Examples:
  cargo xtask bench                                        the benchmarks of each part
  cargo xtask bench compare --quick                        beside JSON parsers, in a minute
  cargo xtask bench generate --events 1000 > events.ndjson
  cargo xtask bench instructions                           did anything become dearer?"
)]
pub struct Options {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Compare Tripline with parsers of JSON on the same events (`--help` has the options)
    Compare(Rest),
    /// Measure events made to be costly, all rules loaded (`--help` has the options)
    Adversarial(Rest),
    /// Write a stream of made-up events (`--help` has the options)
    Generate(Rest),
    Instructions(instructions::Options),
    /// Run comparable rules with Tripline, rsigma and the Python library eql on the same events
    ///
    /// Takes Elastic's rules in ../shared/data/rules/elastic, Python 3.11 or later with venv, and the package registries.
    Rivals,
}

/// For the program that does it.
#[derive(clap::Args, Debug)]
#[command(disable_help_flag = true)]
struct Rest {
    /// Its options
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// Runs what was asked for.
pub fn run(options: &Options) -> Result<ExitCode> {
    match &options.command {
        None => Ok(parts()),
        Some(Command::Compare(rest)) => program("compare", rest, true),
        Some(Command::Adversarial(rest)) => program("adversarial", rest, true),
        Some(Command::Generate(rest)) => program("generate", rest, false),
        Some(Command::Instructions(options)) => instructions::run(options).map(|()| ExitCode::SUCCESS),
        Some(Command::Rivals) => rivals::run(),
    }
}

/// Every benchmark of the workspace.
fn parts() -> ExitCode {
    let mut steps = Steps::default();
    build::parts(&mut steps);
    steps.step("benchmarks", || {
        let packages = ["--workspace", "--exclude", "rule-wasm", "--exclude", "xtask"];
        process::run(process::cargo().arg("bench").args(packages).arg("--benches"))
    });
    steps.print_table();
    steps.exit_code()
}

/// A command of `tripline-bench`. Nothing but its own output goes to standard output.
fn program(command: &str, rest: &Rest, needs_module: bool) -> Result<ExitCode> {
    let help = rest.options.iter().any(|option| option == "--help" || option == "-h");
    if needs_module && !help {
        build_module()?;
    }
    let mut cargo = process::cargo();
    cargo.args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "tripline-benches",
        "--bin",
        "tripline-bench",
        "--",
        command,
    ]);
    let status = cargo.args(&rest.options).stdin(Stdio::null()).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Building it speaks on standard output, and what follows may be for a file: so it speaks on standard error.
fn build_module() -> Result<()> {
    let mut xtask = process::command(&std::env::current_exe()?.to_string_lossy());
    let built = xtask.arg("module").stdin(Stdio::null()).stdout(std::io::stderr()).status()?;
    anyhow::ensure!(built.success(), "the module does not build");
    Ok(())
}
