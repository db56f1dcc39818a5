//! The tree as an expression of `regex-automata`. It has no complement and no intersection.

use std::sync::{Mutex, PoisonError};

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::{Class, Hir, Look, Repetition};

use super::tree::Node;

/// An automaton that becomes deterministic as far as the values need it. The library's other engines find where a match is; here the
/// whole value matches or it does not.
#[derive(Debug)]
pub struct Lazy {
    dfa: DFA,
    /// The states made so far; when they take too much room they are made anew.
    cache: Mutex<Cache>,
}

impl Lazy {
    /// `None` when the automaton would be larger.
    pub fn new(tree: &Node, max_bytes: usize) -> Option<Lazy> {
        let whole = Hir::concat(vec![translate(tree)?, Hir::look(Look::End)]);
        let config = thompson::Config::new().nfa_size_limit(Some(max_bytes)).which_captures(WhichCaptures::None);
        let nfa: NFA = thompson::Compiler::new().configure(config).build_from_hir(&whole).ok()?;
        let config = DFA::config()
            .match_kind(MatchKind::All)
            .cache_capacity(max_bytes.clamp(64 << 10, 1 << 20))
            .skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        let cache = Mutex::new(dfa.create_cache());
        Some(Lazy { dfa, cache })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let input = Input::new(text).anchored(Anchored::Yes).earliest(true);
        // It gives up for reasons that are not configured: bytes at which to quit, and a cache cleared too often.
        matches!(self.dfa.try_search_fwd(&mut cache, &input), Ok(Some(_)))
    }
}

fn translate(node: &Node) -> Option<Hir> {
    let all = |parts: &[Node]| parts.iter().map(translate).collect::<Option<Vec<Hir>>>();
    Some(match node {
        Node::Empty => Hir::empty(),
        Node::Class(class) => Hir::class(Class::Unicode(class.clone())),
        Node::Concat(parts) => Hir::concat(all(parts)?),
        Node::Union(parts) => Hir::alternation(all(parts)?),
        Node::Repeat(node, min, max) => {
            Hir::repetition(Repetition { min: *min, max: *max, greedy: true, sub: Box::new(translate(node)?) })
        }
        Node::Inter(_) | Node::Not(_) => return None,
    })
}
