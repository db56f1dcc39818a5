//! Writes state. What is written is what [`Snapshot`](super::Snapshot) reads, but it is never there as a whole.

use std::cell::RefCell;
use std::collections::HashMap;

use serde::ser::{SerializeSeq as _, SerializeStructVariant as _};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::super::order::At;
use super::{DIGEST, EventState, HeldState, MAGIC, Partial, SequenceKey, SignalState, TimelineState, VERSION};
use crate::correlate::event::Stored;
use crate::correlate::key::Key;
use crate::correlate::plan::Correlation;
use crate::correlate::sample::Sampler;
use crate::correlate::sequence::Machine;
use crate::correlate::table::NONE;
use crate::correlate::{Correlator, Setting, State};

/// The state as bytes. `seen`: how many events the session saw. `signals`: the alerts of its runs.
pub fn write(
    correlator: &Correlator,
    setting: Setting<'_>,
    seen: u64,
    with_sources: bool,
    signals: Vec<SignalState<'_>>,
) -> Vec<u8> {
    let events = RefCell::default();
    let state = |(state, correlation)| MachineState { state, correlation, events: &events };
    let machines: Vec<_> = correlator.machines.iter().zip(setting.correlations).map(state).collect();
    // Events are written before what refers to them, and numbered by it.
    size(&machines);
    let list = std::mem::take(&mut events.borrow_mut().list);
    let path = |slot: u32| setting.columns[slot as usize].path.as_str().into();
    let timelines = correlator.timelines.iter().zip(setting.timelines).map(|(timeline, fields)| TimelineState {
        timestamp: path(fields.timestamp),
        fallback: fields.fallback.map(path),
        tiebreaker: fields.tiebreaker.map(path),
        latest: timeline.latest,
        watermark: timeline.watermark,
        begun: timeline.begun,
        held: timeline
            .iter()
            .map(|(ordinal, held)| HeldState {
                ordinal: ordinal.clone(),
                hits: held.hits.iter().map(|hit| (hit.machine, hit.term, Key::of(held.key(hit)))).collect(),
                source: held.source.as_deref(),
            })
            .collect(),
    });
    let snapshot = Snapshot {
        seen,
        position: correlator.position,
        ceiling: correlator.ceiling,
        with_sources,
        timelines: timelines.collect(),
        events: EventStates(&list),
        machines,
        signals,
    };
    let mut bytes = Vec::with_capacity(MAGIC.len() + 2 + DIGEST + size(&snapshot));
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend([0; DIGEST]);
    let head = bytes.len();
    // Plain data into a vector: nothing in it can fail to be written.
    let mut bytes = postcard::to_extend(&snapshot, bytes).unwrap_or_default();
    if let Some((head, body)) = bytes.split_at_mut_checked(head) {
        head[MAGIC.len() + 2..].copy_from_slice(&Sha256::digest(body)[..DIGEST]);
    }
    bytes
}

/// How many bytes it takes.
fn size<T: Serialize>(value: &T) -> usize {
    postcard::serialize_with_flavor(value, postcard::ser_flavors::Size::default()).unwrap_or_default()
}

/// Bytes at once: the same as one by one, which is slow.
pub(super) fn bytes<S: Serializer>(bytes: &Option<&[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    struct Bytes<'a>(&'a [u8]);
    impl Serialize for Bytes<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }
    bytes.map(Bytes).serialize(serializer)
}

#[derive(Serialize)]
struct Snapshot<'a> {
    seen: u64,
    position: u64,
    ceiling: Option<At>,
    with_sources: bool,
    timelines: Vec<TimelineState<'a>>,
    events: EventStates<'a>,
    machines: Vec<MachineState<'a>>,
    signals: Vec<SignalState<'a>>,
}

/// The events that state refers to, each once.
#[derive(Default)]
struct Events {
    list: Vec<Stored>,
    /// By arrival, which names an event.
    numbers: HashMap<u64, u32>,
}

impl Events {
    fn number(&mut self, event: Stored) -> u32 {
        let Events { list, numbers } = self;
        *numbers.entry(event.arrival).or_insert_with(|| {
            list.push(event);
            list.len() as u32 - 1
        })
    }
}

struct EventStates<'a>(&'a [Stored]);

impl Serialize for EventStates<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut events = serializer.serialize_seq(Some(self.0.len()))?;
        for Stored { at, arrival, position, source } in self.0 {
            let source = source.as_deref();
            events.serialize_element(&EventState { at: *at, arrival: *arrival, position: *position, source })?;
        }
        events.end()
    }
}

/// The state of a rule, with the hash that it belongs to.
struct MachineState<'a> {
    state: &'a State,
    correlation: &'a Correlation,
    events: &'a RefCell<Events>,
}

impl Serialize for MachineState<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.correlation.hash, RuleState { state: self.state, events: self.events }).serialize(serializer)
    }
}

struct RuleState<'a> {
    state: &'a State,
    events: &'a RefCell<Events>,
}

impl Serialize for RuleState<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.state {
            State::Sequence(machine) => {
                let mut state = serializer.serialize_struct_variant("RuleState", 0, "Sequence", 2)?;
                state.serialize_field("waited", &machine.waited)?;
                state.serialize_field("keys", &SequenceKeys { machine, events: self.events })?;
                state.end()
            }
            State::Sample(sampler) => {
                let mut state = serializer.serialize_struct_variant("RuleState", 1, "Sample", 1)?;
                state.serialize_field("keys", &SampleKeys { sampler, events: self.events })?;
                state.end()
            }
            State::Detection(machine) => {
                let mut number = |event: &Stored| self.events.borrow_mut().number(event.clone());
                serializer.serialize_newtype_variant("RuleState", 2, "Detection", &machine.save(&mut number))
            }
        }
    }
}

struct SequenceKeys<'a> {
    machine: &'a Machine,
    events: &'a RefCell<Events>,
}

impl SequenceKeys<'_> {
    fn partial(&self, link: u32) -> Partial {
        let mut events = self.events.borrow_mut();
        let missing = self.machine.links.get(link).and_then(|link| link.missing.as_deref().cloned());
        Partial { events: self.machine.chain(link).into_iter().map(|event| events.number(event)).collect(), missing }
    }
}

impl Serialize for SequenceKeys<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let machine = self.machine;
        let mut keys = serializer.serialize_seq(Some(machine.keys.len()))?;
        for (_, entry) in machine.keys.iter() {
            let slots = entry.state.slots.iter().filter(|slot| **slot != NONE);
            let mut key = SequenceKey {
                key: entry.key.clone(),
                renewed: entry.renewed,
                partials: slots.map(|slot| self.partial(*slot)).collect(),
                leading: [None; 2],
                waiting: Vec::new(),
            };
            if let Some(missing) = &entry.state.missing {
                key.leading = missing.leading;
                let waiting = missing.waiting.iter().filter_map(|at| Some((at, machine.waiting.get(at)?)));
                key.waiting = waiting.map(|(at, found)| (at.0, at.1, self.partial(found.link))).collect();
            }
            keys.serialize_element(&key)?;
        }
        keys.end()
    }
}

struct SampleKeys<'a> {
    sampler: &'a Sampler,
    events: &'a RefCell<Events>,
}

impl Serialize for SampleKeys<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut keys = serializer.serialize_seq(Some(self.sampler.keys.len()))?;
        for (_, entry) in self.sampler.keys.iter() {
            let number = |event: &Stored| self.events.borrow_mut().number(event.clone());
            let terms: Vec<Vec<u32>> = entry.state.iter().map(|term| term.iter().map(number).collect()).collect();
            keys.serialize_element(&(&entry.key, entry.renewed, terms))?;
        }
        keys.end()
    }
}
