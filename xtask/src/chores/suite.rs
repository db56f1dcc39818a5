//! Runs a test suite: its output goes on to the terminal, and its counts are read from it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow};

use crate::process;
use crate::steps::{Counts, Ending};

/// Runs `cargo test`.
pub fn cargo(command: &mut Command) -> Ending {
    // Without colours the counts are words and numbers.
    run(command.env("CARGO_TERM_COLOR", "never"), cargo_counts)
}

/// Runs Node's test runner by way of npm.
pub fn node(command: &mut Command) -> Ending {
    run(command.env("NO_COLOR", "1"), node_counts)
}

fn run(command: &mut Command, read: impl Fn(&str) -> Counts) -> Ending {
    println!("  $ {}", process::line(command));
    run_to(&mut std::io::stdout(), command, read)
}

fn run_to(terminal: &mut impl Write, command: &mut Command, read: impl Fn(&str) -> Counts) -> Ending {
    let mut counts = Counts::default();
    let error = match stream(terminal, command, |line| counts += read(line)) {
        Err(error) => Some(error),
        // A suite that finds none of its tests has not passed.
        Ok(()) if counts == Counts::default() => Some(anyhow!("`{}` ran no test", process::line(command))),
        Ok(()) => None,
    };
    Ending { counts: Some(counts), error }
}

/// Runs a command and looks at each line of its standard output on the way to the terminal.
fn stream(terminal: &mut impl Write, command: &mut Command, mut look: impl FnMut(&str)) -> Result<()> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", command.get_program().to_string_lossy()))?;
    let output = child.stdout.take().context("the output is not piped")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read the output")?;
        terminal.write_all(&line)?;
        terminal.write_all(b"\n")?;
        look(&String::from_utf8_lossy(&line));
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(anyhow!("`{}` failed: {status}", process::line(command))) }
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; …`, a line per test binary.
fn cargo_counts(line: &str) -> Counts {
    let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
        return Counts::default();
    };
    let number = |word: &str| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(word))?;
        part.trim().parse().ok()
    };
    Counts {
        passed: number("passed").unwrap_or(0),
        failed: number("failed").unwrap_or(0),
        skipped: number("ignored").unwrap_or(0),
    }
}

/// `ℹ pass 3`, `ℹ fail 0`, `ℹ skipped 1`, each on a line of its own; a test that was cancelled did not pass.
fn node_counts(line: &str) -> Counts {
    let mut counts = Counts::default();
    let mut words = line.strip_prefix("ℹ ").unwrap_or_default().split(' ');
    if let (Some(word), Some(Ok(number)), None) = (words.next(), words.next().map(str::parse), words.next()) {
        match word {
            "pass" => counts.passed = number,
            "fail" | "cancelled" => counts.failed = number,
            "skipped" | "todo" => counts.skipped = number,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn counts_of_cargo() {
        let ok = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.07s";
        let failed =
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(cargo_counts(ok), counts(12, 0, 1));
        assert_eq!(cargo_counts(failed), counts(1, 2, 0));
        assert_eq!(cargo_counts("test rule::passed ... ok"), counts(0, 0, 0));
    }

    #[test]
    fn counts_of_node() {
        let output = "✔ pass 9 (1ms)\nℹ tests 10\nℹ suites 0\nℹ pass 6\nℹ fail 1\nℹ cancelled 1\nℹ skipped 2\nℹ todo 0";
        let mut sum = Counts::default();
        output.lines().for_each(|line| sum += node_counts(line));
        assert_eq!(sum, counts(6, 2, 2));
    }

    #[test]
    fn a_suite_without_tests_and_one_that_breaks_off_fail() {
        let silent = run_to(&mut Vec::new(), Command::new("true").arg(""), cargo_counts);
        assert!(silent.error.is_some_and(|error| error.to_string().contains("ran no test")));
        let script = "echo 'test result: ok. 2 passed; 0 failed; 0 ignored'; exit 3";
        let mut terminal = Vec::new();
        let broken = run_to(&mut terminal, Command::new("sh").args(["-c", script]), cargo_counts);
        assert_eq!(terminal, b"test result: ok. 2 passed; 0 failed; 0 ignored\n");
        assert_eq!(broken.counts, Some(counts(2, 0, 0)));
        assert!(broken.error.is_some_and(|error| error.to_string().contains("exit status: 3")));
    }
}
