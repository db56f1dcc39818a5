//! The fields as a trie: from an object's place in the event and a key in it to the place of the value.

/// A place in the event, as far as the fields care.
pub(super) type Place = u32;

/// Nothing below is read.
pub(super) const DEAD: Place = 0;
/// The event itself.
pub(super) const ROOT: Place = 1;

/// The fields to read, split at their dots.
///
/// A key is split at its dots as well and walked segment by segment, which makes nested objects, dotted keys and every mixture of
/// them the same field. Each place has a small hash table of its own. Most keys of an event are in no table: they are
/// dismissed by their first byte.
#[derive(Clone, Debug)]
pub struct Projection {
    places: Vec<Entry>,
    /// The places' tables, one after the other, each a power of two long and at most half full.
    table: Vec<Child>,
    /// The children's names, one after the other.
    names: Vec<u8>,
    /// The slots of the places that have any, one after the other.
    slots: Vec<u32>,
    fields: usize,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    /// A bit for every first byte (its low six bits) that a child's name has.
    first: u64,
    table: u32,
    mask: u32,
    slots: (u32, u32),
}

#[derive(Clone, Copy, Debug, Default)]
struct Child {
    hash: u32,
    place: Place,
    name: u32,
    len: u32,
}

impl Projection {
    /// A projection onto `fields`; the values of the i-th go to slot i.
    pub fn new<S: AsRef<str>>(fields: &[S]) -> Projection {
        let mut children: Vec<std::collections::BTreeMap<&[u8], Place>> = vec![Default::default(); 2];
        let mut slots: Vec<Vec<u32>> = vec![Vec::new(); 2];
        for (slot, field) in fields.iter().enumerate() {
            let mut place = ROOT;
            for name in field.as_ref().as_bytes().split(|byte| *byte == b'.') {
                let new = children.len() as Place;
                let child = *children[place as usize].entry(name).or_insert(new);
                if child == new {
                    children.push(Default::default());
                    slots.push(Vec::new());
                }
                place = child;
            }
            slots[place as usize].push(slot as u32);
        }
        let mut trie = Projection {
            places: Vec::with_capacity(children.len()),
            table: Vec::new(),
            names: Vec::new(),
            slots: Vec::new(),
            fields: fields.len(),
        };
        for (children, slots) in children.iter().zip(&slots) {
            trie.add(children, slots);
        }
        trie
    }

    fn add(&mut self, children: &std::collections::BTreeMap<&[u8], Place>, slots: &[u32]) {
        let start = self.table.len();
        let mask = (children.len() * 2).next_power_of_two() - 1;
        self.table.resize(start + mask + 1, Child::default());
        let mut first = 0;
        for (&name, &place) in children {
            first |= first_bit(name);
            let hash = hash(name);
            let mut at = hash as usize & mask;
            while self.table[start + at].place != DEAD {
                at = (at + 1) & mask;
            }
            self.table[start + at] = Child { hash, place, name: self.names.len() as u32, len: name.len() as u32 };
            self.names.extend_from_slice(name);
        }
        let from = self.slots.len() as u32;
        self.slots.extend_from_slice(slots);
        let slots = (from, self.slots.len() as u32);
        self.places.push(Entry { first, table: start as u32, mask: mask as u32, slots });
    }

    /// How many slots there are.
    pub fn fields(&self) -> usize {
        self.fields
    }

    /// The slots that take the values of `place`; nearly always none or one.
    #[inline]
    pub(super) fn slots(&self, place: Place) -> &[u32] {
        let (from, to) = self.places[place as usize].slots;
        &self.slots[from as usize..to as usize]
    }

    /// Whether an object at `place` is worth entering.
    #[inline]
    pub(super) fn has_children(&self, place: Place) -> bool {
        self.places[place as usize].first != 0
    }

    /// The place of the value under `key` in an object at `place`.
    #[inline]
    pub(super) fn walk(&self, place: Place, key: &[u8]) -> Place {
        if self.places[place as usize].first & first_bit(key) == 0 {
            return DEAD;
        }
        match memchr::memchr(b'.', key) {
            None => self.child(place, key),
            Some(dot) => self.walk_dotted(place, key, dot),
        }
    }

    fn walk_dotted(&self, mut place: Place, key: &[u8], dot: usize) -> Place {
        let (mut name, mut rest) = (&key[..dot], &key[dot + 1..]);
        loop {
            place = self.child(place, name);
            if place == DEAD {
                return DEAD;
            }
            match memchr::memchr(b'.', rest) {
                Some(dot) => (name, rest) = (&rest[..dot], &rest[dot + 1..]),
                None => return self.child(place, rest),
            }
        }
    }

    #[inline]
    fn child(&self, place: Place, name: &[u8]) -> Place {
        let entry = &self.places[place as usize];
        let hash = hash(name);
        let mut at = hash;
        loop {
            let child = &self.table[(entry.table + (at & entry.mask)) as usize];
            if child.place == DEAD {
                return DEAD;
            }
            if child.hash == hash && &self.names[child.name as usize..][..child.len as usize] == name {
                return child.place;
            }
            at = at.wrapping_add(1);
        }
    }
}

/// The bit of a name's first byte. A key such as `.a` begins with an empty name, so an empty name counts as its dot.
#[inline(always)]
fn first_bit(name: &[u8]) -> u64 {
    1 << (name.first().unwrap_or(&b'.') & 63)
}

/// Every byte of the name counts. Names come from rule authors, who could at worst slow down their own rules.
#[inline(always)]
fn hash(name: &[u8]) -> u32 {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = (name.len() as u64).wrapping_mul(MIX);
    let mut mix = |word: u64| hash = (hash ^ word).wrapping_mul(MIX).rotate_left(29);
    let (words, tail) = name.as_chunks::<8>();
    for word in words {
        mix(u64::from_le_bytes(*word));
    }
    match (tail.first_chunk::<4>(), tail.last_chunk::<4>()) {
        (Some(front), Some(back)) => {
            mix(u64::from(u32::from_le_bytes(*front)) << 32 | u64::from(u32::from_le_bytes(*back)))
        }
        _ => {
            if let (Some(front), Some(back)) = (tail.first(), tail.last()) {
                mix(u64::from(*front) << 16 | u64::from(tail[tail.len() / 2]) << 8 | u64::from(*back));
            }
        }
    }
    hash as u32
}
