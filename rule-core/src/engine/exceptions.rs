//! The items of exception lists that files bring, until the rules that mention their lists can be asked.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::pieces::Place;
use crate::api::RuleReport;
use crate::diagnostic::{Diagnostic, Span, codes};
use crate::rule::{ExceptionItem, Namespace};

/// An item and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Exception {
    pub item: ExceptionItem,
    pub path: Arc<str>,
    pub at: Span,
    pub line: u32,
    pub column: u32,
}

/// A list, and whether all spaces share it.
type List = (String, Namespace);

/// All items, by their list and whether all spaces share it; those of a list in the order of the input.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exceptions {
    lists: BTreeMap<List, Vec<Exception>>,
    /// The list, and the number in it, of each item with an id.
    ids: HashMap<List, (String, usize)>,
}

impl Exceptions {
    /// Adds an item. Each is there once: exports of several rules that share a list have all of its items.
    pub fn add(&mut self, exception: Exception, found: &mut Vec<Diagnostic>) {
        let ExceptionItem { item_id, list_id, namespace_type, .. } = &exception.item;
        let (list_id, namespace) = (list_id.clone(), *namespace_type);
        let list = self.lists.entry((list_id.clone(), namespace)).or_default();
        let number = list.len();
        if !item_id.is_empty() {
            let id = (item_id.clone(), namespace);
            if let Some((list_id, number)) = self.ids.get(&id) {
                let first = self.lists.get(&(list_id.clone(), namespace)).and_then(|list| list.get(*number));
                if let Some(first) = first.filter(|first| first.item != exception.item) {
                    let message = format!("the exception item {} was read from {} already", id.0, first.path);
                    let warning = Diagnostic::warning(codes::DUPLICATE, message, exception.at);
                    found.push(Diagnostic {
                        path: exception.path.to_string(),
                        line: exception.line,
                        column: exception.column,
                        ..warning.help("its entries differ; the first is used")
                    });
                }
                return;
            }
            self.ids.insert(id, (list_id, number));
        }
        list.push(exception);
    }

    /// Adds a list, which need not have items.
    pub fn add_list(&mut self, list_id: String, namespace: Namespace) {
        self.lists.entry((list_id, namespace)).or_default();
    }

    /// The items of a list, in the order of the input; none when no file has the list.
    pub fn of(&self, list_id: &str, namespace: Namespace) -> Option<&[Exception]> {
        self.lists.get(&(list_id.to_owned(), namespace)).map(Vec::as_slice)
    }

    /// Warns of lists that a rule mentions and no file has: their exceptions are not made. Elastic's own list of endpoint
    /// exceptions, which its rules mention, is most often empty.
    pub fn missing(&self, rule: &RuleReport, place: Place) -> Option<Diagnostic> {
        let lists = rule.rule.exceptions_list.iter();
        let missing: Vec<&str> = lists
            .filter(|list| list.kind != "endpoint" && self.of(&list.list_id, list.namespace_type).is_none())
            .map(|list| list.list_id.as_str())
            .collect();
        if missing.is_empty() {
            return None;
        }
        let message = format!("no file has the rule's exception list {}", missing.join(", "));
        let warning = Diagnostic::warning(codes::EXCEPTION_LIST, message, place.span);
        Some(Diagnostic {
            path: rule.path.clone(),
            rule: Some(rule.rule.name.clone()).filter(|name| !name.is_empty()),
            line: place.line,
            column: place.column,
            ..warning.help("export the rule with its exceptions from Kibana, or give the export of the list too")
        })
    }
}
