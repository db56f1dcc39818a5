//! Hosts Tripline's matcher: the component in wasmtime under limits, or the same core natively.
//!
//! ```no_run
//! use host_runner::{Engine, InstanceLimits, WasmOptions};
//! use rule_core::{CompileOptions, SessionOptions, Source};
//!
//! # fn main() -> Result<(), host_runner::EngineError> {
//! let engine = Engine::wasm(&WasmOptions::default())?;
//! let mut tenant = engine.instance(InstanceLimits::default())?;
//! let rule = Source { path: "shell.eql".into(), text: r#"process where process.name == "sh""#.into() };
//! let (rules, report) = tenant.compile(&[rule], &CompileOptions::default())?;
//! assert!(!report.has_errors());
//! let session = tenant.open(rules, &SessionOptions::default())?;
//! let outcome = tenant.evaluate(session, br#"{"event":{"category":"process"},"process":{"name":"sh"}}"#)?;
//! println!("{} match(es)", outcome.matches.len());
//! # Ok(())
//! # }
//! ```

pub mod collector;
mod deployment;
pub mod document;
pub mod embed;
mod engine;
pub mod input;
mod module;
mod native;
pub mod normalisers;
pub mod ocsf;
pub mod playground;
pub mod rules;
pub mod ruleset;
mod server;
pub mod testing;
pub mod units;
mod wasm;

/// A secret number for [`SessionOptions::hash_seed`](rule_core::SessionOptions::hash_seed), different in every process.
pub fn hash_seed() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0)
}

pub use deployment::Deployment;
pub use engine::{Engine, EngineError, EngineKind, Handle, Instance, InstanceLimits};
pub use module::{Module, component_sha256, core_module, module_sha256};
pub use wasm::{Cache, WasmEngine, WasmInstance, WasmOptions};

/// The version of the command and of the module in it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
