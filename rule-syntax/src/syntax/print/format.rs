//! The text of a query to the same query in the style of [`print`](super::print()), comments included.

use super::writer::Written;
use super::{Printer, comments};
use crate::diagnostic::{Diagnostic, codes};
use crate::syntax::ast::Query;
use crate::syntax::{lexer, parse_query};
use crate::{Limits, Span};

/// The query in the style of [`print`](super::print()), with its comments and without a line break at the end. Its tree stays
/// the same, which is checked; formatting the result changes nothing. Lines end as the first
/// one of `text` does.
///
/// # Errors
///
/// What keeps the query from being read, at most [`Limits::max_diagnostics`], with line and column. A query is formatted
/// whether or not it would compile: names and types do not matter.
pub fn format_query(text: &str, limits: &Limits) -> Result<String, Vec<Diagnostic>> {
    let mut errors = match text.len() > limits.max_rule_bytes as usize {
        true => vec![crate::rule::too_large(text.len(), limits)],
        false => match format_lines(text, limits, line_ending(text)) {
            Ok(formatted) => return Ok(formatted),
            Err(errors) => errors,
        },
    };
    errors.truncate(limits.max_diagnostics as usize);
    errors.iter_mut().for_each(|error| error.locate(text));
    Err(errors)
}

/// The query formatted, with `eol` at the ends of lines.
pub fn format_lines(text: &str, limits: &Limits, eol: &str) -> Result<String, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let query = parse_query(text, limits.max_query_depth, &mut errors);
    let Some(query) = query.filter(|_| errors.is_empty()) else { return Err(errors) };
    let (tokens, comments) = lexer::tokens_and_comments(text, &mut errors);
    let whole = Span::new(0, text.trim_end().len() as u32);
    let tree = query.clone().without_spans();
    // Parentheses that only help reading may nest a query deeper than the limit allows.
    for for_reading in [true, false] {
        let written = Written { text, tokens: &tokens, comments: &comments };
        let printed = Printer::new(Some(written), for_reading).print(&query, eol);
        if printed.len() > limits.max_rule_bytes as usize {
            // Indentation makes much of little.
            let (len, most) = (printed.len(), limits.max_rule_bytes);
            let message = format!("formatted, the query would have {len} bytes, more than the {most} allowed");
            return Err(vec![Diagnostic::error(codes::TOO_LARGE, message, whole)]);
        }
        if reads_as(&printed, &tree, limits) {
            return Ok(printed);
        }
    }
    let error = Diagnostic::error(codes::SYNTAX, "the query cannot be formatted without changing it", whole);
    Err(vec![error.help("this is a mistake in Tripline; please report it with the query")])
}

/// How the first line of a query ends.
pub fn line_ending(text: &str) -> &'static str {
    let (_, comments) = lexer::tokens_and_comments(text, &mut Vec::new());
    comments::line_ending(text, &comments).unwrap_or("\n")
}

/// Whether the text is a query with this tree.
fn reads_as(text: &str, tree: &Query, limits: &Limits) -> bool {
    let mut errors = Vec::new();
    let read = parse_query(text, limits.max_query_depth, &mut errors);
    errors.is_empty() && read.is_some_and(|read| read.without_spans() == *tree)
}
