//! A rule set's covers, put into tables.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::atoms::Atoms;
use super::cover::{Chooser, Key, presence, weight};
use super::grams::{Gram, Grams, Hit};
use super::words::{self, Word, Words};
use super::{Access, Field, Gate, Group, List, NONE, Needs};
use crate::plan::condition::Condition;
use crate::plan::test::Spec;
use crate::plan::{Column, Filter};
use crate::sort;

/// Something that filters may need: that a field is one of some words, or has a value at all. Categories are such words too.
type Need = (u32, Option<Vec<String>>);

/// What fields are looked at for. Flat lists, which are put in order when they are complete: maps of maps take ten times as much memory,
/// and what a sandbox has once taken it keeps.
struct Wanted<'a> {
    words: Vec<Wish<'a>>,
    /// With their fields.
    grams: Vec<(u32, Gram, Reason)>,
    /// By slot, like the next: the filters that want any value.
    any: Vec<Vec<u32>>,
    /// The needs that any value meets.
    meets: Vec<Needs>,
}

/// That a word is looked for in a field.
struct Wish<'a> {
    slot: u32,
    hash: u32,
    word: Cow<'a, str>,
    reason: Reason,
}

/// Why something is looked for. In the order in which [`Access::words`] expects them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// It meets the need of this bit.
    Need(u32),
    /// It is a key of the filter.
    Filter(u32),
    /// The predicate asks for it, in any case.
    Any(u32),
    /// The predicate asks for it in this case.
    Form(u32),
}

impl<'a> Wanted<'a> {
    fn new(fields: usize) -> Wanted<'a> {
        Wanted { words: Vec::new(), grams: Vec::new(), any: vec![Vec::new(); fields], meets: vec![0; fields] }
    }

    fn word(&mut self, slot: u32, word: impl Into<Cow<'a, str>>, reason: Reason) {
        let word = word.into();
        self.words.push(Wish { slot, hash: words::hash(word.as_bytes()), word, reason });
    }

    /// Puts the lists in order, and all that is said of one word or gram beside each other.
    fn sort(&mut self) {
        sort::unstable(&mut self.words, |a, b| {
            let place = |wish: &Wish<'_>| (wish.slot, wish.hash);
            let form = |wish: &Wish<'a>| matches!(wish.reason, Reason::Form(_));
            place(a).cmp(&place(b)).then_with(|| a.folded().cmp(b.folded())).then_with(|| match form(a) && form(b) {
                true => a.word.cmp(&b.word).then(a.reason.cmp(&b.reason)),
                false => a.reason.cmp(&b.reason),
            })
        });
        sort::unstable(&mut self.grams, Ord::cmp);
    }
}

impl Wish<'_> {
    fn folded(&self) -> impl Iterator<Item = u8> {
        self.word.bytes().map(|byte| byte.to_ascii_lowercase())
    }

    fn is_for_same_word(&self, other: &Wish<'_>) -> bool {
        self.hash == other.hash && self.word.eq_ignore_ascii_case(&other.word)
    }
}

/// Predicates and their atoms.
#[derive(Default)]
struct Tests {
    pairs: Vec<(u32, u32)>,
    atoms: u32,
}

impl Tests {
    fn new_atom(&mut self) -> u32 {
        self.atoms += 1;
        self.atoms - 1
    }
}

impl Access {
    /// Tables for the filters. `specs` has the field and test of each predicate, none for scripts.
    pub fn new(specs: &[Option<(u32, Spec)>], columns: &[Column], filters: &[Filter]) -> Access {
        let mut access = Access { needs: vec![0; filters.len()], ..Access::default() };
        let mut wanted = Wanted::new(columns.len());
        access.add_needs(specs, columns, filters, &mut wanted);
        let chooser = Chooser::new(specs, columns);
        add_tests(&chooser, &mut wanted, &mut access);
        let mut always: BTreeMap<Needs, Vec<u32>> = BTreeMap::new();
        for (number, filter) in (0..).zip(filters) {
            let cover = chooser.cover(&filter.condition).map(|cover| cover.keys);
            // What could hold for any event of its category is reached through that.
            let category = || {
                let (slot, name) = filter.category.as_ref()?;
                Some([(*slot, Key::Word(name.to_ascii_lowercase()))].into())
            };
            match cover.or_else(category) {
                Some(keys) => {
                    for (slot, key) in keys {
                        match key {
                            Key::Word(word) => wanted.word(slot, word, Reason::Filter(number)),
                            Key::Gram(gram) => wanted.grams.push((slot, gram, Reason::Filter(number))),
                            Key::Any => wanted.any[slot as usize].push(number),
                        }
                    }
                }
                None => always.entry(access.needs[number as usize]).or_default().push(number),
            }
        }
        drop(chooser);
        for (needs, filters) in always {
            let filters = access.list(&filters);
            access.always.push(Group { needs, filters });
        }
        wanted.sort();
        let Wanted { words, grams, any, meets } = wanted;
        let (mut words, mut grams) = (words.as_slice(), grams.as_slice());
        let mut tests = Tests::default();
        for (slot, column) in (0..).zip(columns) {
            let own = split_while(&mut words, |wish| wish.slot == slot);
            let words = access.words(own, &mut tests);
            let own = split_while(&mut grams, |(of, ..)| *of == slot);
            let grams = access.grams(own, &mut tests);
            let any = access.list(&any[slot as usize]);
            access.add(Field { words, grams, any, meets: meets[slot as usize] }, column);
        }
        access.atoms = Atoms::new(tests.pairs, specs.len(), tests.atoms as usize);
        access.lists.shrink_to_fit();
        access
    }

    /// Gives what dismisses most filters a bit each.
    fn add_needs(
        &mut self,
        specs: &[Option<(u32, Spec)>],
        columns: &[Column],
        filters: &[Filter],
        wanted: &mut Wanted<'_>,
    ) {
        let mut filters_of: HashMap<Need, Vec<u32>> = HashMap::new();
        for (number, filter) in (0..).zip(filters) {
            let category = filter.category.iter().map(|(slot, name)| (*slot, Some(vec![name.to_ascii_lowercase()])));
            let tests = required(&filter.condition).filter_map(|predicate| {
                let (slot, spec) = specs[predicate as usize].as_ref()?;
                let words = spec.words().map(|(words, _)| {
                    let mut words: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
                    sort::unstable(&mut words, Ord::cmp);
                    words.dedup();
                    words
                });
                Some((*slot, words))
            });
            for need in category.chain(tests) {
                filters_of.entry(need).or_default().push(number);
            }
        }
        for filters in filters_of.values_mut() {
            filters.dedup();
        }
        // How many filters it is likely to dismiss, in thousandths.
        let rank = |(slot, words): &Need, filters: &[u32]| {
            let path = &columns[*slot as usize].path;
            let share = if words.is_some() { weight(path) } else { presence(path) };
            (filters.len() as f64 * (1.0 - share) * 1000.0) as u64
        };
        let mut ranked: Vec<(u64, Need, Vec<u32>)> = filters_of
            .into_iter()
            .filter(|(_, filters)| filters.len() > 1)
            .map(|(need, filters)| (rank(&need, &filters), need, filters))
            .collect();
        sort::unstable(&mut ranked, |(x, a, _), (y, b, _)| y.cmp(x).then_with(|| a.cmp(b)));
        for (bit, (_, (slot, words), filters)) in ranked.into_iter().take(Needs::BITS as usize).enumerate() {
            for filter in filters {
                self.needs[filter as usize] |= 1 << bit;
            }
            match words {
                Some(words) => words.into_iter().for_each(|word| wanted.word(slot, word, Reason::Need(bit as u32))),
                None => wanted.meets[slot as usize] |= 1 << bit,
            }
        }
    }

    fn add(&mut self, field: Field, column: &Column) {
        let (lengths, firsts) = field.words.gate();
        self.gates.push(Gate {
            lengths,
            firsts,
            has_grams: !field.grams.is_empty(),
            has_null: column.null_value.is_some(),
            has_any: field.any.len > 0 || field.meets != 0,
        });
        self.fields.push(field);
    }

    /// The table of a field's words. To `tests` predicates are added, each with an atom that passes it.
    fn words(&mut self, wishes: &[Wish<'_>], tests: &mut Tests) -> Words {
        let count = wishes.chunk_by(Wish::is_for_same_word).count();
        let mut words = Words::with_room_for(count);
        for wishes in wishes.chunk_by(Wish::is_for_same_word) {
            let mut word = Word { filters: self.list(&[]), ..Word::default() };
            let mut last = None;
            for Wish { word: form, reason, .. } in wishes {
                let form = form.as_ref();
                // A list may have a word twice.
                let is_same = word.forms.last().is_none_or(|(last, _)| *last == form);
                if last.replace(*reason) == Some(*reason) && is_same {
                    continue;
                }
                match *reason {
                    Reason::Need(bit) => word.meets |= 1 << bit,
                    Reason::Filter(number) => {
                        self.lists.push(number);
                        word.filters.len += 1;
                        word.atom.get_or_insert_with(|| tests.new_atom());
                    }
                    Reason::Any(predicate) => {
                        let atom = *word.atom.get_or_insert_with(|| tests.new_atom());
                        tests.pairs.push((predicate, atom));
                    }
                    Reason::Form(predicate) => match word.forms.last() {
                        Some((same, atom)) if *same == form => tests.pairs.push((predicate, *atom)),
                        _ => {
                            let atom = tests.new_atom();
                            word.forms.push((form, atom));
                            tests.pairs.push((predicate, atom));
                        }
                    },
                }
            }
            // In the case in which a test asks for it, if one minds, so that the form need not be kept beside it.
            words.add(word.forms.first().map_or(&*wishes[0].word, |(form, _)| *form), &word);
        }
        words.shrink();
        words
    }

    /// The table of a field's grams.
    fn grams(&mut self, wishes: &[(u32, Gram, Reason)], tests: &mut Tests) -> Grams {
        let same = |(_, a, _): &(u32, Gram, Reason), (_, b, _): &(u32, Gram, Reason)| a == b;
        let mut table = Vec::with_capacity(wishes.chunk_by(same).count());
        for wishes in wishes.chunk_by(same) {
            let mut hit = Hit { atom: tests.new_atom(), filters: self.list(&[]) };
            for (.., reason) in wishes {
                match *reason {
                    Reason::Filter(number) => {
                        self.lists.push(number);
                        hit.filters.len += 1;
                    }
                    Reason::Any(predicate) => tests.pairs.push((predicate, hit.atom)),
                    Reason::Need(_) | Reason::Form(_) => {}
                }
            }
            table.push((wishes[0].1, hit));
        }
        let filters = wishes.iter().filter_map(|(.., reason)| match reason {
            Reason::Filter(number) => Some(self.needs[*number as usize]),
            _ => None,
        });
        Grams::new(table, filters)
    }

    fn list(&mut self, filters: &[u32]) -> List {
        let start = self.lists.len() as u32;
        self.lists.extend_from_slice(filters);
        List { start, len: filters.len() as u32 }
    }
}

/// Adds the words and clues of predicates.
fn add_tests<'a>(chooser: &Chooser<'a>, wanted: &mut Wanted<'a>, access: &mut Access) {
    access.clues = vec![NONE; chooser.specs.len()];
    access.has_grams_alone = vec![false; chooser.specs.len()];
    for (predicate, spec) in (0..).zip(chooser.specs) {
        let Some((slot, spec)) = spec else { continue };
        if let Some((words, insensitive)) = spec.words() {
            let reason = if insensitive { Reason::Any(predicate) } else { Reason::Form(predicate) };
            words.iter().for_each(|word| wanted.word(*slot, word, reason));
            continue;
        }
        let Some(keys) = chooser.clues(*slot, spec) else { continue };
        access.clues[predicate as usize] = *slot;
        access.has_grams_alone[predicate as usize] = keys.iter().all(|key| matches!(key, Key::Gram(_)));
        for key in keys {
            match key {
                Key::Word(word) => wanted.word(*slot, word, Reason::Any(predicate)),
                Key::Gram(gram) => wanted.grams.push((*slot, gram, Reason::Any(predicate))),
                Key::Any => {}
            }
        }
    }
}

/// Takes from the front of a slice what the condition holds for.
fn split_while<'s, T>(slice: &mut &'s [T], condition: impl Fn(&T) -> bool) -> &'s [T] {
    let (own, others) = slice.split_at(slice.iter().take_while(|item| condition(item)).count());
    *slice = others;
    own
}

/// The predicates without which the condition does not hold.
fn required(condition: &Condition) -> impl Iterator<Item = u32> {
    let parts = match condition {
        Condition::And(parts) => parts.as_slice(),
        other => std::slice::from_ref(other),
    };
    parts.iter().filter_map(|part| match part {
        Condition::Predicate(number) => Some(*number),
        _ => None,
    })
}
