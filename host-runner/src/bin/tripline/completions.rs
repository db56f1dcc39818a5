//! `tripline completions`: a script that completes the command's arguments.

use std::io;

use anyhow::Result;
use clap::CommandFactory as _;

use crate::Outcome;
use crate::args::{Cli, CompletionsArgs};

pub fn run(args: &CompletionsArgs) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tripline", &mut script);
    io::Write::write_all(&mut io::stdout(), &script)?;
    Ok(Outcome::Done)
}
