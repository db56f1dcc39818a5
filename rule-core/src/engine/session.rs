//! A rule set at work on a stream of events.

mod found;

use std::sync::Arc;

use super::signals::Signals;
use super::streams::Seen;
use super::{Evaluator, Program, RuleSet, Target, lines, reject};
use crate::alert::{AlertBuilder, Extra};
use crate::api::{Advance, Match, Outcome, SessionOptions};
use crate::correlate::Correlator;
use crate::correlate::order::At;
use crate::correlate::plan::Shape;
use crate::correlate::snapshot::{self, RestoreError, Restored};
use crate::correlate::trace::{Note, Pending, Step};
use crate::decode::Line;
use crate::detect;
use crate::detect::threat::Scratch;
use crate::sort;

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
    /// The data streams of events.
    streams: Seen,
    /// What it is for events that do not say.
    index: Option<String>,
    /// The rules that the current event matched.
    matched: Vec<Matched>,
    scratch: Scratch,
    /// None when alerts are not limited.
    signals: Option<Signals>,
    options: detect::Options,
    /// Whether a rule counts, remembers, suppresses or looks up indicators.
    detects: bool,
    /// The terms that it matched.
    terms: Vec<(u32, u16)>,
    lateness: Option<u64>,
    seed: u64,
    /// Events seen so far.
    seen: u64,
}

/// That the event at hand is a match of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Matched {
    rule: u32,
    /// Whether it is an alert at once.
    is_alert: bool,
    /// The indicators that the rule looked for.
    threat: Option<u32>,
}

impl Session {
    /// Opens a session.
    pub fn open(rules: Arc<RuleSet>, options: SessionOptions) -> Self {
        let files = rules.program.normalisers.as_ref().map(|(_, files)| files);
        let alerts = options.alerts.then(|| AlertBuilder::new(&rules.rules, options.notes).with_normalisers(files));
        let setting = rules.program.setting();
        let (lateness, seed) = (options.lateness_ms, options.hash_seed.unwrap_or_default());
        let signals = (options.alerts && options.max_signals).then(|| Signals::new(files));
        let detect = detect::Options { learning: options.learning_ms, max_signals: signals.is_some() };
        let correlator = (!setting.correlations.is_empty()).then(|| Correlator::new(setting, lateness, seed, detect));
        let detects = setting.correlations.iter().any(|c| matches!(c.shape, Shape::Detection(_)))
            || !rules.program.threats.is_empty();
        let (evaluator, keeps_events) = (Evaluator::default(), options.alerts);
        Session {
            evaluator,
            rules,
            alerts,
            keeps_events,
            correlator,
            streams: Seen::default(),
            index: options.index,
            matched: Vec::new(),
            scratch: Scratch::default(),
            signals,
            options: detect,
            detects,
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
        self.correlated(&mut outcome);
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

    /// Has collected from now on what becomes of the events of rules over several events, for [`Self::take_trace`].
    pub(crate) fn trace(&mut self) {
        if let Some(correlator) = &mut self.correlator {
            correlator.trace();
        }
    }

    /// What was collected of the first rule: of a sequence or sample the steps, and what is still open, at most `most`.
    pub(crate) fn take_trace(&mut self, most: usize) -> (Vec<Step>, Vec<Pending>, Vec<Note>) {
        let Some(correlator) = &mut self.correlator else { return Default::default() };
        let pending = correlator.pending(self.rules.program.setting(), 0, most);
        (correlator.take_steps(), pending, correlator.take_notes())
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
        let signals = self.signals.as_ref().map(|signals| signals.save(&self.rules.rules)).unwrap_or_default();
        let none = || Correlator::new(setting, None, 0, self.options);
        match &self.correlator {
            Some(correlator) => snapshot::write(correlator, setting, self.seen, self.alerts.is_some(), signals),
            None => snapshot::write(&none(), setting, self.seen, true, signals),
        }
    }

    /// Takes over the state that [`Self::snapshot`] gave, of this or another rule set: each rule that is in both goes on where it
    /// was. The session must not have seen events. After an error it is as it was.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<Restored, RestoreError> {
        if self.seen > 0 {
            return Err(RestoreError::Used);
        }
        let setting = self.rules.program.setting();
        let fresh = Correlator::new(setting, self.lateness, self.seed, self.options);
        let read = snapshot::read(bytes, fresh, setting, self.alerts.is_some())?;
        if self.correlator.is_some() {
            self.correlator = Some(read.correlator);
        }
        if let Some(signals) = &mut self.signals {
            signals.restore(&self.rules.rules, &read.signals);
        }
        self.seen = read.seen;
        Ok(read.restored)
    }

    fn work(&mut self, work: impl Fn(&mut Correlator, &Program)) -> Outcome {
        let mut outcome = self.outcome();
        let rules = self.rules.clone();
        // Again for the suppression of what was found at first. Done twice, it is done once.
        for _ in 0..2 {
            if let Some(correlator) = &mut self.correlator {
                work(correlator, &rules.program);
            }
            self.correlated(&mut outcome);
        }
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
        if !self.evaluator.matched().is_empty() {
            self.streams.event(&program.streams, self.evaluator.event(line), self.index.as_deref());
        }
        for filter in self.evaluator.matched() {
            for target in program.targets.of(*filter) {
                let rule = match *target {
                    Target::Rule(rule) => rule,
                    Target::Threat(number) => program.threats[number as usize].rule,
                    Target::Term(machine, _) | Target::Detection(machine) => {
                        program.correlations[machine as usize].rule
                    }
                };
                if !self.streams.is_for(&program.streams, rule) {
                    continue;
                }
                match *target {
                    Target::Rule(rule) => self.matched.push(Matched { rule, is_alert: true, threat: None }),
                    Target::Threat(number) => {
                        let threat = &program.threats[number as usize];
                        let event = self.evaluator.event(line);
                        if !threat.matches(event, &program.plan.columns, &mut self.scratch) {
                            continue;
                        }
                        let (rule, is_alert) = (threat.rule, threat.machine.is_none());
                        self.matched.push(Matched { rule, is_alert, threat: Some(number) });
                        if let Some(machine) = threat.machine.filter(|_| self.keeps_events) {
                            let correlation = &program.correlations[machine as usize];
                            self.terms.extend(correlation.wanted().map(|term| (machine, term)));
                        }
                    }
                    Target::Detection(machine) => {
                        let correlation = &program.correlations[machine as usize];
                        let is_each = correlation.is_each();
                        if is_each {
                            self.matched.push(Matched { rule: correlation.rule, is_alert: false, threat: None });
                        }
                        // Suppression is about alerts.
                        if !is_each || self.keeps_events {
                            self.terms.extend(correlation.wanted().map(|term| (machine, term)));
                        }
                    }
                    Target::Term(machine, term) => self.terms.push((machine, term)),
                }
            }
        }
        // In the order of the rules, whoever shares a condition with whom.
        sort::unstable(&mut self.matched, Ord::cmp);
        let at = match &mut self.signals {
            Some(signals) if self.matched.iter().any(|matched| matched.is_alert) => signals.time(line, &program.limits),
            _ => None,
        };
        for &Matched { rule, is_alert, threat } in &self.matched {
            outcome.matches.push(Match { rule, events: vec![number], join_keys: Vec::new() });
            let Some(builder) = self.alerts.as_mut().filter(|_| is_alert) else { continue };
            let (info, limits) = (&self.rules.rules[rule as usize], &program.limits);
            let held_back = &mut outcome.held_back;
            if self.signals.as_mut().is_none_or(|signals| signals.take(rule, info, at, limits, held_back)) {
                let Some(threat) = threat.and_then(|number| program.threats.get(number as usize)) else {
                    builder.push(rule, info, line.bytes, limits, &mut outcome.alerts);
                    continue;
                };
                let event = self.evaluator.event(line);
                let enrichments = threat.enrichments(event, &program.plan.columns, &mut self.scratch);
                let extra = Extra::new().with("threat.enrichments", &enrichments);
                builder.push_with(rule, info, line.bytes, &extra, limits, &mut outcome.alerts);
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
}
