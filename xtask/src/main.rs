//! `cargo xtask …`: builds the one module, runs the demo, the tests and the benchmarks.

mod module;
mod paths;
mod process;
mod wasm_std;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tripline's chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Module(module::Options),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Module(options) => module::build(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
