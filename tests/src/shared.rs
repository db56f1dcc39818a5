//! Third-party test data beside the checkout. A clone without it proves itself with the vectors alone.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;

use crate::root;

/// The folder of the third-party data: `$TRIPLINE_SHARED`, else `shared` beside the checkout. Says so, once per
/// test, when it is not there.
pub fn data() -> Option<PathBuf> {
    let folder = env::var_os("TRIPLINE_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from).join("data");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: no third-party data in {} (TRIPLINE_SHARED names another folder)", folder.display());
    None
}

/// Reads a JSON file of the data.
pub fn json<T: DeserializeOwned>(path: PathBuf) -> Result<T> {
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}
