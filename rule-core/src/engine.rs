//! Rule sets and sessions.
use crate::*;
use std::sync::Arc;

/// A compiled rule set.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<RuleInfo>,
}

/// Compiles rule files into one rule set. Rules with errors are left out and described in the report.
pub fn compile(_sources: &[Source], _options: &CompileOptions) -> (RuleSet, CompileReport) {
    Default::default()
}

impl RuleSet {
    /// The rules that compiled, in input order.
    pub fn rules(&self) -> &[RuleInfo] {
        &self.rules
    }
}

/// A rule set at work on a stream of events.
#[derive(Debug)]
pub struct Session {
    _rules: Arc<RuleSet>,
}

impl Session {
    /// Opens a session.
    pub fn open(rules: Arc<RuleSet>, _options: SessionOptions) -> Self {
        Session { _rules: rules }
    }

    /// Evaluates a batch: one JSON event per line.
    pub fn evaluate(&mut self, _lines: &[u8]) -> Outcome {
        Outcome::default()
    }
}
