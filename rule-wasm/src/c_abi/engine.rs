//! The rules at work, and what they say of a record.

use std::borrow::Cow;
use std::sync::Arc;

use rule_core::{Advance, CompileOptions, CompileReport, Outcome, RuleInfo, RuleSet, Session, SessionOptions, Source};
use serde::Deserialize;

use super::annotate;

/// Severities in rising order. A rule that states none, or another, counts as the lowest.
const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// What `tripline embed` writes into a module, in JSON.
#[derive(Debug, Deserialize)]
struct Embedded {
    sources: Vec<Source>,
    options: CompileOptions,
}

/// What `tripline_compile` takes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Request {
    Sources(Vec<Source>),
    Full(Box<Embedded>),
}

/// A rule set with its two sessions: records of a log shipper need no alert documents, batches of other hosts do.
#[derive(Debug)]
pub(super) struct Engine {
    records: Session,
    batches: Session,
    /// By the rule's index.
    labels: Vec<Label>,
    /// Why no record can match; told on the first record.
    complaint: Option<Cow<'static, str>>,
}

/// What a record gets when a rule matches.
#[derive(Debug)]
struct Label {
    /// The rule's name as a JSON string.
    name: String,
    /// Index into [`SEVERITIES`].
    severity: usize,
}

impl Label {
    fn new(rule: &RuleInfo) -> Self {
        let name = if rule.name.is_empty() { &rule.id } else { &rule.name };
        Label {
            name: serde_json::Value::from(name.as_str()).to_string(),
            severity: SEVERITIES.iter().position(|severity| *severity == rule.severity).unwrap_or(0),
        }
    }
}

/// The fields that a record gets: a JSON object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict(Vec<u8>);

impl Verdict {
    /// Writes the record with its fields.
    pub(super) fn write(&self, record: &[u8], out: &mut Vec<u8>) {
        annotate::annotate(record, &self.0, out);
    }
}

fn no_rules() -> RuleSet {
    rule_core::compile(&[], &CompileOptions::default()).0
}

impl Engine {
    fn new(rules: RuleSet) -> Self {
        let labels: Vec<_> = rules.rules().iter().map(|rule| Label::new(rule)).collect();
        let rules = Arc::new(rules);
        // A log shipper's records are in the order in which it got them, and there is no later call to wait for.
        let records = SessionOptions { lateness_ms: Some(0), ..SessionOptions::default() };
        let batches = SessionOptions { alerts: true, ..SessionOptions::default() };
        Engine {
            records: Session::open(rules.clone(), records),
            batches: Session::open(rules, batches),
            labels,
            complaint: None,
        }
    }

    /// Compiles a JSON array of sources, or an object of sources and options.
    pub(super) fn compile(request: &[u8]) -> Result<(Self, CompileReport), String> {
        let request: Request =
            serde_json::from_slice(request).map_err(|error| format!("the sources are malformed: {error}"))?;
        let Embedded { sources, options } = match request {
            Request::Sources(sources) => Embedded { sources, options: CompileOptions::default() },
            Request::Full(full) => *full,
        };
        let (rules, report) = rule_core::compile_each(sources, &options);
        Ok((Engine::new(rules), report))
    }

    /// Compiles the rules in the module.
    pub(super) fn embedded(rules: Option<&[u8]>) -> Self {
        let (rules, problem) = match rules.map(serde_json::from_slice::<Embedded>) {
            Some(Ok(Embedded { sources, options })) => (rule_core::compile_each(sources, &options).0, None),
            Some(Err(error)) => (no_rules(), Some(format!("the rules in this module are malformed: {error}"))),
            None => (no_rules(), None),
        };
        let mut engine = Engine::new(rules);
        if engine.labels.is_empty() {
            let none = "this module has no rules: make one that has with `tripline embed`";
            engine.complaint = Some(problem.map_or(Cow::from(none), Cow::from));
        }
        engine
    }

    /// Stands in for rules whose compilation trapped.
    pub(super) fn cut_off() -> Self {
        let complaint = Cow::from(
            "no rule runs: compiling them failed, most likely for want of stack (Fluent Bit: raise wasm_stack_size)",
        );
        Engine { complaint: Some(complaint), ..Engine::new(no_rules()) }
    }

    /// Evaluates one record, which is one line; `None` leaves it as it is.
    pub(super) fn filter(&mut self, line: &[u8]) -> Option<Verdict> {
        if let Some(complaint) = self.complaint.take() {
            return Some(Verdict(annotate::error_fields(&complaint)));
        }
        let outcome = self.records.evaluate(line);
        if let Some(rejection) = outcome.rejections.first() {
            let message = format!("not evaluated: {} at byte {}", rejection.message, rejection.offset);
            return Some(Verdict(annotate::error_fields(&message)));
        }
        // The sequences that this record ends are told with it.
        let flushed = self.records.flush();
        let matches = outcome.matches.iter().chain(&flushed.matches);
        let matched: Vec<&Label> = matches.filter_map(|m| self.labels.get(m.rule as usize)).collect();
        let severity = matched.iter().map(|label| label.severity).max()?;
        let names = matched.iter().map(|label| label.name.as_str()).collect::<Vec<_>>().join(",");
        Some(Verdict(format!(r#"{{"rule":[{names}],"severity":"{}"}}"#, SEVERITIES[severity]).into_bytes()))
    }

    /// Evaluates a batch, one event per line.
    pub(super) fn evaluate(&mut self, lines: &[u8]) -> Outcome {
        self.batches.evaluate(lines)
    }

    /// Moves the batches' event time on.
    pub(super) fn advance(&mut self, time: Advance) -> Outcome {
        self.batches.advance(time)
    }
}
