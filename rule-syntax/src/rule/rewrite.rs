//! Rule files with their query formatted and everything else as it was.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::format::{self, Format};
use super::{QueryText, elastic_toml, toml_string};
use crate::Source;
use crate::diagnostic::{Diagnostic, Level, Span, codes};
use crate::limits::Limits;
use crate::syntax::print::{format_lines, line_ending};

/// The text of a rule file with its EQL query as [`format_query`](crate::format_query) writes it: of a bare query all of
/// it, with a line break at its end; of a TOML rule only what stands between the quotes of `rule.query`, and the quotes if
/// the query needs others. What is written has been read back: it is the same query.
///
/// A bare query has no id but the hash of its text, so formatting it gives it another.
///
/// # Errors
///
/// Diagnostics with path and position, at most [`Limits::max_diagnostics`]. If none of them is an error, nothing is wrong
/// with the file, and the warning says why it is left alone: its query is in another language, or it is in a format that
/// is only read, such as Markdown.
pub fn format_rule(source: &Source, limits: &Limits) -> Result<String, Vec<Diagnostic>> {
    let text = &source.text;
    let mut name = None;
    let formatted = match format::recognise(text) {
        _ if text.len() > limits.max_rule_bytes as usize => Err(vec![super::too_large(text.len(), limits)]),
        Format::Empty => Err(vec![super::empty()]),
        Format::Query => bare_query(text, limits),
        Format::Toml => toml_rule(text, limits, &mut name),
        Format::Document => Err(left_alone(codes::RULE_FILE, "documentation pages of rules are left alone")),
        Format::Json => Err(left_alone(codes::RULE_FILE, "rules as JSON are left alone")),
    };
    formatted.map_err(|mut found| {
        found.truncate(limits.max_diagnostics as usize);
        for diagnostic in &mut found {
            diagnostic.path.clone_from(&source.path);
            diagnostic.rule.clone_from(&name);
            diagnostic.locate(text);
        }
        found
    })
}

/// No place in the file is to blame.
fn left_alone(code: &str, why: &str) -> Vec<Diagnostic> {
    vec![
        Diagnostic::warning(code, why, Span::default())
            .help("format the rule where it is kept as TOML or as a bare query"),
    ]
}

fn bare_query(text: &str, limits: &Limits) -> Result<String, Vec<Diagnostic>> {
    // A byte order mark is no part of the query.
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let query = QueryText::verbatim(text, start..text.len());
    let eol = line_ending(&text[start..]);
    let formatted = format_lines(&query.text, limits, eol).map_err(|errors| place(errors, &query))?;
    Ok(format!("{}{formatted}{eol}", &text[..start]))
}

fn toml_rule(text: &str, limits: &Limits, name: &mut Option<String>) -> Result<String, Vec<Diagnostic>> {
    let (rule, mut diagnostics) = elastic_toml::read(text);
    *name = Some(rule.info.name).filter(|name| !name.is_empty());
    diagnostics.retain(|diagnostic| diagnostic.level == Level::Error);
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    if rule.info.language != "eql" {
        let why = match rule.info.language.as_str() {
            "" => format!("rules of type {} have no query to format", rule.info.kind),
            language => format!("queries in {language} are left alone"),
        };
        return Err(vec![Diagnostic::warning(codes::RULE_TYPE, why, Span::default())]);
    }
    let literal = literal_of(text).map(|(range, _)| range);
    let (Some(query), Some(literal)) = (rule.query, literal) else {
        return Err(vec![Diagnostic::error(codes::RULE_FILE, "the rule has no `query`", Span::default())]);
    };
    let first = text.find('\n').unwrap_or(0);
    let eol = if text[..first].ends_with('\r') { "\r\n" } else { "\n" };
    let formatted = format_lines(&query.text, limits, eol).map_err(|errors| place(errors, &query))?;
    let rewritten = toml_string::forms(&text[literal.clone()], &formatted, eol).into_iter().find_map(|form| {
        let rewritten = format!("{}{form}{}", &text[..literal.start], &text[literal.end..]);
        let (range, value) = literal_of(&rewritten)?;
        (range == (literal.start..literal.start + form.len()) && value.trim() == formatted.trim()).then_some(rewritten)
    });
    rewritten.ok_or_else(|| {
        let at = Span::new(literal.start as u32, literal.end as u32);
        vec![Diagnostic::error(codes::RULE_FILE, "the query fits into no string of TOML", at)]
    })
}

/// Where the literal of `rule.query` stands, quotes included, and what it means.
fn literal_of(text: &str) -> Option<(Range<usize>, String)> {
    let document = DeTable::parse(text).ok()?;
    let DeValue::Table(rule) = document.get_ref().get("rule")?.get_ref() else { return None };
    let value = rule.get("query")?;
    match value.get_ref() {
        DeValue::String(query) => Some((value.span(), query.clone().into_owned())),
        _ => None,
    }
}

/// Errors of a query at their places in the file.
fn place(mut errors: Vec<Diagnostic>, query: &QueryText) -> Vec<Diagnostic> {
    errors.iter_mut().for_each(|error| query.place(error));
    errors
}
