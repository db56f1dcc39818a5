//! The `tripline` command as its users run it.

use std::env;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::root;

/// The engines of the command, as `--engine` names them.
pub const ENGINES: [&str; 2] = ["wasm", "native"];

/// What a run of the command left behind.
#[derive(Debug)]
pub struct Run {
    /// The exit status.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Run {
    /// Standard output as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout).with_context(|| format!("not JSON: {self:?}"))
    }

    /// Standard output as JSON, a document per line.
    pub fn ndjson(&self) -> Result<Vec<Value>> {
        let lines = self.stdout.lines().filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))).collect()
    }
}

/// Runs `tripline` with arguments, in the checkout.
pub fn tripline<I>(arguments: I) -> Result<Run>
where
    I: IntoIterator,
    I::Item: AsRef<std::ffi::OsStr>,
{
    run(arguments, Stdio::null())
}

/// Runs it with something on its standard input.
pub fn tripline_with<I>(arguments: I, input: &str) -> Result<Run>
where
    I: IntoIterator,
    I::Item: AsRef<std::ffi::OsStr>,
{
    let mut file = tempfile::tempfile()?;
    file.write_all(input.as_bytes())?;
    file.rewind()?;
    run(arguments, file.into())
}

fn run<I>(arguments: I, input: Stdio) -> Result<Run>
where
    I: IntoIterator,
    I::Item: AsRef<std::ffi::OsStr>,
{
    let binary = BINARY.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    let binary = binary.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?;
    let output = Command::new(binary)
        .args(arguments)
        .current_dir(root())
        .stdin(input)
        .env_remove("NO_COLOR")
        .output()
        .with_context(|| binary.display().to_string())?;
    run_of(output)
}

fn run_of(output: Output) -> Result<Run> {
    Ok(Run {
        status: output.status.code().with_context(|| format!("killed: {}", output.status))?,
        stdout: String::from_utf8(output.stdout).context("standard output is not UTF-8")?,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();

/// `$TRIPLINE_BIN`, else the binary of this checkout in the profile of this test: cargo builds another package's binary for
/// no test, so that this asks for it. It costs nothing when it is there already.
fn build() -> Result<PathBuf> {
    if let Some(path) = env::var_os("TRIPLINE_BIN") {
        let path = root().join(path);
        ensure!(path.is_file(), "TRIPLINE_BIN names {}, which is no file", path.display());
        return Ok(path);
    }
    // target/PROFILE/deps/TEST
    let test = env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).context("a test lies in target/PROFILE/deps")?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", "host-runner", "--bin", "tripline", "--profile", profile])
        .current_dir(root())
        .output()
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "cannot build tripline:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(folder.join("tripline"))
}
