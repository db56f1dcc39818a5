//! What was measured, as data: `--output json`.

use serde::Serialize;

/// The document. All times are for one pass; those per event are in nanoseconds.
#[derive(Debug, Serialize)]
pub struct Report {
    pub version: &'static str,
    pub module_sha256: Option<&'static str>,
    pub rules: RuleTotals,
    pub events: EventTotals,
    pub engines: Vec<EngineRow>,
    /// Whether they found the same matches; none with one engine.
    pub engines_agree: Option<bool>,
    pub disagreements: Vec<Disagreement>,
    /// Natively, as the next two; none if that engine was not asked for.
    pub stages: Option<Vec<StageRow>>,
    pub costliest_rules: Option<Vec<RuleRow>>,
    pub costliest_predicates: Option<Vec<PredicateRow>>,
}

#[derive(Debug, Serialize)]
pub struct RuleTotals {
    pub compiled: usize,
    pub skipped: usize,
    pub failed: usize,
}

#[derive(Debug, Serialize)]
pub struct EventTotals {
    pub count: u64,
    pub bytes: u64,
    /// Of these, those that could not be evaluated.
    pub rejected: u64,
    /// Beside these, those that no engine was given.
    pub too_large: u64,
    /// Whether there are more, which were not read.
    pub cut: bool,
}

/// How fast an engine is. Rates are of the median pass.
#[derive(Debug, Serialize)]
pub struct EngineRow {
    pub engine: &'static str,
    pub events_per_second: f64,
    pub mb_per_second: f64,
    pub ns_per_event: f64,
    pub best_ns_per_event: f64,
    pub passes: usize,
    pub compile_ms: f64,
    pub matches: u64,
    /// Linear memory of the sandbox after all passes.
    pub memory_bytes: Option<u64>,
}

/// A rule of which two engines found different numbers of matches.
#[derive(Debug, Serialize)]
pub struct Disagreement {
    pub rule: String,
    pub native: u64,
    pub wasm: u64,
}

/// A part of the work, of the best pass.
#[derive(Debug, Serialize)]
pub struct StageRow {
    pub stage: &'static str,
    pub ns_per_event: f64,
    /// Of all stages.
    pub share: f64,
    #[serde(skip)]
    pub what: &'static str,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct RuleRow {
    pub id: String,
    pub name: String,
    pub path: String,
    pub ns_per_event: f64,
    /// Of the time of all stages.
    pub share: f64,
    /// The time of its conditions, and its parts of those of sequences and alerts.
    pub conditions_ns: f64,
    pub sequences_ns: f64,
    pub alerts_ns: f64,
    /// How often one of its conditions was evaluated, and how often it held: of a sequence those of all terms.
    pub evaluated: u64,
    pub held: u64,
    pub matches: u64,
    /// For which events it is evaluated; of a sequence the term that costs most.
    pub reached_by: String,
    /// What could be done about it.
    pub hint: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PredicateRow {
    pub text: String,
    /// `test`, `regex` or `computed`.
    pub kind: &'static str,
    pub ns_per_event: f64,
    /// Of the time of all stages.
    pub share: f64,
    /// How often a rule asked it, for how many events that had to be found out, and of how many it is true.
    pub asked: u64,
    pub answered: u64,
    pub held: u64,
    /// The names of the rules that ask it.
    pub rules: Vec<String>,
    pub hint: Option<String>,
}
