//! The fuzz targets.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::process;
use crate::steps::Steps;

/// Run the fuzz targets, each for a while (needs a nightly toolchain and cargo-fuzz)
#[derive(clap::Args, Debug)]
pub struct Options {
    /// How long each runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Which to run (default: all)
    #[arg(value_enum)]
    targets: Vec<Target>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Target {
    /// Bytes as one event
    Decode,
    /// Bytes as a stream of events
    Events,
    /// Text as a rule file
    Rule,
    /// A sequence or sample over a stream of events
    Sequence,
}

/// Runs them one after another.
pub fn run(options: &Options) -> Result<ExitCode> {
    if process::output(process::command("cargo").args(["+nightly", "fuzz", "--version"])).is_none() {
        bail!(
            "fuzzing needs a nightly toolchain and cargo-fuzz:\n  \
             rustup toolchain install nightly\n  cargo install --locked cargo-fuzz"
        );
    }
    let all = [Target::Decode, Target::Events, Target::Rule, Target::Sequence];
    let targets = if options.targets.is_empty() { &all[..] } else { &options.targets };
    let mut steps = Steps::default();
    for target in targets {
        let (name, max_len, dictionary) = match target {
            Target::Decode => ("decode", 4096, "json"),
            Target::Events => ("events", 1024, "json"),
            Target::Rule => ("rule", 2048, "eql"),
            Target::Sequence => ("sequence", 2048, "eql"),
        };
        steps.step(name, || {
            // rustup's `cargo`, which knows toolchains by name, and not the one that runs this.
            let mut cargo = process::command("cargo");
            cargo.env_remove("RUSTUP_TOOLCHAIN").args(["+nightly", "fuzz", "run", name, "--"]);
            cargo.arg(format!("-max_total_time={}", options.seconds)).arg(format!("-max_len={max_len}"));
            cargo.arg(format!("-dict=fuzz/{dictionary}.dict"));
            process::run(&mut cargo)
        });
    }
    steps.print_table();
    Ok(steps.exit_code())
}
