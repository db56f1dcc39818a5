//! Streams: a rule set of sequence queries, events that arrive in some order, and what comes of it.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Result, ensure};
use fastrand::Rng;
use rule_core::{CompileOptions, Match, Outcome, RuleSet, Session, SessionOptions, Source, compile};

use super::engine::{Answer, keys_json};
use super::{Case, Event, Query, sequences};

/// A match: the rule, and the sequence with its events in place of those of the arrival.
pub type Found = (u32, Answer);

/// A rule set and the order in which a case's events arrive.
#[derive(Debug)]
pub struct Stream {
    /// The queries, a rule each.
    pub queries: Vec<Query>,
    /// Whether the rules name the tiebreaker field.
    pub tiebreaker: bool,
    /// The events, in the order of arrival, which their numbers tell.
    pub events: Vec<Event>,
    /// The greatest delay that is waited for; `None` is any.
    pub lateness_ms: Option<u64>,
}

impl Stream {
    /// A case's events as they come, with up to two random queries beside the case's own: rules of one set share what they can, and must
    /// not feel it.
    pub fn of(case: &Case, rng: &mut Rng) -> Stream {
        let mut queries = vec![case.query.clone()];
        queries.extend((0..rng.usize(0..=2)).map(|_| Case::random(rng).query));
        let lateness_ms = [Some(0), Some(1), Some(4), Some(1_000), None][rng.usize(..5)];
        Stream { queries, tiebreaker: case.tiebreaker, events: case.visible(), lateness_ms }
    }

    /// The rules as files.
    pub fn sources(&self) -> Vec<Source> {
        let rule = |(number, query): (usize, &Query)| {
            let mut text = format!(
                "[rule]\nname = \"{number}\"\nrule_id = \"{number}\"\ntype = \"eql\"\nlanguage = \"eql\"\nquery = '''\n{query}\n'''\n"
            );
            if self.tiebreaker {
                let _ = writeln!(text, "tiebreaker_field = \"{}\"", Event::TIEBREAKER);
            }
            Source { path: format!("{number}.toml"), text }
        };
        self.queries.iter().enumerate().map(rule).collect()
    }

    /// The rule set, all of which must compile.
    pub fn rules(&self) -> Result<Arc<RuleSet>> {
        let (rules, report) = compile(&self.sources(), &CompileOptions::default());
        let diagnostics = || serde_json::to_string(&report.diagnostics).unwrap_or_default();
        ensure!(!report.has_errors() && rules.rules().len() == self.queries.len(), "{}", diagnostics());
        Ok(Arc::new(rules))
    }

    /// Options for a session on it.
    pub fn options(&self) -> SessionOptions {
        SessionOptions { lateness_ms: self.lateness_ms, ..SessionOptions::default() }
    }

    /// The events as lines.
    pub fn lines(&self) -> Vec<String> {
        self.events.iter().map(|event| format!("{}\n", event.json())).collect()
    }

    /// Which events are late: more than the lateness before the latest that has arrived by then.
    pub fn late(&self) -> Vec<bool> {
        let mut latest = i64::MIN;
        let mut late = |event: &Event| {
            latest = latest.max(event.ts_ms);
            self.lateness_ms.is_some_and(|lateness| event.ts_ms < latest - lateness as i64)
        };
        self.events.iter().map(|event| late(event)).collect()
    }

    /// What the reference finds in the events that are not late.
    pub fn expected(&self) -> Vec<Found> {
        let late = self.late();
        let events: Vec<Event> =
            self.events.iter().zip(&late).filter(|(_, late)| !**late).map(|(event, _)| event.clone()).collect();
        let mut found = Vec::new();
        for (rule, query) in self.queries.iter().enumerate() {
            for sequence in sequences(query, &events) {
                let events = sequence.events.iter().copied().filter(Option::is_some).collect();
                found.push((rule as u32, Answer { keys: keys_json(&sequence.keys), events }));
            }
        }
        sort(&mut found);
        found
    }

    /// What a session finds that gets the events in batches as `cut` has them, with `between` done after each.
    pub fn run(
        &self,
        cut: &[usize],
        mut between: impl FnMut(Session) -> Result<(Session, Vec<Outcome>)>,
    ) -> Result<Vec<Found>> {
        let mut session = Session::open(self.rules()?, self.options());
        let mut outcomes = Vec::new();
        for batch in batches(&self.lines(), cut) {
            outcomes.push(session.evaluate(batch.as_bytes()));
            let (next, more) = between(session)?;
            session = next;
            outcomes.extend(more);
        }
        outcomes.push(session.finish());
        found(&outcomes)
    }
}

/// The lines as batches; a batch ends before each of the lines that `cut` tells.
pub fn batches(lines: &[String], cut: &[usize]) -> Vec<String> {
    let mut ends: Vec<usize> = cut.iter().copied().chain([lines.len()]).collect();
    ends.sort_unstable();
    let mut from = 0;
    let mut batches = Vec::new();
    for end in ends {
        batches.push(lines[from..end].concat());
        from = end;
    }
    batches
}

/// Random places to cut a stream of so many events, all or none of them among it.
pub fn cuts(count: usize, rng: &mut Rng) -> Vec<usize> {
    let density = [0.0, 0.3, 1.0][rng.usize(..3)];
    (0..count).filter(|_| rng.f64() < density).collect()
}

/// The matches of outcomes, sorted.
pub fn found<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for outcome in outcomes {
        ensure!(outcome.rejected == 0, "{:?}", outcome.rejections);
        for Match { rule, events, join_keys, .. } in &outcome.matches {
            let events = events.iter().map(|event| Some(*event as usize)).collect();
            found.push((*rule, Answer { keys: join_keys.clone(), events }));
        }
    }
    sort(&mut found);
    Ok(found)
}

/// Sorts matches: a session tells them when they are decided, which for a missing event is later than the last event.
pub fn sort(found: &mut [Found]) {
    found.sort_by_cached_key(|(rule, answer)| (*rule, answer.events.clone(), format!("{:?}", answer.keys)));
}
