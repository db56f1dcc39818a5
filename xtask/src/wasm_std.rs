//! Where the standard library for wasm32-unknown-unknown comes from.
//!
//! In this order: the active toolchain has it; Debian's packages are there to build it; rustup can download it;
//! Debian's packages can be installed. `TRIPLINE_WASM_STD=debian` leaves rustup out, which is for machines
//! without rustup's downloads, and for testing that way.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// The target.
pub const TARGET: &str = "wasm32-unknown-unknown";

const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];
const VARIABLE: &str = "TRIPLINE_WASM_STD";

/// A way to compile for wasm32-unknown-unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WasmStd {
    /// The active toolchain has the target.
    Toolchain,
    /// Debian's compiler builds the standard library from its sources.
    Debian,
}

impl WasmStd {
    /// Finds a way, or makes one.
    pub fn find_or_install() -> Result<WasmStd> {
        let debian_only = match std::env::var(VARIABLE) {
            Err(_) => false,
            Ok(value) if value.is_empty() => false,
            Ok(value) if value == "debian" => true,
            Ok(other) => bail!("{VARIABLE}={other} is not known; the one value it has is `debian`"),
        };
        if !debian_only && toolchain_has_target() {
            return Ok(WasmStd::Toolchain);
        }
        if debian_has_packages() {
            return Ok(WasmStd::Debian);
        }
        if !debian_only && process::exists("rustup") {
            println!("The toolchain lacks {TARGET}; asking rustup for it.");
            match process::run(process::command("rustup").args(["target", "add", TARGET])) {
                Ok(()) if toolchain_has_target() => return Ok(WasmStd::Toolchain),
                Ok(()) => println!("rustup has it now, but not for the active toolchain."),
                Err(error) => println!("{error:#}"),
            }
        }
        if process::can_install() {
            println!("Installing Debian's packages that build a standard library for {TARGET}.");
            process::apt_install(&PACKAGES)?;
            if debian_has_packages() {
                return Ok(WasmStd::Debian);
            }
        }
        bail!(
            "no standard library for {TARGET}. One of these gets it:\n  \
             rustup target add {TARGET}\n  sudo apt-get install {}",
            PACKAGES.join(" ")
        )
    }

    /// The compiler's name and version, on which the module's bytes depend.
    pub fn identity(self) -> String {
        let version = match self {
            WasmStd::Toolchain => process::output(process::command("rustc").arg("-vV")),
            WasmStd::Debian => process::output(Command::new("/usr/bin/rustc").arg("-vV")),
        };
        format!("{self:?}\n{}", version.unwrap_or_default())
    }

    /// Flags of the compiler that this way needs.
    pub fn rustflags(self) -> &'static [&'static str] {
        match self {
            WasmStd::Toolchain => &[],
            // The linker that Debian's compiler looks for has another name in Debian.
            WasmStd::Debian => &["-Clinker=/usr/bin/wasm-ld-22"],
        }
    }

    /// A cargo command that builds for the target; `arguments` follow the subcommand.
    pub fn cargo(self, subcommand: &str) -> Command {
        match self {
            WasmStd::Toolchain => {
                let mut cargo = process::cargo();
                cargo.args([subcommand, "--target", TARGET]);
                cargo
            }
            WasmStd::Debian => {
                let mut cargo = process::command("/usr/bin/cargo");
                // What rustup and `cargo run` set for this process would lead Debian's cargo to the other toolchain.
                for name in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "RUSTDOC", "LD_LIBRARY_PATH"] {
                    cargo.env_remove(name);
                }
                cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
                cargo.args([subcommand, "-Zbuild-std=std,panic_abort", "--target", TARGET]);
                cargo
            }
        }
    }
}

impl std::fmt::Display for WasmStd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            WasmStd::Toolchain => "the toolchain's own",
            WasmStd::Debian => "built from Debian's sources",
        })
    }
}

fn toolchain_has_target() -> bool {
    process::output(process::command("rustc").args(["--print", "target-libdir", "--target", TARGET]))
        // An empty folder of that name remains when rustup removes a target.
        .is_some_and(|folder| Path::new(&folder).read_dir().is_ok_and(|mut files| files.next().is_some()))
}

fn debian_has_packages() -> bool {
    PACKAGES.iter().all(|package| {
        process::output(Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]))
            .is_some_and(|status| status == "installed")
    })
}
