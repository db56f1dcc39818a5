//! From the values of an event to the few filters that could hold for it.
//!
//! Of each filter a *cover* is chosen when the rule set is compiled: a few keys, each a thing that one value of one field can be,
//! of which at least one is in every event that the filter holds for. (The literature on publish and subscribe calls this an
//! access predicate.) `process.name : ("nc", "ncat") and process.args : "-e"` has the cover "`process.name` is `nc`" or "`process.name` is
//! `ncat`". At an event the values of each field are looked up in one table for all filters; only filters of which a key was
//! found are evaluated. So the cost of an event does not depend on how many rules there are but on how many could hold.
//!
//! | file | what it does |
//! |---|---|
//! | `cover` | chooses the keys of a filter |
//! | `words` | finds the filters whose key is a whole value |
//! | `grams` | finds the filters whose key is a part of a value: wildcards, prefixes and suffixes |
//! | `atoms` | which predicates are answered by what was found |
//! | `build` | puts a rule set's covers into tables |
//! | `reach` | tells people how a filter is found |
//!
//! Keys are found without regard to the case of letters, and may be found where they are not: what is found is evaluated. A key
//! that is there is never missed.
//!
//! Beside its cover a filter has *needs*: tests that many filters have in common, such as `host.os.type == "linux"`, a bit each.
//! The same look into the tables tells which of them the event may pass, and filters whose needs are not met are dismissed by one
//! comparison, without being looked at.

mod atoms;
mod build;
mod cover;
mod grams;
#[cfg(feature = "profile")]
pub mod reach;
mod words;

use crate::decode::Event;
use crate::plan::{Column, test};
use atoms::Atoms;
pub use cover::weight;
use grams::{Grams, Hit};
use words::Words;

/// A set of [`Access::needs`].
type Needs = u128;

/// The tables of a rule set.
#[derive(Debug, Default)]
pub struct Access {
    /// By slot, like the next: what is looked at first.
    gates: Vec<Gate>,
    fields: Vec<Field>,
    /// What each filter needs.
    needs: Vec<Needs>,
    /// Filters without a cover.
    always: Vec<Group>,
    /// Lists of filters, one after the other.
    lists: Vec<u32>,
    /// What each atom is to predicates. An atom is that a field has a certain word, whether in any case or in one, or a value with
    /// a certain gram. It passes predicates that are about words, and is a clue for others: they do not hold where there is none
    /// of their clues.
    atoms: Atoms,
    /// For each predicate with clues the field where they are, else [`NONE`].
    clues: Vec<u32>,
    /// For each predicate whether grams are all the clues that it has.
    has_grams_alone: Vec<bool>,
}

/// No field.
const NONE: u32 = u32::MAX;

/// Filters of equal needs.
#[derive(Debug)]
struct Group {
    needs: Needs,
    filters: List,
}

/// A part of [`Access::lists`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct List {
    start: u32,
    len: u32,
}

/// What is looked for in the values of one field.
#[derive(Debug, Default)]
struct Field {
    words: Words,
    grams: Grams,
    /// Filters whose key is that the field has a value.
    any: List,
    /// The needs that any value meets.
    meets: Needs,
}

/// What most values of a field are dismissed by. Small, so that those of all fields stay in the cache.
#[derive(Clone, Copy, Debug)]
struct Gate {
    /// See [`Words::gate`], as for the next.
    lengths: u64,
    firsts: u32,
    has_grams: bool,
    /// Whether something stands for a null.
    has_null: bool,
    /// Whether it matters that there is a value.
    has_any: bool,
}

impl Gate {
    #[inline]
    fn may_be_word(&self, text: &[u8]) -> bool {
        self.lengths >> (text.len() & 63) & 1 == 1 && self.firsts >> (text.first().unwrap_or(&0) & 31) & 1 == 1
    }
}

/// The working memory of [`Access::find`], used again for every event.
#[derive(Debug, Default)]
pub struct Finder {
    /// For each filter the last event at which it was found.
    seen: Vec<u32>,
    event: u32,
    lists: Vec<List>,
    /// For each atom the last event that had it.
    atoms: Vec<u32>,
    /// For each predicate the last event that had one of its atoms, but for atoms of very many predicates.
    predicates: Vec<u32>,
    /// Those that the event has.
    common: Vec<u32>,
    /// For each field the last event whose values were searched for grams.
    scanned: Vec<u32>,
    /// The atoms that such searches found in the event, each with its field.
    clues: Vec<(u32, u32)>,
    /// What [`Access::seek`] found.
    sought: Vec<u32>,
    found: Vec<u32>,
    /// For each field the last event that had a value there, of those that are looked at for no more than that.
    valued: Vec<u32>,
}

impl Access {
    /// Looks for the filters that could hold for the event; the finder then has them.
    pub fn find(&self, event: Event<'_>, columns: &[Column], finder: &mut Finder) {
        finder.start(self);
        let mut met: Needs = 0;
        let mut has_grams = false;
        for (slot, text) in event.texts() {
            // Slots behind those of the fields are a raw record's.
            let Some(gate) = self.gates.get(slot as usize) else { continue };
            let text = match text {
                Some(text) => text,
                None if gate.has_null => columns[slot as usize].stored_null().as_bytes(),
                None => continue,
            };
            has_grams |= gate.has_grams;
            if gate.has_any {
                let field = &self.fields[slot as usize];
                met |= field.meets;
                let valued = &mut finder.valued[slot as usize];
                if field.any.len > 0 && *valued != finder.event {
                    *valued = finder.event;
                    finder.lists.push(field.any);
                }
            }
            if !gate.may_be_word(text) {
                continue;
            }
            let words = &self.fields[slot as usize].words;
            if let Some(entry) = words.find(text) {
                met |= entry.meets;
                for atom in words.atoms(entry, text) {
                    if finder.has_atom(&self.atoms, atom) && entry.atom == Some(atom) && entry.filters.len > 0 {
                        finder.lists.push(entry.filters);
                    }
                }
            }
        }
        if has_grams {
            self.find_grams(event, columns, met, finder);
        }
        let always = self.always.iter().filter(|group| group.needs & !met == 0).map(|group| group.filters);
        for list in finder.lists.iter().copied().chain(always) {
            for filter in &self.lists[list.start as usize..(list.start + list.len) as usize] {
                let seen = &mut finder.seen[*filter as usize];
                if self.needs[*filter as usize] & !met == 0 && *seen != finder.event {
                    *seen = finder.event;
                    finder.found.push(*filter);
                }
            }
        }
        finder.found.sort_unstable();
    }

    /// The second look, at parts of values, where a filter whose needs are met asks for one.
    fn find_grams(&self, event: Event<'_>, columns: &[Column], met: Needs, finder: &mut Finder) {
        for (slot, _) in event.texts() {
            if self.gates.get(slot as usize).is_some_and(|gate| gate.has_grams)
                && finder.scanned[slot as usize] != finder.event
                && self.fields[slot as usize].grams.wanted(met)
            {
                self.scan(slot, event, columns, finder);
            }
        }
    }

    /// Looks for the grams of a field's values.
    fn scan(&self, slot: u32, event: Event<'_>, columns: &[Column], finder: &mut Finder) {
        finder.scanned[slot as usize] = finder.event;
        let mut hit = |Hit { atom, filters }| {
            if finder.has_atom(&self.atoms, atom) {
                finder.clues.push((slot, atom));
                if filters.len > 0 {
                    finder.lists.push(filters);
                }
            }
        };
        for value in event.values(slot as usize).filter_map(|value| columns[slot as usize].stored(value)) {
            self.fields[slot as usize].grams.find(test::text(&value).as_bytes(), &mut hit);
        }
    }

    /// Whether the event, the one that was last looked at, has none of the clues of a predicate, which then does not hold.
    #[inline]
    pub fn rules_out(&self, predicate: u32, event: Event<'_>, columns: &[Column], finder: &mut Finder) -> bool {
        let slot = self.clues[predicate as usize];
        if slot == NONE {
            return false;
        }
        if finder.scanned[slot as usize] != finder.event {
            self.scan(slot, event, columns, finder);
        }
        !self.passes(predicate, finder)
    }

    /// The field where a predicate has its clues, if they are parts of values alone.
    pub fn clue(&self, predicate: u32) -> Option<u32> {
        self.has_grams_alone[predicate as usize].then(|| self.clues[predicate as usize])
    }

    /// Looks for those of a group, which is in order, of which the field has a clue; [`Finder::sought`] then gives them.
    pub fn seek(&self, slot: u32, group: &[u32], event: Event<'_>, columns: &[Column], finder: &mut Finder) {
        if finder.scanned[slot as usize] != finder.event {
            self.scan(slot, event, columns, finder);
        }
        let Finder { clues, sought, .. } = finder;
        sought.clear();
        for (_, atom) in clues.iter().filter(|(of, _)| *of == slot) {
            match self.atoms.predicates(*atom) {
                Some(predicates) => {
                    sought.extend(predicates.iter().filter(|number| group.binary_search(number).is_ok()));
                }
                None => sought.extend(group.iter().filter(|number| self.atoms.common(**number).contains(atom))),
            }
        }
    }

    /// The answer of a predicate about whole values for the event that was last looked at.
    #[inline]
    pub fn passes(&self, predicate: u32, finder: &Finder) -> bool {
        if finder.predicates[predicate as usize] == finder.event {
            return true;
        }
        if finder.common.is_empty() {
            return false;
        }
        let own = self.atoms.common(predicate);
        // Whichever are fewer, so that neither a long list nor an event full of words makes it dear.
        match own.len() <= finder.common.len() {
            true => own.iter().any(|atom| finder.atoms[*atom as usize] == finder.event),
            false => finder.common.iter().any(|atom| own.binary_search(atom).is_ok()),
        }
    }
}

impl Finder {
    /// One of the predicates that were sought.
    pub fn sought(&mut self) -> Option<u32> {
        self.sought.pop()
    }

    /// The filters that could hold for the event that was last looked at, in order. To be given back when they have been asked.
    pub fn take_found(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.found)
    }

    /// Keeps the memory for the next event.
    pub fn give_back(&mut self, found: Vec<u32>) {
        self.found = found;
    }

    /// Notes that the event has an atom; false if that was known. A value may be there a hundred thousand times: only the first
    /// counts.
    #[inline]
    fn has_atom(&mut self, atoms: &Atoms, atom: u32) -> bool {
        let seen = &mut self.atoms[atom as usize];
        if *seen == self.event {
            return false;
        }
        *seen = self.event;
        match atoms.predicates(atom) {
            Some(predicates) => predicates.iter().for_each(|number| self.predicates[*number as usize] = self.event),
            None => self.common.push(atom),
        }
        true
    }

    fn start(&mut self, access: &Access) {
        let filters = access.needs.len();
        if self.seen.len() != filters || self.event == u32::MAX {
            self.seen.clear();
            self.seen.resize(filters, 0);
            self.event = 0;
        }
        if self.atoms.len() != access.atoms.len() || self.predicates.len() != access.clues.len() || self.event == 0 {
            self.atoms.clear();
            self.atoms.resize(access.atoms.len(), 0);
            self.predicates.clear();
            self.predicates.resize(access.clues.len(), 0);
            self.scanned.clear();
            self.scanned.resize(access.fields.len(), 0);
            self.valued.clear();
            self.valued.resize(access.fields.len(), 0);
        }
        self.event += 1;
        self.common.clear();
        self.clues.clear();
        self.lists.clear();
        self.found.clear();
    }
}
