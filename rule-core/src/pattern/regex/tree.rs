//! An expression as a tree. The parser bounds its height, so that recursion over it is safe.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

#[derive(Debug)]
pub enum Node {
    /// The empty string.
    Empty,
    /// One character of the class; no string when the class is empty.
    Class(ClassUnicode),
    Concat(Vec<Node>),
    Union(Vec<Node>),
    Inter(Vec<Node>),
    /// Every string that the node does not match.
    Not(Box<Node>),
    /// From so many to so many times, or without end.
    Repeat(Box<Node>, u32, Option<u32>),
}

impl Node {
    /// One character of these ranges.
    pub fn ranges<const N: usize>(ranges: [(char, char); N]) -> Node {
        Node::Class(class(ranges))
    }

    /// Any character.
    pub fn any() -> Node {
        Node::ranges([('\0', char::MAX)])
    }

    /// The one part, or all of them combined.
    pub fn join(mut parts: Vec<Node>, combine: fn(Vec<Node>) -> Node) -> Node {
        match parts.pop() {
            Some(only) if parts.is_empty() => only,
            Some(last) => {
                parts.push(last);
                combine(parts)
            }
            None => Node::Empty,
        }
    }
}

/// The class of these ranges.
pub fn class<const N: usize>(ranges: [(char, char); N]) -> ClassUnicode {
    ClassUnicode::new(ranges.map(|(from, to)| ClassUnicodeRange::new(from, to)))
}
