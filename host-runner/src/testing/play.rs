//! Lets the events of one test happen.

use rule_core::{Advance, Outcome, RuleInfo, SessionOptions, format_date};
use serde_json::Value;

use super::expect::{Failure, FailureKind, FoundAlert};
use super::fields::{Fields, lookup};
use super::format::{Case, Step, When};
use super::run::Subject;
use crate::engine::{EngineError, Handle, Instance};

/// When every test starts, in milliseconds since 1970: 2026-01-01T00:00:00Z. The same at any time, so that alerts are.
pub const START: i64 = 1_767_225_600_000;

/// An event that does not say when comes so many milliseconds after what is before it.
const STEP: u64 = 1000;

/// What happened in a test.
#[derive(Default)]
pub struct Played {
    pub alerts: Vec<FoundAlert>,
    /// The events, a line each.
    pub lines: String,
    /// Where they stand in the test file.
    pub event_lines: Vec<u64>,
    pub rejected: Vec<Failure>,
    pub notes: Vec<String>,
}

impl Played {
    fn take(&mut self, outcome: Outcome, subject: &Subject) {
        for rejection in &outcome.rejections {
            let event = rejection.event + 1;
            self.rejected.push(Failure {
                kind: FailureKind::Rejected,
                message: format!("event {event} could not be read: {}", rejection.message),
                alert: None,
                field: None,
                expected: "an event that can be read".into(),
                found: rejection.message.clone(),
            });
        }
        let matches: Vec<_> = outcome.matches.iter().filter(|found| found.rule == subject.index).collect();
        let alerts: Vec<Value> = outcome.alerts.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let is_own = |alert: &&Value| {
            lookup(alert, "kibana.alert.rule.rule_id").is_some_and(|id| id == subject.info.id.as_str())
                // A building block of a sequence is a part of the alert that follows it.
                && lookup(alert, "kibana.alert.group.index").is_none()
        };
        let alerts: Vec<&Value> = alerts.iter().filter(is_own).collect();
        // Some kinds of rule may make no alert of a match; which match an alert is of is then not known.
        let known = matches.len() == alerts.len();
        for (at, alert) in alerts.iter().enumerate() {
            let events = matches.get(at).filter(|_| known).map(|found| found.events.iter().map(|event| event + 1));
            let events = events.map(Iterator::collect).unwrap_or_default();
            let found = FoundAlert { document: (*alert).clone(), events };
            // An alert with the id of an earlier one takes its place, as in an index: a suppression that goes on tells more of it.
            let id = lookup(alert, "kibana.alert.uuid");
            let same = |known: &&mut FoundAlert| id.is_some() && lookup(&known.document, "kibana.alert.uuid") == id;
            match self.alerts.iter_mut().find(same) {
                Some(known) => *known = found,
                None => self.alerts.push(found),
            }
        }
        let status = outcome.sequences.unwrap_or_default();
        if status.late > 0 {
            self.notes.push("an event came too late for its place in the sequence".into());
        }
        if status.undated > 0 {
            self.notes.push("an event has no timestamp that can be read, and so no place in the sequence".into());
        }
    }
}

/// Lets the events of a test happen, in a session of its own.
pub fn play(instance: &mut dyn Instance, rules: Handle, subject: &Subject, case: &Case) -> Result<Played, EngineError> {
    let options = SessionOptions { alerts: true, notes: true, ..SessionOptions::default() };
    let session = instance.open(rules, &options)?;
    let mut played = Played::default();
    // When the next event comes that does not say.
    let mut now: Option<u64> = None;
    for step in &case.steps {
        let outcome = match step {
            Step::Advance(millis) => {
                now = Some(now.unwrap_or_default().saturating_add(*millis));
                instance.advance(session, Advance::Idle(*millis))?
            }
            Step::Event { document, line, when } => {
                let at = match when {
                    When::At(at) => Some(*at),
                    When::Next => Some(now.map_or(0, |now| now.saturating_add(STEP))),
                    When::Document => None,
                };
                now = at.or(now);
                let text = dated(document, at, &subject.info);
                played.lines.push_str(&text);
                played.lines.push('\n');
                played.event_lines.push(*line);
                instance.evaluate(session, text.as_bytes())?
            }
        };
        played.take(outcome, subject);
    }
    let outcome = instance.advance(session, Advance::Finish)?;
    played.take(outcome, subject);
    instance.release(session)?;
    Ok(played)
}

/// The event as one line, with the time at which it happens.
fn dated(document: &Value, at: Option<u64>, rule: &RuleInfo) -> String {
    let (Some(at), Value::Object(object)) = (at, document) else { return document.to_string() };
    let time = format_date(START.saturating_add(i64::try_from(at).unwrap_or(i64::MAX)), 0);
    let Ok(mut fields) = Fields::of(object) else { return document.to_string() };
    fields.set("@timestamp", time.clone().into());
    if let Some(field) = &rule.timestamp_field {
        fields.set(field, time.into());
    }
    fields.document().to_string()
}
