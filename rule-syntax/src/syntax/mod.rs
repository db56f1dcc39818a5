//! EQL text to syntax tree.
//!
//! The grammar is Elasticsearch's `EqlBase.g4`; the tree keeps a [`Span`](crate::Span) on every node. Parsing
//! goes on after an error, at the next `and`, `or`, comma or closing bracket, so that one run reports several.

pub mod ast;
pub mod lexer;
mod parser;
pub mod print;
mod spans;
mod string;
#[allow(missing_docs)]
pub mod token;

pub use parser::{parse_expression, parse_query};
pub use print::print;
