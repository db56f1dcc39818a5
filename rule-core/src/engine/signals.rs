//! `max_signals` of rules whose events come in any order, which each are an alert at once.

use std::collections::HashMap;
use std::sync::Arc;

use super::TIMESTAMP_FIELD;
use crate::api::HeldBack;
use crate::correlate::order::At;
use crate::correlate::snapshot::SignalState;
use crate::decode::{Line, Projection, Slots};
use crate::detect::{self, Budget};
use crate::normalise::{Files, Normalisers, Scratch};
use crate::plan::test;
use crate::schema::FieldType;
use crate::{Limits, RuleInfo};

/// What is left of each run, and when the event at hand happened.
#[derive(Debug)]
pub struct Signals {
    pub budget: Budget,
    fields: Projection,
    normalisers: Normalisers,
    slots: Slots,
    scratch: Scratch,
}

impl Signals {
    /// Nothing is used up. The normalisers are those that the rules read events through.
    pub fn new(files: Option<&Files>) -> Signals {
        let (normalisers, paths) = files.cloned().unwrap_or_default().compile(std::iter::once(TIMESTAMP_FIELD));
        Signals {
            budget: Budget::default(),
            fields: Projection::new(&paths),
            normalisers,
            slots: Slots::default(),
            scratch: Scratch::default(),
        }
    }

    /// What was used of each run, by the rules' ids.
    pub fn save<'a>(&self, rules: &'a [Arc<RuleInfo>]) -> Vec<SignalState<'a>> {
        let rule = |number: u32| rules.get(number as usize).map(|rule| rule.id.as_str());
        let entries = self.budget.entries();
        entries.filter_map(|(run, number, used)| Some((rule(number)?.into(), run, used))).collect()
    }

    /// Takes over what was saved of rules that are there.
    pub fn restore(&mut self, rules: &[Arc<RuleInfo>], saved: &[SignalState<'_>]) {
        let numbers: HashMap<&str, u32> = (0..).zip(rules).map(|(number, rule)| (rule.id.as_str(), number)).collect();
        for (id, run, used) in saved {
            if let Some(number) = numbers.get(&**id) {
                self.budget.set(*run, *number, *used);
            }
        }
    }

    /// When an event happened that rules matched. Only such events are read again for it; others cost nothing.
    pub fn time(&mut self, line: Line<'_>, limits: &Limits) -> Option<At> {
        // The event was decoded for the rules; one field cannot bring it over a limit that it kept.
        let limits = Limits { max_event_values: u32::MAX, ..limits.clone() };
        self.fields.decode_line(line, &limits, &mut self.slots).ok()?;
        self.normalisers.apply(line, &mut self.slots, &mut self.scratch, &limits).ok()?;
        let event = self.slots.view_line(line);
        event.values(0).find_map(|value| test::instant(value, Some(FieldType::Date), None)).map(At::of)
    }

    /// Whether a rule may give an alert for what happened then. What has no time is of no run, and not limited.
    pub fn take(
        &mut self,
        number: u32,
        rule: &RuleInfo,
        at: Option<At>,
        limits: &Limits,
        out: &mut Vec<HeldBack>,
    ) -> bool {
        let Some(at) = at else { return true };
        let run = detect::tick(at.ms, detect::interval(rule));
        let is_left = self.budget.take(number, run, detect::max_signals(rule), limits.max_signal_runs);
        if !is_left {
            hold_back(out, HeldBack { rule: number, run, count: 1 });
        }
        is_left
    }
}

/// Adds to what was held back.
pub fn hold_back(all: &mut Vec<HeldBack>, held: HeldBack) {
    match all.iter_mut().rev().find(|other| (other.rule, other.run) == (held.rule, held.run)) {
        Some(other) => other.count += held.count,
        None => all.push(held),
    }
}
