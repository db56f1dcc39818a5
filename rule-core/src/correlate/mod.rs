//! Rules over several events: sequences, samples, and those of [`detect`](crate::detect).
//!
//! ```text
//! event ─► terms that it matches, with its join keys ─► timeline (held back, put in order) ─► machine of the rule ─► matches
//! ```
//!
//! The same code serves the live stream and a search over a finite data set: a search holds back everything until the end.
//!
//! | file | what it is |
//! |---|---|
//! | `plan` | a sequence or sample as the engine runs it |
//! | `key`, `join` | join keys |
//! | `order` | timestamps, tiebreakers, the order of events |
//! | `timeline` | holds events back until their order is known |
//! | `sequence`, `sample` | the state machines |
//! | `table` | where state is kept: a slab, a table of keys in order of age |
//! | `event` | events that state refers to, and what state costs |
//! | `trace` | what happened to partial matches, for people who ask |
//! | `snapshot` | state as bytes |

pub mod event;
mod join;
pub mod key;
pub mod order;
pub mod plan;
mod sample;
pub mod sequence;
pub mod snapshot;
pub mod table;
pub mod timeline;
pub mod trace;

use std::sync::Arc;

use smallvec::SmallVec;

use crate::Limits;
use crate::decode::Event;
use crate::detect::{self, Finding};
use crate::plan::Column;
use crate::sort;
use crate::time::Instant;
use event::{Ledger, Stored};
use join::Joiner;
use key::{Key, TooManyKeys};
use order::{At, Ordinal, Tiebreaker};
use plan::{Correlation, Role, Shape, TimelineFields};
use sample::Sampler;
use sequence::{Context, Machine};
use timeline::{Held, Hit, Timeline};
use trace::{Pending, Trace};

/// A match of several events.
#[derive(Debug)]
pub struct Completion {
    /// Which correlation it is of.
    pub machine: u32,
    /// Place of its last event in the order of events.
    pub position: u64,
    /// Its join key.
    pub key: Key,
    /// Its events, in the order of the terms; missing ones are left out.
    pub events: Vec<Stored>,
    /// What a rule found that counts, remembers or suppresses.
    pub finding: Option<Box<Finding>>,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events that a term matched but that came after the watermark had passed them.
    pub late: u64,
    /// Events that a term matched but that have no timestamp.
    pub undated: u64,
    /// Events put in order before their time, because too much was held.
    pub hurried: u64,
    /// Join keys dropped to make room.
    pub evicted_keys: u64,
    /// Partial matches dropped to make room.
    pub evicted_partials: u64,
    /// What the rules of [`detect`](crate::detect) counted.
    pub detect: detect::Tally,
}

/// The sequences and samples of a rule set at work.
#[derive(Debug)]
pub struct Correlator {
    timelines: Vec<Timeline>,
    machines: Vec<State>,
    /// For each machine whether it [is at rest](State::is_at_rest), as most are. Beside the machines, which are large, so that an event
    /// that is of a term of a hundred rules need not look at each.
    at_rest: Vec<bool>,
    /// Machines whose matches may wait for a missing event.
    waiting: Vec<usize>,
    /// For each machine when it has something to decide next, in milliseconds since 1970.
    due: Vec<i64>,
    /// For each timeline the least of these of its machines.
    next_due: Vec<i64>,
    joiner: Joiner,
    /// For each timeline what is to be held of the event at hand; nothing between events.
    incoming: Vec<Held>,
    ledger: Ledger,
    held_bytes: u64,
    /// Events put in order so far.
    position: u64,
    lateness: Option<u64>,
    /// Whether events need no timestamp.
    is_unordered: bool,
    /// Later timestamps do not move the watermark.
    ceiling: Option<At>,
    tally: Tally,
    trace: Trace,
    done: Vec<Completion>,
}

#[derive(Debug)]
enum State {
    Sequence(Machine),
    Sample(Sampler),
    Detection(Box<detect::Machine>),
}

impl State {
    /// Whether there is nothing that an event could go on with.
    fn is_at_rest(&self) -> bool {
        match self {
            State::Sequence(machine) => machine.len() == (0, 0),
            State::Sample(_) | State::Detection(_) => false,
        }
    }
}

/// The rules and limits that a correlator works with.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The sequences and samples.
    pub correlations: &'a [Correlation],
    /// The fields of each timeline.
    pub timelines: &'a [TimelineFields],
    /// The fields of the plan.
    pub columns: &'a [Column],
    /// Bounds.
    pub limits: &'a Limits,
}

/// Sizes at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Events held back.
    pub held: u64,
    /// Bytes that these take.
    pub held_bytes: u64,
    /// Join keys with state.
    pub keys: u64,
    /// Partial matches.
    pub partials: u64,
    /// What the rules of [`detect`](crate::detect) keep.
    pub detect: detect::Sizes,
    /// Bytes of state.
    pub state_bytes: u64,
}

impl Correlator {
    /// Without state. `lateness`: milliseconds by which an event may come late; none holds back everything until the end.
    pub fn new(setting: Setting<'_>, lateness: Option<u64>, seed: u64, options: detect::Options) -> Correlator {
        let state = |correlation: &Correlation| match correlation.shape {
            Shape::Sequence(_) => State::Sequence(Machine::new(seed)),
            Shape::Sample(_) => State::Sample(Sampler::new(seed)),
            Shape::Detection(_) => State::Detection(Box::new(detect::Machine::new(seed, options))),
        };
        let waits = |c: &Correlation| matches!(&c.shape, Shape::Sequence(sequence) if sequence.trailing);
        let waiting = setting.correlations.iter().enumerate().filter(|(_, c)| waits(c)).map(|(number, _)| number);
        let machines: Vec<State> = setting.correlations.iter().map(state).collect();
        Correlator {
            waiting: waiting.collect(),
            due: vec![i64::MAX; machines.len()],
            next_due: vec![i64::MAX; setting.timelines.len()],
            at_rest: machines.iter().map(State::is_at_rest).collect(),
            joiner: Joiner::new(setting),
            incoming: setting.timelines.iter().map(|_| Held::default()).collect(),
            timelines: setting.timelines.iter().map(|_| Timeline::new()).collect(),
            machines,
            ledger: Ledger::default(),
            held_bytes: 0,
            position: 0,
            lateness,
            is_unordered: setting
                .correlations
                .iter()
                .all(|correlation| matches!(&correlation.shape, Shape::Sample(sample) if sample.window.is_none())),
            ceiling: None,
            tally: Tally::default(),
            trace: Trace::default(),
            done: Vec::new(),
        }
    }

    /// Has steps collected from now on.
    pub fn trace(&mut self) {
        self.trace.steps.get_or_insert_default();
    }

    /// What became of the events of rules that count, remember or suppress.
    pub fn take_notes(&mut self) -> Vec<trace::Note> {
        std::mem::take(&mut self.trace.notes)
    }

    /// The steps since last asked.
    pub fn take_steps(&mut self) -> Vec<trace::Step> {
        self.trace.steps.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The partial matches of a sequence or sample, at most `most`.
    pub fn pending(&self, setting: Setting<'_>, machine: usize, most: usize) -> Vec<Pending> {
        match (self.machines.get(machine), setting.correlations.get(machine).map(|c| &c.shape)) {
            (Some(State::Sequence(machine)), Some(Shape::Sequence(shape))) => machine.pending(shape, most),
            (Some(State::Sample(sampler)), Some(Shape::Sample(shape))) => sampler.pending(shape, most),
            _ => Vec::new(),
        }
    }

    /// Takes an event in: the terms that it matched (machine, term), and what its result will need. The error is that it has too
    /// many join keys for a term, which then does not see it.
    pub fn observe(
        &mut self,
        setting: Setting<'_>,
        event: Event<'_>,
        arrival: u64,
        terms: &[(u32, u16)],
        source: impl Fn() -> Option<Arc<[u8]>>,
    ) -> Result<(), TooManyKeys> {
        let mut result = Ok(());
        self.joiner.start();
        for term in terms {
            result = self.joiner.join(*term, event, arrival, setting, &mut self.incoming).and(result);
        }
        for (number, fields) in setting.timelines.iter().enumerate() {
            // Of a finite sample the order does not matter.
            let at = match self.is_unordered {
                true => Some(At::MIN),
                false => timestamp(event, fields, setting.columns).map(At::of),
            };
            let timeline = &mut self.timelines[number];
            if !self.incoming[number].hits.is_empty() {
                let spare = timeline.spare();
                let mut held = std::mem::replace(&mut self.incoming[number], spare);
                match at {
                    Some(at) if at >= timeline.watermark => {
                        let tiebreaker = Tiebreaker::of(event, fields.tiebreaker);
                        held.source = source();
                        self.held_bytes += held.cost();
                        timeline.hold(Ordinal { at, tiebreaker, arrival }, held);
                    }
                    dated => {
                        self.tally.late += u64::from(dated.is_some());
                        self.tally.undated += u64::from(dated.is_none());
                        let begins = held.hits.iter().any(|hit| hit.together);
                        let source = begins.then(&source).flatten();
                        let at = dated.unwrap_or(At::MIN);
                        self.displaced(setting, &held, Stored { at, arrival, position: 0, source });
                        self.timelines[number].give_back(held);
                    }
                }
            }
            if let Some(at) = at {
                self.timelines[number].begin(at);
            }
            if let Some(at) = at.filter(|at| self.ceiling.is_none_or(|ceiling| *at <= ceiling))
                && self.timelines[number].see(at, self.lateness)
            {
                self.release(setting, number);
            }
        }
        while self.held_bytes > u64::from(setting.limits.max_held_bytes) {
            let oldest = self.timelines.iter().enumerate().filter_map(|(n, t)| Some((t.first()?, n)));
            let Some((_, number)) = oldest.min() else { break };
            if let Some((ordinal, held)) = self.timelines[number].pop_early() {
                self.tally.hurried += 1;
                self.process(setting, number, ordinal, held);
                // The watermark moved.
                self.release(setting, number);
            }
        }
        result
    }

    /// Says until when it is now: later timestamps do not move the watermark, so that one event from the future does not make all
    /// others late.
    pub fn set_ceiling(&mut self, ceiling: Option<At>) {
        self.ceiling = ceiling;
    }

    /// Nothing has come for that long: event time goes on all the same.
    pub fn idle(&mut self, setting: Setting<'_>, milliseconds: u64) {
        for number in 0..self.timelines.len() {
            let timeline = &mut self.timelines[number];
            if let (Some(latest), Some(lateness)) = (timeline.latest, self.lateness) {
                let now = latest.plus_ms(milliseconds).minus_ms(lateness);
                timeline.watermark = timeline.watermark.max(now);
            }
            self.release(setting, number);
        }
        self.expire(setting);
    }

    /// Puts everything that is held in order now. What comes later and happened earlier is late.
    pub fn flush(&mut self, setting: Setting<'_>) {
        for number in 0..self.timelines.len() {
            while let Some((ordinal, held)) = self.timelines[number].pop() {
                let timeline = &mut self.timelines[number];
                timeline.watermark = timeline.watermark.max(ordinal.at);
                self.process(setting, number, ordinal, held);
            }
        }
        self.expire(setting);
    }

    /// No more events come: what is held is put in order, what waited for a missing event is a match, and every run is decided.
    pub fn finish(&mut self, setting: Setting<'_>) {
        self.flush(setting);
        let end = At { ms: i64::MAX, ns: u32::MAX };
        self.each(setting, |state, shape, cx| match (state, shape) {
            (State::Sequence(machine), Shape::Sequence(_)) => machine.decide(end, cx),
            (State::Detection(machine), Shape::Detection(plan)) => machine.advance(plan, end, cx),
            _ => {}
        });
    }

    /// All samples of a finite data set, at most `size`.
    pub fn finish_samples(&mut self, setting: Setting<'_>, size: usize) {
        self.each(setting, |state, shape, cx| {
            if let (State::Sample(sampler), Shape::Sample(sample)) = (state, shape) {
                sampler.finish(sample, size, cx);
            }
        });
    }

    /// Forgets what is too old to matter.
    pub fn expire(&mut self, setting: Setting<'_>) {
        let watermarks: Vec<At> = self.timelines.iter().map(|timeline| timeline.watermark).collect();
        let timelines: Vec<u32> = setting.correlations.iter().map(|c| c.timeline).collect();
        self.each(setting, |state, shape, cx| {
            let now = watermarks[timelines[cx.machine as usize] as usize];
            match (state, shape) {
                (State::Sequence(machine), Shape::Sequence(sequence)) => machine.expire(sequence, now, cx),
                (State::Sample(sampler), Shape::Sample(sample)) => sampler.expire(sample, now, cx),
                (State::Detection(machine), Shape::Detection(plan)) => machine.expire(plan, now, cx),
                _ => {}
            }
        });
    }

    /// The matches since last asked, in the order in which they were found. Their events are to be given back to
    /// [`Self::settle`].
    pub fn take_matches(&mut self) -> Vec<Completion> {
        std::mem::take(&mut self.done)
    }

    /// Has a match's alert suppressed. `group`: the values that its events have in common; none when it is not suppressed.
    pub fn suppress(&mut self, setting: Setting<'_>, suppression: u32, completion: Completion, group: Option<&[u8]>) {
        self.one(setting, suppression as usize, |state, shape, cx| {
            if let (State::Detection(machine), Shape::Detection(plan)) = (state, shape) {
                machine.completed(plan, completion.key, completion.events, group, cx);
            }
        });
    }

    /// Lets go of a match's events.
    pub fn settle(&mut self, completion: Completion) {
        for event in completion.events {
            self.ledger.forget(event);
        }
    }

    /// The counts since last asked.
    pub fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// What is kept now.
    pub fn sizes(&self) -> Sizes {
        let mut sizes = Sizes {
            held: self.timelines.iter().map(|timeline| timeline.len() as u64).sum(),
            held_bytes: self.held_bytes,
            state_bytes: self.ledger.bytes,
            ..Sizes::default()
        };
        for (state, _) in self.machines.iter().zip(&self.at_rest).filter(|(_, at_rest)| !**at_rest) {
            let (keys, partials) = match state {
                State::Sequence(machine) => machine.len(),
                State::Sample(sampler) => sampler.len(),
                State::Detection(machine) => {
                    sizes.detect += machine.sizes();
                    (0, 0)
                }
            };
            sizes.keys += keys;
            sizes.partials += partials;
        }
        sizes
    }

    /// The watermark that is furthest behind; none before the first event.
    pub fn watermark(&self) -> Option<At> {
        self.timelines.iter().map(|timeline| timeline.watermark).min().filter(|at| *at != At::MIN)
    }

    fn release(&mut self, setting: Setting<'_>, number: usize) {
        while let Some((ordinal, held)) = self.timelines[number].pop_ready() {
            self.process(setting, number, ordinal, held);
        }
        let watermark = self.timelines[number].watermark;
        if self.next_due[number] <= watermark.ms {
            self.decide(setting, number, watermark);
        }
        for at in 0..self.waiting.len() {
            let machine = self.waiting[at];
            if setting.correlations[machine].timeline as usize == number {
                self.one(setting, machine, |state, _, cx| {
                    if let State::Sequence(machine) = state {
                        machine.decide(watermark, cx);
                    }
                });
            }
        }
    }

    /// An event that has no place in time any more, or none at all. Rules that make an alert of each event tell it by itself.
    fn displaced(&mut self, setting: Setting<'_>, held: &Held, event: Stored) {
        for hit in held.hits.iter().filter(|hit| hit.together && hit.term == 0) {
            self.one(setting, hit.machine as usize, |state, shape, cx| {
                if let (State::Detection(machine), Shape::Detection(plan)) = (state, shape) {
                    machine.displaced(plan, &event, cx);
                }
            });
        }
        self.ledger.keep(&event);
    }

    /// Notes anew when each machine has something to decide.
    fn settle_due(&mut self, setting: Setting<'_>) {
        for machine in 0..self.machines.len() {
            self.one(setting, machine, |_, _, _| {});
        }
    }

    /// Decides what is due by the watermark of a timeline.
    fn decide(&mut self, setting: Setting<'_>, timeline: usize, watermark: At) {
        self.next_due[timeline] = i64::MAX;
        for (machine, correlation) in setting.correlations.iter().enumerate() {
            if correlation.timeline as usize != timeline {
                continue;
            }
            if self.due[machine] > watermark.ms {
                self.next_due[timeline] = self.next_due[timeline].min(self.due[machine]);
                continue;
            }
            self.one(setting, machine, |state, shape, cx| {
                if let (State::Detection(machine), Shape::Detection(plan)) = (state, shape) {
                    machine.advance(plan, watermark, cx);
                }
            });
        }
    }

    /// The turn of an event of a timeline.
    fn process(&mut self, setting: Setting<'_>, timeline: usize, ordinal: Ordinal, mut held: Held) {
        self.held_bytes = self.held_bytes.saturating_sub(held.cost());
        self.position += 1;
        let source = held.source.take();
        let event = Stored { at: ordinal.at, arrival: ordinal.arrival, position: self.position, source };
        let mut hits = std::mem::take(&mut held.hits);
        // Most rules are at rest, and only a first event changes that.
        if !hits.iter().any(|hit| hit.begins) {
            hits.retain(|hit| !self.at_rest[hit.machine as usize]);
        }
        // What one key of one machine has to do with the event, together.
        sort::unstable(&mut hits, |a, b| {
            (a.machine.cmp(&b.machine)).then_with(|| held.key(a).cmp(held.key(b))).then(a.term.cmp(&b.term))
        });
        let one = |a: &Hit, b: &Hit| a.machine == b.machine && (a.together || held.key(a) == held.key(b));
        for group in hits.chunk_by(one) {
            self.take_part(setting, &event, group, &held);
        }
        self.ledger.keep(&event);
        self.keep_within(setting);
        self.timelines[timeline].give_back(Held { hits, ..held });
    }

    /// What an event does to one key of one machine.
    fn take_part(&mut self, setting: Setting<'_>, event: &Stored, group: &[Hit], held: &Held) {
        let Some(first) = group.first() else { return };
        let number = first.machine as usize;
        if self.at_rest[number] && !group.iter().any(|hit| hit.begins) {
            return;
        }
        let terms = &setting.correlations[number].terms;
        let begun = self.timelines[setting.correlations[number].timeline as usize].begun;
        let roles = group.iter().map(|hit| &terms[usize::from(hit.term)].role);
        let key = held.key(first);
        self.one(setting, number, |state, shape, cx| match (state, shape) {
            (State::Sequence(machine), Shape::Sequence(sequence)) => {
                // Here and not when the batch ends, so that batches have no part in what is evicted.
                machine.expire(sequence, event.at, cx);
                machine.event(sequence, event, key, &roles.collect::<SmallVec<[&Role; 4]>>(), cx);
            }
            (State::Sample(sampler), Shape::Sample(sample)) => {
                sampler.expire(sample, event.at, cx);
                let matched: SmallVec<[u16; 4]> = group.iter().map(|hit| hit.term).collect();
                sampler.event(sample, event, key, &matched, terms.len(), cx);
            }
            (State::Detection(machine), Shape::Detection(plan)) => {
                machine.begin(begun);
                machine.event(plan, event, group, held, cx);
            }
            _ => {}
        });
    }

    /// Evicts the oldest state, of whatever rule, until all of it is within its bytes.
    fn keep_within(&mut self, setting: Setting<'_>) {
        while self.ledger.bytes > u64::from(setting.limits.max_state_bytes) {
            let oldest = self.machines.iter().enumerate().filter_map(|(number, state)| {
                let at = match state {
                    State::Sequence(machine) => machine.oldest(),
                    State::Sample(sampler) => sampler.oldest(),
                    State::Detection(machine) => machine.oldest(),
                };
                Some((at?, number))
            });
            let Some((_, number)) = oldest.min() else { break };
            let mut any = false;
            self.one(setting, number, |state, shape, cx| {
                any = match (state, shape) {
                    (State::Sequence(machine), _) => machine.evict(cx),
                    (State::Sample(sampler), _) => sampler.evict(cx),
                    (State::Detection(machine), Shape::Detection(plan)) => machine.evict(plan, cx),
                    _ => false,
                };
            });
            if !any {
                break;
            }
        }
    }

    fn each(&mut self, setting: Setting<'_>, mut work: impl FnMut(&mut State, &Shape, &mut Context<'_>)) {
        for machine in 0..self.machines.len() {
            if !self.at_rest[machine] {
                self.one(setting, machine, &mut work);
            }
        }
    }

    fn one(&mut self, setting: Setting<'_>, number: usize, work: impl FnOnce(&mut State, &Shape, &mut Context<'_>)) {
        let mut cx = Context {
            ledger: &mut self.ledger,
            tally: &mut self.tally,
            done: &mut self.done,
            trace: &mut self.trace,
            max_keys: setting.limits.max_join_keys,
            max_partials: setting.limits.max_partial_matches,
            limits: setting.limits,
            machine: number as u32,
        };
        if let (Some(state), Some(correlation)) = (self.machines.get_mut(number), setting.correlations.get(number)) {
            work(state, &correlation.shape, &mut cx);
            self.at_rest[number] = state.is_at_rest();
            if let (State::Detection(machine), Shape::Detection(plan)) = (state, &correlation.shape) {
                let due = machine.due(plan).unwrap_or(i64::MAX);
                let next = &mut self.next_due[correlation.timeline as usize];
                self.due[number] = due;
                *next = due.min(*next);
            }
        }
    }
}

/// When an event happened, by the fields of a timeline.
fn timestamp(event: Event<'_>, fields: &TimelineFields, columns: &[Column]) -> Option<Instant> {
    let of = |slot: u32| order::timestamp(event, slot, &columns[slot as usize]);
    of(fields.timestamp).or_else(|| fields.fallback.and_then(of))
}
