//! The generator and the comparisons on the command line; `cargo xtask bench` calls it.
#![forbid(unsafe_code)]

mod adversarial;
mod compare;
mod contender;
mod generate;
mod report;
mod rules_over;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Makes event streams, and measures what Tripline costs beside others.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Generate(generate::Options),
    Compare(compare::Options),
    Adversarial(adversarial::Options),
    Run(rules_over::Options),
    /// Bytes by which the process grows when it compiles so many rules natively
    #[command(hide = true)]
    Memory {
        /// How many
        rules: usize,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Generate(options) => generate::run(&options),
        Command::Adversarial(options) => adversarial::run(&options),
        Command::Compare(options) => compare::run(&options),
        Command::Run(options) => rules_over::run(&options),
        Command::Memory { rules } => compare::memory(rules),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
