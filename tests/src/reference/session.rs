//! Streams: a rule set of sequence queries, events that arrive in some order, and what comes of it.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Result, ensure};
use fastrand::Rng;
use rule_core::{CompileOptions, Match, Outcome, RuleSet, Session, SessionOptions, Source, compile};
use serde_json::Value;

use super::engine::{Answer, keys_json};
use super::{Case, Event, MS, Query, sequences};

/// A match: the rule's id, and the sequence without what is missing.
pub type Found = (usize, Answer);

/// A rule of a stream.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Unique in its rule set.
    pub id: usize,
    /// What it looks for.
    pub query: Query,
}

/// A rule set and the order in which a case's events arrive.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The rules.
    pub rules: Vec<Rule>,
    /// Whether the rules name the tiebreaker field.
    pub tiebreaker: bool,
    /// The mapping that the rules are compiled with.
    pub mapping: Option<Value>,
    /// The events, in the order of arrival, which their numbers tell.
    pub events: Vec<Event>,
    /// The greatest delay that is waited for; `None` is any.
    pub lateness_ms: Option<u64>,
    /// Whether alerts are made, for which a session has to keep events.
    pub alerts: bool,
}

impl Stream {
    /// A case's events as they come, with up to two random queries beside the case's own: rules of one set share what they can, and must
    /// not feel it.
    pub fn of(case: &Case, rng: &mut Rng) -> Stream {
        let mut queries = vec![case.query.clone()];
        queries.extend((0..rng.usize(0..=2)).map(|_| Case::random(rng).query));
        Stream {
            rules: queries.into_iter().enumerate().map(|(id, query)| Rule { id, query }).collect(),
            tiebreaker: case.tiebreaker,
            mapping: case.mapping(),
            events: case.visible(),
            lateness_ms: [Some(0), Some(1), Some(4), Some(1_000), None][rng.usize(..5)],
            alerts: rng.u8(..5) == 0,
        }
    }

    /// The rules as files.
    pub fn sources(&self) -> Vec<Source> {
        let rule = |Rule { id, query }: &Rule| {
            let mut text = format!(
                "[rule]\nname = \"{id}\"\nrule_id = \"{id}\"\ntype = \"eql\"\nlanguage = \"eql\"\nquery = '''\n{query}\n'''\n"
            );
            if self.tiebreaker {
                let _ = writeln!(text, "tiebreaker_field = \"{}\"", Event::TIEBREAKER);
            }
            Source { path: format!("{id}.toml"), text }
        };
        self.rules.iter().map(rule).collect()
    }

    /// Options to compile the rules with.
    pub fn compile_options(&self) -> CompileOptions {
        CompileOptions { mapping: self.mapping.clone(), ..CompileOptions::default() }
    }

    /// Options for a session on them.
    pub fn options(&self) -> SessionOptions {
        SessionOptions { lateness_ms: self.lateness_ms, alerts: self.alerts, ..SessionOptions::default() }
    }

    /// The rule set, all of which must compile.
    pub fn compiled(&self) -> Result<Arc<RuleSet>> {
        let (rules, report) = compile(&self.sources(), &self.compile_options());
        let diagnostics = || serde_json::to_string(&report.diagnostics).unwrap_or_default();
        ensure!(!report.has_errors() && rules.rules().len() == self.rules.len(), "{}", diagnostics());
        Ok(Arc::new(rules))
    }

    /// A new session.
    pub fn open(&self) -> Result<Session> {
        Ok(Session::open(self.compiled()?, self.options()))
    }

    /// A session that goes on where another was, on rules that [`Stream::compiled`] gave.
    pub fn restore(&self, rules: &Arc<RuleSet>, state: &[u8]) -> Result<Session> {
        let mut session = Session::open(rules.clone(), self.options());
        session.restore(state).map_err(|error| anyhow::anyhow!("the snapshot is refused: {error}"))?;
        Ok(session)
    }

    /// The events as lines.
    pub fn lines(&self) -> Vec<String> {
        self.events.iter().map(|event| format!("{}\n", event.json())).collect()
    }

    /// Which events are late: more than the lateness before the latest that has arrived by then.
    pub fn late(&self) -> Vec<bool> {
        let mut latest = i64::MIN;
        let mut late = |event: &Event| {
            latest = latest.max(event.ts_ns);
            self.lateness_ms.is_some_and(|lateness| event.ts_ns < latest - lateness as i64 * MS)
        };
        self.events.iter().map(&mut late).collect()
    }

    /// What the reference finds in the events that are not late.
    pub fn expected(&self) -> Vec<Found> {
        let late = self.late();
        let in_time = self.events.iter().zip(&late).filter(|(_, late)| !**late);
        let events: Vec<Event> = in_time.map(|(event, _)| event.clone()).collect();
        let mut found = Vec::new();
        for Rule { id, query } in &self.rules {
            for sequence in sequences(query, &events) {
                let events = sequence.events.iter().copied().filter(Option::is_some).collect();
                found.push((*id, Answer { keys: keys_json(&sequence.keys), events }));
            }
        }
        sort(&mut found);
        found
    }

    /// What a session finds that gets the events in batches as `cuts` has them, with `between` done after each.
    pub fn run(&self, cuts: &[usize], mut between: impl FnMut(&mut Session) -> Option<Outcome>) -> Result<Vec<Found>> {
        let mut session = self.open()?;
        let mut outcomes = Vec::new();
        for batch in self.batches(cuts) {
            outcomes.push(session.evaluate(batch.as_bytes()));
            outcomes.extend(between(&mut session));
        }
        outcomes.push(session.finish());
        self.check_counters(&outcomes)?;
        self.found(&outcomes)
    }

    /// A small stream hits no limit, everything in it is decided at its end, and only what is late is counted as late.
    fn check_counters(&self, outcomes: &[Outcome]) -> Result<()> {
        let states = || outcomes.iter().filter_map(|outcome| outcome.sequences);
        let dropped = states().map(|state| state.undated + state.hurried + state.evicted_keys + state.evicted_partials);
        ensure!(dropped.sum::<u64>() == 0, "something was dropped: {:?}", states().collect::<Vec<_>>());
        let late = self.late().iter().filter(|late| **late).count() as u64;
        let counted: u64 = states().map(|state| state.late).sum();
        ensure!(counted <= late * self.rules.len() as u64, "{counted} late events are counted, {late} are late");
        let end = states().next_back();
        ensure!(end.is_some_and(|state| state.held == 0 && state.held_bytes == 0), "at the end: {end:?}");
        Ok(())
    }

    /// The lines as batches; a batch ends before each of the lines that `cuts` tells.
    pub fn batches(&self, cuts: &[usize]) -> Vec<String> {
        let lines = self.lines();
        let mut from = 0;
        let ends = cuts.iter().copied().chain([lines.len()]);
        ends.map(|end| lines[std::mem::replace(&mut from, end)..end].concat()).collect()
    }

    /// The matches of outcomes, sorted.
    pub fn found<'o>(&self, outcomes: impl IntoIterator<Item = &'o Outcome>) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        for outcome in outcomes {
            ensure!(outcome.rejected == 0, "{:?}", outcome.rejections);
            for Match { rule, events, join_keys, .. } in &outcome.matches {
                let events = events.iter().map(|event| Some(*event as usize)).collect();
                found.push((self.rules[*rule as usize].id, Answer { keys: join_keys.clone(), events }));
            }
        }
        sort(&mut found);
        Ok(found)
    }
}

/// Random places to cut a stream of so many events, all or none of them among it.
pub fn cuts(count: usize, rng: &mut Rng) -> Vec<usize> {
    let density = [0.0, 0.3, 1.0][rng.usize(..3)];
    (0..count).filter(|_| rng.f64() < density).collect()
}

/// Sorts matches: a session tells them when they are decided, which for a missing event is later than the last event.
pub fn sort(found: &mut [Found]) {
    found.sort_by_cached_key(|(rule, answer)| (*rule, answer.events.clone(), format!("{:?}", answer.keys)));
}
