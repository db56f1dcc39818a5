//! What rule files say: their formats, the query languages in them, and what is wrong with them.
//!
//! ```text
//! rule file ─► rule (its format, what it says of the rule) ─► syntax (EQL: lexer, parser, AST with spans, printer)
//!                                                         └► kql, lucene ─► clause (as Elasticsearch's query DSL)
//! ```
//!
//! Nothing here knows how a rule is evaluated: that is `rule-core`'s, which re-exports what its users need of this crate. The
//! two are apart because this one is read by people's editors and runs once per rule; in the module it is built for size.
#![forbid(unsafe_code)]

pub mod clause;
pub mod diagnostic;
pub mod filter;
pub mod kql;
mod limits;
pub mod lucene;
pub mod members;
pub mod nearest;
pub mod normaliser;
#[cfg(feature = "render")]
pub mod render;
pub mod rule;
pub mod sort;
mod source;
pub mod syntax;

pub use diagnostic::{Diagnostic, Label, Level, Span, Suggestion};
pub use limits::Limits;
pub use source::Source;
pub use syntax::print::format_query;
