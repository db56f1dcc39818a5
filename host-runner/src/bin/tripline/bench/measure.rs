//! Passes over the events, and how long they take.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use host_runner::{EngineKind, Handle, Instance};
use rule_core::profile::{Profiler, Stage};
use rule_core::{Advance, Session, SessionOptions};

use super::data::Data;
use crate::progress::Progress;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// All of the work, by the engine of that number.
    Whole(usize),
    /// A part of it natively: up to a stage of the conditions.
    Until(Stage),
    /// Sequences too, so that nothing but making alerts is left out.
    NoAlerts,
    /// All of it, with the rule set of the other parts and not that of the engine: where that lies in memory has its cost as well.
    All,
}

/// Rules compiled in an engine.
pub struct Hosted {
    pub kind: EngineKind,
    pub instance: Box<dyn Instance>,
    pub rules: Handle,
    /// How long compiling took.
    pub compile: Duration,
}

/// What a pass found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Matches of each rule.
    pub matches: Vec<u64>,
    /// Its alerts: a sequence has one for each of its events beside the one for all.
    pub alerts: Vec<u64>,
    pub rejected: u64,
}

impl Found {
    pub fn new(rules: usize) -> Found {
        Found { matches: vec![0; rules], alerts: vec![0; rules], rejected: 0 }
    }
}

/// All that is measured.
pub struct Bench<'a> {
    pub data: &'a Data,
    pub engines: Vec<Hosted>,
    pub profiler: Option<Profiler>,
    pub options: SessionOptions,
    /// What each engine found.
    pub found: Vec<Found>,
}

/// Shorter ones are repeated: a clock is not that exact.
const SHORTEST: Duration = Duration::from_millis(5);
/// More rounds than this say nothing new.
const MOST_ROUNDS: usize = 1000;

/// Nanoseconds that each pass took.
#[derive(Clone, Debug, Default)]
pub struct Times(pub Vec<f64>);

impl Times {
    pub fn best(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Of an even number the slower one of the middle.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }
}

impl Bench<'_> {
    /// What there is to measure.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = (0..self.engines.len()).map(Step::Whole).collect();
        if self.profiler.is_some() {
            steps.extend([Stage::Decode, Stage::Find, Stage::Conditions, Stage::Again].map(Step::Until));
            steps.extend([Step::NoAlerts, Step::All]);
        }
        steps
    }

    /// Takes all steps in turns until the time is over. The first round warms up, unless that takes most of the time.
    pub fn measure(&mut self, budget: Duration) -> Result<Vec<(Step, Times)>> {
        let mut measured: Vec<(Step, Times)> = self.steps().into_iter().map(|step| (step, Times::default())).collect();
        let progress = Progress::new();
        progress.start_time(budget);
        let started = Instant::now();
        for round in 0..MOST_ROUNDS {
            for (step, times) in &mut measured {
                progress.at(started.elapsed(), &self.name(*step));
                let time = self.step(*step)?;
                times.0.push(time);
            }
            let over = started.elapsed();
            if round == 0 && over < budget / 2 {
                measured.iter_mut().for_each(|(_, times)| times.0.clear());
            } else if over >= budget {
                break;
            }
        }
        progress.finish();
        Ok(measured)
    }

    fn name(&self, step: Step) -> String {
        match step {
            Step::Whole(engine) => name(self.engines[engine].kind).to_owned(),
            _ => "where the time goes".to_owned(),
        }
    }

    /// How many nanoseconds a pass takes.
    fn step(&mut self, step: Step) -> Result<f64> {
        let (mut time, mut passes) = (Duration::ZERO, 0u32);
        while time < SHORTEST {
            time += match step {
                Step::Whole(engine) => self.whole(engine)?,
                _ => self.part(step),
            };
            passes += 1;
        }
        Ok(time.as_nanos() as f64 / f64::from(passes))
    }

    /// All events in a session of its own: to one that saw them before, all would be late for its sequences.
    fn whole(&mut self, engine: usize) -> Result<Duration> {
        let Hosted { kind, instance, rules, .. } = &mut self.engines[engine];
        let what = || format!("the {} engine stopped", name(*kind));
        let session = instance.open(*rules, &self.options).with_context(what)?;
        let found = &mut self.found[engine];
        found.rejected = 0;
        found.matches.fill(0);
        found.alerts.fill(0);
        let mut take = |outcome: rule_core::Outcome| {
            found.rejected += outcome.rejected;
            for matched in &outcome.matches {
                let events = matched.events.len() as u64;
                found.matches[matched.rule as usize] += 1;
                found.alerts[matched.rule as usize] += if events > 1 { events + 1 } else { 1 };
            }
        };
        let started = Instant::now();
        for batch in &self.data.batches {
            take(instance.evaluate(session, black_box(batch)).with_context(what)?);
        }
        take(instance.advance(session, Advance::Finish).with_context(what)?);
        let time = started.elapsed();
        instance.release(session).with_context(what)?;
        Ok(time)
    }

    fn part(&mut self, step: Step) -> Duration {
        let Some(profiler) = &mut self.profiler else { return SHORTEST };
        let session = |alerts| {
            let mut session =
                Session::open(profiler.rules().clone(), SessionOptions { alerts, ..self.options.clone() });
            session.keep_events();
            session
        };
        let mut session = match step {
            Step::NoAlerts => Some(session(false)),
            Step::All => Some(session(true)),
            _ => None,
        };
        let started = Instant::now();
        for batch in &self.data.batches {
            match (step, &mut session) {
                (_, Some(session)) => {
                    black_box(session.evaluate(black_box(batch)));
                }
                (Step::Until(stage), None) => {
                    black_box(profiler.pass(stage, black_box(batch)));
                }
                _ => {}
            }
        }
        if let Some(session) = &mut session {
            black_box(session.finish());
        }
        started.elapsed()
    }
}

/// An engine as the command line calls it.
pub fn name(kind: EngineKind) -> &'static str {
    match kind {
        EngineKind::Wasm => "wasm",
        EngineKind::Native => "native",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_best_of_times() {
        let times = Times(vec![3.0, 1.0, 2.0]);
        assert_eq!((times.best(), times.median()), (1.0, 2.0));
        assert_eq!(Times(vec![1.0, 2.0]).median(), 2.0);
        assert_eq!(Times(vec![4.0]).median(), 4.0);
    }
}
