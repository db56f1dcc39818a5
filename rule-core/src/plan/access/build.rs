//! A rule set's covers, put into tables.

use std::collections::{BTreeMap, HashMap};

use super::atoms::Atoms;
use super::cover::{Chooser, Key, presence, weight};
use super::grams::{Gram, Grams, Hit};
use super::words::{Word, Words};
use super::{Access, Field, Gate, Group, List, NONE, Needs};
use crate::plan::condition::Condition;
use crate::plan::test::Spec;
use crate::plan::{Column, Filter};

/// Something that filters may need: that a field is one of some words, or has a value at all. Categories are such words too.
type Need = (u32, Option<Vec<String>>);

/// What one field is looked at for.
#[derive(Default)]
struct Wanted {
    /// By their lower case.
    words: BTreeMap<String, WantedWord>,
    grams: BTreeMap<Gram, WantedGram>,
    any: Vec<u32>,
    /// The needs that any value meets.
    meets: Needs,
}

/// What one word is looked for for.
#[derive(Default)]
struct WantedWord {
    meets: Needs,
    filters: Vec<u32>,
    /// The predicates that ask for it in any case.
    folded: Vec<u32>,
    /// The predicates that ask for one form of it.
    forms: BTreeMap<String, Vec<u32>>,
}

/// What one gram is looked for for.
#[derive(Default)]
struct WantedGram {
    filters: Vec<u32>,
    /// The predicates of which it is a clue.
    predicates: Vec<u32>,
}

/// Predicates and their atoms.
#[derive(Default)]
struct Tests {
    pairs: Vec<(u32, u32)>,
    atoms: u32,
}

impl Tests {
    /// A new atom of the predicates.
    fn atom(&mut self, predicates: &[u32]) -> u32 {
        self.pairs.extend(predicates.iter().map(|predicate| (*predicate, self.atoms)));
        self.atoms += 1;
        self.atoms - 1
    }
}

impl Access {
    /// Tables for the filters. `specs` has the field and test of each predicate, none for scripts.
    pub fn new(specs: &[Option<(u32, Spec)>], columns: &[Column], filters: &[Filter]) -> Access {
        let mut access = Access { needs: vec![0; filters.len()], ..Access::default() };
        let mut wanted: Vec<Wanted> = columns.iter().map(|_| Wanted::default()).collect();
        access.add_needs(specs, columns, filters, &mut wanted);
        let chooser = Chooser::new(specs, columns);
        access.clues = add_tests(&chooser, &mut wanted);
        let mut always: BTreeMap<Needs, Vec<u32>> = BTreeMap::new();
        for (number, filter) in (0..).zip(filters) {
            let cover = chooser.cover(&filter.condition).map(|cover| cover.keys);
            // What could hold for any event of its category is reached through that.
            let category = || {
                Some(
                    [(filter.category.as_ref()?.0, Key::Word(filter.category.as_ref()?.1.to_ascii_lowercase()))].into(),
                )
            };
            match cover.or_else(category) {
                Some(keys) => {
                    for (slot, key) in keys {
                        let wanted = &mut wanted[slot as usize];
                        match key {
                            Key::Word(word) => wanted.words.entry(word).or_default().filters.push(number),
                            Key::Gram(gram) => wanted.grams.entry(gram).or_default().filters.push(number),
                            Key::Any => wanted.any.push(number),
                        }
                    }
                }
                None => always.entry(access.needs[number as usize]).or_default().push(number),
            }
        }
        for (needs, filters) in always {
            let filters = access.list(&filters);
            access.always.push(Group { needs, filters });
        }
        let mut tests = Tests::default();
        for wanted in wanted {
            let field = access.field(wanted, &mut tests);
            access.fields.push(field);
        }
        for (gate, column) in access.gates.iter_mut().zip(columns) {
            gate.has_null = column.null_value.is_some();
        }
        access.atoms = Atoms::new(tests.pairs, specs.len(), tests.atoms as usize);
        access
    }

    /// Gives what dismisses most filters a bit each.
    fn add_needs(
        &mut self,
        specs: &[Option<(u32, Spec)>],
        columns: &[Column],
        filters: &[Filter],
        wanted: &mut [Wanted],
    ) {
        let mut filters_of: HashMap<Need, Vec<u32>> = HashMap::new();
        for (number, filter) in (0..).zip(filters) {
            let category = filter.category.iter().map(|(slot, name)| (*slot, Some(vec![name.to_ascii_lowercase()])));
            let tests = required(&filter.condition).filter_map(|predicate| {
                let (slot, spec) = specs[predicate as usize].as_ref()?;
                let words = spec.words().map(|(words, _)| {
                    let mut words: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
                    words.sort_unstable();
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
        ranked.sort_unstable_by(|(x, a, _), (y, b, _)| y.cmp(x).then_with(|| a.cmp(b)));
        for (bit, (_, (slot, words), filters)) in ranked.into_iter().take(Needs::BITS as usize).enumerate() {
            for filter in filters {
                self.needs[filter as usize] |= 1 << bit;
            }
            let wanted = &mut wanted[slot as usize];
            match words {
                Some(words) => {
                    words.into_iter().for_each(|word| wanted.words.entry(word).or_default().meets |= 1 << bit);
                }
                None => wanted.meets |= 1 << bit,
            }
        }
    }

    /// The tables of a field. To the predicates' tests the atoms are added that pass them.
    fn field(&mut self, wanted: Wanted, tests: &mut Tests) -> Field {
        let mut words = Vec::with_capacity(wanted.words.len());
        for (text, WantedWord { meets, filters, folded, forms }) in wanted.words {
            let folded = (!folded.is_empty() || !filters.is_empty()).then(|| tests.atom(&folded));
            let forms = forms.into_iter().map(|(form, predicates)| (form, tests.atom(&predicates))).collect();
            words.push(Word { text, atom: folded, forms, meets, filters: self.list(&filters) });
        }
        let mut of_grams = Vec::new();
        let mut grams = Vec::new();
        for (gram, WantedGram { filters, predicates }) in wanted.grams {
            of_grams.extend_from_slice(&filters);
            grams.push((gram, Hit { atom: tests.atom(&predicates), filters: self.list(&filters) }));
        }
        let any = self.list(&wanted.any);
        let words = Words::new(&words);
        let (lengths, firsts) = words.gate();
        self.gates.push(Gate {
            lengths,
            firsts,
            has_grams: !grams.is_empty(),
            has_null: false,
            has_any: any.len > 0 || wanted.meets != 0,
        });
        Field {
            words,
            grams: Grams::new(grams, of_grams.iter().map(|filter| self.needs[*filter as usize])),
            any,
            meets: wanted.meets,
        }
    }

    fn list(&mut self, filters: &[u32]) -> List {
        let start = self.lists.len() as u32;
        self.lists.extend_from_slice(filters);
        List { start, len: filters.len() as u32 }
    }
}

/// Adds the words and clues of predicates. For each predicate the field where its clues are, if it has any.
fn add_tests(chooser: &Chooser<'_>, wanted: &mut [Wanted]) -> Vec<u32> {
    let mut clues = vec![NONE; chooser.specs.len()];
    for (predicate, spec) in (0..).zip(chooser.specs) {
        let Some((slot, spec)) = spec else { continue };
        let wanted = &mut wanted[*slot as usize];
        if let Some((words, insensitive)) = spec.words() {
            for word in words {
                let wanted = wanted.words.entry(word.to_ascii_lowercase()).or_default();
                let predicates =
                    if insensitive { &mut wanted.folded } else { wanted.forms.entry(word.clone()).or_default() };
                // A list may have a word twice.
                if predicates.last() != Some(&predicate) {
                    predicates.push(predicate);
                }
            }
            continue;
        }
        let Some(keys) = chooser.clues(*slot, spec) else { continue };
        clues[predicate as usize] = *slot;
        for key in keys {
            match key {
                Key::Word(word) => wanted.words.entry(word).or_default().folded.push(predicate),
                Key::Gram(gram) => wanted.grams.entry(gram).or_default().predicates.push(predicate),
                Key::Any => {}
            }
        }
    }
    clues
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
