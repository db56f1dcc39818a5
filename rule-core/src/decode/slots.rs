//! What was read of an event: its values, by slot.

use std::ops::Range;

use rule_syntax::normaliser::Kind;

use super::project::Line;
use super::skip::Brackets;

/// The values of one event, and the memory for reading the next one. Used again from event to event, it
/// allocates nothing once it has grown to what the events need.
///
/// Strings and numbers stay where they are in the event, except for strings with escapes, whose text is kept here.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    /// In document order, over all slots.
    values: Vec<Stored>,
    /// For each slot the first and last of its values; [`NONE`] when it has none.
    chains: Vec<Chain>,
    /// The strings with escapes, one after the other, escapes decoded.
    pub(super) text: String,
    /// The event object in the event's bytes.
    pub(super) source: Range<usize>,
    pub(super) index: Option<What>,
    pub(super) id: Option<What>,
    /// The containers being read, outermost first, as the projection packs them.
    pub(super) frames: Vec<u32>,
    pub(super) brackets: Brackets,
    pub(super) key: String,
}

/// The end of a chain.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Chain {
    first: u32,
    last: u32,
}

/// A part of the event, or of [`Slots::text`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    #[inline]
    pub fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    #[inline]
    fn bytes_of(self, text: &str) -> &[u8] {
        text.as_bytes().get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    #[inline]
    fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug)]
struct Stored {
    /// The slot's next value.
    next: u32,
    slot: u32,
    what: What,
}

/// A value, with its text elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Null,
    Bool(bool),
    Number(Span),
    String(Span),
    /// In [`Slots::text`], as the next.
    Unescaped(Span),
    /// A number that was derived.
    Derived(Span),
}

impl Slots {
    /// Forgets the event, in time proportional to what it brought, and makes room for `fields` slots.
    pub(super) fn reset(&mut self, fields: usize) {
        self.forget_values();
        if self.chains.len() < fields {
            self.chains.resize(fields, Chain { first: NONE, last: NONE });
        }
        self.text.clear();
        self.frames.clear();
        self.source = 0..0;
        self.index = None;
        self.id = None;
    }

    /// Forgets the values alone.
    pub(crate) fn forget_values(&mut self) {
        for value in self.values.drain(..) {
            self.chains[value.slot as usize] = Chain { first: NONE, last: NONE };
        }
    }

    /// How many values there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Adds a value to a slot.
    #[inline]
    pub(super) fn push(&mut self, slot: u32, what: What) {
        let new = self.values.len() as u32;
        let chain = &mut self.chains[slot as usize];
        if chain.first == NONE {
            chain.first = new;
        } else {
            self.values[chain.last as usize].next = new;
        }
        chain.last = new;
        self.values.push(Stored { next: NONE, slot, what });
    }

    /// Adds text for values that are derived from others, and tells where it begins.
    pub(crate) fn append(&mut self, text: &str) -> usize {
        let start = self.text.len();
        self.text.push_str(text);
        start
    }

    /// Adds a derived value to a slot. Its text is from `start` to `end` of what was added `at` that place.
    pub(crate) fn derive(&mut self, slot: u32, kind: Kind, at: usize, start: u32, end: u32) {
        let span = Span::new(at + start as usize, at + end as usize);
        let what = match kind {
            Kind::String => What::Unescaped(span),
            Kind::Number => What::Derived(span),
            Kind::Bool => What::Bool(span.of(&self.text) == "true"),
        };
        self.push(slot, what);
    }

    /// Says which index the event would be in, in the same way.
    pub(crate) fn set_index(&mut self, at: usize, start: u32, end: u32) {
        self.index = Some(What::Unescaped(Span::new(at + start as usize, at + end as usize)));
    }

    /// The values together with the bytes that they were decoded from; without any values if these are not UTF-8.
    pub fn view<'a>(&'a self, event: &'a [u8]) -> Event<'a> {
        self.view_line(Line::new(event))
    }

    /// The same for an event that was looked at already.
    pub(crate) fn view_line<'a>(&'a self, event: Line<'a>) -> Event<'a> {
        Event { slots: self, bytes: event.bytes, text: event.text() }
    }
}

/// A decoded event.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    slots: &'a Slots,
    bytes: &'a [u8],
    text: &'a str,
}

impl<'a> Event<'a> {
    /// The values of a field, in document order; none when the event does not have it, or has an object there.
    #[inline]
    pub fn values(&self, slot: usize) -> Values<'a> {
        Values { event: *self, next: self.slots.chains.get(slot).map_or(NONE, |chain| chain.first) }
    }

    /// The slots of all values and their texts as a `keyword` has them, none for null, in document order.
    #[inline]
    pub(crate) fn texts(&self) -> impl Iterator<Item = (u32, Option<&'a [u8]>)> + use<'a> {
        let Event { slots, text, .. } = *self;
        slots.values.iter().map(move |stored| {
            let text = match stored.what {
                What::Null => None,
                What::Bool(truth) => Some(if truth { &b"true"[..] } else { b"false" }),
                What::Number(span) | What::String(span) => Some(span.bytes_of(text)),
                What::Unescaped(span) | What::Derived(span) => Some(span.bytes_of(&slots.text)),
            };
            (stored.slot, text)
        })
    }

    #[inline]
    fn value(&self, what: What) -> Value<'a> {
        match what {
            What::Null => Value::Null,
            What::Bool(value) => Value::Bool(value),
            What::Number(span) => Value::Number(Number { text: span.of(self.text) }),
            What::String(span) => Value::String(span.of(self.text)),
            What::Unescaped(span) => Value::String(span.of(&self.slots.text)),
            What::Derived(span) => Value::Number(Number { text: span.of(&self.slots.text) }),
        }
    }

    fn string(&self, what: What) -> Option<&'a str> {
        match self.value(what) {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The event's bytes, as they came.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The event object: the (first) `_source` of a search hit, or else all of the event, trimmed.
    pub fn source(&self) -> &'a [u8] {
        self.bytes.get(self.slots.source.clone()).unwrap_or_default()
    }

    /// The event's `_index`, if that is a string.
    pub fn index(&self) -> Option<&'a str> {
        self.slots.index.and_then(|what| self.string(what))
    }

    /// The event's `_id`, if that is a string.
    pub fn id(&self) -> Option<&'a str> {
        self.slots.id.and_then(|what| self.string(what))
    }
}

/// The values of a field; see [`Event::values`].
#[derive(Clone, Debug)]
pub struct Values<'a> {
    event: Event<'a>,
    next: u32,
}

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        // `NONE` is beyond any value: there are fewer of them than bytes in an event.
        let stored = self.event.slots.values.get(self.next as usize)?;
        self.next = stored.next;
        Some(self.event.value(stored.what))
    }
}

impl std::iter::FusedIterator for Values<'_> {}

/// One value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`, which counts as missing unless the mapping says what stands for it.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, not yet converted.
    Number(Number<'a>),
    /// A string, escapes decoded; a lone surrogate has become U+FFFD.
    String(&'a str),
}

/// A number as the event has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number<'a> {
    text: &'a str,
}

impl<'a> Number<'a> {
    /// The number that a JSON number's text is.
    pub fn new(text: &'a str) -> Self {
        Number { text }
    }

    /// The digits as they stand.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The value, if it is written as an integer (`1`, not `1.0`) and in range.
    pub fn as_i64(&self) -> Option<i64> {
        self.text.parse().ok()
    }

    /// The nearest double; infinite when out of range.
    pub fn as_f64(&self) -> f64 {
        // Every JSON number is a Rust one, so there is no error to lose.
        self.text.parse().unwrap_or(f64::NAN)
    }
}
