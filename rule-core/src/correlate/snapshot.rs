//! State as bytes, and back.
//!
//! ```text
//! "tripline-state" version(u16) sha256[..16] of the rest, the rest: postcard
//! ```
//!
//! State belongs to a rule by a hash of what the rule's state depends on. A rule that has changed finds nothing and starts anew.
//! What does not read as state is refused, and so is what refers to events that it does not have; what the limits do not allow is
//! evicted.
//!
//! State may take most of the memory that there is, so that writing and reading take little beside the bytes themselves: events are not
//! copied on the way, and join keys are written one by one.

mod write;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::event::{LINK_BYTES, Stored, key_cost};
use super::key::Key;
use super::order::{At, Ordinal};
use super::plan::{Sequence, Shape};
use super::sequence::{KeyMissing, KeyState, Link, LinkMissing, Machine, Waiting};
use super::table::NONE;
use super::timeline::Held;
use super::{Correlator, Setting, State as MachineState};
use crate::detect;

pub use write::write;

const MAGIC: &[u8] = b"tripline-state";
/// Goes up with every change to [`Snapshot`].
const VERSION: u16 = 2;
const DIGEST: usize = 16;

/// What became of the state in a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Sequences and samples whose state was taken over.
    pub rules: u32,
    /// Those in the snapshot that the rule set does not have, or not in the same form.
    pub dropped: u32,
}

/// Why a snapshot is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// The bytes are something else.
    NotState,
    /// They were written by another version.
    Version(u16),
    /// They are not as they were written.
    Damaged,
    /// The session has seen events already.
    Used,
    /// The session makes alerts, and the snapshot does not have the events for them.
    WithoutEvents,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestoreError::NotState => write!(f, "these bytes are not a snapshot of a session"),
            RestoreError::Version(found) => {
                write!(f, "the snapshot has version {found}, and this build reads version {VERSION}")
            }
            RestoreError::Damaged => write!(f, "the snapshot is damaged"),
            RestoreError::Used => write!(f, "the session has seen events already: restore into a new one"),
            RestoreError::WithoutEvents => {
                write!(f, "the snapshot was taken of a session without alerts, and this one makes alerts")
            }
        }
    }
}

impl std::error::Error for RestoreError {}

/// As it is read; [`write`] writes the same.
#[derive(Deserialize)]
struct Snapshot<'a> {
    seen: u64,
    position: u64,
    ceiling: Option<At>,
    with_sources: bool,
    #[serde(borrow)]
    timelines: Vec<TimelineState<'a>>,
    #[serde(borrow)]
    events: Vec<EventState<'a>>,
    machines: Vec<([u8; 16], RuleState)>,
    #[serde(borrow)]
    signals: Vec<SignalState<'a>>,
}

/// How many alerts a run of a rule gave, of those that are alerts at once: the rule's id, the run's tick, the number.
pub type SignalState<'a> = (Cow<'a, str>, i64, u32);

/// What was read.
pub struct Read<'a> {
    /// The sequences and samples, and what else keeps state.
    pub correlator: Correlator,
    /// How many events the session had seen.
    pub seen: u64,
    /// What became of the rules.
    pub restored: Restored,
    /// Alerts of runs.
    pub signals: Vec<SignalState<'a>>,
}

#[derive(Serialize, Deserialize)]
struct TimelineState<'a> {
    timestamp: Cow<'a, str>,
    fallback: Option<Cow<'a, str>>,
    tiebreaker: Option<Cow<'a, str>>,
    latest: Option<At>,
    watermark: At,
    begun: Option<At>,
    #[serde(borrow)]
    held: Vec<HeldState<'a>>,
}

#[derive(Serialize, Deserialize)]
struct HeldState<'a> {
    ordinal: Ordinal,
    /// Index into `machines`, term, key.
    hits: Cow<'a, [(u32, u16, Key)]>,
    #[serde(borrow, serialize_with = "write::bytes")]
    source: Option<&'a [u8]>,
}

#[derive(Serialize, Deserialize)]
struct EventState<'a> {
    at: At,
    arrival: u64,
    position: u64,
    #[serde(borrow, serialize_with = "write::bytes")]
    source: Option<&'a [u8]>,
}

#[derive(Deserialize)]
enum RuleState {
    Sequence {
        waited: u64,
        /// The oldest first.
        keys: Vec<SequenceKey>,
    },
    Sample {
        /// The oldest first; for each term its events.
        keys: Vec<(Key, At, Vec<Vec<u32>>)>,
    },
    Detection(detect::snapshot::State),
}

#[derive(Serialize, Deserialize)]
struct SequenceKey {
    key: Key,
    renewed: At,
    partials: Vec<Partial>,
    leading: [Option<At>; 2],
    waiting: Vec<(At, u64, Partial)>,
}

#[derive(Serialize, Deserialize)]
struct Partial {
    /// Indexes into `events`; as many as there were stages.
    events: Vec<u32>,
    missing: Option<LinkMissing>,
}

/// The state of the bytes, in a correlator like `fresh`.
pub fn read<'a>(
    bytes: &'a [u8],
    mut fresh: Correlator,
    setting: Setting<'_>,
    need_sources: bool,
) -> Result<Read<'a>, RestoreError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(RestoreError::NotState)?;
    let (version, rest) = rest.split_first_chunk().ok_or(RestoreError::NotState)?;
    let version = u16::from_le_bytes(*version);
    if version != VERSION {
        return Err(RestoreError::Version(version));
    }
    let (digest, body) = rest.split_at_checked(DIGEST).ok_or(RestoreError::Damaged)?;
    if *digest != Sha256::digest(body)[..DIGEST] {
        return Err(RestoreError::Damaged);
    }
    let snapshot: Snapshot<'_> = postcard::from_bytes(body).map_err(|_| RestoreError::Damaged)?;
    if need_sources && !snapshot.with_sources {
        return Err(RestoreError::WithoutEvents);
    }
    let restored = fill(&mut fresh, setting, &snapshot).ok_or(RestoreError::Damaged)?;
    Ok(Read { correlator: fresh, seen: snapshot.seen, restored, signals: snapshot.signals })
}

fn fill(correlator: &mut Correlator, setting: Setting<'_>, snapshot: &Snapshot<'_>) -> Option<Restored> {
    let mut restored = Restored::default();
    correlator.position = snapshot.position;
    correlator.ceiling = snapshot.ceiling;
    let stored = |event: &EventState<'_>| {
        let EventState { at, arrival, position, source } = event;
        Stored { at: *at, arrival: *arrival, position: *position, source: source.map(Arc::from) }
    };
    let events: Vec<Stored> = snapshot.events.iter().map(stored).collect();
    // The number that each of the snapshot's machines has now.
    let mut numbers = Vec::new();
    for (hash, state) in &snapshot.machines {
        let number = setting.correlations.iter().position(|correlation| correlation.hash == *hash);
        numbers.push(number);
        let Some(number) = number else {
            restored.dropped += 1;
            continue;
        };
        restored.rules += 1;
        let Correlator { machines, ledger, .. } = correlator;
        let correlation = &setting.correlations[number];
        match (&mut machines[number], &correlation.shape, state) {
            (MachineState::Sequence(machine), Shape::Sequence(shape), RuleState::Sequence { waited, keys }) => {
                machine.waited = *waited;
                for key in keys {
                    ledger.add(key_cost(&key.key, usize::from(shape.stages) - 1));
                    fill_sequence(machine, shape, key, &events)?;
                }
                ledger.add(machine.links.len() as u64 * LINK_BYTES);
            }
            (MachineState::Sample(sampler), Shape::Sample(_), RuleState::Sample { keys }) => {
                for (key, renewed, terms) in keys {
                    if terms.len() != correlation.terms.len() || sampler.keys.find(key.bytes()).is_some() {
                        return None;
                    }
                    let event = |number: &u32| events.get(*number as usize).cloned();
                    let term = |term: &Vec<u32>| term.iter().map(event).collect::<Option<VecDeque<_>>>();
                    let terms = terms.iter().map(term).collect::<Option<Vec<_>>>()?;
                    let count = terms.iter().map(VecDeque::len).sum::<usize>() as u64;
                    sampler.events += count;
                    ledger.add(key_cost(key, terms.len()) + count * LINK_BYTES);
                    sampler.keys.insert(key.clone(), *renewed, terms);
                }
            }
            (MachineState::Detection(machine), Shape::Detection(_), RuleState::Detection(state)) => {
                machine.restore(state, &events, ledger)?;
            }
            _ => return None,
        }
    }
    for event in &events {
        correlator.ledger.keep(event);
    }
    correlator.at_rest = correlator.machines.iter().map(MachineState::is_at_rest).collect();
    for state in &snapshot.timelines {
        fill_timeline(correlator, setting, state, &numbers);
    }
    correlator.settle_due(setting);
    correlator.keep_within(setting);
    Some(restored)
}

fn fill_timeline(
    correlator: &mut Correlator,
    setting: Setting<'_>,
    state: &TimelineState<'_>,
    numbers: &[Option<usize>],
) {
    let path = |slot: u32| setting.columns[slot as usize].path.as_str();
    let found = setting.timelines.iter().position(|fields| {
        path(fields.timestamp) == state.timestamp
            && fields.fallback.map(path) == state.fallback.as_deref()
            && fields.tiebreaker.map(path) == state.tiebreaker.as_deref()
    });
    let Some(number) = found else { return };
    let Correlator { timelines, joiner, held_bytes, .. } = correlator;
    let timeline = &mut timelines[number];
    (timeline.latest, timeline.watermark, timeline.begun) = (state.latest, state.watermark, state.begun);
    for held in &state.held {
        let mut made = Held { source: held.source.map(Arc::from), ..Held::default() };
        for (machine, term, key) in &*held.hits {
            let Some(machine) = numbers.get(*machine as usize).copied().flatten() else { continue };
            let correlation = &setting.correlations[machine];
            if correlation.timeline as usize == number && usize::from(*term) < correlation.terms.len() {
                let flags = joiner.flags(machine as u32, *term);
                made.add(machine as u32, *term, flags, key.bytes());
            }
        }
        if !made.hits.is_empty() {
            *held_bytes += made.cost();
            timeline.hold(held.ordinal.clone(), made);
        }
    }
}

fn fill_sequence(machine: &mut Machine, shape: &Sequence, from: &SequenceKey, events: &[Stored]) -> Option<()> {
    if machine.keys.find(from.key.bytes()).is_some() {
        return None;
    }
    let mut state = KeyState::new(usize::from(shape.stages) - 1);
    for partial in &from.partials {
        let slot = state.slots.get_mut(partial.events.len().checked_sub(1)?)?;
        if *slot != NONE {
            return None;
        }
        *slot = link(machine, partial, events)?;
    }
    let number = machine.keys.insert(from.key.clone(), from.renewed, state);
    let mut missing = KeyMissing { leading: from.leading, waiting: VecDeque::new() };
    for (until, order, partial) in &from.waiting {
        if partial.events.len() != usize::from(shape.stages) {
            return None;
        }
        let started = events.get(*partial.events.first()? as usize)?.at;
        let waiting = Waiting { link: link(machine, partial, events)?, key: number, started };
        missing.waiting.push_back((*until, *order));
        if machine.waiting.insert((*until, *order), waiting).is_some() {
            return None;
        }
    }
    if shape.has_missing() {
        machine.keys.get_mut(number)?.state.missing = Some(Box::new(missing));
    }
    Some(())
}

/// A chain of links for the events; the number of the last.
fn link(machine: &mut Machine, partial: &Partial, events: &[Stored]) -> Option<u32> {
    let first = events.get(*partial.events.first()? as usize)?.at;
    let mut before = NONE;
    for (at, number) in partial.events.iter().enumerate() {
        let event = events.get(*number as usize)?.clone();
        let last = at + 1 == partial.events.len();
        let missing = partial.missing.clone().filter(|_| last).map(Box::new);
        before = machine.links.insert(Link { event, before, first, missing });
    }
    machine.partials += 1;
    Some(before)
}
