//! What Tripline costs: an event generator, comparisons with JSON parsers and with other engines, and a check of instruction counts.
#![forbid(unsafe_code)]

pub mod events;
pub mod hostile;
pub mod rules;
pub mod stream;

use std::path::Path;

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}
