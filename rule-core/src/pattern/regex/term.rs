//! Expressions as terms, each stored once, with Brzozowski's derivative.
//!
//! The derivative of a term by a character matches what may follow that character in the strings of the term. Equal
//! terms must get the same id often enough for their number to stay finite: sets of branches are flat, sorted and
//! without doubles, and concatenations lean to the right. The other simplifications keep it small.

use crate::sort;
use std::collections::HashMap;
use std::rc::Rc;

use super::alphabet::{Alphabet, Symbols};
use super::tree::Node;

pub type Id = u32;

/// No string at all.
pub const NOTHING: Id = 0;
/// The empty string.
const EMPTY: Id = 1;
/// Any string.
const ANYTHING: Id = 3;

/// What a term takes without its lists, about; the same on every platform so that limits are too.
const TERM_BYTES: usize = 64;
/// Steps for each byte: what bounds the time where nothing new is stored.
const STEPS_PER_BYTE: usize = 8;
/// Derivatives remembered between two states.
const MEMO: usize = 1 << 14;

/// The automaton would be larger than allowed.
#[derive(Debug)]
pub struct TooLarge;

/// What is left of the memory and time to build an automaton.
pub struct Budget {
    bytes: usize,
    steps: usize,
}

impl Budget {
    pub fn new(max_bytes: usize) -> Budget {
        Budget { bytes: max_bytes, steps: max_bytes.saturating_mul(STEPS_PER_BYTE) }
    }

    pub fn store(&mut self, bytes: usize) -> Result<(), TooLarge> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(TooLarge)?;
        Ok(())
    }

    pub fn step(&mut self, steps: usize) -> Result<(), TooLarge> {
        self.steps = self.steps.checked_sub(steps).ok_or(TooLarge)?;
        Ok(())
    }
}

#[derive(PartialEq, Eq, Hash)]
enum Term {
    Empty,
    Set(Symbols),
    /// The first is no concatenation.
    Concat(Id, Id),
    Union(Box<[Id]>),
    Inter(Box<[Id]>),
    Not(Id),
    Repeat(Id, u32, Option<u32>),
}

/// Unions and intersections are each other's mirror image.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Union,
    Inter,
}

pub struct Terms {
    terms: Vec<Rc<Term>>,
    /// Whether the term matches the empty string.
    nullable: Vec<bool>,
    ids: HashMap<Rc<Term>, Id>,
    memo: HashMap<(Id, usize), Id>,
    pub budget: Budget,
}

impl Terms {
    /// The terms that every automaton has.
    pub fn new(symbols: usize, budget: Budget) -> Result<Terms, TooLarge> {
        let none: Symbols = vec![0; symbols.div_ceil(64)].into();
        let mut all = none.clone();
        (0..symbols).for_each(|s| all[s / 64] |= 1 << (s % 64));
        let mut terms =
            Terms { terms: Vec::new(), nullable: Vec::new(), ids: HashMap::new(), memo: HashMap::new(), budget };
        terms.intern(Term::Set(none))?;
        terms.intern(Term::Empty)?;
        let any = terms.intern(Term::Set(all))?;
        terms.intern(Term::Repeat(any, 0, None))?;
        Ok(terms)
    }

    pub fn is_nullable(&self, id: Id) -> bool {
        self.nullable[id as usize]
    }

    fn term(&self, id: Id) -> &Term {
        &self.terms[id as usize]
    }

    fn intern(&mut self, term: Term) -> Result<Id, TooLarge> {
        self.budget.step(1)?;
        if let Some(id) = self.ids.get(&term) {
            return Ok(*id);
        }
        let (list, nullable) = match &term {
            Term::Empty => (0, true),
            Term::Set(set) => (8 * set.len(), false),
            Term::Concat(a, b) => (0, self.is_nullable(*a) && self.is_nullable(*b)),
            Term::Union(list) => (4 * list.len(), list.iter().any(|id| self.is_nullable(*id))),
            Term::Inter(list) => (4 * list.len(), list.iter().all(|id| self.is_nullable(*id))),
            Term::Not(id) => (0, !self.is_nullable(*id)),
            Term::Repeat(id, min, _) => (0, *min == 0 || self.is_nullable(*id)),
        };
        self.budget.store(TERM_BYTES + list)?;
        let (id, term) = (self.terms.len() as Id, Rc::new(term));
        self.terms.push(Rc::clone(&term));
        self.nullable.push(nullable);
        self.ids.insert(term, id);
        Ok(id)
    }

    /// The term of a tree.
    pub fn build(&mut self, node: &Node, alphabet: &Alphabet) -> Result<Id, TooLarge> {
        match node {
            Node::Empty => Ok(EMPTY),
            Node::Class(class) => {
                let set = alphabet.set(class.ranges(), &mut self.budget)?;
                self.intern(Term::Set(set))
            }
            Node::Concat(parts) => {
                let mut whole = EMPTY;
                for part in parts.iter().rev() {
                    let part = self.build(part, alphabet)?;
                    whole = self.concat(part, whole)?;
                }
                Ok(whole)
            }
            Node::Union(parts) | Node::Inter(parts) => {
                let way = if matches!(node, Node::Union(_)) { Way::Union } else { Way::Inter };
                let parts = parts.iter().map(|part| self.build(part, alphabet)).collect::<Result<Vec<Id>, _>>()?;
                self.combine(way, parts)
            }
            Node::Not(node) => {
                let id = self.build(node, alphabet)?;
                self.not(id)
            }
            Node::Repeat(node, min, max) => {
                let id = self.build(node, alphabet)?;
                self.repeat(id, *min, *max)
            }
        }
    }

    /// The derivative by a symbol.
    pub fn derivative(&mut self, id: Id, symbol: usize) -> Result<Id, TooLarge> {
        if self.memo.len() > MEMO {
            self.memo.clear();
        }
        self.derive(id, symbol)
    }

    /// Recursion is as deep as the tree was high: along a concatenation it is a loop.
    fn derive(&mut self, id: Id, symbol: usize) -> Result<Id, TooLarge> {
        self.budget.step(1)?;
        if let Some(known) = self.memo.get(&(id, symbol)) {
            return Ok(*known);
        }
        let term = Rc::clone(&self.terms[id as usize]);
        let derivative = match &*term {
            Term::Empty => NOTHING,
            Term::Set(set) if set[symbol / 64] >> (symbol % 64) & 1 == 1 => EMPTY,
            Term::Set(_) => NOTHING,
            Term::Concat(..) => {
                let (mut rest, mut branches) = (id, Vec::new());
                while let Term::Concat(head, tail) = *self.term(rest) {
                    let head_derivative = self.derive(head, symbol)?;
                    branches.push(self.concat(head_derivative, tail)?);
                    rest = tail;
                    if !self.is_nullable(head) {
                        rest = NOTHING;
                    }
                }
                branches.push(self.derive(rest, symbol)?);
                self.combine(Way::Union, branches)?
            }
            Term::Union(list) | Term::Inter(list) => {
                let way = if matches!(*term, Term::Union(_)) { Way::Union } else { Way::Inter };
                let list = list.iter().map(|id| self.derive(*id, symbol)).collect::<Result<Vec<Id>, _>>()?;
                self.combine(way, list)?
            }
            Term::Not(id) => {
                let inner = self.derive(*id, symbol)?;
                self.not(inner)?
            }
            Term::Repeat(id, min, max) => {
                // Also where the repeated term matches the empty string: fewer rounds are then among those that remain.
                let rest = self.repeat(*id, min.saturating_sub(1), max.map(|max| max.saturating_sub(1)))?;
                let round = self.derive(*id, symbol)?;
                self.concat(round, rest)?
            }
        };
        self.memo.insert((id, symbol), derivative);
        Ok(derivative)
    }

    fn concat(&mut self, first: Id, second: Id) -> Result<Id, TooLarge> {
        if first == NOTHING || second == NOTHING {
            return Ok(NOTHING);
        }
        let (mut heads, mut last) = (Vec::new(), first);
        while let Term::Concat(head, tail) = *self.term(last) {
            heads.push(head);
            last = tail;
        }
        heads.push(last);
        let mut whole = second;
        for head in heads.into_iter().rev() {
            whole = match (head, self.term(whole)) {
                (EMPTY, _) => whole,
                (head, Term::Empty) => head,
                (ANYTHING, _) if whole == ANYTHING => whole,
                (ANYTHING, Term::Concat(ANYTHING, _)) => whole,
                _ => self.intern(Term::Concat(head, whole))?,
            };
        }
        Ok(whole)
    }

    fn combine(&mut self, way: Way, parts: Vec<Id>) -> Result<Id, TooLarge> {
        let (neutral, decisive) = match way {
            Way::Union => (NOTHING, ANYTHING),
            Way::Inter => (ANYTHING, NOTHING),
        };
        let mut list = Vec::new();
        let mut set: Option<Symbols> = None;
        for part in parts {
            let members: Vec<Id> = match (self.term(part), way) {
                (Term::Union(list), Way::Union) | (Term::Inter(list), Way::Inter) => list.to_vec(),
                _ => vec![part],
            };
            // When none are left, storing the result fails.
            self.budget.steps = self.budget.steps.saturating_sub(members.len());
            for id in &members {
                match (self.term(*id), &mut set) {
                    (Term::Set(more), Some(set)) => set.iter_mut().zip(more).for_each(|(a, b)| match way {
                        Way::Union => *a |= b,
                        Way::Inter => *a &= b,
                    }),
                    (Term::Set(first), None) => set = Some(first.clone()),
                    _ => list.push(*id),
                }
            }
        }
        if let Some(set) = set {
            list.push(self.intern(Term::Set(set))?);
        }
        if way == Way::Union {
            list = self.merge_repetitions(list)?;
        }
        sort::unstable(&mut list, Ord::cmp);
        list.dedup();
        list.retain(|id| *id != neutral);
        let contradicts = |id: &Id| matches!(self.term(*id), Term::Not(inner) if list.binary_search(inner).is_ok());
        if list.contains(&decisive) || list.iter().any(contradicts) {
            return Ok(decisive);
        }
        if list.contains(&EMPTY) {
            match way {
                Way::Inter => {
                    let all = list.iter().all(|id| self.is_nullable(*id));
                    return Ok(if all { EMPTY } else { NOTHING });
                }
                Way::Union if list.iter().any(|id| *id != EMPTY && self.is_nullable(*id)) => {
                    list.retain(|id| *id != EMPTY);
                }
                Way::Union => {}
            }
        }
        match (list.as_slice(), way) {
            ([], _) => Ok(neutral),
            ([only], _) => Ok(*only),
            (_, Way::Union) => self.intern(Term::Union(list.into())),
            (_, Way::Inter) => self.intern(Term::Inter(list.into())),
        }
    }

    /// Makes one branch of `a{0,3}b` and `a{2,5}b`. Without this, `.*a.{0,30}b` would have a state for every set of
    /// places that an `a` may have been at.
    fn merge_repetitions(&mut self, list: Vec<Id>) -> Result<Vec<Id>, TooLarge> {
        let mut counted = Vec::new();
        let mut merged = Vec::new();
        for id in list {
            let (head, tail) = if let Term::Concat(head, tail) = self.term(id) { (*head, *tail) } else { (id, EMPTY) };
            match self.term(head) {
                Term::Repeat(inner, min, max) => counted.push((*inner, tail, *min, max.unwrap_or(u32::MAX))),
                _ => merged.push(id),
            }
        }
        sort::unstable(&mut counted, Ord::cmp);
        counted.dedup_by(|(inner, tail, min, max), (last_inner, last_tail, _, last_max)| {
            let meets = inner == last_inner && tail == last_tail && *min <= last_max.saturating_add(1);
            if meets {
                *last_max = *max.max(last_max);
            }
            meets
        });
        for (inner, tail, min, max) in counted {
            let head = self.repeat(inner, min, (max < u32::MAX).then_some(max))?;
            merged.push(self.concat(head, tail)?);
        }
        Ok(merged)
    }

    fn not(&mut self, id: Id) -> Result<Id, TooLarge> {
        match (id, self.term(id)) {
            (NOTHING, _) => Ok(ANYTHING),
            (ANYTHING, _) => Ok(NOTHING),
            (_, Term::Not(inner)) => Ok(*inner),
            _ => self.intern(Term::Not(id)),
        }
    }

    fn repeat(&mut self, id: Id, min: u32, max: Option<u32>) -> Result<Id, TooLarge> {
        // A round that may be empty makes any number of rounds that are not needed.
        let min = if self.is_nullable(id) { 0 } else { min };
        match (id, min, max) {
            (_, _, Some(0)) | (EMPTY, _, _) | (NOTHING, 0, _) => Ok(EMPTY),
            (NOTHING, _, _) | (ANYTHING, _, _) | (_, 1, Some(1)) => Ok(id),
            (_, _, Some(1)) if self.is_nullable(id) => Ok(id),
            _ => self.intern(Term::Repeat(id, min, max)),
        }
    }
}
