//! A rule file as it came.

use serde::{Deserialize, Serialize};

/// A rule file: where it came from and its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Shown in diagnostics; the format is recognised by content, not by this name.
    pub path: String,
    /// The file's text.
    pub text: String,
}
