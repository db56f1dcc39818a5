//! All tests.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use super::{build, js, suite};
use crate::process;
use crate::steps::{Ending, Steps};

/// Run everything that CI runs: formatting, lints, the tests of Rust, the module, JavaScript and the playground, and the count of
/// instructions
///
/// Builds what they need first. Every step runs even if one before it fails. The playground is tested in
/// Chromium: /usr/bin/chromium, or what CHROMIUM names; as root on Debian it is installed when it is missing, and
/// so is valgrind, which counts instructions.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// Leave out the JavaScript suites (no Node or Chromium is needed, but for building)
    #[arg(long)]
    no_js: bool,
}

/// Packages that are built together. What one build of all of them would unify are features of crates deep below wasmtime,
/// and `tripline` alone would need them built once more: so the two packages with other needs go apart.
const GROUPS: [(&str, &[&str]); 3] = [
    ("core, command and conformance", &["--workspace", "--exclude", "rule-wasm", "--exclude", "xtask"]),
    ("faces of the module", &["--package", "rule-wasm"]),
    ("module and chores", &["--package", "xtask"]),
];

/// Runs all of them.
pub fn run(options: &Options) -> Result<ExitCode> {
    let mut steps = Steps::default();
    steps.step("format", || process::run(process::cargo().args(["fmt", "--all", "--check"])));
    build::parts(&mut steps);
    for (name, packages) in GROUPS {
        steps.step(&format!("lints: {name}"), || {
            process::run(process::cargo().arg("clippy").args(packages).args(["--all-targets", "--", "-D", "warnings"]))
        });
    }
    for (name, packages) in GROUPS {
        // The tests run the command that the first group's build leaves there.
        steps.step(&format!("tests: {name}"), || {
            let mut cargo = process::cargo();
            cargo.arg("test").args(packages).arg("--no-fail-fast").env("TRIPLINE_BIN", "target/debug/tripline");
            suite::cargo(&mut cargo)
        });
    }
    steps.step("instructions", || super::bench::instructions::run(&Default::default()));
    if !options.no_js {
        steps.step("types: JavaScript", || process::run(&mut js::npm(&["run", "check"])));
        steps.step("tests: npm package", || suite::node(&mut js::npm(&["test", "--workspace", "engine"])));
        steps.step("tests: playground", playground);
    }
    steps.print_table();
    // On a line of its own and without ornament: CI reads it.
    println!("\n{}", steps.counts());
    Ok(steps.exit_code())
}

fn playground() -> Ending {
    match find_or_install_chromium() {
        Ok(()) => suite::node(&mut js::npm(&["test", "--workspace", "playground"])),
        Err(error) => Err(error).into(),
    }
}

fn find_or_install_chromium() -> Result<()> {
    if let Some(chromium) = std::env::var_os("CHROMIUM") {
        if Command::new(&chromium).arg("--version").output().is_err() {
            bail!("CHROMIUM names {}, which does not start", chromium.display());
        }
        return Ok(());
    }
    if Path::new("/usr/bin/chromium").exists() {
        return Ok(());
    }
    if process::can_install() {
        println!("Installing Chromium, in which the playground is tested.");
        return process::apt_install(&["chromium"]);
    }
    bail!("there is no /usr/bin/chromium: `sudo apt-get install chromium`, or name another one with CHROMIUM")
}
