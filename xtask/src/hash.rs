//! SHA-256: of the module, and of what was built from what.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::paths;

/// The SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).as_slice())
}

/// A hash of everything that goes into something: when it is the same, the thing need not be made again.
#[derive(Debug, Default)]
pub struct Inputs(Sha256);

impl Inputs {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        // Lengths keep neighbours apart.
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Adds files of the checkout by name and content; of folders, all files below them. What is not there is left out.
    pub fn add_files(&mut self, paths: &[&str]) -> Result<()> {
        let mut files = Vec::new();
        for path in paths {
            collect(&paths::root().join(path), &mut files)?;
        }
        files.sort();
        for file in files {
            self.add(paths::shown(&file).to_string().as_bytes());
            self.add(&fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
        }
        Ok(())
    }

    /// The hash in hexadecimal.
    pub fn finish(self) -> String {
        hex(self.0.finalize().as_slice())
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
