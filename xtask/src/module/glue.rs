//! Step 2: the JavaScript glue.

use std::fs;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use super::sections;
use crate::paths;

/// The module without wasm-bindgen's descriptors, and the glue that they described.
pub struct Bound {
    /// The core module.
    pub core: Vec<u8>,
    /// An ES module that loads it.
    pub javascript: String,
    /// Its types.
    pub types: String,
}

/// Custom sections that no host needs.
const UNNEEDED: [&str; 3] = ["name", "producers", "target_features"];

/// Runs wasm-bindgen for browsers (Node loads the same glue).
pub fn generate(module: &[u8]) -> Result<Bound> {
    let folder = paths::target().join("wasm/glue");
    let mut bindgen = Bindgen::new();
    bindgen
        .input_bytes("tripline", module.to_vec())
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .web(true)?;
    bindgen.generate(&folder).context("wasm-bindgen failed")?;

    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).with_context(|| format!("wasm-bindgen did not write {}", path.display()))
    };
    Ok(Bound {
        core: sections::drop_custom(&read("tripline_bg.wasm")?, &UNNEEDED)?,
        javascript: String::from_utf8(read("tripline.js")?)?,
        types: String::from_utf8(read("tripline.d.ts")?)?,
    })
}
