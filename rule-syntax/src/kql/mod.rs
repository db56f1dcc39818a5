//! Kibana's query language.
//!
//! The grammar is Kibana's own (`packages/kbn-es-query/grammar/grammar.peggy`), oddities included:
//!
//! - A value without quotes may have spaces in it, `process.name: my app`, up to the next `and`, `or` or `not`.
//! - `not ` ends a value wherever it stands, so `cannot open` is an error there and here.
//! - Only `*` is a wildcard, and only outside quotes; a backslash takes any of `\ ( ) : < > " * { }` and the three keywords as they are,
//!   and makes `\t`, `\r`, `\n` and `\u0041`; before other characters it is an error outside quotes, and itself within them.
//!
//! `tests.rs` has a test for each rule of the grammar.

mod parser;
mod print;
#[cfg(test)]
mod tests;

pub use parser::parse;
pub use print::print;
