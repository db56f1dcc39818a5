//! Lucene's query syntax, as far as rules and Kibana's filters use it: Elasticsearch's `query_string`.
//!
//! Source: "Query string syntax", Elasticsearch reference (`query-dsl-query-string-query`). Read are terms, phrases, `*` and `?`,
//! `field:value`, `field:(a OR b)`, `_exists_:field`, ranges (`[1 TO 5]`, `{a TO *}`, `>=10`), regular expressions between `/`,
//! `AND`, `OR`, `NOT`, `&&`, `||`, `!`, `+`, `-` and parentheses; `^2` is about scores and is skipped. Terms next to each other are joined by
//! `OR`, as `query_string` does unless told otherwise. `~` (fuzziness and slop) is an error: it would match what is not written.

mod parser;
#[cfg(test)]
mod tests;

pub use parser::parse;
