//! What a module is built from, as one hash.

use anyhow::Result;

use crate::hash::Inputs;

/// The hash of all inputs, of the compiler and of the options.
pub fn inputs(compiler: &str, opt_level: Option<&str>) -> Result<String> {
    let mut inputs = Inputs::default();
    inputs.add(compiler.as_bytes());
    inputs.add(opt_level.unwrap_or_default().as_bytes());
    inputs.add_files(&[
        "Cargo.toml",
        "Cargo.lock",
        "rule-syntax/Cargo.toml",
        "rule-syntax/src",
        "rule-core/Cargo.toml",
        "rule-core/src",
        "rule-wasm/Cargo.toml",
        "rule-wasm/src",
        "rule-wasm/wit",
        "xtask/src/module",
        "xtask/src/wasm_std.rs",
    ])?;
    Ok(inputs.finish())
}
