//! Where things are.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The checkout.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        // Cargo says which checkout it runs; the one that this was compiled in is for runs without cargo.
        let xtask = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        Path::new(&xtask).parent().unwrap_or(Path::new(".")).to_owned()
    });
    &ROOT
}

/// Everything built.
pub fn target() -> PathBuf {
    root().join("target")
}

/// The one module and what goes with it.
pub fn module() -> PathBuf {
    target().join("module")
}

/// A path as people want to read it: from the checkout's root.
pub fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(root()).unwrap_or(path).display()
}
