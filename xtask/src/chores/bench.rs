//! The benchmarks.

use std::process::ExitCode;

use super::build;
use crate::process;
use crate::steps::Steps;

/// Runs every benchmark of the workspace, native and in the sandbox.
pub fn run() -> ExitCode {
    let mut steps = Steps::default();
    build::parts(&mut steps);
    steps.step("benchmarks", || {
        let packages = ["--workspace", "--exclude", "rule-wasm", "--exclude", "xtask"];
        process::run(process::cargo().arg("bench").args(packages).arg("--benches"))
    });
    steps.print_table();
    steps.exit_code()
}
