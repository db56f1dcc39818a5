//! The tree as an expression of `regex-automata`. It has no complement and no intersection.

use regex_automata::{meta, nfa::thompson::WhichCaptures};
use regex_syntax::hir::{Class, Hir, Look, Repetition};

use super::tree::Node;

/// `None` when the automaton would be larger.
pub fn compile(tree: &Node, max_bytes: usize) -> Option<meta::Regex> {
    let whole = Hir::concat(vec![Hir::look(Look::Start), translate(tree)?, Hir::look(Look::End)]);
    let config = meta::Regex::config()
        .nfa_size_limit(Some(max_bytes))
        .which_captures(WhichCaptures::None)
        .hybrid_cache_capacity(max_bytes.clamp(64 << 10, 1 << 20));
    meta::Regex::builder().configure(config).build_from_hir(&whole).ok()
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
