//! A deterministic automaton whose states are terms, each the derivative of another.

use std::collections::HashMap;

use super::alphabet::Alphabet;
use super::term::{Budget, Id, NOTHING, Terms, TooLarge};
use super::tree::Node;

/// What a state takes besides its row, about.
const STATE_BYTES: usize = 16;
/// The state that no string leads out of.
const DEAD: u32 = 0;

#[derive(Debug)]
pub struct Dfa {
    alphabet: Alphabet,
    /// For each state, the next one by symbol.
    next: Vec<u32>,
    accepts: Vec<bool>,
    start: u32,
}

impl Dfa {
    /// Builds the whole automaton.
    pub fn new(tree: &Node, max_bytes: usize) -> Result<Dfa, TooLarge> {
        let mut budget = Budget::new(max_bytes);
        let alphabet = Alphabet::new(tree, &mut budget)?;
        let mut terms = Terms::new(alphabet.len(), budget)?;
        let mut states = States { order: Vec::new(), numbers: HashMap::new() };
        states.number(NOTHING);
        let start = states.number(terms.build(tree, &alphabet)?);
        let (mut next, mut accepts) = (Vec::new(), Vec::new());
        while let Some(term) = states.order.get(accepts.len()).copied() {
            terms.budget.store(STATE_BYTES + 4 * alphabet.len())?;
            accepts.push(terms.is_nullable(term));
            for symbol in 0..alphabet.len() {
                next.push(states.number(terms.derivative(term, symbol)?));
            }
        }
        Ok(Dfa { alphabet, next, accepts, start })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let mut state = self.start;
        for c in text.chars() {
            state = self.next[state as usize * self.alphabet.len() + self.alphabet.symbol(c)];
            if state == DEAD {
                return false;
            }
        }
        self.accepts[state as usize]
    }
}

/// The terms that are states, in the order of their numbers.
struct States {
    order: Vec<Id>,
    numbers: HashMap<Id, u32>,
}

impl States {
    fn number(&mut self, term: Id) -> u32 {
        *self.numbers.entry(term).or_insert_with(|| {
            self.order.push(term);
            self.order.len() as u32 - 1
        })
    }
}
