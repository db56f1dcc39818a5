//! Running other programs.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::paths;

/// A command in the checkout's root.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(paths::root());
    command
}

/// The cargo that runs this.
pub fn cargo() -> Command {
    command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
}

/// Runs a command; its failure is an error.
pub fn run(command: &mut Command) -> Result<()> {
    println!("  $ {}", line(command));
    let status = command.status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed: {status}", line(command));
    }
    Ok(())
}

/// Runs a command quietly and gives its standard output; `None` when there is no such program or it fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether there is such a program.
pub fn exists(program: &str) -> bool {
    !matches!(
        Command::new(program).arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status(),
        Err(error) if error.kind() == ErrorKind::NotFound
    )
}

/// Whether this is the super-user on a system with Debian's packages, who may install what is missing.
pub fn can_install() -> bool {
    exists("apt-get") && output(Command::new("id").arg("-u")).is_some_and(|id| id == "0")
}

/// Installs Debian packages.
pub fn apt_install(packages: &[&str]) -> Result<()> {
    let install = || {
        let mut apt = command("apt-get");
        // Another apt may be at work on a shared machine: wait for it.
        apt.args(["install", "--yes", "--quiet", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600"]);
        apt.args(packages).env("DEBIAN_FRONTEND", "noninteractive");
        run(&mut apt)
    };
    // A machine that never updated its lists does not know the packages; one that did needs no update.
    install().or_else(|_| {
        run(command("apt-get").args(["update", "--quiet", "-o", "DPkg::Lock::Timeout=600"]))?;
        install()
    })
}

/// The command as one would type it.
pub fn line(command: &Command) -> String {
    let mut line = String::new();
    for (name, value) in command.get_envs() {
        let Some(value) = value else { continue };
        // Cargo's encoding of the flags has separators that one cannot type.
        let name = if name == "CARGO_ENCODED_RUSTFLAGS" { "RUSTFLAGS".into() } else { name.to_string_lossy() };
        line += &format!("{name}={} ", quoted(&value.to_string_lossy().replace('\x1f', " ")));
    }
    line += &quoted(&command.get_program().to_string_lossy());
    for argument in command.get_args() {
        line += " ";
        line += &quoted(&argument.to_string_lossy());
    }
    line
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_=./:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("{word:?}") }
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`: is it installed and on the PATH?", command.get_program().to_string_lossy())
}
