//! The characters, in as few kinds as an expression tells apart.

use crate::sort;
use std::collections::{BTreeSet, HashMap};

use regex_syntax::hir::ClassUnicodeRange;

use super::term::{Budget, TooLarge};
use super::tree::Node;

/// A set of symbols, one bit each.
pub type Symbols = Box<[u64]>;

/// All characters of one kind, a *symbol*, are in the same classes of the expression.
#[derive(Debug)]
pub struct Alphabet {
    /// Where the intervals of equal symbols begin; the first is 0.
    starts: Vec<u32>,
    /// The symbol of each interval.
    symbols: Vec<u32>,
    /// The symbol of each ASCII character.
    ascii: [u32; 128],
    count: usize,
}

impl Alphabet {
    pub fn new(tree: &Node, budget: &mut Budget) -> Result<Alphabet, TooLarge> {
        let mut classes = BTreeSet::new();
        collect(tree, &mut classes);
        let ends = |r: &ClassUnicodeRange| [r.start() as u32, r.end() as u32 + 1];
        let mut starts: Vec<u32> = classes.iter().flat_map(|ranges| ranges.iter().flat_map(ends)).collect();
        starts.push(0);
        sort::unstable(&mut starts, Ord::cmp);
        starts.dedup();
        let mut alphabet = Alphabet { symbols: vec![0; starts.len()], starts, ascii: [0; 128], count: 1 };
        for ranges in classes {
            alphabet.split(ranges, budget)?;
        }
        alphabet.number();
        Ok(alphabet)
    }

    /// Gives the intervals of a class symbols of their own.
    fn split(&mut self, ranges: &[ClassUnicodeRange], budget: &mut Budget) -> Result<(), TooLarge> {
        let mut moved = HashMap::new();
        for range in ranges {
            for at in self.intervals(range) {
                budget.step(1)?;
                self.symbols[at] = *moved.entry(self.symbols[at]).or_insert_with(|| {
                    self.count += 1;
                    self.count as u32 - 1
                });
            }
        }
        Ok(())
    }

    /// Numbers the symbols that are left without gaps.
    fn number(&mut self) {
        let mut numbers = HashMap::new();
        for symbol in &mut self.symbols {
            let next = numbers.len() as u32;
            *symbol = *numbers.entry(*symbol).or_insert(next);
        }
        self.count = numbers.len();
        for c in 0..128u8 {
            self.ascii[usize::from(c)] = self.symbols[self.interval(u32::from(c))];
        }
    }

    fn interval(&self, c: u32) -> usize {
        self.starts.partition_point(|start| *start <= c).saturating_sub(1)
    }

    fn intervals(&self, range: &ClassUnicodeRange) -> std::ops::RangeInclusive<usize> {
        self.interval(range.start() as u32)..=self.interval(range.end() as u32)
    }

    /// Number of symbols.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The symbol of a character.
    pub fn symbol(&self, c: char) -> usize {
        let symbol = match self.ascii.get(c as usize) {
            Some(symbol) => *symbol,
            None => self.symbols[self.interval(c as u32)],
        };
        symbol as usize
    }

    /// The symbols in a class of the expression.
    pub fn set(&self, ranges: &[ClassUnicodeRange], budget: &mut Budget) -> Result<Symbols, TooLarge> {
        let mut set = vec![0; self.count.div_ceil(64)].into_boxed_slice();
        budget.step(set.len())?;
        for at in ranges.iter().flat_map(|range| self.intervals(range)) {
            budget.step(1)?;
            let symbol = self.symbols[at] as usize;
            set[symbol / 64] |= 1 << (symbol % 64);
        }
        Ok(set)
    }
}

fn collect<'n>(node: &'n Node, classes: &mut BTreeSet<&'n [ClassUnicodeRange]>) {
    match node {
        Node::Empty => {}
        Node::Class(class) => drop(classes.insert(class.ranges())),
        Node::Concat(parts) | Node::Union(parts) | Node::Inter(parts) => {
            parts.iter().for_each(|part| collect(part, classes));
        }
        Node::Not(node) | Node::Repeat(node, ..) => collect(node, classes),
    }
}
