//! The `tripline` command.

mod alerts;
mod args;
mod bench;
mod check;
mod completions;
mod diff;
mod embed;
mod eval;
mod events;
mod explain;
mod fmt;
mod groups;
mod log;
mod normalise;
mod output;
mod playground;
mod pretty;
mod progress;
mod render;
mod rules;
mod run;
mod schema;
mod search;
mod setup;
mod test;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};

/// How a command ended, when it did not fail for usage or I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// What was asked for is done.
    Done,
    /// The thing asked about failed: a rule has an error, a limit was exceeded.
    Failed,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if !matches!(cli.command, Command::Run(_)) {
        log::command();
    }
    let result = match cli.command {
        Command::Eval(args) => eval::run(&args),
        Command::Search(args) => search::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Fmt(args) => fmt::run(&args),
        Command::Normalise(args) => normalise::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Playground(args) => playground::run(&args),
        Command::Embed(args) => embed::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => completions::run(&args),
    };
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        // The reader of the output has left, as `head` does: nothing is wrong.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::from(if is_engine_failure(&error) { 1 } else { 2 })
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    kind == Some(std::io::ErrorKind::BrokenPipe)
}

/// A limit or a trap is about what was evaluated, not about how the command was used.
fn is_engine_failure(error: &anyhow::Error) -> bool {
    use host_runner::EngineError as E;
    error
        .downcast_ref::<E>()
        .is_some_and(|error| matches!(error, E::Memory { .. } | E::Deadline { .. } | E::Trap(_) | E::Discarded))
}
