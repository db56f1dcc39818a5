//! The npm package and the playground.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::hash::Inputs;
use crate::{module, paths, process};

/// What the JavaScript builds are made of, beside the module.
const SOURCES: [&str; 7] = [
    "js/package-lock.json",
    "js/engine/package.json",
    "js/engine/scripts",
    "js/engine/src",
    "js/engine/tsconfig.build.json",
    "js/engine/tsconfig.json",
    "examples",
];

/// The playground's own sources: all of its folder, save what is built or tests.
const PLAYGROUND: [&str; 6] = ["index.html", "package.json", "public", "src", "tsconfig.json", "vite.config.ts"];

/// npm, in the folder of the JavaScript packages.
pub fn npm(arguments: &[&str]) -> Command {
    let mut npm = process::command("npm");
    npm.current_dir(folder()).args(arguments);
    npm
}

/// Installs the dependencies and builds both packages, each unless it is up to date.
pub fn build() -> Result<()> {
    if !process::exists("npm") {
        bail!("there is no npm: install Node 20.19 or later (https://nodejs.org)");
    }
    install()?;
    if !paths::module().join(module::CORE).is_file() {
        bail!("there is no module yet: run `cargo xtask module` first");
    }
    let mut inputs = Inputs::default();
    inputs.add_files(&SOURCES)?;
    let playground = PLAYGROUND.map(|name| format!("js/playground/{name}"));
    inputs.add_files(&playground.each_ref().map(String::as_str))?;
    inputs.add_files(
        &[module::CORE, module::GLUE, module::GLUE_TYPES]
            .map(|name| format!("target/module/{name}"))
            .each_ref()
            .map(String::as_str),
    )?;
    let stamp = Stamp { path: paths::target().join("js-inputs"), hash: inputs.finish() };
    let outputs = [folder().join("engine/dist/index.js"), folder().join("playground/dist/index.html")];
    if stamp.is_current() && outputs.iter().all(|output| output.is_file()) {
        println!("The npm package and the playground are up to date.");
        return Ok(());
    }
    process::run(&mut npm(&["run", "build"]))?;
    stamp.set()
}

fn install() -> Result<()> {
    let mut inputs = Inputs::default();
    inputs.add_files(&[
        "js/package-lock.json",
        "js/package.json",
        "js/engine/package.json",
        "js/playground/package.json",
    ])?;
    let stamp = Stamp { path: folder().join("node_modules/.tripline"), hash: inputs.finish() };
    if stamp.is_current() {
        println!("The JavaScript dependencies are up to date.");
        return Ok(());
    }
    process::run(&mut npm(&["ci", "--no-audit", "--no-fund"]))?;
    stamp.set()
}

fn folder() -> PathBuf {
    paths::root().join("js")
}

/// Remembers from what something was made.
struct Stamp {
    path: PathBuf,
    hash: String,
}

impl Stamp {
    fn is_current(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|hash| hash == self.hash)
    }

    fn set(&self) -> Result<()> {
        fs::write(&self.path, &self.hash).with_context(|| format!("cannot write {}", self.path.display()))
    }
}
