//! What the rule makes of all events together: the engine's own session, watched.

use super::data::{ExplainOptions, SequenceTrace};
use crate::api::SessionOptions;
use crate::correlate::plan::Shape;
use crate::correlate::trace::{Note, NoteKind};
use crate::engine::{RuleSet, Session, lines};
use crate::{detect, sort};

/// What became of the events.
#[derive(Default)]
pub struct Replay {
    /// What a sequence or sample made of them.
    pub sequence: Option<SequenceTrace>,
    /// What the rule does with what its query finds; none where each is an alert.
    pub plan: Option<detect::Plan>,
    /// How many indicators it means, and how many there are.
    pub indicators: Option<(u64, usize)>,
    /// Events that are matches by themselves.
    pub matched: Vec<u64>,
    /// Events whose alerts were over the budget of their run, and its tick.
    pub held_back: Vec<(u64, i64)>,
    /// Milliseconds for which terms are learned.
    pub learning: u64,
    /// What became of events, by their ordinals, and behind it what runs decided of groups; in the order of their keys.
    notes: Vec<Note>,
}

impl Replay {
    /// Runs the rule over the events, all of them one data set.
    pub fn run(rules: RuleSet, events: &[u8], options: &ExplainOptions) -> Replay {
        let mut replay = Replay { learning: options.learning_ms, ..Replay::default() };
        if rules.rules().is_empty() {
            return replay;
        }
        let program = rules.program();
        replay.plan = program.correlations.iter().find_map(|correlation| match &correlation.shape {
            Shape::Detection(plan) => Some(plan.clone()),
            _ => None,
        });
        replay.indicators = program.threats.first().map(|threat| (threat.meant, threat.given()));
        // What alerts are made of takes room, which sequences need for their events.
        let is_of_many =
            program.correlations.iter().any(|correlation| !matches!(correlation.shape, Shape::Detection(_)));
        let session = SessionOptions {
            alerts: !is_of_many || replay.plan.is_some(),
            lateness_ms: None,
            learning_ms: options.learning_ms,
            index: options.index.clone(),
            ..SessionOptions::default()
        };
        let mut session = Session::open(rules.into(), session);
        session.trace();
        let most = options.limits.max_explained_nodes as usize;
        let mut sequence = SequenceTrace::default();
        for (ordinal, line) in (0..).zip(lines(events)) {
            let outcome = session.evaluate(line.bytes);
            if !outcome.matches.is_empty() {
                replay.matched.push(ordinal);
            }
            replay.held_back.extend(outcome.held_back.first().map(|held| (ordinal, held.run)));
            sequence.undated += outcome.sequences.map_or(0, |status| status.undated);
        }
        sequence.matches = session.finish().matches;
        sequence.matches.truncate(most);
        (sequence.steps, sequence.pending, replay.notes) =
            session.take_trace(options.limits.max_explained_events as usize);
        sequence.omitted = sequence.steps.len().saturating_sub(most) as u64;
        sequence.steps.truncate(most);
        replay.sequence = Some(sequence);
        sort::by(&mut replay.notes, |a, b| (a.event, a.key.bytes()).cmp(&(b.event, b.key.bytes())));
        replay
    }

    /// What became of an event.
    pub fn of(&self, event: u64) -> &[Note] {
        let start = self.notes.partition_point(|note| note.event < event);
        let rest = &self.notes[start..];
        &rest[..rest.partition_point(|note| note.event == event)]
    }

    /// The run that says most of a group of an event that happened then: that which made an alert of it, or else the one that saw most.
    pub fn decided(&self, note: &Note, at: i64, lookback: u64) -> Option<&Note> {
        let decided = self.of(u64::MAX);
        let start = decided.partition_point(|other| other.key.bytes() < note.key.bytes());
        let of_key = decided[start..].iter().take_while(|other| other.key == note.key);
        let sees = |run: i64| run >= note.run && run.saturating_sub_unsigned(lookback) <= at;
        let count = |note: &Note| match note.what {
            NoteKind::Decided(count, values, is_enough) => (is_enough, count, values),
            _ => (false, 0, 0),
        };
        of_key.filter(|other| sees(other.run)).max_by_key(|other| count(other))
    }

    /// What became of the alert of a group of a threshold.
    pub fn alert(&self, of: &Note) -> Option<&Note> {
        let mut notes = self.notes.iter().filter(|note| note.run == of.run && note.key == of.key);
        notes.find(|note| matches!(note.what, NoteKind::Suppressed(..) | NoteKind::HeldBack))
    }
}
