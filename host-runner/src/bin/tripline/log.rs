//! The log on standard error.

use std::io::{self, IsTerminal as _};

use tracing::level_filters::LevelFilter;

use crate::args::{LogFormat, LogLevel, RunArgs};

/// For commands that a person waits for: warnings, and on a terminal what takes a while.
pub fn command() {
    let level = if io::stderr().is_terminal() { LevelFilter::INFO } else { LevelFilter::WARN };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_target(false)
        .without_time()
        .with_ansi(color())
        .init();
}

/// For the collector: with times, as text or as data.
pub fn collector(args: &RunArgs) {
    let level = match args.log_level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let log =
        tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_target(false).with_ansi(color());
    match args.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

fn color() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
