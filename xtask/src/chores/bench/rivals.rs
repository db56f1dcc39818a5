//! Other engines on comparable rules and the same events.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use super::build_module;
use crate::{paths, process};

const PYTHON_EQL: &str = "eql==1.0.1";

/// Builds what is needed and runs benches/rivals/run.py.
pub fn run() -> Result<ExitCode> {
    let rules = paths::root().join("../shared/data/rules/elastic");
    if !rules.is_dir() {
        bail!("{} is absent: the rules that are compared are Elastic's", rules.display());
    }
    let work = paths::target().join("rivals");
    let python = work.join("python/bin/python");
    if !python.exists() {
        process::run(process::command("python3").args(["-m", "venv"]).arg(work.join("python")))?;
    }
    // Quick when it is there.
    process::run(process::command(&text(&python)).args(["-m", "pip", "install", "--quiet", PYTHON_EQL]))?;
    build_module()?;
    process::run(process::cargo().args([
        "build",
        "--release",
        "--package",
        "tripline-benches",
        "--bin",
        "tripline-bench",
    ]))?;
    let mut cargo = process::cargo();
    cargo.args([
        "build",
        "--release",
        "--locked",
        "--manifest-path",
        "benches/rivals/rsigma/Cargo.toml",
        "--target-dir",
    ]);
    let rsigma = match process::run(cargo.arg(&work)) {
        Ok(()) => text(&work.join("release/rsigma-rival")),
        Err(error) => {
            println!("rsigma is left out: {error:#}");
            "-".to_owned()
        }
    };
    let mut run = process::command(&text(&python));
    run.arg("benches/rivals/run.py").arg(paths::target().join("release/tripline-bench")).arg(rsigma);
    process::run(run.arg(rules).arg(work.join("work")))?;
    Ok(ExitCode::SUCCESS)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
