//! Step 1: from Rust to a core module.

use std::fs;

use anyhow::{Context, Result};

use super::sections;
use crate::wasm_std::{TARGET, WasmStd};
use crate::{paths, process};

/// Features that hosts lack: Fluent Bit's runtime knows neither, and with them wasm-bindgen would put `externref` into
/// the module.
const UNWANTED: [&str; 2] = ["reference-types", "multivalue"];

/// Compiles `rule-wasm` and gives the core module.
pub fn compile(wasm_std: WasmStd, opt_level: Option<&str>) -> Result<Vec<u8>> {
    // A target folder of its own: nothing in it is of use to native builds, and they need not wait for each other.
    let target = paths::target().join("wasm");
    let mut cargo = wasm_std.cargo("build");
    cargo.args(["--package", "rule-wasm", "--lib", "--profile", "module", "--target-dir"]).arg(&target);
    if let Some(level) = opt_level {
        cargo.env("CARGO_PROFILE_MODULE_OPT_LEVEL", level);
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", rustflags(wasm_std).join("\x1f"));
    process::run(&mut cargo)?;

    let path = target.join(TARGET).join("module/rule_wasm.wasm");
    let module = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    // A standard library that comes compiled still says that it has them, and wasm-bindgen looks there.
    sections::drop_target_features(&module, &UNWANTED)
}

fn rustflags(wasm_std: WasmStd) -> Vec<String> {
    let mut flags: Vec<String> = wasm_std.rustflags().iter().map(|flag| (*flag).to_owned()).collect();
    flags.push(format!("-Ctarget-feature=-{}", UNWANTED.join(",-")));
    // As little is inlined into what is built for speed as into the rest, but for what says that it must be: the module is 200 KB smaller than with what the compiler takes.
    flags.push("-Cllvm-args=-inline-threshold=5".to_owned());
    // Paths of source files are in panic messages: the same on every machine, or the bytes are not.
    let home = std::env::var("CARGO_HOME").ok().or_else(|| std::env::var("HOME").ok().map(|home| home + "/.cargo"));
    if let Some(home) = home {
        flags.push(format!("--remap-path-prefix={home}=cargo"));
    }
    flags.push(format!("--remap-path-prefix={}=tripline", paths::root().display()));
    flags
}
