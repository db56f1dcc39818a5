//! `tripline run`: the collector.

use std::io::Write as _;

use anyhow::Result;
use host_runner::collector::{self, CollectorError, Config, PrepareError};

use crate::args::{RunArgs, cache};
use crate::{Outcome, log, output, render};

pub fn run(args: &RunArgs) -> Result<Outcome> {
    log::collector(args);
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
