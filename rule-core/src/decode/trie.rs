//! The fields as a trie: from an object's place in the event and a key in it to the place of the value.

use std::collections::BTreeMap;

use super::name::{Name, SHORT};

/// A place in the event, as far as the fields care.
pub(super) type Place = u32;

/// Nothing below is read.
pub(super) const DEAD: Place = 0;
/// The event itself.
pub(super) const ROOT: Place = 1;
/// A search hit, once its source is known to be the event.
pub(super) const HIT: Place = 2;
/// With the number of a slot, a place like most: its values go to that slot and no other, and nothing below it is read.
pub(super) const LEAF: Place = 1 << 30;

/// The fields to read, split at their dots.
///
/// A key is split at its dots as well and walked segment by segment, which makes nested objects, dotted keys and every mixture of
/// them the same field. One hash table has all places' children, each found by its place and its name: an entry tells
/// a key from all others by comparing three words, unless the key is longer than most. Names of whole fields with their dots are
/// children of the event itself, since there are senders that write no nested objects.
#[derive(Clone, Debug)]
pub struct Projection {
    places: Vec<Entry>,
    /// A power of two long and at most a third full.
    table: Vec<Child>,
    /// What is left of a hash, shifted by so much, is an index into the table.
    shift: u32,
    /// The children's names, one after the other, of those that are long.
    names: Vec<u8>,
    /// The slots of the places that have any, one after the other.
    slots: Vec<u32>,
    fields: usize,
}

/// What a place other than a leaf is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    /// Its slots, from and to.
    slots: (u32, u32),
    pub meta: Meta,
    /// Objects here are worth entering.
    pub has_children: bool,
}

/// Keys that mean something in the outermost object, where a search hit has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Meta {
    #[default]
    None,
    Source,
    Index,
    Id,
}

impl Meta {
    const KEYS: [(&str, Meta); 3] = [("_source", Meta::Source), ("_index", Meta::Index), ("_id", Meta::Id)];
}

impl Entry {
    /// Whether values here go to any slot.
    #[inline(always)]
    pub fn has_slots(self) -> bool {
        self.slots.0 != self.slots.1
    }
}

/// A key of the objects at one place, and the place of its values; [`DEAD`] in an empty entry.
#[derive(Clone, Copy, Debug, Default)]
struct Child {
    head: u64,
    tail: u64,
    tag: u64,
    place: Place,
    /// Where its name begins, if that is long.
    name: u32,
}

/// The place that a name is looked up in, and its length.
#[inline(always)]
fn tag(parent: Place, name: Name) -> u64 {
    u64::from(parent) << 32 | u64::from(name.len)
}

/// A place while the trie grows.
#[derive(Default)]
struct Node<'a> {
    children: BTreeMap<&'a [u8], Place>,
    slots: Vec<u32>,
    meta: Meta,
}

/// The child of a place, which is new if it was not there.
fn child<'a>(nodes: &mut Vec<Node<'a>>, parent: Place, name: &'a [u8]) -> Place {
    let new = nodes.len() as Place;
    let child = *nodes[parent as usize].children.entry(name).or_insert(new);
    if child == new {
        nodes.push(Node::default());
    }
    child
}

impl Projection {
    /// A projection onto `fields`; the values of the i-th go to slot i.
    pub fn new<S: AsRef<str>>(fields: &[S]) -> Projection {
        let mut nodes = vec![];
        nodes.resize_with(3, Node::default);
        let mut dotted = vec![];
        for (slot, field) in fields.iter().enumerate() {
            let names = field.as_ref().as_bytes().split(|byte| *byte == b'.');
            let place = names.fold(ROOT, |place, name| child(&mut nodes, place, name));
            nodes[place as usize].slots.push(slot as u32);
            if field.as_ref().contains('.') && nodes[place as usize].slots.len() == 1 {
                dotted.push((field.as_ref().as_bytes(), place));
            }
        }
        for hit in [ROOT, HIT] {
            for (key, meta) in Meta::KEYS {
                let place = child(&mut nodes, hit, key.as_bytes());
                nodes[place as usize].meta = meta;
            }
        }
        let size = ((nodes.len() + dotted.len()) * 3).next_power_of_two();
        let mut trie = Projection {
            places: Vec::with_capacity(nodes.len()),
            table: vec![Child::default(); size],
            shift: 64 - size.trailing_zeros(),
            names: Vec::new(),
            slots: Vec::new(),
            fields: fields.len(),
        };
        let place_of = |place: Place| {
            let node = &nodes[place as usize];
            match node.slots[..] {
                [slot] if node.children.is_empty() && node.meta == Meta::None => LEAF | slot,
                _ => place,
            }
        };
        for (name, place) in dotted {
            trie.add(ROOT, name, place_of(place));
        }
        for (parent, node) in nodes.iter().enumerate() {
            for (name, place) in &node.children {
                trie.add(parent as Place, name, place_of(*place));
            }
            let from = trie.slots.len() as u32;
            trie.slots.extend_from_slice(&node.slots);
            let slots = (from, trie.slots.len() as u32);
            trie.places.push(Entry { slots, meta: node.meta, has_children: !node.children.is_empty() });
        }
        trie
    }

    fn add(&mut self, parent: Place, text: &[u8], place: Place) {
        let name = Name::new(text);
        let tag = tag(parent, name);
        let mut at = (name.hash(tag) >> self.shift) as usize;
        while self.table[at].place != DEAD {
            at = (at + 1) & (self.table.len() - 1);
        }
        self.table[at] = Child { head: name.head, tail: name.tail, tag, place, name: self.names.len() as u32 };
        if text.len() > SHORT {
            self.names.extend_from_slice(text);
        }
    }

    /// How many slots there are.
    pub fn fields(&self) -> usize {
        self.fields
    }

    /// What a place is; none of a leaf.
    #[inline(always)]
    pub(super) fn entry(&self, place: Place) -> Option<Entry> {
        if place & LEAF != 0 { None } else { Some(self.places[place as usize]) }
    }

    /// The slots that take the values of a place.
    #[inline(always)]
    pub(super) fn slots(&self, entry: Entry) -> &[u32] {
        &self.slots[entry.slots.0 as usize..entry.slots.1 as usize]
    }

    /// The place of the value under a key in an object at `parent`, the key being the first `len` bytes of a window, at
    /// most [`SHORT`].
    #[inline(always)]
    pub(super) fn walk_short(&self, parent: Place, window: &[u8; 16], len: usize) -> Place {
        let name = Name::short(window, len);
        match self.child(parent, name, |_| true) {
            Some(place) => place,
            None if name.has_dot() => self.walk_dotted(parent, &window[..len]),
            None => DEAD,
        }
    }

    /// The same for any key.
    #[inline(never)]
    pub(super) fn walk(&self, parent: Place, key: &[u8]) -> Place {
        match self.segment(parent, key) {
            Some(place) => place,
            None if memchr::memchr(b'.', key).is_some() => self.walk_dotted(parent, key),
            None => DEAD,
        }
    }

    #[inline(never)]
    fn walk_dotted(&self, mut place: Place, key: &[u8]) -> Place {
        let mut rest = key;
        loop {
            // Too short for `memchr` to gain anything.
            let (name, more) = match rest.iter().position(|byte| *byte == b'.') {
                Some(dot) => (&rest[..dot], Some(&rest[dot + 1..])),
                None => (rest, None),
            };
            match (self.segment(place, name), more) {
                (Some(child), Some(more)) => (place, rest) = (child, more),
                (child, _) => return child.unwrap_or(DEAD),
            }
        }
    }

    /// The same for a key without dots, or for a part of one.
    #[inline(never)]
    fn segment(&self, parent: Place, text: &[u8]) -> Option<Place> {
        self.child(parent, Name::new(text), |child| {
            text.len() <= SHORT || self.names[child.name as usize..][..text.len()] == *text
        })
    }

    /// The child of a name, if `is` agrees that it is the name's.
    #[inline(always)]
    fn child(&self, parent: Place, name: Name, is: impl Fn(&Child) -> bool) -> Option<Place> {
        let tag = tag(parent, name);
        let mut at = (name.hash(tag) >> self.shift) as usize;
        loop {
            let child = &self.table[at];
            if child.head == name.head && child.tail == name.tail && child.tag == tag && is(child) {
                return Some(child.place);
            }
            if child.place == DEAD {
                return None;
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }
}
