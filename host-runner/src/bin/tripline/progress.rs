//! Progress on a terminal; nothing anywhere else.

use std::io::{IsTerminal as _, Read, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that is done sooner is not worth a bar that flickers.
const PATIENCE: Duration = Duration::from_millis(400);

/// A bar on standard error while there is much to read.
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    pub fn new() -> Self {
        Progress { bar: ProgressBar::hidden(), started: Instant::now() }
    }

    /// `size` is known when every input is a file.
    pub fn start(&self, size: Option<u64>) {
        let template = match size {
            Some(_) => "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
            None => "{spinner} {bytes} {bytes_per_sec}",
        };
        if let Some(size) = size {
            self.bar.set_length(size);
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }

    /// Counts what is read.
    pub fn watch<R: Read>(&self, reader: R) -> impl Read + use<R> {
        self.bar.wrap_read(reader)
    }

    /// For work that takes as long as it is given.
    pub fn start_time(&self, time: Duration) {
        self.bar.set_length(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}") {
            self.bar.set_style(style);
        }
    }

    /// How much of that time is over, and what is being done.
    pub fn at(&self, time: Duration, doing: &str) {
        self.bar.set_message(doing.to_owned());
        self.bar.set_position(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        // Shows it when that is worth it.
        self.suspend(|| ());
    }

    /// Prints without the bar in between.
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        if self.bar.is_hidden() && self.started.elapsed() >= PATIENCE && stderr().is_terminal() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.suspend(print)
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}
