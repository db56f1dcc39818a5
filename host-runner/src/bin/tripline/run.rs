//! `tripline run`: the collector.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Result;
use host_runner::collector::{self, CollectorError, Config, PrepareError};
use tracing::level_filters::LevelFilter;

use crate::args::{LogFormat, LogLevel, RunArgs, cache};
use crate::{Outcome, output, render};

pub fn run(args: &RunArgs) -> Result<Outcome> {
    start_log(args);
    let config = Config::read(&args.config)?;
    let cache = cache(args.no_cache);
    let result = if args.check {
        collector::check(&config, &cache, show)
    } else {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let result = runtime.block_on(collector::run(config, &cache, show));
        // A thread that waits on standard input cannot be called off, and need not be waited for.
        runtime.shutdown_background();
        result.map(drop)
    };
    match result {
        Ok(()) => Ok(Outcome::Done),
        // Already shown, for every tenant.
        Err(CollectorError::Tenant { reason: PrepareError::Rules(_), .. }) => Ok(Outcome::Failed),
        Err(error) => Err(error.into()),
    }
}

/// Shows why a tenant cannot start, with excerpts of its rules.
fn show(error: &CollectorError) {
    let CollectorError::Tenant { reason: PrepareError::Rules(refused), .. } = error else { return };
    let mut err = anstream::stderr();
    // There is nobody to tell that standard error cannot be written.
    let _ = render::errors(&mut err, &refused.report, &refused.sources);
    let _ = writeln!(err, "{}error{:#}: {}", output::RED, output::RED, output::clean(&error.to_string()));
}

fn start_log(args: &RunArgs) {
    let level = match args.log_level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let color = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let log =
        tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_target(false).with_ansi(color);
    match args.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}
