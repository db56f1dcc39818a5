//! `generate`: a stream of events on standard output.

use std::io::{BufWriter, ErrorKind, Write, stdout};

use anyhow::Result;
use tripline_benches::stream::{self, Stream};

/// Write a stream of made-up ECS events, one per line; the same seed gives the same bytes
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  cargo xtask bench generate --events 10000 > events.ndjson
  cargo xtask bench generate --events 1000 --seed 7 --suspicious-one-in 5 | tripline eval --rules examples/rules --events -")]
pub struct Options {
    /// How many events
    #[arg(long, default_value_t = 10_000)]
    events: usize,
    /// Where the random numbers begin
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One event in so many is of a form that a detection rule looks for
    #[arg(long, default_value_t = 500)]
    suspicious_one_in: u64,
}

/// Writes them.
pub fn run(options: &Options) -> Result<()> {
    let mut stream = Stream::new(&stream::Options { seed: options.seed, suspicious_one_in: options.suspicious_one_in });
    let mut out = BufWriter::new(stdout().lock());
    let mut write = || -> std::io::Result<()> {
        for _ in 0..options.events {
            writeln!(out, "{}", stream.event())?;
        }
        out.flush()
    };
    match write() {
        // Whoever reads has had enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
