//! A rule set at work on a stream of events.

use std::sync::Arc;

use super::{Evaluator, Program, RuleSet, Target, lines, reject};
use crate::alert::AlertBuilder;
use crate::api::{Advance, Match, Outcome, SequenceStatus, SessionOptions};
use crate::correlate::Correlator;
use crate::correlate::order::At;
use crate::correlate::snapshot::{self, RestoreError, Restored};
use crate::decode::Line;

/// A rule set at work on a stream of events.
///
/// ```
/// use rule_core::{CompileOptions, Session, SessionOptions, Source, compile};
///
/// let rule = Source { path: "any.eql".into(), text: r#"process where process.name : "nc*""#.into() };
/// let (rules, report) = compile(&[rule], &CompileOptions::default());
/// assert!(!report.has_errors());
/// let mut session = Session::open(rules.into(), SessionOptions::default());
/// let outcome = session.evaluate(br#"{"event":{"category":"process"},"process":{"name":"ncat"}}"#);
/// assert_eq!(outcome.matches[0].events, [0]);
/// ```
#[derive(Debug)]
pub struct Session {
    rules: Arc<RuleSet>,
    evaluator: Evaluator,
    alerts: Option<AlertBuilder>,
    /// Whether events of sequences are kept, which alerts need.
    keeps_events: bool,
    /// None when no rule is about several events.
    correlator: Option<Correlator>,
    /// The rules that the current event matched.
    matched: Vec<u32>,
    /// The terms that it matched.
    terms: Vec<(u32, u16)>,
    lateness: Option<u64>,
    seed: u64,
    /// Events seen so far.
    seen: u64,
}

impl Session {
    /// Opens a session.
    pub fn open(rules: Arc<RuleSet>, options: SessionOptions) -> Self {
        let files = rules.program.normalisers.as_ref().map(|(_, files)| files);
        let builder = || AlertBuilder::new(rules.rules.len(), options.notes).with_normalisers(files);
        let alerts = options.alerts.then(builder);
        let setting = rules.program.setting();
        let (lateness, seed) = (options.lateness_ms, options.hash_seed.unwrap_or_default());
        let correlator = (!setting.correlations.is_empty()).then(|| Correlator::new(setting, lateness, seed));
        let (evaluator, keeps_events) = (Evaluator::default(), options.alerts);
        Session {
            evaluator,
            rules,
            alerts,
            keeps_events,
            correlator,
            matched: Vec::new(),
            terms: Vec::new(),
            lateness,
            seed,
            seen: 0,
        }
    }

    /// Keeps the events of sequences as if there were alerts, so that making these can be told apart from it.
    #[cfg(feature = "profile")]
    pub fn keep_events(&mut self) {
        self.keeps_events = true;
    }

    /// Evaluates a batch: one JSON event per line, whole lines only. An event that cannot be read is counted and
    /// described in the outcome; the others are not affected.
    ///
    /// Event rules match at once. Sequences and samples match when the order of their events is known: when a later event, or
    /// [`Self::idle`], [`Self::flush`] or [`Self::finish`], moves the watermark past them.
    pub fn evaluate(&mut self, batch: &[u8]) -> Outcome {
        let mut outcome = self.outcome();
        for line in lines(batch) {
            let event = self.seen;
            self.seen += 1;
            self.event(event, line, &mut outcome);
        }
        outcome.events = self.seen - outcome.first;
        let rules = self.rules.clone();
        if let Some(correlator) = &mut self.correlator {
            correlator.expire(rules.program.setting());
        }
        self.conclude(outcome)
    }

    /// Says until when (milliseconds since 1970) it can be now: an event with a later timestamp does not move the watermark, so
    /// that one wrong clock does not make the events of all others late. The core has no clock; without this any timestamp is
    /// believed.
    pub fn set_ceiling(&mut self, milliseconds: i64) {
        if let Some(correlator) = &mut self.correlator {
            correlator.set_ceiling(Some(At::from_ms(milliseconds)));
        }
    }

    /// Nothing has come for so many milliseconds: event time goes on as if it had, so that matches do not wait for an event that may
    /// never come.
    pub fn idle(&mut self, milliseconds: u64) -> Outcome {
        self.work(|correlator, program| correlator.idle(program.setting(), milliseconds))
    }

    /// Puts the events that are held back in order now, without waiting for late ones. A host that knows its events to be in order
    /// calls this after each batch.
    pub fn flush(&mut self) -> Outcome {
        self.work(|correlator, program| correlator.flush(program.setting()))
    }

    /// No more events come: like [`Self::flush`], and what waited for a missing event is decided, because it is missing for good.
    pub fn finish(&mut self) -> Outcome {
        self.work(|correlator, program| correlator.finish(program.setting()))
    }

    /// One of the four above, for hosts that pass it on.
    pub fn advance(&mut self, how: Advance) -> Outcome {
        match how {
            Advance::Idle(milliseconds) => self.idle(milliseconds),
            Advance::Flush => self.flush(),
            Advance::Finish => self.finish(),
            Advance::Ceiling(milliseconds) => {
                self.set_ceiling(milliseconds);
                let outcome = self.outcome();
                self.conclude(outcome)
            }
        }
    }

    /// The state of the session's sequences and samples as bytes: partial matches, events held back, watermarks, and how many events
    /// it saw. Alike for alike sessions.
    pub fn snapshot(&self) -> Vec<u8> {
        let setting = self.rules.program.setting();
        let none = || Correlator::new(setting, None, 0);
        match &self.correlator {
            Some(correlator) => snapshot::write(correlator, setting, self.seen, self.alerts.is_some()),
            None => snapshot::write(&none(), setting, self.seen, true),
        }
    }

    /// Takes over the state that [`Self::snapshot`] gave, of this or another rule set: each rule that is in both goes on where it
    /// was. The session must not have seen events. After an error it is as it was.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<Restored, RestoreError> {
        if self.seen > 0 {
            return Err(RestoreError::Used);
        }
        let setting = self.rules.program.setting();
        let fresh = Correlator::new(setting, self.lateness, self.seed);
        let (correlator, seen, restored) = snapshot::read(bytes, fresh, setting, self.alerts.is_some())?;
        if self.correlator.is_some() {
            self.correlator = Some(correlator);
        }
        self.seen = seen;
        Ok(restored)
    }

    fn work(&mut self, work: impl FnOnce(&mut Correlator, &Program)) -> Outcome {
        let mut outcome = self.outcome();
        let rules = self.rules.clone();
        if let Some(correlator) = &mut self.correlator {
            work(correlator, &rules.program);
        }
        self.correlated(&mut outcome);
        self.conclude(outcome)
    }

    fn outcome(&self) -> Outcome {
        Outcome { first: self.seen, ..Outcome::default() }
    }

    fn event(&mut self, number: u64, line: Line<'_>, outcome: &mut Outcome) {
        let program = &self.rules.program;
        let result = self.evaluator.run(program, line);
        let readable = result.is_ok() || !self.evaluator.matched().is_empty();
        if let Err((offset, message)) = result {
            reject(&mut outcome.rejected, &mut outcome.rejections, &program.limits, number, offset, message);
        }
        self.terms.clear();
        self.matched.clear();
        for filter in self.evaluator.matched() {
            for target in program.targets.of(*filter) {
                match *target {
                    Target::Rule(rule) => self.matched.push(rule),
                    Target::Term(machine, term) => self.terms.push((machine, term)),
                }
            }
        }
        // In the order of the rules, whoever shares a condition with whom.
        self.matched.sort_unstable();
        for &rule in &self.matched {
            outcome.matches.push(Match { rule, events: vec![number], join_keys: Vec::new() });
            if let Some(builder) = &mut self.alerts {
                builder.push(rule, &self.rules.rules[rule as usize], line.bytes, &program.limits, &mut outcome.alerts);
            }
        }
        let Some(correlator) = self.correlator.as_mut().filter(|_| readable) else { return };
        let event = self.evaluator.event(line);
        let keep = self.keeps_events;
        let observed =
            correlator.observe(program.setting(), event, number, &self.terms, || keep.then(|| event.bytes().into()));
        if observed.is_err() {
            let most = program.limits.max_combinations;
            let message = format!("a join key has more than {most} combinations of values");
            reject(&mut outcome.rejected, &mut outcome.rejections, &program.limits, number, 0, message);
        }
        self.correlated(outcome);
    }

    /// Matches of sequences and samples that were found.
    fn correlated(&mut self, outcome: &mut Outcome) {
        let Some(correlator) = &mut self.correlator else { return };
        for completion in correlator.take_matches() {
            let rule = self.rules.program.correlations[completion.machine as usize].rule;
            let events = completion.events.iter().map(|event| event.arrival).collect();
            outcome.matches.push(Match { rule, events, join_keys: completion.key.to_json() });
            if let Some(builder) = &mut self.alerts {
                let lines: Vec<&[u8]> = completion.events.iter().filter_map(|event| event.source.as_deref()).collect();
                let limits = &self.rules.program.limits;
                let key = completion.key.bytes();
                builder.push_group(rule, &self.rules.rules[rule as usize], key, &lines, limits, &mut outcome.alerts);
            }
            correlator.settle(completion);
        }
    }

    /// Says how the sequences and samples are doing.
    fn conclude(&mut self, mut outcome: Outcome) -> Outcome {
        let Some(correlator) = &mut self.correlator else { return outcome };
        let (tally, sizes) = (correlator.take_tally(), correlator.sizes());
        outcome.sequences = Some(SequenceStatus {
            held: sizes.held,
            held_bytes: sizes.held_bytes,
            join_keys: sizes.keys,
            partial_matches: sizes.partials,
            state_bytes: sizes.state_bytes,
            watermark: correlator.watermark().map(|at| at.ms),
            late: tally.late,
            undated: tally.undated,
            hurried: tally.hurried,
            evicted_keys: tally.evicted_keys,
            evicted_partials: tally.evicted_partials,
        });
        outcome
    }
}
