//! One rule at work.

use smallvec::SmallVec;

use super::finding::{Finding, Found, Suppressed};
use super::plan::{GROUP, Plan, STAGE, Stage, VALUES};
use super::signals::Current;
use super::suppress::{Candidate, Open, Suppressions};
use super::terms::Terms;
use super::threshold::{Grid, Groups};
use super::{Options, tick};
use crate::correlate::Completion;
use crate::correlate::event::Stored;
use crate::correlate::key::Key;
use crate::correlate::order::At;
use crate::correlate::sequence::Context;
use crate::correlate::timeline::{Held, Hit};
use crate::correlate::trace::NoteKind;

/// The state of one rule.
#[derive(Debug)]
pub struct Machine {
    pub(super) groups: Groups,
    pub(super) terms: Terms,
    pub(super) suppressions: Suppressions,
    pub(super) signals: Current,
    /// The event time from which terms are learned; none before it is known.
    pub(super) begun: Option<At>,
    options: Options,
}

/// How much there is of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Groups of thresholds with events that count.
    pub groups: u64,
    /// Terms that were seen.
    pub terms: u64,
    /// Suppressions that go on.
    pub suppressions: u64,
}

impl std::ops::AddAssign for Sizes {
    fn add_assign(&mut self, other: Sizes) {
        self.groups += other.groups;
        self.terms += other.terms;
        self.suppressions += other.suppressions;
    }
}

impl Machine {
    /// Without state.
    pub fn new(seed: u64, options: Options) -> Machine {
        Machine {
            groups: Groups::new(seed),
            terms: Terms::new(seed),
            suppressions: Suppressions::new(seed),
            signals: Current::default(),
            begun: None,
            options,
        }
    }

    /// Says when its timeline began, if that is not known.
    pub fn begin(&mut self, at: Option<At>) {
        self.begun = self.begun.or(at);
    }

    /// How much it keeps.
    pub fn sizes(&self) -> Sizes {
        Sizes { groups: self.groups.len(), terms: self.terms.len(), suppressions: self.suppressions.len() }
    }

    /// When there is something to decide next, in milliseconds since 1970.
    pub fn due(&self, plan: &Plan) -> Option<i64> {
        let over = plan.suppression.as_ref().and_then(|suppression| self.suppressions.due(suppression.duration));
        [self.groups.due, over].into_iter().flatten().min()
    }

    /// The time of the oldest state.
    pub fn oldest(&self) -> Option<At> {
        [self.groups.oldest(), self.terms.oldest(), self.suppressions.oldest()].into_iter().flatten().min()
    }

    /// The turn of an event: all that it is to the rule.
    pub fn event(&mut self, plan: &Plan, event: &Stored, hits: &[Hit], held: &Held, cx: &mut Context<'_>) {
        self.advance(plan, event.at, cx);
        let of = |term: u16| hits.iter().filter(move |hit| hit.term == term).map(|hit| held.key(hit));
        let groups: SmallVec<[&[u8]; 2]> = of(GROUP).collect();
        let run = tick(event.at.ms, plan.interval);
        let candidate = |found: Found, key: Key| Candidate {
            found,
            key,
            events: vec![event.clone()],
            start: event.at,
            end: event.at,
            given: event.at.ms,
            run,
        };
        match &plan.stage {
            Stage::Each => self.suppress(plan, candidate(Found::Event, Key::of(&[])), &groups, cx),
            Stage::NewTerms(window) => {
                let begun = *self.begun.get_or_insert(event.at);
                let learns = event.at < begun.plus_ms(self.options.learning);
                self.terms.expire(event.at, *window, cx.ledger);
                for term in of(STAGE) {
                    let last = cx.trace.steps.is_some().then(|| self.terms.last(term)).flatten();
                    let is_new = self.terms.see(term, event.at, *window, cx.ledger);
                    let what = match last.filter(|_| !is_new) {
                        Some(last) => NoteKind::Known(last.ms),
                        None if learns => NoteKind::Learned,
                        None => NoteKind::New,
                    };
                    cx.trace.note(event.arrival, term, run, what);
                    if !is_new {
                        continue;
                    }
                    if learns {
                        cx.tally.detect.learned += 1;
                        continue;
                    }
                    let term = Key::of(term);
                    self.suppress(plan, candidate(Found::Terms(term.clone()), term), &groups, cx);
                }
                while self.terms.len() > u64::from(cx.limits.max_new_terms) && self.terms.evict(cx.ledger) {
                    cx.tally.detect.evicted_terms += 1;
                }
            }
            Stage::Threshold { .. } => {
                let grid = grid(plan);
                self.groups.expire(grid, event.at, cx.ledger);
                for group in of(STAGE) {
                    cx.trace.note(event.arrival, group, run, NoteKind::Counted(event.at.ms));
                    self.groups.event(grid, event, group, of(VALUES), cx.limits.max_group_values, cx.ledger);
                    while self.groups.len() > u64::from(cx.limits.max_groups) && self.groups.evict(cx.ledger) {
                        cx.tally.detect.evicted_groups += 1;
                    }
                }
            }
        }
    }

    /// An event that has no place in time: if each is an alert it is one, suppressed by none. Nothing is lost that Kibana would have shown.
    pub fn displaced(&mut self, plan: &Plan, event: &Stored, cx: &mut Context<'_>) {
        if event.at == At::MIN {
            cx.trace.note(event.arrival, &[], 0, NoteKind::Undated);
        }
        if plan.stage != Stage::Each {
            return;
        }
        let (at, run) = (event.at, tick(event.at.ms, plan.interval));
        let (found, key, events) = (Found::Event, Key::of(&[]), vec![event.clone()]);
        let candidate = Candidate { found, key, events, start: at, end: at, given: at.ms, run };
        // Without a time it is of no run, and not limited.
        let is_alert = at == At::MIN || self.signal(plan, &candidate, cx);
        if is_alert {
            tell(candidate, None, false, true, cx);
        }
    }

    /// A sequence or sample that completed, with the values that its events have in common. The match was told.
    pub fn completed(
        &mut self,
        plan: &Plan,
        key: Key,
        events: Vec<Stored>,
        group: Option<&[u8]>,
        cx: &mut Context<'_>,
    ) {
        let (Some(start), Some(end)) = (events.first().map(|e| e.at), events.last().map(|e| e.at)) else { return };
        self.advance(plan, end, cx);
        let run = tick(end.ms, plan.interval);
        let held: Vec<Stored> = events.clone();
        let candidate = Candidate { found: Found::Group(key.clone()), key, events, start, end, given: end.ms, run };
        self.suppress(plan, candidate, group.as_slice(), cx);
        // What nothing holds on to is let go of; what something does was counted before.
        held.into_iter().for_each(|event| cx.ledger.forget(event));
    }

    /// Decides what is due by then, in the order in which it is.
    pub fn advance(&mut self, plan: &Plan, now: At, cx: &mut Context<'_>) {
        let duration = plan.suppression.as_ref().and_then(|suppression| suppression.duration);
        while let Some(due) = self.due(plan).filter(|due| *due <= now.ms) {
            // What is over when a run is decided has no part in it.
            if let Some((group, open)) = self.suppressions.take_over(At::from_ms(due), duration, cx.ledger) {
                self.end(plan, group, open, cx);
            } else {
                self.run(plan, due, cx);
            }
        }
    }

    /// Forgets what is too old to matter.
    pub fn expire(&mut self, plan: &Plan, now: At, cx: &mut Context<'_>) {
        self.advance(plan, now, cx);
        match &plan.stage {
            Stage::Each => {}
            Stage::NewTerms(window) => self.terms.expire(now, *window, cx.ledger),
            Stage::Threshold { .. } => self.groups.expire(grid(plan), now, cx.ledger),
        }
    }

    /// Drops the oldest state.
    pub fn evict(&mut self, plan: &Plan, cx: &mut Context<'_>) -> bool {
        let Some(oldest) = self.oldest() else { return false };
        if self.groups.oldest() == Some(oldest) {
            cx.tally.detect.evicted_groups += 1;
            return self.groups.evict(cx.ledger);
        }
        if self.terms.oldest() == Some(oldest) {
            cx.tally.detect.evicted_terms += 1;
            return self.terms.evict(cx.ledger);
        }
        self.evict_suppression(plan, cx)
    }

    /// The run of a tick.
    fn run(&mut self, plan: &Plan, tick: i64, cx: &mut Context<'_>) {
        let Stage::Threshold { value, cardinality, .. } = &plan.stage else { return };
        let least = cardinality.as_ref().map(|(_, least)| *least);
        for reached in self.groups.run(grid(plan), *value, least, cx.ledger, cx.trace) {
            let events = reached.events();
            let (key, start, end) = (reached.key.clone(), reached.first.0, reached.last.0);
            let group = plan.suppression.is_some().then(|| key.clone());
            let candidate = Candidate {
                found: Found::Threshold(Box::new(reached)),
                key,
                events,
                start,
                end,
                given: tick,
                run: tick,
            };
            self.suppress(plan, candidate, group.as_ref().map(Key::bytes).as_slice(), cx);
        }
    }

    /// An alert, as part of another if there is one that goes on for a group of it. Without a group it is one by itself.
    fn suppress(&mut self, plan: &Plan, candidate: Candidate, groups: &[&[u8]], cx: &mut Context<'_>) {
        // Each event of such a rule was told as a match when it came.
        let is_match = plan.stage != Stage::Each;
        let Some(suppression) = plan.suppression.as_ref().filter(|_| !groups.is_empty()) else {
            let is_alert = self.signal(plan, &candidate, cx);
            return tell(candidate, None, is_match, is_alert, cx);
        };
        for (number, group) in groups.iter().enumerate() {
            let is_match = is_match && number == 0;
            if let Some(open) = self.suppressions.joins(group, &candidate) {
                let what = NoteKind::Suppressed(open.first.arrival(), open.others);
                cx.trace.note(candidate.arrival(), group, candidate.run, what);
                cx.tally.detect.suppressed += 1;
                if is_match {
                    tell(candidate.clone(), None, true, false, cx);
                }
                continue;
            }
            if suppression.duration.is_none() {
                if is_match {
                    tell(candidate.clone(), None, true, false, cx);
                }
                self.suppressions.begin(group, candidate.clone(), cx.ledger);
            } else {
                let is_alert = self.signal(plan, &candidate, cx);
                let suppressed =
                    Suppressed { group: Key::of(group), start: candidate.start, end: candidate.end, others: 0 };
                if is_match || is_alert {
                    tell(candidate.clone(), Some(suppressed), is_match, is_alert, cx);
                }
                if !is_alert {
                    continue;
                }
                self.suppressions.begin(group, candidate.clone(), cx.ledger);
            }
            while self.suppressions.len() > u64::from(cx.limits.max_groups) && self.evict_suppression(plan, cx) {}
        }
    }

    fn evict_suppression(&mut self, plan: &Plan, cx: &mut Context<'_>) -> bool {
        let Some((group, open)) = self.suppressions.take_oldest(cx.ledger) else { return false };
        cx.tally.detect.evicted_suppressions += 1;
        self.end(plan, group, open, cx);
        true
    }

    /// A suppression that is over: its alert, or its alert again with what became of it.
    fn end(&mut self, plan: &Plan, group: Key, open: Open, cx: &mut Context<'_>) {
        let Open { first, end, others } = open;
        let lasts = plan.suppression.as_ref().is_some_and(|suppression| suppression.duration.is_some());
        // The alert that is given again is none more.
        let is_alert = if lasts { others > 0 } else { self.signal(plan, &first, cx) };
        let suppressed = Suppressed { group, start: first.start, end, others };
        if is_alert {
            tell(first, Some(suppressed), false, true, cx);
        } else {
            first.events.into_iter().for_each(|event| cx.ledger.forget(event));
        }
    }

    /// Takes an alert of the run's budget; one that is over it is counted.
    fn signal(&mut self, plan: &Plan, candidate: &Candidate, cx: &mut Context<'_>) -> bool {
        let run = candidate.run;
        let is_left = !self.options.max_signals || self.signals.take(run, plan.max_signals);
        let what = if is_left { NoteKind::Alert } else { NoteKind::HeldBack };
        cx.trace.note(candidate.arrival(), candidate.key.bytes(), run, what);
        if is_left {
            return true;
        }
        let machine = cx.machine;
        match cx.tally.detect.held_back.iter_mut().rev().find(|held| (held.0, held.1) == (machine, run)) {
            Some(held) => held.2 += 1,
            None => cx.tally.detect.held_back.push((machine, run, 1)),
        }
        false
    }
}

fn tell(from: Candidate, suppressed: Option<Suppressed>, is_match: bool, is_alert: bool, cx: &mut Context<'_>) {
    let Candidate { found, key, events, run, .. } = from;
    let position = events.last().map_or(0, |event| event.position);
    let finding = Some(Box::new(Finding { found, suppressed, run, is_match, is_alert }));
    cx.done.push(Completion { machine: cx.machine, position, key, events, finding });
}

fn grid(plan: &Plan) -> Grid {
    Grid { interval: plan.interval, lookback: plan.lookback }
}
