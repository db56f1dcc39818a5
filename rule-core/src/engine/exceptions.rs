//! The items of exception lists that files bring, until the rules that mention their lists can be asked.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::pieces::Place;
use crate::api::{CompileOptions, RuleReport};
use crate::check::Checker;
use crate::clause::Clause;
use crate::diagnostic::{Diagnostic, Level, Span, codes};
use crate::filter::{ValueList, exception};
use crate::plan::Plan;
use crate::plan::condition::Condition;
use crate::rule::{ExceptionItem, ExceptionListRef, Namespace};
use crate::schema::Schema;

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
    pub(super) fn missing(&self, rule: &RuleReport, place: Place) -> Option<Diagnostic> {
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

/// Value lists, as they are given.
pub(super) struct ValueLists(Vec<ValueList>);

impl ValueLists {
    pub fn new(sources: &[crate::Source]) -> ValueLists {
        let list = |source: &crate::Source| ValueList {
            id: source.path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
            values: source.text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
        };
        ValueLists(sources.iter().map(list).collect())
    }

    /// The events that an item takes away; see [`exception`].
    pub fn taken_by(&self, item: &ExceptionItem) -> Result<Clause, String> {
        // A list that was exported has the extension of its file, which its id may lack.
        exception(item, &|id: &str| {
            let is_named =
                |list: &&ValueList| list.id == id || list.id.rsplit_once('.').is_some_and(|(stem, _)| stem == id);
            self.0.iter().find(is_named)
        })
    }
}

/// What lists leave of the events, each lowered once, when the first rule mentions it.
pub(crate) struct LoweredExceptions<'a> {
    exceptions: &'a Exceptions,
    schema: &'a Schema,
    pub options: &'a CompileOptions,
    values: ValueLists,
    left: HashMap<List, Condition>,
}

impl<'a> LoweredExceptions<'a> {
    pub fn new(exceptions: &'a Exceptions, schema: &'a Schema, options: &'a CompileOptions) -> LoweredExceptions<'a> {
        let values = ValueLists::new(&options.value_lists);
        LoweredExceptions { exceptions, schema, options, values, left: HashMap::new() }
    }

    /// What all of the lists leave. An item that cannot be evaluated takes nothing away: a rule tells too much rather than too
    /// little.
    pub fn left_by(&mut self, lists: &[ExceptionListRef], plan: &mut Plan, found: &mut Vec<Diagnostic>) -> Condition {
        let mut all = Vec::new();
        for list in lists {
            let id = (list.list_id.clone(), list.namespace_type);
            let left = match self.left.get(&id) {
                Some(left) => left.clone(),
                None => {
                    let left = self.lower(&id, plan, found);
                    self.left.insert(id, left.clone());
                    left
                }
            };
            all.push(left);
        }
        Condition::all(all)
    }

    /// What all of the lists leave of documents that are no events, and so have a plan of their own. What is wrong is told where they are
    /// lowered for events.
    pub fn left_of_others(&self, lists: &[ExceptionListRef], plan: &mut Plan) -> Condition {
        let lower =
            |list: &ExceptionListRef| self.lower(&(list.list_id.clone(), list.namespace_type), plan, &mut Vec::new());
        Condition::all(lists.iter().map(lower).collect::<Vec<_>>())
    }

    fn lower(&self, (list, namespace): &List, plan: &mut Plan, found: &mut Vec<Diagnostic>) -> Condition {
        let mut taken = Vec::new();
        for Exception { item, path, at, line, column } in self.exceptions.of(list, *namespace).unwrap_or_default() {
            let mut errors = Vec::new();
            let condition = self.values.taken_by(item).map(|clause| {
                let (schema, limits) = (self.schema, &self.options.limits);
                Checker { text: "", schema, limits, plan, errors: &mut errors }.clause(&clause)
            });
            let problem = match condition {
                Ok(condition) => {
                    let error = errors.into_iter().find(|error| error.level == Level::Error);
                    if error.is_none() {
                        taken.push(condition);
                    }
                    error.map(|error| error.message)
                }
                Err(message) => Some(message),
            };
            if let Some(problem) = problem {
                let message = format!("the exception {} takes no events away: {problem}", item.shown());
                let warning = Diagnostic::warning(codes::EXCEPTION_LIST, message, *at);
                found.push(Diagnostic { path: path.to_string(), line: *line, column: *column, ..warning });
            }
        }
        Condition::any(taken).negate()
    }
}
