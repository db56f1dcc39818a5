//! The join keys of the event at hand, made once for all terms that have the same `by`.
//!
//! Rule sets have many sequences and few ways to join them: an event that is of interest to thirty terms has two or three
//! different keys.

use std::collections::HashMap;
use std::ops::Range;

use super::Setting;
use super::key::{self, KeyField, TooManyKeys};
use super::plan::Shape;
use super::timeline::{Held, Hit, Span};
use crate::decode::Event;

/// Makes join keys.
#[derive(Debug, Default)]
pub struct Joiner {
    /// Where each machine's terms begin in the next.
    machines: Vec<u32>,
    /// The list of fields of each term, by number, and whether its role [begins](super::plan::Role::begins) anything and its machine
    /// sees all hits of an event together. In few bytes: there
    /// may be ten thousand terms, of which an event is of some dozens, each in another place.
    terms: Vec<(u32, (bool, bool))>,
    /// Lists of fields. Equal ones of different timelines are different ones.
    lists: Vec<List>,
    /// The keys of the event, list by list.
    keys: Vec<Span>,
}

/// A list of fields, and the keys that the event has for it.
#[derive(Debug, Default)]
struct List {
    /// A machine and a term that have it.
    term: (u32, u16),
    timeline: u32,
    /// The event's ordinal; none before the first.
    event: Option<u64>,
    keys: Range<u32>,
    too_many: bool,
}

impl Joiner {
    /// For the terms of a rule set.
    pub fn new(setting: Setting<'_>) -> Joiner {
        let mut joiner = Joiner::default();
        let mut numbers: HashMap<(u32, bool, &[KeyField]), u32> = HashMap::new();
        for (machine, correlation) in (0..).zip(setting.correlations) {
            joiner.machines.push(joiner.terms.len() as u32);
            for (number, term) in (0..).zip(&correlation.terms) {
                let list = numbers.entry((correlation.timeline, term.whole, &term.keys)).or_insert_with(|| {
                    let timeline = correlation.timeline;
                    joiner.lists.push(List { term: (machine, number), timeline, ..List::default() });
                    joiner.lists.len() as u32 - 1
                });
                let together = matches!(correlation.shape, Shape::Detection(_));
                joiner.terms.push((*list, (term.role.begins(), together)));
            }
        }
        joiner
    }

    /// Begins with another event.
    pub fn start(&mut self) {
        self.keys.clear();
    }

    /// Whether a term's role begins anything, and whether its machine sees all hits of an event together.
    pub fn flags(&self, machine: u32, term: u16) -> (bool, bool) {
        self.term(machine, term).1
    }

    #[inline]
    fn term(&self, machine: u32, term: u16) -> (u32, (bool, bool)) {
        self.terms[self.machines[machine as usize] as usize + usize::from(term)]
    }

    /// Adds what the event is to a term, a hit for each of its keys, to what is to be held of its timeline.
    pub fn join(
        &mut self,
        (machine, term): (u32, u16),
        event: Event<'_>,
        arrival: u64,
        setting: Setting<'_>,
        incoming: &mut [Held],
    ) -> Result<(), TooManyKeys> {
        let (number, (begins, together)) = self.term(machine, term);
        let list = &mut self.lists[number as usize];
        let held = &mut incoming[list.timeline as usize];
        if list.event != Some(arrival) {
            list.event = Some(arrival);
            let from = self.keys.len();
            let (of_machine, of_term) = list.term;
            let term = &setting.correlations[of_machine as usize].terms[usize::from(of_term)];
            let (fields, columns, most) = (&term.keys, setting.columns, setting.limits.max_combinations);
            let made = match term.whole {
                true => {
                    key::whole(event, fields, columns, &mut held.keys, &mut self.keys);
                    Ok(())
                }
                false => key::keys(event, fields, columns, most, &mut held.keys, &mut self.keys),
            };
            list.too_many = made.is_err();
            list.keys = from as u32..self.keys.len() as u32;
        }
        if list.too_many {
            return Err(TooManyKeys);
        }
        let keys = &self.keys[list.keys.start as usize..list.keys.end as usize];
        held.hits.extend(keys.iter().map(|key| Hit { machine, term, begins, together, key: *key }));
        Ok(())
    }
}
