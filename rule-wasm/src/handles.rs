//! What a host holds by a number: rule sets, sessions and searches.
//!
//! Numbers are counted up and not used again, so that a number kept too long names nothing rather than
//! somebody else's session. 0 is never one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rule_core::{RuleSet, Search, Session};

/// What a handle can name.
#[derive(Debug)]
pub enum Item {
    /// A compiled rule set; sessions opened on it share it.
    Rules(Arc<RuleSet>),
    /// A rule set at work on a stream.
    Session(Box<Session>),
    /// A search under way.
    Search(Box<Search>),
}

impl Item {
    fn kind(&self) -> &'static str {
        match self {
            Item::Rules(_) => "a rule set",
            Item::Session(_) => "a session",
            Item::Search(_) => "a search",
        }
    }
}

#[derive(Debug, Default)]
struct Table {
    last: u32,
    items: BTreeMap<u32, Item>,
}

thread_local! {
    // The module has one thread; on a native host each thread has handles of its own.
    static TABLE: RefCell<Table> = RefCell::default();
}

/// Keeps `item` and names it.
pub fn insert(item: Item) -> u32 {
    TABLE.with_borrow_mut(|table| {
        // Only after four thousand million handles can a number be 0 or in use.
        loop {
            table.last = table.last.wrapping_add(1);
            if table.last != 0 && !table.items.contains_key(&table.last) {
                break;
            }
        }
        table.items.insert(table.last, item);
        table.last
    })
}

/// Forgets a handle. One that is not known is none to forget.
pub fn release(handle: u32) {
    // The item is dropped outside the borrow.
    let _item = TABLE.with_borrow_mut(|table| table.items.remove(&handle));
}

/// The rule set `handle`.
pub fn rules(handle: u32) -> Result<Arc<RuleSet>, String> {
    TABLE.with_borrow(|table| match table.items.get(&handle) {
        Some(Item::Rules(rules)) => Ok(rules.clone()),
        other => Err(complaint(handle, "a rule set", other)),
    })
}

/// Calls `work` with the session `handle`.
pub fn with_session<T>(handle: u32, work: impl FnOnce(&mut Session) -> T) -> Result<T, String> {
    // The session is taken out for the call: a host that goes on after a trap in `work` finds this handle
    // unknown and all the others as they were, instead of a table that stays locked.
    let mut session = take(handle, "a session", |item| match item {
        Item::Session(session) => Ok(session),
        other => Err(other),
    })?;
    let result = work(&mut session);
    put_back(handle, Item::Session(session));
    Ok(result)
}

/// Calls `work` with the search `handle`.
pub fn with_search<T>(handle: u32, work: impl FnOnce(&mut Search) -> T) -> Result<T, String> {
    let mut search = take_search(handle)?;
    let result = work(&mut search);
    put_back(handle, Item::Search(search));
    Ok(result)
}

/// Takes the search `handle` out; the handle is released.
pub fn take_search(handle: u32) -> Result<Box<Search>, String> {
    take(handle, "a search", |item| match item {
        Item::Search(search) => Ok(search),
        other => Err(other),
    })
}

fn take<T>(handle: u32, wanted: &str, pick: impl FnOnce(Item) -> Result<T, Item>) -> Result<T, String> {
    TABLE.with_borrow_mut(|table| match table.items.remove(&handle).map(pick) {
        Some(Ok(picked)) => Ok(picked),
        Some(Err(other)) => {
            let complaint = complaint(handle, wanted, Some(&other));
            table.items.insert(handle, other);
            Err(complaint)
        }
        None => Err(complaint(handle, wanted, None)),
    })
}

fn put_back(handle: u32, item: Item) {
    TABLE.with_borrow_mut(|table| table.items.insert(handle, item));
}

fn complaint(handle: u32, wanted: &str, found: Option<&Item>) -> String {
    match found {
        Some(item) => format!("handle {handle} is {}, not {wanted}", item.kind()),
        None => format!("handle {handle} is not known: it was never given out, or it was released"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_core::{CompileOptions, SessionOptions, compile};

    fn no_rules() -> Arc<RuleSet> {
        Arc::new(compile(&[], &CompileOptions::default()).0)
    }

    fn session() -> Item {
        Item::Session(Session::open(no_rules(), SessionOptions::default()).into())
    }

    #[test]
    fn handles_are_never_zero_and_never_used_again() {
        let first = insert(session());
        release(first);
        let second = insert(session());
        assert_ne!(first, 0);
        assert_ne!(first, second);
        release(second);
        release(second);
        release(0);
    }

    #[test]
    fn a_wrong_handle_says_what_it_is_and_keeps_what_it_names() {
        let handle = insert(session());
        assert_eq!(rules(handle).err(), Some(format!("handle {handle} is a session, not a rule set")));
        assert_eq!(take_search(handle).err(), Some(format!("handle {handle} is a session, not a search")));
        assert!(with_session(handle, |_| ()).is_ok());
        assert!(with_session(handle, |_| ()).is_ok(), "it was put back");
        release(handle);
        assert!(with_session(handle, |_| ()).is_err_and(|error| error.contains("not known")));
        assert!(rules(0).is_err_and(|error| error.contains("not known")));
    }

    #[test]
    fn a_session_keeps_its_rule_set_alive() {
        let rules_handle = insert(Item::Rules(no_rules()));
        let rules = rules(rules_handle).unwrap();
        let handle = insert(Item::Session(Session::open(rules, SessionOptions::default()).into()));
        release(rules_handle);
        assert_eq!(with_session(handle, |session| session.evaluate(b"").events), Ok(0));
        release(handle);
    }
}
