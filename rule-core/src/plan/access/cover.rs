//! Which keys reach a filter.

use std::collections::BTreeSet;

use super::grams::{self, Gram};
use crate::plan::Column;
use crate::plan::condition::Condition;
use crate::plan::test::Spec;
use crate::sort;
use crate::syntax::ast::CompareOp;

/// What one value of a field can be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// This string, in any case. In lower case.
    Word(String),
    /// A string with this gram.
    Gram(Gram),
    /// Anything.
    Any,
}

/// Keys, each with its field, of which every event has one that the filter holds for.
#[derive(Clone, Debug, Default)]
pub struct Cover {
    /// Fields by slot.
    pub keys: BTreeSet<(u32, Key)>,
    /// What share of events has one of them, roughly.
    share: f64,
}

/// The tests of a rule set's predicates, and what is needed to choose between covers.
pub struct Chooser<'a> {
    /// By predicate: its field and test. None for scripts.
    pub specs: &'a [Option<(u32, Spec)>],
    columns: &'a [Column],
    /// How many patterns of the rule set have a gram. What many patterns have, many events have too.
    grams: Counts,
}

impl<'a> Chooser<'a> {
    pub fn new(specs: &'a [Option<(u32, Spec)>], columns: &'a [Column]) -> Chooser<'a> {
        let mut grams = Counts::new();
        for (slot, spec) in specs.iter().flatten() {
            let mut own = Vec::new();
            each_pattern(spec, &mut |pattern| own.extend(pattern.grams()));
            sort::unstable(&mut own, Ord::cmp);
            own.dedup();
            own.into_iter().for_each(|gram| grams.add(*slot, gram));
        }
        Chooser { specs, columns, grams }
    }

    /// The best cover of a condition; `None` when it may hold for any event.
    pub fn cover(&self, condition: &Condition) -> Option<Cover> {
        self.of(condition, true)
    }

    /// The cover of a condition, or of its complement if `wanted` is false.
    fn of(&self, condition: &Condition, wanted: bool) -> Option<Cover> {
        match (condition, wanted) {
            (Condition::Not(inner), _) => self.of(inner, !wanted),
            (Condition::Constant(truth), _) => (*truth != wanted).then(Cover::default),
            (Condition::Predicate(number), true) => {
                let (slot, spec) = self.specs[*number as usize].as_ref()?;
                self.of_spec(*slot, spec)
            }
            (Condition::Predicate(_), false) => None,
            (Condition::And(parts), true) | (Condition::Or(parts), false) => {
                let covers = parts.iter().filter_map(|part| self.of(part, wanted));
                covers.min_by(|a, b| a.share.total_cmp(&b.share))
            }
            (Condition::Or(parts), true) | (Condition::And(parts), false) => {
                let mut all = Cover::default();
                for part in parts {
                    all.add(self.of(part, wanted)?);
                }
                Some(all)
            }
        }
    }

    /// Keys of which a value has one that passes the test, other than that it is a value; none if there are no such.
    pub fn clues(&self, slot: u32, spec: &Spec) -> Option<BTreeSet<Key>> {
        let mut keys = BTreeSet::new();
        let mut complete = true;
        let is_text = each_pattern(spec, &mut |pattern| match pattern {
            Pattern::Word(word) => {
                keys.insert(Key::Word(word.to_ascii_lowercase()));
            }
            pattern => match self.rarest(slot, &pattern) {
                Some((gram, _)) => {
                    keys.insert(Key::Gram(gram));
                }
                None => complete = false,
            },
        });
        (is_text && complete).then_some(keys)
    }

    fn of_spec(&self, slot: u32, spec: &Spec) -> Option<Cover> {
        if let Spec::AnyOf(list) = spec {
            let mut all = Cover::default();
            for spec in list {
                all.add(self.of_spec(slot, spec)?);
            }
            return Some(all);
        }
        if let Spec::AllOf(list) = spec {
            let covers = list.iter().filter_map(|spec| self.of_spec(slot, spec));
            return covers.min_by(|a, b| a.share.total_cmp(&b.share));
        }
        let path = &self.columns[slot as usize].path;
        let (weight, presence) = (weight(path), presence(path));
        let mut cover = Cover::default();
        let mut add = |key: Key, share: f64| {
            // A list costs more than a single value, but not as often more as it is long: most of its values never occur.
            cover.share += if cover.keys.is_empty() { share } else { share / 16.0 };
            cover.keys.insert((slot, key));
        };
        let is_text = each_pattern(spec, &mut |pattern| match pattern {
            Pattern::Word(word) => add(Key::Word(word.to_ascii_lowercase()), weight),
            pattern => match self.rarest(slot, &pattern) {
                Some((gram, share)) => add(Key::Gram(gram), share.max(weight)),
                None => add(Key::Any, presence),
            },
        });
        if !is_text {
            add(Key::Any, presence);
        }
        Some(cover)
    }

    /// The gram of a pattern that the fewest events have, by what is known.
    fn rarest(&self, slot: u32, pattern: &Pattern<'_>) -> Option<(Gram, f64)> {
        let rank = |gram: &Gram| (self.grams.of(slot, *gram), commonness(*gram), *gram);
        let gram = pattern.grams().into_iter().min_by_key(rank)?;
        let (patterns, common, _) = rank(&gram);
        Some((gram, 0.015 + 0.005 * f64::from(patterns.min(20)) + 0.002 * f64::from(common)))
    }
}

/// How often grams were counted. Few of them share a place, and then both count as more common than they are, which makes for a choice
/// that is a little worse; a table of them would have megabytes.
struct Counts(Vec<u8>);

impl Counts {
    /// The binary logarithm of the number of places.
    const BITS: u32 = 18;

    fn new() -> Counts {
        Counts(vec![0; 1 << Counts::BITS])
    }

    fn place(slot: u32, gram: Gram) -> usize {
        let hash = (u64::from(slot) << 32 | u64::from(gram)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (hash >> (64 - Counts::BITS)) as usize
    }

    fn add(&mut self, slot: u32, gram: Gram) {
        let count = &mut self.0[Counts::place(slot, gram)];
        *count = count.saturating_add(1);
    }

    fn of(&self, slot: u32, gram: Gram) -> u32 {
        u32::from(self.0[Counts::place(slot, gram)])
    }
}

impl Cover {
    fn add(&mut self, other: Cover) {
        self.keys.extend(other.keys);
        self.share += other.share;
    }
}

/// A string of a test, with what it says of a value.
enum Pattern<'a> {
    /// The value is this, whether in this case or another.
    Word(&'a str),
    /// It is matched by this wildcard.
    Wildcard(&'a str),
    /// It has this in it: at its beginning, its end.
    Part(&'a str, bool, bool),
}

impl Pattern<'_> {
    /// The grams that a value has if it is one of the pattern's.
    fn grams(&self) -> Vec<Gram> {
        match *self {
            Pattern::Word(_) => Vec::new(),
            Pattern::Part(text, start, end) => grams::of_run(text.as_bytes(), start, end),
            Pattern::Wildcard(text) => {
                let mut found = Vec::new();
                let mut start = 0;
                for (at, _) in text.match_indices(['*', '?']).chain([(text.len(), "")]) {
                    found.extend(grams::of_run(&text.as_bytes()[start..at], start == 0, at == text.len()));
                    start = at + 1;
                }
                found
            }
        }
    }
}

/// Calls with each of the strings of which a value must be one; false if that is not what the test is.
fn each_pattern(spec: &Spec, call: &mut dyn FnMut(Pattern<'_>)) -> bool {
    match spec {
        Spec::Text(CompareOp::Equal, text) => call(Pattern::Word(text)),
        Spec::TextIn(list, _) => list.iter().for_each(|text| call(Pattern::Word(text))),
        Spec::Like(list, _) => list.iter().for_each(|text| {
            let wild = text.contains(['*', '?']);
            call(if wild { Pattern::Wildcard(text) } else { Pattern::Word(text) });
        }),
        Spec::StartsWith(text, _) => call(Pattern::Part(text, true, false)),
        Spec::EndsWith(text, _) => call(Pattern::Part(text, false, true)),
        Spec::Contains(text, _) => call(Pattern::Part(text, false, false)),
        Spec::Never => {}
        // Words of text are found in any case, which grams ignore for ASCII alone.
        Spec::Phrase(words) if words.iter().all(|word| word.is_ascii()) => {
            let longest = words.iter().max_by_key(|word| word.len());
            longest.into_iter().for_each(|word| call(Pattern::Part(word, false, false)));
        }
        Spec::AnyWord(inner) => return each_word(inner, call),
        _ => return false,
    }
    true
}

/// The same for a test on the words of text.
fn each_word(spec: &Spec, call: &mut dyn FnMut(Pattern<'_>)) -> bool {
    let (Spec::TextIn(list, _) | Spec::Like(list, _)) = spec else {
        return match spec {
            Spec::StartsWith(text, _) | Spec::EndsWith(text, _) | Spec::Contains(text, _) if text.is_ascii() => {
                call(Pattern::Part(text, false, false));
                true
            }
            _ => false,
        };
    };
    let is_like = matches!(spec, Spec::Like(..));
    let is_plain = |text: &String| text.is_ascii() && !(is_like && text.contains(['*', '?']));
    if !list.iter().all(is_plain) {
        return false;
    }
    list.iter().for_each(|text| call(Pattern::Part(text, false, false)));
    true
}

/// How often the value of a field is one that a rule names, of all events. Fields that say what kind of event it is have few values.
pub fn weight(path: &str) -> f64 {
    match path {
        "event.category" | "event.kind" | "event.outcome" => 0.9,
        "host.os.type" | "event.type" | "event.module" | "event.dataset" | "data_stream.dataset" | "user.id" => 0.3,
        "event.action" | "event.provider" | "event.code" => 0.1,
        "process.parent.name" | "process.args" => 0.02,
        _ => 0.01,
    }
}

/// How many events have the field at all.
pub fn presence(path: &str) -> f64 {
    match path {
        "event.category" | "event.type" | "event.action" | "host.os.type" | "@timestamp" | "host.id" | "agent.id" => {
            0.95
        }
        "process.name" | "process.executable" | "process.pid" | "process.entity_id" | "user.id" | "user.name" => 0.8,
        "process.parent.name" | "process.args" | "process.command_line" | "process.parent.executable" => 0.4,
        "file.path" | "file.name" | "file.extension" => 0.3,
        _ if path.starts_with("event.") || path.starts_with("host.") || path.starts_with("agent.") => 0.5,
        _ if path.starts_with("process.parent.") || path.starts_with("process.entry_leader.") => 0.2,
        _ => 0.1,
    }
}

/// How often its bytes occur in paths and command lines; the more, the higher.
fn commonness(gram: Gram) -> u32 {
    let byte = |byte: u8| match byte {
        b'e' | b's' | b't' | b'r' | b'i' | b'n' | b'o' | b'a' | b'c' | b'm' | b'l' | b'd' | b'p' | b'u' => 3,
        b' ' | b'/' | b'|' | b'.' | b':' | b'-' => 2,
        b'0'..=b'9' | b'b' | b'f' | b'g' | b'h' | b'w' | b'x' | b'y' => 1,
        _ => 0,
    };
    gram.to_le_bytes().into_iter().map(byte).sum()
}
