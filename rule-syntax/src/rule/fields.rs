//! Reads fields of a table, and says of those that are not what they should be what to write instead.

use std::borrow::Cow;

use super::node::{Data, Node, Notation, Table};
use crate::diagnostic::{Diagnostic, Span, Suggestion, codes};
use crate::nearest;

/// What a value should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    String,
    Strings,
    Integer,
    Boolean,
    Table,
    Tables,
    Array,
}

/// A file that is being read, and what was found wrong with it.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub text: &'a str,
    pub notation: Notation,
    pub diagnostics: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str, notation: Notation) -> Self {
        Reader { text, notation, diagnostics: Vec::new() }
    }

    /// As the file has it.
    fn written(&self, node: &Node) -> &'a str {
        self.text.get(node.span.range()).unwrap_or_default()
    }

    /// Reports an error.
    pub fn error(&mut self, message: impl Into<String>, at: Span, help: impl Into<String>) -> &mut Diagnostic {
        self.push(Diagnostic::error(codes::RULE_FILE, message, at).help(help))
    }

    fn push(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        self.diagnostics.push(diagnostic);
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }

    pub fn string(&mut self, table: &Table, key: &str) -> Option<String> {
        let node = table.get(key)?;
        match &node.data {
            Data::String(text) => return Some(text.clone().into_owned()),
            Data::Integer(_) | Data::Float(_) | Data::Boolean(_) | Data::Date(_) => {
                let replacement = format!("\"{}\"", self.written(node));
                let diagnostic = self.mismatch(key, node, Wanted::String);
                diagnostic.suggestion = suggestion(node, replacement, "put it in quotes");
            }
            _ => {
                self.mismatch(key, node, Wanted::String);
            }
        }
        None
    }

    /// A string that says nothing when it is empty, as Kibana's forms leave it.
    pub fn filled(&mut self, table: &Table, key: &str) -> Option<String> {
        self.string(table, key).filter(|text| !text.is_empty())
    }

    /// A string that must be there; `example` is a value for it. `at` is blamed when it is missing.
    pub fn required(&mut self, table: &Table, key: &str, at: Span, example: &str) -> String {
        let Some(node) = table.get(key) else {
            self.missing(table, key, at, example);
            return String::new();
        };
        let text = self.string(table, key).unwrap_or_default();
        if text.trim().is_empty() && matches!(node.data, Data::String(_)) {
            let message = format!("the rule's `{key}` is empty");
            self.push(Diagnostic::error(codes::RULE_FILE, message, node.span));
            return String::new();
        }
        text
    }

    pub fn missing(&mut self, table: &Table, key: &str, at: Span, example: &str) {
        let (message, help) = match self.notation {
            Notation::Toml => (format!("the rule has no `{key}`"), format!("add a line `{key} = {example}`")),
            Notation::Json => (format!("the rule has no `{key}`"), format!("add a field `\"{key}\": {example}`")),
        };
        let mut diagnostic = Diagnostic::error(codes::RULE_FILE, message, at).help(help);
        if let Some(typo) = table.members.iter().find(|other| nearest::distance(&other.key, key) == 1) {
            let mend = match self.notation {
                Notation::Toml => key.to_owned(),
                Notation::Json => format!("\"{key}\""),
            };
            diagnostic = diagnostic.also(typo.key_span, "not a field of a rule");
            diagnostic = diagnostic.suggest(typo.key_span, mend, format!("did you mean `{key}`?"));
        }
        self.push(diagnostic);
    }

    /// One of several words, the first of which is meant where it is not given or wrong. `what` it is: "severity".
    pub fn choice(&mut self, table: &Table, key: &str, what: &str, words: &[&'static str]) -> Option<&'static str> {
        let text = self.string(table, key)?;
        if let Some(word) = words.iter().find(|word| **word == text) {
            return Some(word);
        }
        let at = table.get(key).map_or(Span::default(), |node| node.span);
        let message = format!("`{key}` is {text:?}, which is no {what}");
        let near = nearest::nearest(&text, words.iter().copied());
        let diagnostic = self.error(message, at, format!("a {what} is {}", one_of(words)));
        diagnostic.suggestion = near.map(|near| Suggestion {
            span: at,
            replacement: format!("{near:?}"),
            message: format!("did you mean `{near}`?"),
        });
        None
    }

    pub fn boolean(&mut self, table: &Table, key: &str) -> Option<bool> {
        let node = table.get(key)?;
        if let Data::Boolean(truth) = node.data {
            return Some(truth);
        }
        let word = node.as_str().filter(|word| matches!(*word, "true" | "false")).map(str::to_owned);
        let diagnostic = self.mismatch(key, node, Wanted::Boolean);
        diagnostic.suggestion = word.and_then(|word| suggestion(node, word, "write it without quotes"));
        None
    }

    /// A whole number within bounds.
    pub fn number(&mut self, table: &Table, key: &str, least: u32, most: u32) -> Option<u32> {
        let node = table.get(key)?;
        let fits = |number: i64| u32::try_from(number).ok().filter(|number| (least..=most).contains(number));
        let Data::Integer(number) = node.data else {
            let number = node.as_str().and_then(|text| text.trim().parse().ok()).and_then(fits);
            let diagnostic = self.mismatch(key, node, Wanted::Integer);
            diagnostic.suggestion =
                number.and_then(|number| suggestion(node, number.to_string(), "write it without quotes"));
            return None;
        };
        let number = number.and_then(fits);
        if number.is_none() {
            let message = format!("`{key}` is {}, which is out of range", self.written(node));
            let range = match most {
                u32::MAX => format!("of at least {least}, and at most {most}"),
                _ => format!("from {least} to {most}"),
            };
            self.error(message, node.span, format!("`{key}` is a whole number {range}"));
        }
        number
    }

    pub fn strings(&mut self, table: &Table, key: &str) -> Vec<String> {
        let Some(node) = table.get(key) else { return Vec::new() };
        let Data::Array(items) = &node.data else {
            let replacement = format!("[{}]", self.written(node));
            let diagnostic = self.mismatch(key, node, Wanted::Strings);
            if node.as_str().is_some() {
                diagnostic.suggestion = suggestion(node, replacement, "put it in brackets");
            }
            return Vec::new();
        };
        let mut strings = Vec::with_capacity(items.len());
        for item in items {
            match &item.data {
                Data::String(text) => strings.push(text.clone().into_owned()),
                _ => {
                    self.mismatch(&format!("an item of `{key}`"), item, Wanted::String);
                }
            }
        }
        strings
    }

    /// An array of tables, with the places of these.
    pub fn tables<'t, 'n>(&mut self, table: &'t Table<'n>, key: &str) -> Vec<(&'t Table<'n>, Span)> {
        let Some(node) = table.get(key) else { return Vec::new() };
        let Data::Array(items) = &node.data else {
            self.mismatch(key, node, Wanted::Tables);
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(items.len());
        for item in items {
            match &item.data {
                Data::Table(table) => tables.push((table, item.span)),
                _ => {
                    self.mismatch(&format!("an item of `{key}`"), item, Wanted::Table);
                }
            }
        }
        tables
    }

    pub fn table<'t, 'n>(&mut self, table: &'t Table<'n>, key: &str) -> Option<(&'t Table<'n>, Span)> {
        let node = table.get(key)?;
        if node.as_table().is_none() {
            self.mismatch(key, node, Wanted::Table);
        }
        Some((node.as_table()?, node.span))
    }

    /// The value is not what it should be.
    pub fn mismatch(&mut self, key: &str, node: &Node, wanted: Wanted) -> &mut Diagnostic {
        let found = match &node.data {
            Data::Null => "null",
            Data::Boolean(_) => "a boolean",
            Data::Integer(_) => self.notated(Wanted::Integer),
            Data::Float(_) => match self.notation {
                Notation::Toml => "a float",
                Notation::Json => "a number",
            },
            Data::String(_) => "a string",
            Data::Date(_) => "a date",
            Data::Array(_) => "an array",
            Data::Table(_) => self.notated(Wanted::Table),
        };
        let wanted = self.notated(wanted);
        let key = if key.contains('`') { Cow::Borrowed(key) } else { Cow::Owned(format!("`{key}`")) };
        let message = format!("{key} is {found}, not {wanted}");
        let diagnostic = Diagnostic::error(codes::RULE_FILE, message, node.span);
        self.push(diagnostic.label(format!("write {wanted} here")))
    }

    /// What the file's notation calls it.
    fn notated(&self, wanted: Wanted) -> &'static str {
        match (wanted, self.notation) {
            (Wanted::String, _) => "a string",
            (Wanted::Strings, _) => "an array of strings",
            (Wanted::Integer, Notation::Toml) => "an integer",
            (Wanted::Integer, Notation::Json) => "a whole number",
            (Wanted::Boolean, Notation::Toml) => "a boolean",
            (Wanted::Boolean, Notation::Json) => "`true` or `false`",
            (Wanted::Table, Notation::Toml) => "a table",
            (Wanted::Table, Notation::Json) => "an object",
            (Wanted::Tables, Notation::Toml) => "an array of tables",
            (Wanted::Tables, Notation::Json) => "an array of objects",
            (Wanted::Array, _) => "an array",
        }
    }
}

/// `a`, `b` or `c`, each as code.
pub(super) fn one_of(words: &[&str]) -> String {
    let mut text = String::new();
    for (at, word) in words.iter().enumerate() {
        text.push_str(match at {
            0 => "",
            _ if at + 1 == words.len() => " or ",
            _ => ", ",
        });
        text.push('`');
        text.push_str(word);
        text.push('`');
    }
    text
}

fn suggestion(node: &Node, replacement: String, message: &str) -> Option<Suggestion> {
    Some(Suggestion { span: node.span, replacement, message: message.to_owned() })
}
