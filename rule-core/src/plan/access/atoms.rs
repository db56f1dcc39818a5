//! From what was found in an event to the predicates that it answers.

use super::List;
use crate::sort;

/// An atom of more predicates than this is not looked at when it is found but when one of them is asked for. Otherwise one name that a
/// thousand rules have in their lists would cost an event that has it a thousand writes.
const MOST_PREDICATES: usize = 64;

/// In place of the list of an atom of very many predicates.
const COMMON: List = List { start: u32::MAX, len: 0 };

/// The predicates of each atom.
#[derive(Debug, Default)]
pub struct Atoms {
    /// By atom: its predicates, or [`COMMON`].
    by_atom: Vec<List>,
    /// By predicate: its atoms that have very many predicates.
    common: Vec<List>,
    /// Both.
    lists: Vec<u32>,
}

impl Atoms {
    /// From pairs of a predicate and one of its atoms.
    pub fn new(mut pairs: Vec<(u32, u32)>, predicates: usize, atoms: usize) -> Atoms {
        let mut made = Atoms {
            by_atom: vec![List::default(); atoms],
            common: vec![List::default(); predicates],
            lists: Vec::with_capacity(pairs.len()),
        };
        sort::unstable(&mut pairs, |a, b| (a.1, a.0).cmp(&(b.1, b.0)));
        pairs.dedup();
        let mut of_common = Vec::new();
        for group in pairs.chunk_by(|(_, a), (_, b)| a == b) {
            if group.len() > MOST_PREDICATES {
                of_common.extend_from_slice(group);
                made.by_atom[group[0].1 as usize] = COMMON;
            } else {
                made.by_atom[group[0].1 as usize] = made.list(group.iter().map(|(predicate, _)| *predicate));
            }
        }
        sort::unstable(&mut of_common, Ord::cmp);
        for group in of_common.chunk_by(|(a, _), (b, _)| a == b) {
            made.common[group[0].0 as usize] = made.list(group.iter().map(|(_, atom)| *atom));
        }
        made
    }

    fn list(&mut self, items: impl Iterator<Item = u32>) -> List {
        let start = self.lists.len() as u32;
        self.lists.extend(items);
        List { start, len: self.lists.len() as u32 - start }
    }

    /// How many atoms there are.
    pub fn len(&self) -> usize {
        self.by_atom.len()
    }

    /// The predicates of an atom; `None` when they are very many.
    #[inline]
    pub fn predicates(&self, atom: u32) -> Option<&[u32]> {
        let list = self.by_atom[atom as usize];
        (list != COMMON).then(|| self.of(list))
    }

    /// The atoms of a predicate that have very many, in order.
    #[inline]
    pub fn common(&self, predicate: u32) -> &[u32] {
        self.of(self.common[predicate as usize])
    }

    #[inline]
    fn of(&self, list: List) -> &[u32] {
        &self.lists[list.start as usize..][..list.len as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_is_on_one_side() {
        // Atom 0 has a hundred predicates, the others have one each.
        let pairs: Vec<(u32, u32)> = (0..100).flat_map(|n| [(n, 0), (n, n + 1), (n, 0)]).collect();
        let atoms = Atoms::new(pairs, 101, 102);
        assert_eq!(atoms.len(), 102);
        assert!(atoms.predicates(0).is_none() && atoms.predicates(101) == Some(&[]) && atoms.common(100).is_empty());
        for n in 0..100 {
            assert_eq!((atoms.predicates(n + 1), atoms.common(n)), (Some(&[n][..]), &[0][..]));
        }
    }
}
