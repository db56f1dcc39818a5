//! What filters are for.

use std::collections::HashMap;

use crate::plan::Filter;

/// What a filter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The event is a match of this rule.
    Rule(u32),
    /// The event belongs to a term of a sequence or sample: which one, and its term.
    Term(u32, u16),
    /// The event has its turn with this rule of [`detect`](crate::detect), by the number of its correlation.
    Detection(u32),
    /// The event is a match of a rule if it has a value of an indicator, by the number of its [`Threat`](crate::detect::threat::Threat).
    Threat(u32),
}

/// What each filter is for.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    list: Vec<Target>,
    /// Where each filter's begin.
    starts: Vec<u32>,
}

impl Targets {
    /// Filters that each have one target become filters that are all different. Rules that ask the same, of which a set has the more
    /// the larger it is, cost an event as much as one: `process where event.type == "start"` is a term of many sequences.
    pub fn share(filters: Vec<Filter>, targets: &[Target]) -> (Vec<Filter>, Targets) {
        let mut numbers: HashMap<&Filter, usize> = HashMap::with_capacity(filters.len());
        let mut of: Vec<Vec<Target>> = Vec::with_capacity(filters.len());
        let mut is_first = Vec::with_capacity(filters.len());
        for (filter, target) in filters.iter().zip(targets) {
            let number = *numbers.entry(filter).or_insert(of.len());
            is_first.push(number == of.len());
            match of.get_mut(number) {
                Some(targets) => targets.push(*target),
                None => of.push(vec![*target]),
            }
        }
        drop(numbers);
        let mut made = Targets { list: Vec::with_capacity(targets.len()), starts: Vec::with_capacity(of.len()) };
        for targets in of {
            made.starts.push(made.list.len() as u32);
            made.list.extend(targets);
        }
        (filters.into_iter().zip(is_first).filter_map(|(filter, is_first)| is_first.then_some(filter)).collect(), made)
    }

    /// What a filter is for, in order.
    #[inline]
    pub fn of(&self, filter: u32) -> &[Target] {
        let filter = filter as usize;
        let end = self.starts.get(filter + 1).map_or(self.list.len(), |end| *end as usize);
        &self.list[self.starts[filter] as usize..end]
    }

    /// The machines and terms that some filters are for.
    pub fn terms(&self, filters: &[u32]) -> impl Iterator<Item = (u32, u16)> {
        filters.iter().flat_map(|filter| self.of(*filter)).filter_map(|target| match target {
            Target::Term(machine, term) => Some((*machine, *term)),
            Target::Rule(_) | Target::Detection(_) | Target::Threat(_) => None,
        })
    }
}
