//! Builds everything that a user runs.

use std::process::ExitCode;

use super::js;
use crate::steps::Steps;
use crate::{module, process};

/// The module, JavaScript, and the command with both embedded.
pub fn run() -> ExitCode {
    let mut steps = Steps::default();
    all(&mut steps);
    steps.print_table();
    steps.exit_code()
}

/// The steps; whether all succeeded. The command is built in the profile of the tests.
pub fn all(steps: &mut Steps) -> bool {
    let parts = parts(steps);
    let command = steps.step("tripline", || process::run(process::cargo().args(["build", "--package", "host-runner"])));
    parts && command
}

/// What the command embeds.
pub fn parts(steps: &mut Steps) -> bool {
    let module = steps.step("module", || module::build(&module::Options::default()));
    let js = steps.step("npm package and playground", js::build);
    module && js
}
