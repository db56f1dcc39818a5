//! What is measured: parsers of JSON, and Tripline on its hosts with some rules.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytesize::ByteSize;
use host_runner::{Engine, Handle, Instance, InstanceLimits};
use rule_core::{CompileOptions, Limits, RuleStatus, SessionOptions, Source};
use serde::de::IgnoredAny;
use serde_json::Value;
use tripline_benches::events::lines;

/// Something that goes over all events of a stream.
pub trait Contender {
    /// Goes over the batches once; how long that took, and what was found.
    fn round(&mut self, batches: &[&[u8]]) -> Result<(Duration, Found)>;
}

/// What a round found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Matches of rules.
    pub matches: u64,
    /// Events that could not be read.
    pub rejected: u64,
}

/// `serde_json` building a [`Value`] of each event, which is what all ratios relate to.
pub struct SerdeValue;

impl Contender for SerdeValue {
    fn round(&mut self, batches: &[&[u8]]) -> Result<(Duration, Found)> {
        parse(batches, |line| {
            drop(black_box(serde_json::from_slice::<Value>(line)?));
            Ok(())
        })
    }
}

/// `serde_json` skipping each event, which it validates.
pub struct SerdeIgnored;

impl Contender for SerdeIgnored {
    fn round(&mut self, batches: &[&[u8]]) -> Result<(Duration, Found)> {
        parse(batches, |line| {
            black_box(serde_json::from_slice::<IgnoredAny>(line)?);
            Ok(())
        })
    }
}

/// simd-json building a tape of each event. It parses in place, so each event is copied first.
#[derive(Default)]
pub struct SimdTape {
    copy: Vec<u8>,
    buffers: simd_json::Buffers,
}

impl Contender for SimdTape {
    fn round(&mut self, batches: &[&[u8]]) -> Result<(Duration, Found)> {
        let SimdTape { copy, buffers } = self;
        parse(batches, |line| {
            copy.clear();
            copy.extend_from_slice(line);
            drop(black_box(simd_json::to_tape_with_buffers(copy, buffers)?));
            Ok(())
        })
    }
}

fn parse(batches: &[&[u8]], mut event: impl FnMut(&[u8]) -> Result<()>) -> Result<(Duration, Found)> {
    let started = Instant::now();
    let mut rejected = 0;
    for batch in batches {
        rejected += lines(black_box(batch)).map(|line| u64::from(event(line).is_err())).sum::<u64>();
    }
    Ok((started.elapsed(), Found { matches: 0, rejected }))
}

/// Tripline with a rule set.
pub struct Tripline {
    instance: Box<dyn Instance>,
    rules: Handle,
    session: SessionOptions,
    /// How it started.
    pub start: Start,
}

/// What a rule set takes before the first event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// Rules that compiled.
    pub rules: usize,
    /// Rules that did not, or are of a kind that is not evaluated.
    pub left_out: usize,
    /// How long compiling took.
    pub compile: Duration,
    /// Bytes of linear memory that it added.
    pub memory: Option<u64>,
}

impl Tripline {
    /// Compiles the rules in a fresh instance.
    pub fn new(engine: &Engine, sources: &[Source], limits: InstanceLimits, alerts: bool) -> Result<Self> {
        Self::started(engine, sources, limits, &CompileOptions::default(), alerts)
    }

    /// With other limits on events.
    pub fn with_event_limits(
        engine: &Engine,
        sources: &[Source],
        limits: InstanceLimits,
        events: Limits,
    ) -> Result<Self> {
        Self::started(engine, sources, limits, &CompileOptions { limits: events, ..CompileOptions::default() }, false)
    }

    fn started(
        engine: &Engine,
        sources: &[Source],
        limits: InstanceLimits,
        options: &CompileOptions,
        alerts: bool,
    ) -> Result<Self> {
        let mut instance = engine.instance(limits).context("no instance")?;
        let before = instance.memory();
        let (rules, start) = compile(instance.as_mut(), sources, options)?;
        let memory = instance.memory().zip(before).map(|(after, before)| after - before);
        let session = SessionOptions { alerts, ..SessionOptions::default() };
        Ok(Tripline { instance, rules, session, start: Start { memory, ..start } })
    }

    /// How long it takes to compile the rules anew beside those at work, take over the state of their session and let go of
    /// the old ones: what a reload does.
    pub fn reload(&mut self, sources: &[Source], batch: &[u8]) -> Result<Duration> {
        let old = self.instance.open(self.rules, &self.session)?;
        self.instance.evaluate(old, batch)?;
        let started = Instant::now();
        let (rules, _) = compile(self.instance.as_mut(), sources, &CompileOptions::default())?;
        let state = self.instance.snapshot(old)?;
        let new = self.instance.open(rules, &self.session)?;
        self.instance.restore(new, &state)?;
        self.instance.release(old)?;
        self.instance.release(self.rules)?;
        let time = started.elapsed();
        self.instance.release(new)?;
        self.rules = rules;
        Ok(time)
    }
}

impl Contender for Tripline {
    fn round(&mut self, batches: &[&[u8]]) -> Result<(Duration, Found)> {
        // A session of its own for each round: to one that saw the stream before, all of it would be late.
        let session = self.instance.open(self.rules, &self.session)?;
        let mut found = Found::default();
        let started = Instant::now();
        for batch in batches {
            let outcome = self.instance.evaluate(session, black_box(batch))?;
            found.matches += outcome.matches.len() as u64;
            found.rejected += outcome.rejected;
        }
        let time = started.elapsed();
        self.instance.release(session)?;
        Ok((time, found))
    }
}

fn compile(instance: &mut dyn Instance, sources: &[Source], options: &CompileOptions) -> Result<(Handle, Start)> {
    let started = Instant::now();
    let (rules, report) = instance.compile(sources, options)?;
    let compile = started.elapsed();
    let compiled = |status: &RuleStatus| matches!(status, RuleStatus::Compiled { .. });
    let rules_in = report.rules.iter().filter(|rule| compiled(&rule.status)).count();
    if rules_in == 0 && !sources.is_empty() {
        bail!("none of the rules compiled: {:?}", report.diagnostics.first());
    }
    Ok((rules, Start { rules: rules_in, left_out: report.rules.len() - rules_in, compile, memory: None }))
}

/// The limits of the command, or more memory where a rule set does not fit in them.
pub fn limits(memory: Option<ByteSize>) -> InstanceLimits {
    let limits = InstanceLimits::default();
    InstanceLimits { memory: memory.unwrap_or(limits.memory), ..limits }
}
