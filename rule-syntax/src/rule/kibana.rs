//! Rules and exceptions as Kibana exports them: one JSON object per line, and forms of the same that people keep.
//!
//! Source: "Export detection rules", Elastic Security API, and "Export an exception list", Elastic Exceptions API,
//! <https://www.elastic.co/docs/api/doc/kibana/operation/operation-exportrules>. An export has rules, exception lists, their
//! items, connectors of actions, and a last line that counts them.

use super::fields::Reader;
use super::json;
use super::node::{Data, Node, Notation, Table};
use super::{FileContents, ReadException, RuleFile, rule_kind};
use crate::Limits;
use crate::diagnostic::{Diagnostic, Level, Span, codes};

/// What an object of an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    Rule,
    ExceptionItem,
    ExceptionList,
    /// A connector, a summary: nothing that has to do with events.
    Other,
    Unknown,
}

/// Reads all objects of a text. One that is broken does not keep the others from being read.
pub(super) fn read(text: &str, limits: &Limits) -> FileContents {
    let reader = Reader::new(text, Notation::Json);
    let mut export = Export { limits, contents: FileContents::default(), reader, kept: [0; 2], is_full: false };
    let space = |at: usize| text[at..].len() - text[at..].trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).len();
    let mut at = space(0);
    while at < text.len() && !export.is_full {
        match json::value(text, at) {
            Ok((node, end)) => {
                export.node(&node, true);
                at = end + space(end);
            }
            Err(json::Malformed { span, message }) => {
                let message = format!("the file is not valid JSON: {message}");
                export.report(Diagnostic::error(codes::RULE_FILE, message, span));
                // The next object begins a line.
                let lines = text[at..].match_indices('\n').map(|(line, _)| at + line + 1);
                at = lines.into_iter().find(|line| text[*line..].starts_with('{')).unwrap_or(text.len());
            }
        }
    }
    export.contents
}

struct Export<'a> {
    limits: &'a Limits,
    contents: FileContents,
    reader: Reader<'a>,
    /// How many errors and warnings were kept.
    kept: [u32; 2],
    /// There are more rules than a rule set may have.
    is_full: bool,
}

impl Export<'_> {
    fn node(&mut self, node: &Node, is_outermost: bool) {
        match &node.data {
            Data::Table(table) => self.object(table, node, is_outermost),
            Data::Array(items) if is_outermost => items.iter().for_each(|item| self.node(item, false)),
            _ => self.unknown(first(node)),
        }
    }

    fn object(&mut self, table: &Table, node: &Node, is_outermost: bool) {
        // What a search for rules answers, and how Elastic's package of prebuilt rules keeps each.
        if is_outermost && let Some(Data::Array(items)) = table.get("data").map(|data| &data.data) {
            items.iter().for_each(|item| self.node(item, false));
            return;
        }
        let saved = table.get("attributes").filter(|_| word(table, "type") == Some("security-rule"));
        let (table, node) = match saved.and_then(|node| Some((node.as_table()?, node))) {
            Some(saved) => saved,
            None => (table, node),
        };
        match kind_of(table) {
            _ if self.is_full => {}
            Object::Rule if self.contents.rules.len() >= self.limits.max_rules as usize => {
                let message = format!("more than {} rules", self.limits.max_rules);
                let error = Diagnostic::error(codes::TOO_LARGE, message, first(node));
                self.report(error.help("leave some out, or raise --max-rules"));
                self.is_full = true;
            }
            Object::Rule if node.span.range().len() > self.limits.max_rule_bytes as usize => {
                let error = super::too_large(node.span.range().len(), self.limits);
                let message = error.message.replace("the file", "the rule");
                self.report(Diagnostic {
                    help: error.help,
                    ..Diagnostic::error(codes::TOO_LARGE, message, first(node))
                });
            }
            Object::Rule => self.rule(table, node),
            Object::ExceptionItem => {
                let item = self.reader.exception_item(table, first(node));
                let name = word(table, "name").map(|name| format!("exception item {name:?}"));
                self.found(name);
                let at = table.get("name").map_or(first(node), |name| name.span);
                self.contents.exceptions.extend(item.map(|item| ReadException { item, at }));
            }
            Object::ExceptionList => {
                let list = self.reader.exception_list(table, first(node));
                self.contents.exception_lists.extend(list);
                self.found(None);
            }
            Object::Other => {}
            Object::Unknown => self.unknown(first(node)),
        }
    }

    fn rule(&mut self, table: &Table, node: &Node) {
        let rule = self.reader.rule(table, first(node));
        let failed = self.reader.diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error);
        self.found(Some(rule.info.name.clone()));
        self.contents.rules.push(RuleFile { failed, ..rule });
    }

    /// Takes over what was said of a rule or an item.
    fn found(&mut self, name: Option<String>) {
        let name = name.filter(|name| !name.is_empty());
        for mut diagnostic in std::mem::take(&mut self.reader.diagnostics) {
            diagnostic.rule.clone_from(&name);
            self.report(diagnostic);
        }
    }

    /// Keeps no more than will be shown.
    fn report(&mut self, diagnostic: Diagnostic) {
        let kept = &mut self.kept[usize::from(diagnostic.level == Level::Warning)];
        if *kept < self.limits.max_diagnostics {
            *kept += 1;
            self.contents.diagnostics.push(diagnostic);
        } else {
            self.contents.omitted += 1;
        }
    }

    fn unknown(&mut self, at: Span) {
        let message = "neither a rule nor a part of an export of rules";
        let diagnostic = Diagnostic::error(codes::RULE_FILE, message, at);
        let help = "a rule has a `rule_id` or a `type` like `eql`, as Kibana exports it";
        self.report(diagnostic.help(help));
    }
}

fn kind_of(table: &Table) -> Object {
    let has = |key: &str| table.get(key).is_some();
    if has("item_id") || (has("list_id") && has("entries")) {
        Object::ExceptionItem
    } else if has("rule_id")
        || word(table, "type").is_some_and(|kind| rule_kind(kind).is_some() || (has("name") && has("query")))
    {
        Object::Rule
    } else if has("list_id") {
        Object::ExceptionList
    } else if has("attributes") || table.keys().any(|key| key.starts_with("exported_")) {
        Object::Other
    } else {
        Object::Unknown
    }
}

/// Whether a JSON text has something of an export of rules. One that is broken is told by its words, so that it is not passed
/// over.
pub(super) fn is_export(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    let known = |items: &[Node]| items.iter().filter_map(Node::as_table).any(|table| kind_of(table) != Object::Unknown);
    match json::value(text, 0) {
        Ok((Node { data: Data::Array(items), .. }, _)) => known(&items),
        Ok((node, _)) => match node.as_table().and_then(|table| table.get("data")).map(|data| &data.data) {
            Some(Data::Array(items)) => known(items),
            _ => known(&[node]),
        },
        Err(_) => text.contains("\"rule_id\"") || text.contains("\"list_id\""),
    }
}

fn word<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get(key).and_then(|node| node.as_str())
}

/// The first character of a value.
fn first(node: &Node) -> Span {
    Span::new(node.span.start, node.span.start + 1)
}
