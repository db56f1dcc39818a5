//! Exception lists and their items in the words of Kibana's exceptions API, of exports and of overrides.

use super::fields::{Reader, Wanted};
use super::node::{Data, Table};
use super::{Entry, EntryTest, ExceptionItem, ExceptionListRef, ListOperator, Namespace, ValueListRef};
use crate::diagnostic::Span;

const ENTRY_TYPES: &[&str] = &["match", "match_any", "exists", "wildcard", "list", "nested"];

impl Reader<'_> {
    /// The exception lists that a rule mentions.
    pub(super) fn exception_lists(&mut self, table: &Table) -> Vec<ExceptionListRef> {
        let lists = self.tables(table, "exceptions_list").into_iter();
        lists.filter_map(|(list, at)| self.exception_list(list, at)).collect()
    }

    /// A list, or the mention of one.
    pub(super) fn exception_list(&mut self, list: &Table, at: Span) -> Option<ExceptionListRef> {
        let list_id = self.filled(list, "list_id");
        if list_id.is_none() && list.get("list_id").is_none_or(|node| node.as_str().is_some()) {
            self.error("the exception list has no `list_id`", at, "name the list whose items are meant");
        }
        Some(ExceptionListRef {
            id: self.string(list, "id").unwrap_or_default(),
            list_id: list_id?,
            namespace_type: self.namespace(list),
            kind: self.string(list, "type").unwrap_or_default(),
        })
    }

    fn namespace(&mut self, table: &Table) -> Namespace {
        match self.choice(table, "namespace_type", "namespace type", &["single", "agnostic"]) {
            Some("agnostic") => Namespace::Agnostic,
            _ => Namespace::Single,
        }
    }

    /// An item of an exception list. An item with a mistake is left out: with fewer conditions it would except more.
    pub(super) fn exception_item(&mut self, table: &Table, at: Span) -> Option<ExceptionItem> {
        let before = self.diagnostics.len();
        let item = ExceptionItem {
            item_id: self.string(table, "item_id").unwrap_or_default(),
            list_id: self.string(table, "list_id").unwrap_or_default(),
            namespace_type: self.namespace(table),
            name: self.string(table, "name").unwrap_or_default(),
            os_types: self.strings(table, "os_types"),
            expire_time: self.filled(table, "expire_time"),
            entries: self.entries(table, at),
        };
        (self.diagnostics.len() == before).then_some(item)
    }

    /// Conditions, of which there must be one.
    fn entries(&mut self, table: &Table, at: Span) -> Vec<Entry> {
        let entries: Vec<Entry> =
            self.tables(table, "entries").into_iter().filter_map(|(entry, at)| self.entry_of_list(entry, at)).collect();
        if table.get("entries").is_none_or(|node| matches!(&node.data, Data::Array(items) if items.is_empty())) {
            self.error("the exception has no `entries`", at, "give the conditions under which events are excepted");
        }
        entries
    }

    fn entry_of_list(&mut self, table: &Table, at: Span) -> Option<Entry> {
        let field = self.filled(table, "field");
        if field.is_none() && table.get("field").is_none_or(|node| node.as_str().is_some()) {
            self.error("the condition has no `field`", at, "name the field that it is about");
        }
        let operator = match self.choice(table, "operator", "operator", &["included", "excluded"]) {
            Some("excluded") => ListOperator::Excluded,
            _ => ListOperator::Included,
        };
        if table.get("type").is_none() {
            let help = "write `type`: `match`, `match_any`, `exists`, `wildcard`, `list` or `nested`";
            self.error("the condition has no `type`", at, help);
        }
        let test = match self.choice(table, "type", "type of condition", ENTRY_TYPES)? {
            "match" => EntryTest::Match { value: self.entry_value(table, at)? },
            "wildcard" => EntryTest::Wildcard { value: self.entry_value(table, at)? },
            "exists" => EntryTest::Exists,
            "match_any" => {
                let value = self.strings(table, "value");
                if value.is_empty() {
                    self.error("the condition has no values", at, "give a `value` with the values that are meant");
                }
                EntryTest::MatchAny { value }
            }
            "list" => {
                let list = self.table(table, "list").map(|(list, _)| list);
                let id = list.and_then(|list| self.filled(list, "id"));
                if id.is_none() {
                    self.error("the condition names no value list", at, "give `list` with the `id` of a value list");
                }
                let kind = list.and_then(|list| self.string(list, "type")).unwrap_or_default();
                EntryTest::List { list: ValueListRef { id: id?, kind } }
            }
            _ => EntryTest::Nested { entries: self.nested(table, at) },
        };
        Some(Entry { field: field?, operator, test })
    }

    /// Kibana has nested conditions one level deep.
    fn nested(&mut self, table: &Table, at: Span) -> Vec<Entry> {
        let deeper = self
            .tables(table, "entries")
            .into_iter()
            .find(|(entry, _)| entry.get("type").and_then(|kind| kind.as_str()).is_some_and(|kind| kind == "nested"));
        if let Some((_, at)) = deeper {
            self.error("a nested condition holds a nested condition", at, "name the inner object's fields in full");
            return Vec::new();
        }
        self.entries(table, at)
    }

    fn entry_value(&mut self, table: &Table, at: Span) -> Option<String> {
        match table.get("value") {
            None => {
                self.error("the condition has no `value`", at, "give the `value` that is meant");
                None
            }
            Some(node) if node.as_str().is_none() => {
                self.mismatch("value", node, Wanted::String);
                None
            }
            Some(node) => node.as_str().map(str::to_owned),
        }
    }
}
