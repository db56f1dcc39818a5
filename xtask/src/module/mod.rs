//! Builds the one module: one core module, byte for byte the same for the browser, for log shippers and inside
//! the component.
//!
//! 1. `rule-wasm` is compiled ([`compile`]).
//! 2. wasm-bindgen makes the JavaScript glue, and takes its descriptors out of the module ([`glue`]).
//! 3. binaryen makes it smaller, where it is there or can be installed ([`shrink`]).
//! 4. wit-component wraps it into a component that imports nothing ([`component`]).
//! 5. The core module is taken back out of the component, so that all hosts load the same bytes.
//! 6. What hosts rely on is checked ([`facts`]).

mod compile;
mod component;
mod facts;
mod fingerprint;
mod glue;
mod sections;
mod shrink;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::hash::sha256;
use crate::paths;
use crate::wasm_std::WasmStd;
use shrink::Optimiser;

/// Build the one module into target/module: the core module, the component, the JavaScript glue, the SHA-256.
///
/// Does nothing when nothing that goes into it has changed. The standard library for wasm32-unknown-unknown comes from
/// the toolchain, from rustup, or from Debian's packages (rustc-web cargo-web rust-web-src lld-22), whichever is there;
/// TRIPLINE_WASM_STD=debian insists on the last. binaryen's wasm-opt makes the module smaller, if it is there or can be installed.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Options {
    /// Build even if nothing changed
    #[arg(long)]
    pub force: bool,
    /// Optimise for this (default: what the profile `module` says)
    #[arg(long, value_name = "LEVEL", value_parser = ["1", "2", "3", "s", "z"])]
    pub opt_level: Option<String>,
}

/// The core module.
pub const CORE: &str = "tripline.core.wasm";
/// The component, with the core module in it.
pub const COMPONENT: &str = "tripline.component.wasm";
/// The JavaScript glue.
pub const GLUE: &str = "tripline.js";
/// Its types.
pub const GLUE_TYPES: &str = "tripline.d.ts";
/// The core module's SHA-256, in hexadecimal.
pub const SHA256: &str = "sha256";
/// What went in: a build whose inputs have this hash need not be made again.
const INPUTS: &str = "inputs";

/// Builds the module unless it is up to date, and prints its size and hash.
pub fn build(options: &Options) -> Result<()> {
    let started = Instant::now();
    let folder = paths::module();
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    // Two builds at a time would mix their outputs.
    let lock = fs::File::create(folder.join(".lock")).context("cannot create target/module/.lock")?;
    lock.lock().context("cannot lock target/module/.lock")?;

    let wasm_std = WasmStd::find_or_install()?;
    let optimiser = Optimiser::find_or_install();
    let tools = [wasm_std.identity(), optimiser.as_ref().map_or_else(String::new, Optimiser::identity)].join("\n");
    let inputs = fingerprint::inputs(&tools, options.opt_level.as_deref())?;
    if !options.force && is_up_to_date(&folder, &inputs) {
        println!("The module is up to date.");
        return print_size(&folder);
    }

    println!("Building the module (standard library: {wasm_std}).");
    let compiled = compile::compile(wasm_std, options.opt_level.as_deref())?;
    let bound = glue::generate(&compiled)?;
    let shrunk = match &optimiser {
        Some(optimiser) => optimiser.shrink(&bound.core)?,
        None => {
            println!("There is no wasm-opt (Debian's package binaryen has it): the module is larger than it need be.");
            bound.core
        }
    };
    let component = component::encode(&shrunk)?;
    let core = component::core_module(&component)?;
    facts::check(&core, &component, optimiser.is_some())?;

    // The inputs' hash goes away first and comes last: a build that is cut off is made again.
    let _ = fs::remove_file(folder.join(INPUTS));
    for (name, bytes) in [
        (CORE, core.as_slice()),
        (COMPONENT, &component),
        (GLUE, bound.javascript.as_bytes()),
        (GLUE_TYPES, bound.types.as_bytes()),
        (SHA256, sha256(&core).as_bytes()),
        (INPUTS, inputs.as_bytes()),
    ] {
        write(&folder.join(name), bytes)?;
    }
    println!("Built the module in {:.1} s.", started.elapsed().as_secs_f64());
    print_size(&folder)
}

fn is_up_to_date(folder: &Path, inputs: &str) -> bool {
    let read = |name: &str| fs::read(folder.join(name)).ok();
    read(INPUTS).is_some_and(|known| known == inputs.as_bytes())
        && [COMPONENT, GLUE, GLUE_TYPES].iter().all(|name| folder.join(name).is_file())
        && read(CORE).map(|core| sha256(&core).into_bytes()) == read(SHA256)
}

/// Writes a file at once or not at all, and leaves an equal one alone so that nothing is rebuilt for it.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let new = path.with_added_extension("new");
    fs::write(&new, bytes)
        .and_then(|()| fs::rename(&new, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn print_size(folder: &Path) -> Result<()> {
    let core = fs::read(folder.join(CORE))?;
    let component = fs::metadata(folder.join(COMPONENT))?.len();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&core)?;
    println!("  {}", paths::shown(&folder.join(CORE)));
    println!("  {} bytes, {} gzipped; the component has {component}", core.len(), gzip.finish()?.len());
    println!("  SHA-256 {}", sha256(&core));
    Ok(())
}
