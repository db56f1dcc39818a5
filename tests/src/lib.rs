//! What the tests of this folder share: the conformance vectors, the hosts that run them, Tripline's command, the reference for sequences, and
//! readers of third-party data.
//!
//! They live apart from the parts that they test, so that the core's own tests stay quick to build.

pub mod answer;
pub mod c_abi;
pub mod command;
pub mod elastic_rules;
pub mod elasticsearch;
pub mod examples;
pub mod hosts;
pub mod reference;
pub mod series_spec;
pub mod shared;
pub mod vectors;

use std::path::{Path, PathBuf};

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

/// A file or folder of the checkout.
pub fn in_root(path: &str) -> PathBuf {
    root().join(path)
}

/// Fails a test with everything that went wrong, not only the first of it.
pub fn assert_none(what: &str, problems: &[String]) {
    assert!(problems.is_empty(), "{what}: {} problem(s)\n\n{}\n", problems.len(), problems.join("\n\n"));
}
