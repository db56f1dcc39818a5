//! Elastic's detection-rules TOML: a table `rule`, beside which everything else is ignored.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::RuleFile;
use super::fields::{Reader, Wanted};
use super::node::{Data, Member, Node, Notation, Table};
use crate::diagnostic::{Diagnostic, Level, Span, codes};

/// One mistake often breaks the lines after it, so that more errors than these say nothing new.
const MAX_SYNTAX_ERRORS: usize = 3;

/// Reading on after an error takes some hundred bytes of memory per byte of a hopeless file.
const MAX_RECOVERABLE: usize = 64 << 10;

pub(super) fn read(text: &str) -> (RuleFile, Vec<Diagnostic>) {
    let mut reader = Reader::new(text, Notation::Toml);
    let (mut members, errors) = parse(text);
    let rule = members.iter().position(|(key, _)| key.get_ref() == "rule");
    let mut rule = match rule.map(|at| node(members.swap_remove(at).1)) {
        Some(Node { data: Data::Table(table), span }) => reader.rule(&table, header(text, span)),
        Some(other) => {
            let is_overrides = matches!(other.data, Data::Array(_));
            let diagnostic = reader.mismatch("rule", &other, Wanted::Table);
            if is_overrides {
                diagnostic.help.push("if the file holds overrides, give it with `--overrides`".into());
            }
            RuleFile::default()
        }
        None => {
            let help = "put the rule's fields (`name`, `type`, `query`, …) below a line `[rule]`";
            reader.error("the file has no `[rule]` table", Span::default(), help);
            RuleFile::default()
        }
    };
    if !errors.is_empty() {
        // What the rest of a broken file lacks is not worth reporting, and its query may not be the author's.
        rule.query = None;
        reader.diagnostics = syntax(text, &errors);
        if let Some(first) = reader.diagnostics.first_mut() {
            first.help.push("write queries between ''' and ''', where nothing needs an escape".into());
        }
    }
    rule.failed = reader.diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error);
    (rule, reader.diagnostics)
}

type Pairs<'a> = Vec<(Spanned<Cow<'a, str>>, Spanned<DeValue<'a>>)>;

fn parse(text: &str) -> (Pairs<'_>, Vec<toml::de::Error>) {
    let (document, errors) = match DeTable::parse(text) {
        Ok(document) => (document, Vec::new()),
        Err(_) if text.len() <= MAX_RECOVERABLE => DeTable::parse_recoverable(text),
        Err(error) => (Spanned::new(0..0, DeTable::default()), vec![error]),
    };
    (document.into_inner().into_iter().collect(), errors)
}

/// The whole file as a table, and what keeps it from being TOML.
pub(super) fn table(text: &str) -> (Table<'_>, Vec<Diagnostic>) {
    let (members, errors) = parse(text);
    (Table { members: members.into_iter().map(member).collect() }, syntax(text, &errors))
}

fn syntax(text: &str, errors: &[toml::de::Error]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let mut line_end = None;
    for error in errors {
        let at = error.span().unwrap_or_default();
        // Behind the first error of a line the parser only finds its consequences.
        if line_end.is_some_and(|end| at.start <= end) {
            continue;
        }
        let rest = text.get(at.start..).unwrap_or_default();
        line_end = Some(at.start + rest.find('\n').unwrap_or(rest.len()));
        let message = error.message().trim_end_matches(", expected nothing");
        let message = format!("the file is not valid TOML: {message}");
        diagnostics.push(Diagnostic::error(codes::RULE_FILE, message, span(at)));
        if diagnostics.len() == MAX_SYNTAX_ERRORS {
            break;
        }
    }
    diagnostics
}

/// The line that begins a table: its span may hold the whole file.
pub(super) fn header(text: &str, whole: Span) -> Span {
    let line = text.get(whole.range()).map_or(0, |text| text.lines().next().unwrap_or_default().len());
    Span::new(whole.start, whole.start + line as u32)
}

fn member<'a>((key, value): (Spanned<Cow<'a, str>>, Spanned<DeValue<'a>>)) -> Member<'a> {
    let key_span = span(key.span());
    Member { key: key.into_inner(), key_span, value: node(value) }
}

fn node(value: Spanned<DeValue<'_>>) -> Node<'_> {
    let at = span(value.span());
    let data = match value.into_inner() {
        DeValue::String(text) => Data::String(text),
        DeValue::Integer(number) => Data::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Float(number) => Data::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(truth) => Data::Boolean(truth),
        DeValue::Datetime(date) => Data::Date(date.to_string()),
        DeValue::Array(items) => Data::Array(items.into_iter().map(node).collect()),
        DeValue::Table(table) => Data::Table(Table { members: table.into_iter().map(member).collect() }),
    };
    Node { span: at, data }
}

fn span(range: Range<usize>) -> Span {
    Span::new(range.start as u32, range.end as u32)
}
