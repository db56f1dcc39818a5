//! The core linked into this program: no sandbox, for comparison and for trusted rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use rule_core::{
    Advance, CompileOptions, CompileReport, ExplainOptions, Explanation, Outcome, Restored, RuleSet, Search,
    SearchOptions, SearchProgress, Session, SessionOptions, Source,
};

use crate::engine::{EngineError, Handle, Instance};

/// An instance of the native host. Handles behave as the module's do, so that both hosts can be compared.
#[derive(Debug, Default)]
pub(crate) struct Native {
    last: u32,
    items: BTreeMap<u32, Item>,
}

#[derive(Debug)]
enum Item {
    Rules(Arc<RuleSet>),
    Session(Box<Session>),
    Search(Box<Search>),
}

impl Native {
    fn insert(&mut self, item: Item) -> Handle {
        self.last += 1;
        self.items.insert(self.last, item);
        Handle(self.last)
    }

    fn session(&mut self, handle: Handle) -> Result<&mut Session, EngineError> {
        // Asked first, because of what the borrow of an answer would forbid.
        if !matches!(self.items.get(&handle.0), Some(Item::Session(_))) {
            return Err(self.refuse(handle, "a session"));
        }
        match self.items.get_mut(&handle.0) {
            Some(Item::Session(session)) => Ok(session),
            _ => Err(EngineError::Discarded),
        }
    }

    fn refuse(&self, handle: Handle, wanted: &str) -> EngineError {
        let number = handle.0;
        EngineError::Refused(match self.items.get(&number) {
            Some(Item::Rules(_)) => format!("handle {number} is a rule set, not {wanted}"),
            Some(Item::Session(_)) => format!("handle {number} is a session, not {wanted}"),
            Some(Item::Search(_)) => format!("handle {number} is a search, not {wanted}"),
            None => format!("handle {number} is not known: it was never given out, or it was released"),
        })
    }
}

impl Instance for Native {
    fn about(&mut self) -> Result<String, EngineError> {
        let about = serde_json::json!({ "version": rule_core::VERSION, "limits": rule_core::Limits::default() });
        Ok(about.to_string())
    }

    fn compile(
        &mut self,
        sources: &[Source],
        options: &CompileOptions,
    ) -> Result<(Handle, CompileReport), EngineError> {
        let (rules, report) = rule_core::compile(sources, options);
        Ok((self.insert(Item::Rules(Arc::new(rules))), report))
    }

    fn open(&mut self, rules: Handle, options: &SessionOptions) -> Result<Handle, EngineError> {
        match self.items.get(&rules.0) {
            Some(Item::Rules(set)) => {
                let session = Session::open(set.clone(), options.clone());
                Ok(self.insert(Item::Session(Box::new(session))))
            }
            _ => Err(self.refuse(rules, "a rule set")),
        }
    }

    fn evaluate(&mut self, session: Handle, lines: &[u8]) -> Result<Outcome, EngineError> {
        Ok(self.session(session)?.evaluate(lines))
    }

    fn advance(&mut self, session: Handle, time: Advance) -> Result<Outcome, EngineError> {
        Ok(self.session(session)?.advance(time))
    }

    fn snapshot(&mut self, session: Handle) -> Result<Vec<u8>, EngineError> {
        Ok(self.session(session)?.snapshot())
    }

    fn restore(&mut self, session: Handle, state: &[u8]) -> Result<Restored, EngineError> {
        self.session(session)?.restore(state).map_err(|error| EngineError::Refused(error.to_string()))
    }

    fn open_search(&mut self, query: &Source, options: &SearchOptions) -> Result<Handle, EngineError> {
        let search = Search::open(query, options.clone()).map_err(EngineError::Query)?;
        Ok(self.insert(Item::Search(Box::new(search))))
    }

    fn search_add(
        &mut self,
        search: Handle,
        index: &str,
        first_id: u64,
        lines: &[u8],
    ) -> Result<SearchProgress, EngineError> {
        match self.items.get_mut(&search.0) {
            Some(Item::Search(search)) => Ok(search.add(index, first_id, lines)),
            _ => Err(self.refuse(search, "a search")),
        }
    }

    fn search_finish(&mut self, search: Handle) -> Result<String, EngineError> {
        match self.items.remove(&search.0) {
            Some(Item::Search(found)) => Ok(found.finish()),
            Some(other) => {
                self.items.insert(search.0, other);
                Err(self.refuse(search, "a search"))
            }
            None => Err(self.refuse(search, "a search")),
        }
    }

    fn memory(&self) -> Option<u64> {
        None
    }

    fn explain(&mut self, rule: &Source, lines: &[u8], options: &ExplainOptions) -> Result<Explanation, EngineError> {
        rule_core::explain(rule, lines, options).map_err(EngineError::Query)
    }

    fn release(&mut self, handle: Handle) -> Result<(), EngineError> {
        self.items.remove(&handle.0);
        Ok(())
    }
}
