//! Whole values: a hash table per field.

use super::{List, Needs};

/// The values that are looked for in one field, without regard to the case of `a` to `z`.
#[derive(Debug, Default)]
pub struct Words {
    /// A power of two long and at most half full; empty when nothing is looked for.
    table: Vec<Slot>,
    entries: Vec<Entry>,
    /// The words, one after the other, and behind each those of its forms that are not the same.
    text: Vec<u8>,
    /// The forms of all words that tests which mind case ask for.
    forms: Vec<Form>,
    lengths: u64,
    firsts: u32,
}

/// A place in the table: a part of the hash, and the number of the entry, or [`FREE`].
#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    entry: u32,
}

const FREE: u32 = u32::MAX;

/// What a word leads to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry {
    start: u32,
    len: u32,
    /// Where its forms are.
    forms: List,
    /// The atom of the word in any case, where a test asks for it or a filter has the word as a key.
    pub atom: Option<u32>,
    /// The needs that a value like this may meet.
    pub meets: Needs,
    /// The filters that have the word as a key.
    pub filters: List,
}

/// A word in one case, for tests that mind it.
#[derive(Clone, Copy, Debug)]
struct Form {
    /// Where it is in the text. It is as long as its word.
    start: u32,
    atom: u32,
}

/// What a word leads to, to be put into a table.
#[derive(Debug, Default)]
pub struct Word<'a> {
    /// The atom of the word in any case.
    pub atom: Option<u32>,
    /// The forms that tests which mind case ask for, and their atoms.
    pub forms: Vec<(&'a str, u32)>,
    /// See [`Entry`], as for the next.
    pub meets: Needs,
    /// The filters that have the word as a key.
    pub filters: List,
}

impl Words {
    /// A table with room for so many words.
    pub fn with_room_for(count: usize) -> Words {
        if count == 0 {
            return Words::default();
        }
        let table = vec![Slot { hash: 0, entry: FREE }; (count * 2).next_power_of_two()];
        Words { table, entries: Vec::with_capacity(count), ..Words::default() }
    }

    /// Adds a word, in whatever case, that differs in more than case from those that are there. There must be room for it.
    pub fn add(&mut self, text: &str, word: &Word<'_>) {
        let text = text.as_bytes();
        let hash = hash(text);
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        while self.table[at].entry != FREE {
            at = (at + 1) & mask;
        }
        self.table[at] = Slot { hash, entry: self.entries.len() as u32 };
        self.lengths |= 1 << (text.len() & 63);
        self.firsts |= 1 << (text.first().unwrap_or(&0) & 31);
        let start = self.text.len() as u32;
        self.text.extend_from_slice(text);
        let forms = List { start: self.forms.len() as u32, len: word.forms.len() as u32 };
        for (form, atom) in &word.forms {
            let same = form.as_bytes() == text;
            self.forms.push(Form { start: if same { start } else { self.text.len() as u32 }, atom: *atom });
            self.text.extend_from_slice(if same { b"" } else { form.as_bytes() });
        }
        self.entries.push(Entry {
            start,
            len: text.len() as u32,
            forms,
            atom: word.atom,
            meets: word.meets,
            filters: word.filters,
        });
    }

    /// Gives back the room that is left.
    pub fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.forms.shrink_to_fit();
    }

    /// A bit for each length (modulo 64) that a word has, and for each first byte (modulo 32, which ignores case). Most values of an event
    /// are dismissed by them.
    pub fn gate(&self) -> (u64, u32) {
        (self.lengths, self.firsts)
    }

    /// The atoms of an entry that was found for a value.
    #[inline]
    pub fn atoms<'a>(&'a self, entry: &'a Entry, value: &'a [u8]) -> impl Iterator<Item = u32> + 'a {
        let forms = &self.forms[entry.forms.start as usize..][..entry.forms.len as usize];
        let same = move |form: &&Form| self.text[form.start as usize..][..entry.len as usize] == *value;
        entry.atom.into_iter().chain(forms.iter().filter(same).map(|form| form.atom))
    }

    /// The entry of a value.
    #[inline]
    pub fn find(&self, value: &[u8]) -> Option<&Entry> {
        let mask = self.table.len().checked_sub(1)?;
        let hash = hash(value);
        let mut at = hash as usize & mask;
        loop {
            let slot = self.table[at];
            if slot.entry == FREE {
                return None;
            }
            if slot.hash == hash {
                let entry = &self.entries[slot.entry as usize];
                let word = &self.text[entry.start as usize..][..entry.len as usize];
                if is_same_word(word, value) {
                    return Some(entry);
                }
            }
            at = (at + 1) & mask;
        }
    }
}

/// A hash that is the same for both cases of a letter. Words come from rule authors, who could at worst slow down their own rules; values
/// that collide with a word, and with nothing else, cost a comparison.
#[inline]
pub fn hash(text: &[u8]) -> u32 {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    const LOWER: u64 = 0x2020_2020_2020_2020;
    let mut hash = text.len() as u64;
    let mut add = |word: u64| hash = (hash.rotate_left(23) ^ (word | LOWER)).wrapping_mul(MIX);
    if let Some(last) = text.last_chunk::<8>() {
        let (words, _) = text.as_chunks::<8>();
        for word in words {
            add(u64::from_le_bytes(*word));
        }
        add(u64::from_le_bytes(*last));
    } else if let (Some(front), Some(back)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        add(u64::from(u32::from_le_bytes(*front)) | u64::from(u32::from_le_bytes(*back)) << 32);
    } else if let [a, .., z] = text {
        add(u64::from(*a) | u64::from(text[text.len() / 2]) << 8 | u64::from(*z) << 16);
    } else if let [a] = text {
        add(u64::from(*a));
    }
    (hash ^ hash >> 32) as u32
}

/// Whether both are equal but for the case of `a` to `z`: `eq_ignore_ascii_case` for what is short and nearly always equal.
#[inline]
fn is_same_word(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if let (Some(last_a), Some(last_b)) = (a.last_chunk(), b.last_chunk()) {
        let ((words_a, _), (words_b, _)) = (a.as_chunks(), b.as_chunks());
        return words_a.iter().zip(words_b).all(|(a, b)| is_same_chunk(*a, *b)) && is_same_chunk(*last_a, *last_b);
    }
    let pad = |text: &[u8]| {
        let mut chunk = [0; 8];
        chunk[..text.len()].copy_from_slice(text);
        chunk
    };
    is_same_chunk(pad(a), pad(b))
}

#[inline(always)]
fn is_same_chunk(a: [u8; 8], b: [u8; 8]) -> bool {
    u64::from_le_bytes(a) == u64::from_le_bytes(b) || a.eq_ignore_ascii_case(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_nothing_else_is() {
        let mut list: Vec<String> =
            ["", "a", "ab", "abc", "abcd", "abcdefg", "abcdefgh", "abcdefghi", "é", "\\x"].map(String::from).into();
        list.extend((0..500).map(|n| format!("word {n}")));
        list.extend((0..100).map(|n| "w".repeat(n + 2)));
        let mut words = Words::with_room_for(list.len());
        for (n, word) in list.iter().enumerate() {
            words.add(word, &Word { filters: List { start: n as u32, len: 1 }, ..Word::default() });
        }
        for (n, word) in list.iter().enumerate() {
            for word in [word.clone(), word.to_ascii_uppercase()] {
                assert_eq!(words.find(word.as_bytes()).map(|entry| entry.filters.start), Some(n as u32), "{word}");
            }
            assert!(words.find(format!("{word}?").as_bytes()).is_none());
        }
        assert!(words.find("É".as_bytes()).is_none());
        assert!(words.find(b"|x").is_none(), "`|` is what a lower-case `\\` would be");
        assert!(Words::default().find(b"").is_none());
    }
}
