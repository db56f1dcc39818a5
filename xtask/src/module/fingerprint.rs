//! What a module is built from, as one hash.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::paths;

/// Files and folders that go into the module.
const INPUTS: [&str; 8] = [
    "Cargo.toml",
    "Cargo.lock",
    "rule-core/Cargo.toml",
    "rule-core/src",
    "rule-wasm/Cargo.toml",
    "rule-wasm/src",
    "rule-wasm/wit",
    "xtask/src/module",
];

/// The hash of all inputs, of the compiler and of the options.
pub fn inputs(compiler: &str, opt_level: Option<&str>) -> Result<String> {
    let mut hash = Sha256::new();
    // Lengths keep neighbours apart.
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(compiler.as_bytes());
    add(opt_level.unwrap_or_default().as_bytes());
    let mut files = Vec::new();
    for input in INPUTS {
        collect(&paths::root().join(input), &mut files)?;
    }
    files.sort();
    for file in files {
        add(paths::shown(&file).to_string().as_bytes());
        add(&fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        // A lock file or a folder of sources that is not there yet is no input.
        if path.exists() {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
