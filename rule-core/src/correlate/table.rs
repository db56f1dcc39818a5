//! Where state is kept: a slab that never moves what it holds, and a table of join keys in order of age.
//!
//! All costs per event are constant: finding, adding, renewing and removing a key do not depend on how many there are.

use std::hash::Hasher as _;

use hashbrown::HashTable;

use super::key::Key;
use super::order::At;

/// No index.
pub const NONE: u32 = u32::MAX;

/// Elements of one chunk of a slab.
const CHUNK: usize = 4096;

/// Elements by number. It grows by chunks, so that growing copies nothing, and reuses what was removed.
#[derive(Debug)]
pub struct Slab<T> {
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { chunks: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Adds an element and gives its number.
    pub fn insert(&mut self, element: T) -> u32 {
        if let Some(number) = self.free.pop() {
            self.chunks[number as usize / CHUNK][number as usize % CHUNK] = Some(element);
            return number;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            // The first chunk grows with what it holds: most rules hold little.
            self.chunks.push(Vec::with_capacity(if self.chunks.is_empty() { 0 } else { CHUNK }));
        }
        let chunks = self.chunks.len();
        let chunk = &mut self.chunks[chunks - 1];
        chunk.push(Some(element));
        ((chunks - 1) * CHUNK + chunk.len() - 1) as u32
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum::<usize>() - self.free.len()
    }

    /// The element of that number, if there is one.
    pub fn get(&self, number: u32) -> Option<&T> {
        self.chunks.get(number as usize / CHUNK)?.get(number as usize % CHUNK)?.as_ref()
    }

    /// The element of that number, to change it.
    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.chunks.get_mut(number as usize / CHUNK)?.get_mut(number as usize % CHUNK)?.as_mut()
    }

    /// Takes the element out.
    pub fn remove(&mut self, number: u32) -> Option<T> {
        let taken = self.chunks.get_mut(number as usize / CHUNK)?.get_mut(number as usize % CHUNK)?.take()?;
        self.free.push(number);
        Some(taken)
    }
}

/// What is kept for one join key.
#[derive(Debug)]
pub struct Entry<T> {
    /// The key.
    pub key: Key,
    /// Event time at which it was last renewed.
    pub renewed: At,
    /// The state.
    pub state: T,
    older: u32,
    newer: u32,
    hash: u64,
}

/// Join keys and their state, and which of them was not renewed for longest.
#[derive(Debug)]
pub struct Keys<T> {
    index: HashTable<u32>,
    entries: Slab<Entry<T>>,
    oldest: u32,
    newest: u32,
    seed: u64,
}

impl<T> Keys<T> {
    /// An empty table. The seed makes it hard for a stranger to choose keys that collide; nothing else depends on it.
    pub fn new(seed: u64) -> Self {
        Keys { index: HashTable::new(), entries: Slab::default(), oldest: NONE, newest: NONE, seed }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// The number of the entry of a key, packed.
    pub fn find(&self, key: &[u8]) -> Option<u32> {
        let hash = self.hash(key);
        let same = |number: &u32| self.entries.get(*number).is_some_and(|e| e.hash == hash && e.key.bytes() == key);
        self.index.find(hash, same).copied()
    }

    /// The entry of that number.
    pub fn get(&self, number: u32) -> Option<&Entry<T>> {
        self.entries.get(number)
    }

    /// The entry of that number, to change it.
    pub fn get_mut(&mut self, number: u32) -> Option<&mut Entry<T>> {
        self.entries.get_mut(number)
    }

    /// Adds a key that is not there, as the newest.
    pub fn insert(&mut self, key: Key, renewed: At, state: T) -> u32 {
        let hash = self.hash(key.bytes());
        let number = self.entries.insert(Entry { key, renewed, state, older: NONE, newer: NONE, hash });
        let entries = &self.entries;
        self.index.insert_unique(hash, number, |number| entries.get(*number).map_or(0, |entry| entry.hash));
        self.link(number);
        number
    }

    /// Makes the key the newest.
    pub fn renew(&mut self, number: u32, renewed: At) {
        if self.newest != number {
            self.unlink(number);
            self.link(number);
        }
        if let Some(entry) = self.entries.get_mut(number) {
            entry.renewed = renewed;
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, number: u32) -> Option<Entry<T>> {
        self.unlink(number);
        let entry = self.entries.remove(number)?;
        let found = self.index.find_entry(entry.hash, |other| *other == number);
        if let Ok(slot) = found {
            slot.remove();
        }
        Some(entry)
    }

    /// The key that was not renewed for longest.
    pub fn oldest(&self) -> Option<(u32, &Entry<T>)> {
        self.entries.get(self.oldest).map(|entry| (self.oldest, entry))
    }

    /// All entries, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Entry<T>)> {
        let mut next = self.oldest;
        std::iter::from_fn(move || {
            let number = next;
            let entry = self.entries.get(number)?;
            next = entry.newer;
            Some((number, entry))
        })
    }

    fn hash(&self, key: &[u8]) -> u64 {
        // SipHash, which a secret at its start makes as good as keyed.
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write_u64(self.seed);
        hasher.write(key);
        hasher.finish()
    }

    fn link(&mut self, number: u32) {
        let newest = self.newest;
        if let Some(entry) = self.entries.get_mut(number) {
            (entry.older, entry.newer) = (newest, NONE);
        }
        match self.entries.get_mut(newest) {
            Some(entry) => entry.newer = number,
            None => self.oldest = number,
        }
        self.newest = number;
    }

    fn unlink(&mut self, number: u32) {
        let Some(entry) = self.entries.get(number) else { return };
        let (older, newer) = (entry.older, entry.newer);
        match self.entries.get_mut(older) {
            Some(entry) => entry.newer = newer,
            None => self.oldest = newer,
        }
        match self.entries.get_mut(newer) {
            Some(entry) => entry.older = older,
            None => self.newest = older,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::KeyValue;
    use super::*;

    fn key(n: i64) -> Key {
        super::super::key::tests::key(&[KeyValue::Int(n)])
    }

    #[test]
    fn keys_are_found_and_forgotten() {
        let mut keys = Keys::new(7);
        let numbers: Vec<u32> = (0..10_000).map(|n| keys.insert(key(n), At::from_ms(n), n)).collect();
        assert_eq!(keys.len(), 10_000);
        for n in (0..10_000).step_by(2) {
            assert_eq!(keys.remove(numbers[n as usize]).map(|e| e.state), Some(n));
        }
        assert_eq!(keys.len(), 5_000);
        for n in 0..10_000 {
            let found = keys.find(key(n).bytes()).and_then(|number| keys.get(number)).map(|entry| entry.state);
            assert_eq!(found, (n % 2 == 1).then_some(n));
        }
    }

    #[test]
    fn the_oldest_is_the_one_not_renewed_for_longest() {
        let mut keys = Keys::new(0);
        let [a, b, c] = [1, 2, 3].map(|n| keys.insert(key(n), At::from_ms(n), n));
        keys.renew(a, At::from_ms(4));
        assert_eq!(keys.iter().map(|(number, _)| number).collect::<Vec<_>>(), [b, c, a]);
        keys.remove(c);
        keys.renew(a, At::from_ms(5));
        keys.renew(b, At::from_ms(6));
        assert_eq!(keys.iter().map(|(number, _)| number).collect::<Vec<_>>(), [a, b]);
        assert_eq!(keys.oldest().map(|(number, entry)| (number, entry.renewed.ms)), Some((a, 5)));
        keys.remove(a);
        keys.remove(b);
        assert!(keys.oldest().is_none() && keys.iter().next().is_none());
    }
}
