//! Step 3: binaryen's `wasm-opt` goes over the core module. It sees what the compiler cannot: that two functions have become the same,
//! that a local is never read. The module is a twentieth smaller for it.

use std::fs;

use anyhow::{Context, Result};

use crate::{paths, process};

/// Debian's package.
const PACKAGE: &str = "binaryen";

/// What the module may use: what [`facts::validate_for_small_runtimes`](super::facts::validate_for_small_runtimes) allows.
const FEATURES: [&str; 5] = [
    "--mvp-features",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
];

/// `wasm-opt` of this machine.
pub struct Optimiser {
    version: String,
}

impl Optimiser {
    /// Finds it or installs it. Without it the module works too, and is larger.
    pub fn find_or_install() -> Option<Optimiser> {
        if !process::exists("wasm-opt") && process::can_install() {
            println!("Installing Debian's package {PACKAGE}, whose wasm-opt makes the module smaller.");
            if let Err(error) = process::apt_install(&[PACKAGE]) {
                println!("{error:#}");
            }
        }
        let version = process::output(process::command("wasm-opt").arg("--version"))?;
        Some(Optimiser { version })
    }

    /// Its name and version, on which the module's bytes depend.
    pub fn identity(&self) -> String {
        self.version.clone()
    }

    /// The same module, smaller.
    pub fn shrink(&self, core: &[u8]) -> Result<Vec<u8>> {
        let folder = paths::target().join("wasm/shrink");
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let (before, after) = (folder.join("before.wasm"), folder.join("after.wasm"));
        fs::write(&before, core).with_context(|| format!("cannot write {}", before.display()))?;
        process::run(process::command("wasm-opt").args(FEATURES).arg("-Os").arg(&before).arg("-o").arg(&after))?;
        fs::read(&after).with_context(|| format!("wasm-opt did not write {}", after.display()))
    }
}
