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
    head: u64,
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
            let Name { text, head } = Name::new(name);
            let mut at = Name { text, head }.hash() as usize & mask;
            while self.table[start + at].place != DEAD {
                at = (at + 1) & mask;
            }
            self.table[start + at] = Child { head, place, name: self.names.len() as u32, len: name.len() as u32 };
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
        let entry = &self.places[place as usize];
        if entry.first & first_bit(key) == 0 {
            return DEAD;
        }
        let name = Name::new(key);
        if name.has_dot() { self.walk_dotted(place, key) } else { self.child(entry, &name) }
    }

    fn walk_dotted(&self, mut place: Place, key: &[u8]) -> Place {
        let mut rest = key;
        loop {
            let (name, more) = match memchr::memchr(b'.', rest) {
                Some(dot) => (&rest[..dot], Some(&rest[dot + 1..])),
                None => (rest, None),
            };
            place = self.child(&self.places[place as usize], &Name::new(name));
            match more {
                Some(more) if place != DEAD => rest = more,
                _ => return place,
            }
        }
    }

    #[inline]
    fn child(&self, entry: &Entry, name: &Name<'_>) -> Place {
        let mut at = name.hash();
        loop {
            let child = &self.table[(entry.table + (at & entry.mask)) as usize];
            if child.place == DEAD || self.is(child, name) {
                return child.place;
            }
            at = at.wrapping_add(1);
        }
    }

    #[inline]
    fn is(&self, child: &Child, name: &Name<'_>) -> bool {
        child.head == name.head
            && child.len as usize == name.text.len()
            && (name.text.len() <= 8 || self.names[child.name as usize..][..name.text.len()] == *name.text)
    }
}

/// A key, or a part of one, made ready for looking up.
struct Name<'a> {
    text: &'a [u8],
    /// The first eight bytes. Of fewer, a word that with the length tells all of them.
    head: u64,
}

impl<'a> Name<'a> {
    #[inline(always)]
    fn new(text: &'a [u8]) -> Self {
        let half = |half: &[u8; 4]| u64::from(u32::from_le_bytes(*half));
        let head = match (text.first_chunk::<8>(), text.first_chunk::<4>(), text.last_chunk::<4>()) {
            (Some(head), ..) => u64::from_le_bytes(*head),
            (None, Some(front), Some(back)) => half(front) | half(back) << 32,
            _ => match text {
                [] => 0,
                [a] => u64::from(*a),
                [a, .., z] => u64::from(*a) | u64::from(text[1]) << 8 | u64::from(*z) << 16,
            },
        };
        Name { text, head }
    }

    #[inline(always)]
    fn has_dot(&self) -> bool {
        let dots = self.head ^ u64::from_le_bytes([b'.'; 8]);
        let in_head = dots.wrapping_sub(u64::from_le_bytes([1; 8])) & !dots & u64::from_le_bytes([0x80; 8]) != 0;
        in_head || self.text.len() > 8 && memchr::memchr(b'.', &self.text[8..]).is_some()
    }

    /// Of a long name, its ends: no two names that differ only between them are likely. Names come from rule authors, who could
    /// at worst slow down their own rules.
    #[inline(always)]
    fn hash(&self) -> u32 {
        const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut word = self.head ^ (self.text.len() as u64) << 56;
        if self.text.len() > 8
            && let Some(tail) = self.text.last_chunk()
        {
            word ^= u64::from_le_bytes(*tail).wrapping_mul(MIX).rotate_left(32);
        }
        (word.wrapping_mul(MIX) >> 32) as u32
    }
}

/// The bit of a name's first byte. A key such as `.a` begins with an empty name, so an empty name counts as its dot.
#[inline(always)]
fn first_bit(name: &[u8]) -> u64 {
    1 << (name.first().unwrap_or(&b'.') & 63)
}
