//! `cargo xtask …`: builds the one module, runs the demo, the tests and the benchmarks.

mod chores;
mod hash;
mod module;
mod paths;
mod process;
mod steps;
mod wasm_std;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tripline's chores: build the module, see it at work, test everything.
#[derive(Debug, Parser)]
#[command(
    bin_name = "cargo xtask",
    disable_help_subcommand = true,
    after_help = "Examples:
  cargo xtask demo     build what is needed and evaluate the example rules over the example events
  cargo xtask test     run all tests, as CI does
  cargo xtask module   build the WebAssembly module alone"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Module(module::Options),
    /// Install the JavaScript dependencies and build the npm package and the playground, unless they are up to date
    ///
    /// Needs Node 20.19 or later and the module (`cargo xtask module`).
    Js,
    /// Build everything: the module, JavaScript, and the `tripline` command with both embedded
    Build,
    Demo(chores::demo::Options),
    Test(chores::test::Options),
    Bench(chores::bench::Options),
    Fuzz(chores::fuzz::Options),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Module(options) => module::build(&options).map(|()| ExitCode::SUCCESS),
        Command::Js => chores::js::build().map(|()| ExitCode::SUCCESS),
        Command::Build => Ok(chores::build::run()),
        Command::Demo(options) => chores::demo::run(&options),
        Command::Test(options) => chores::test::run(&options),
        Command::Bench(options) => chores::bench::run(&options),
        Command::Fuzz(options) => chores::fuzz::run(&options),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
