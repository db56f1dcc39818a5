//! Whether any stage of the engine takes more instructions than it did.
//!
//! Instructions do not depend on how busy a machine is, unlike time. Counted is each stage of a small fixed workload, in relation to
//! what serde_json takes to build a `Value` of the same events: so a compiler that is better or worse at everything changes little.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::{paths, process};

/// Count instructions of a small fixed workload, and fail if a stage takes more than it did
///
/// Runs under valgrind's callgrind, which is installed when it is missing (as root on Debian). The counts of each stage, in relation
/// to a reference workload in the same run, are compared with benches/instructions.toml.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  cargo xtask bench instructions            compare with benches/instructions.toml
  cargo xtask bench instructions --bless    what it is now is how it should be: commit the file")]
pub struct Options {
    /// Write what was counted to benches/instructions.toml
    #[arg(long)]
    bless: bool,
    /// By how many percent a stage may be dearer or cheaper
    #[arg(long, default_value_t = TOLERANCE)]
    tolerance: f64,
}

const TOLERANCE: f64 = 5.0;

impl Default for Options {
    fn default() -> Self {
        Options { bless: false, tolerance: TOLERANCE }
    }
}

const REFERENCE: &str = "reference";
const STAGES: [&str; 7] = [
    "no rules",
    "one rule",
    "example rules",
    "example rules, one event in five matching",
    "example rules, one event in five matching, alerts",
    "sequences",
    "compile example rules",
];
const HEAD: &str = "# Instructions of each stage in relation to serde_json building a Value of the same events.
# Written by `cargo xtask bench instructions --bless`.
";

/// Counts and compares.
pub fn run(options: &Options) -> Result<()> {
    find_or_install_valgrind()?;
    let program = build()?;
    let reference = count(&program, REFERENCE)?;
    let mut now = BTreeMap::new();
    for stage in STAGES {
        let ratio = count(&program, stage)? as f64 / reference as f64;
        // As in the file: what is compared is what would be written.
        now.insert(stage.to_owned(), (ratio * 1e4).round() / 1e4);
    }
    let path = paths::root().join("benches/instructions.toml");
    let known = match fs::read_to_string(&path) {
        Ok(text) => parse(&text)?,
        Err(_) if options.bless => BTreeMap::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let (table, beyond) = compare(&known, &now, options.tolerance);
    print!("\n{table}");
    if options.bless {
        fs::write(&path, render(&now)).with_context(|| format!("cannot write {}", path.display()))?;
        println!("\nWrote {}.", paths::shown(&path));
        return Ok(());
    }
    if beyond.is_empty() {
        return Ok(());
    }
    bail!(
        "{} beyond {} %: {}.\nIf that is meant to be so, run `cargo xtask bench instructions --bless` and commit \
         benches/instructions.toml\nwith the change, saying why. If not, `valgrind --tool=callgrind {} STAGE` and \
         `callgrind_annotate` show\nwhere the instructions are.",
        if beyond.len() == 1 { "A stage is" } else { "Stages are" },
        options.tolerance,
        beyond.join("; "),
        paths::shown(&program),
    );
}

fn find_or_install_valgrind() -> Result<()> {
    if process::exists("valgrind") {
        return Ok(());
    }
    if process::can_install() {
        println!("Installing valgrind, which counts instructions.");
        return process::apt_install(&["valgrind"]);
    }
    bail!("there is no valgrind, which counts instructions: `sudo apt-get install valgrind`")
}

/// Without wasmtime, which takes minutes to build.
fn build() -> Result<PathBuf> {
    process::run(process::cargo().args([
        "build",
        "--profile",
        "instructions",
        "--package",
        "tripline-benches",
        "--no-default-features",
        "--bin",
        "instructions",
    ]))?;
    Ok(paths::target().join("instructions/instructions"))
}

/// Instructions within the stage, leaving out what comes before and after.
fn count(program: &PathBuf, stage: &str) -> Result<u64> {
    let mut valgrind = process::command("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=instructions::measured*"]);
    let output = valgrind.arg(program).arg(stage).stdin(Stdio::null()).output().context("cannot start valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    match collected {
        Some(count) if output.status.success() && count > 0 => Ok(count),
        _ => bail!("counting the instructions of {stage:?} failed:\n{said}"),
    }
}

/// A table, and the stages beyond the tolerance.
fn compare(known: &BTreeMap<String, f64>, now: &BTreeMap<String, f64>, tolerance: f64) -> (String, Vec<String>) {
    let mut table = String::new();
    let mut beyond = Vec::new();
    let _ = writeln!(table, "{:<52} {:>9} {:>9} {:>9}", "stage (1 = serde_json Value)", "was", "is", "change");
    for (stage, is) in now {
        let Some(was) = known.get(stage) else {
            let _ = writeln!(table, "{stage:<52} {:>9} {is:>9.4} {:>9}", "-", "new");
            beyond.push(format!("{stage:?} is new"));
            continue;
        };
        let change = (is / was - 1.0) * 100.0;
        let verdict = if change.abs() <= tolerance { "" } else { "  <-" };
        let _ = writeln!(table, "{stage:<52} {was:>9.4} {is:>9.4} {:>9}{verdict}", format!("{change:+.1} %"));
        if change > tolerance {
            beyond.push(format!("{stage:?} is {change:.1} % dearer"));
        } else if change < -tolerance {
            beyond.push(format!("{stage:?} is {:.1} % cheaper, which the file should hold on to", -change));
        }
    }
    for stage in known.keys().filter(|stage| !now.contains_key(*stage)) {
        beyond.push(format!("{stage:?} is gone"));
    }
    (table, beyond)
}

fn render(ratios: &BTreeMap<String, f64>) -> String {
    ratios.iter().fold(HEAD.to_owned(), |text, (stage, ratio)| text + &format!("{stage:?} = {ratio:.4}\n"))
}

/// The little of TOML that [`render`] writes.
fn parse(text: &str) -> Result<BTreeMap<String, f64>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let parts = line.split_once('=').and_then(|(stage, ratio)| {
                Some((stage.trim().trim_matches('"').to_owned(), ratio.trim().parse().ok()?))
            });
            parts.with_context(|| format!("benches/instructions.toml: cannot read {line:?}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_beyond_the_tolerance_are_named() {
        let ratios = |pairs: &[(&str, f64)]| pairs.iter().map(|(stage, ratio)| ((*stage).to_owned(), *ratio)).collect();
        let known: BTreeMap<_, _> = ratios(&[("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 1.0)]);
        let (table, beyond) = compare(&known, &ratios(&[("a", 1.04), ("b", 2.2), ("c", 2.0), ("e", 1.0)]), 5.0);
        assert!(table.contains("+4.0 %\n") && table.contains("+10.0 %  <-"), "{table}");
        let named: Vec<_> = beyond.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(named, ["\"b\"", "\"c\"", "\"e\"", "\"d\""]);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let ratios = BTreeMap::from([("one, two".to_owned(), 0.125), ("three".to_owned(), 2.0)]);
        assert_eq!(parse(&render(&ratios)).expect("TOML"), ratios);
        assert!(parse("nonsense").is_err());
    }
}
