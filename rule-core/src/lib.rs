//! Tripline's matcher: detection rules in, events in, matches out.
//!
//! ```text
//! text ─► syntax (lexer, parser, AST with spans) ─► check (types, fields, folding) ─► plan (rule-set IR) ─► engine
//! events ─► decode (only the fields that the plan needs) ─► predicates ─► rules ─► matches ─► alerts
//! ```
//!
//! No I/O, no clock, no randomness, no threads: the same rules and events give the same bytes on every host.
#![forbid(unsafe_code)]

mod alert;
mod api;
mod check;
mod correlate;
mod detect;
mod functions;
mod pattern;
mod plan;
mod time;
mod value;
// Not for hosts: public so that benches and fuzz targets reach it.
#[doc(hidden)]
pub mod decode;
mod engine;
pub mod events;
pub mod explain;
mod json;
mod normalise;
pub mod schema;
mod search;

pub use api::*;
pub use correlate::snapshot::{RestoreError, Restored};
pub use correlate::trace::{Pending, Step, StepKind};
pub use engine::{RuleSet, Session, compile, compile_each, fold_constant};
#[cfg(feature = "profile")]
pub use engine::{inspect, profile};
pub use explain::{ExplainOptions, Explanation, explain};
pub use normalise::{Normalised, Normaliser};
#[cfg(feature = "render")]
pub use render::render;
pub use rule::{RuleInfo, Technique, Threat, ThreatEntry, format_rule};
pub use rule_syntax::clause;
#[cfg(feature = "render")]
pub use rule_syntax::render;
pub use rule_syntax::{
    Diagnostic, Label, Level, Limits, Source, Span, Suggestion, diagnostic, format_query, normaliser, rule, syntax,
};
pub use rule_syntax::{filter, kql, lucene};
pub(crate) use rule_syntax::{nearest, sort};
pub use search::Search;
// Not part of the matcher: for commands that tell how far events are apart.
#[doc(hidden)]
pub use time::{Period, format as format_date, parse as parse_date};

/// The version of the core, the same as the module's and the command's.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
