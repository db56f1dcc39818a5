//! What was done, how long it took and how it ended.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
    /// Skipped.
    pub skipped: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// How a step ended: what it counted, if it counts, and what went wrong.
#[derive(Debug, Default)]
pub struct Ending {
    /// What it counted.
    pub counts: Option<Counts>,
    /// What went wrong.
    pub error: Option<anyhow::Error>,
}

impl From<Result<()>> for Ending {
    fn from(result: Result<()>) -> Self {
        Ending { counts: None, error: result.err() }
    }
}

#[derive(Debug)]
struct Row {
    name: String,
    time: Duration,
    ok: bool,
    counts: Option<Counts>,
}

/// The steps done so far. One that fails does not keep the next from running.
#[derive(Debug, Default)]
pub struct Steps {
    rows: Vec<Row>,
}

impl Steps {
    /// Does one step and says so; whether it succeeded.
    pub fn step<E: Into<Ending>>(&mut self, name: &str, work: impl FnOnce() -> E) -> bool {
        println!("\n=== {name}");
        let started = Instant::now();
        let ending: Ending = work().into();
        let time = started.elapsed();
        if let Some(error) = &ending.error {
            println!("error: {error:#}");
        }
        let ok = ending.error.is_none() && ending.counts.is_none_or(|counts| counts.failed == 0);
        println!("=== {name}: {} in {}", if ok { "done" } else { "FAILED" }, seconds(time));
        self.rows.push(Row { name: name.to_owned(), time, ok, counts: ending.counts });
        ok
    }

    /// A table of the steps.
    pub fn print_table(&self) {
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        println!();
        for row in &self.rows {
            let state = if row.ok { "ok" } else { "FAILED" };
            let counts = row.counts.map(|counts| counts.to_string()).unwrap_or_default();
            println!("{}", format!("{:width$}  {state:6}  {:>8}  {counts}", row.name, seconds(row.time)).trim_end());
        }
        let total = self.rows.iter().map(|row| row.time).sum();
        println!("{:width$}  {:6}  {:>8}", "all", "", seconds(total));
    }

    /// All counts together. A step that failed without a failed test of its own counts as one.
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for row in &self.rows {
            let counts = row.counts.unwrap_or_default();
            sum += counts;
            if !row.ok && counts.failed == 0 {
                sum.failed += 1;
            }
        }
        sum
    }

    /// Success if every step was one.
    pub fn exit_code(&self) -> ExitCode {
        if self.rows.iter().all(|row| row.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_a_failed_step_is_a_failure() {
        let mut steps = Steps::default();
        let suite = |passed, failed, skipped| Ending { counts: Some(Counts { passed, failed, skipped }), error: None };
        assert!(steps.step("a", || suite(3, 0, 0)));
        assert!(steps.step("b", || Ok(())));
        assert_eq!(steps.counts().to_string(), "3 passed, 0 failed");
        assert!(!steps.step("c", || suite(1, 2, 4)));
        assert!(!steps.step("d", || Err(anyhow::anyhow!("does not build"))));
        assert_eq!(steps.counts().to_string(), "4 passed, 3 failed, 4 skipped");
    }
}
