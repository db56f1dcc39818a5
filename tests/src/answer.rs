//! What a host answers to a vector, and what it is held to.

use anyhow::{Context as _, Result, bail, ensure};
use rule_core::{CompileReport, Outcome, RuleStatus};
use serde_json::Value;

use crate::vectors::{Case, Counts};

/// What a host gave for a vector: JSON documents as it wrote them.
#[derive(Debug, Default)]
pub struct Answer {
    /// A `rule_core::CompileReport`.
    pub report: String,
    /// A `rule_core::Outcome` for each call.
    pub outcomes: Vec<String>,
    /// Of a case with a restart: the snapshot, and a `rule_core::Restored`.
    pub restart: Option<(Vec<u8>, String)>,
    /// The `rule_core::Outcome` of finishing, where the rule set has sequences or samples.
    pub finish: Option<String>,
}

impl Answer {
    /// The golden line.
    pub fn line(&self, case: &Case) -> Result<String> {
        let mut line = format!(r#"{{"case":{},"report":{}"#, serde_json::to_string(&case.name)?, self.report);
        match self.outcomes.as_slice() {
            [outcome] => line += &format!(r#","outcome":{outcome}"#),
            outcomes => line += &format!(r#","outcomes":[{}]"#, outcomes.join(",")),
        }
        if let Some((state, restored)) = &self.restart {
            let state: String = state.iter().map(|byte| format!("{byte:02x}")).collect();
            line += &format!(r#","state":"{state}","restored":{restored}"#);
        }
        if let Some(finish) = &self.finish {
            line += &format!(r#","finish":{finish}"#);
        }
        Ok(line + "}")
    }

    /// Holds it against the hand-written expectation.
    pub fn check(&self, case: &Case) -> Result<()> {
        let report = read(&self.report)?;
        let outcomes =
            self.outcomes.iter().chain(&self.finish).map(|outcome| read(outcome)).collect::<Result<Vec<_>>>()?;
        case.check(&report, &outcomes)
    }
}

/// Reads a document of a host's.
pub fn read<T: serde::de::DeserializeOwned>(document: &str) -> Result<T> {
    serde_json::from_str(document).with_context(|| document.to_owned())
}

impl Case {
    fn check(&self, report: &CompileReport, outcomes: &[Outcome]) -> Result<()> {
        let compiled = report.rules.iter().filter(|rule| matches!(rule.status, RuleStatus::Compiled { .. })).count();
        if let Some(code) = &self.error {
            let codes: Vec<&str> = report.diagnostics.iter().map(|d| d.code.as_str()).collect();
            ensure!(codes.contains(&code.as_str()), "expected a diagnostic `{code}`, got {codes:?}");
            ensure!(compiled == 0, "the rule runs in spite of `{code}`");
            ensure!(outcomes.iter().all(|outcome| outcome.matches.is_empty()), "a rule that does not run matched");
            return Ok(());
        }
        if report.has_errors() || compiled != 1 {
            bail!("the rule does not compile: {}", serde_json::to_string(&report.diagnostics)?);
        }
        let found: Vec<_> = outcomes.iter().flat_map(|outcome| &outcome.matches).collect();
        ensure!(found.iter().all(|found| found.rule == 0), "there is one rule: {found:?}");
        let matched: Vec<&[u64]> = found.iter().map(|found| found.events.as_slice()).collect();
        let expected: Vec<Vec<u64>> = self.matches.iter().flatten().map(|events| events.ordinals()).collect();
        ensure!(matched == expected, "expected {expected:?} to match, got {matched:?}");
        if let Some(keys) = &self.keys {
            let expected: Vec<Vec<Value>> = read(keys)?;
            let keys: Vec<_> = found.iter().map(|found| &found.join_keys).collect();
            ensure!(keys.iter().copied().eq(&expected), "expected the join keys {expected:?}, got {keys:?}");
        }
        if let Some(expected) = &self.told {
            let told = outcomes.iter().enumerate().flat_map(|(call, outcome)| vec![call; outcome.matches.len()]);
            let told: Vec<usize> = told.collect();
            ensure!(told == *expected, "expected the matches to be told by the calls {expected:?}, got {told:?}");
        }
        let rejected: Vec<u64> = outcomes.iter().flat_map(|outcome| &outcome.rejections).map(|r| r.event).collect();
        let count: u64 = outcomes.iter().map(|outcome| outcome.rejected).sum();
        ensure!(
            rejected == self.rejected && count == self.rejected.len() as u64,
            "expected the events {:?} to be rejected, got {rejected:?}",
            self.rejected,
        );
        let counts = counted(outcomes);
        ensure!(counts == self.counts, "expected the counts {:?}, got {counts:?}", self.counts);
        self.check_alerts(outcomes)
    }

    /// One alert for each match of one event; for a match of several one for each event, and one for all.
    fn check_alerts(&self, outcomes: &[Outcome]) -> Result<()> {
        let mut last = None;
        for outcome in outcomes {
            let is_group = outcome.sequences.is_some();
            let due = outcome.matches.iter().map(|found| found.events.len() + usize::from(is_group)).sum::<usize>();
            let count = outcome.alerts.lines().count();
            ensure!(count == due, "expected {due} alerts, got {count}");
            last = outcome.alerts.lines().next_back().or(last);
        }
        let Some(expected) = &self.alert else { return Ok(()) };
        let last: Value = read(last.context("there is no alert")?)?;
        for (name, expected) in read::<serde_json::Map<String, Value>>(expected)? {
            // Null stands for what must not be there.
            let found = last.get(&name).unwrap_or(&Value::Null);
            ensure!(*found == expected, "expected {name} of the last alert to be {expected}, got {found}");
        }
        Ok(())
    }
}

fn counted(outcomes: &[Outcome]) -> Counts {
    outcomes.iter().filter_map(|outcome| outcome.sequences).fold(Counts::default(), |sum, status| Counts {
        late: sum.late + status.late,
        undated: sum.undated + status.undated,
        hurried: sum.hurried + status.hurried,
        evicted_keys: sum.evicted_keys + status.evicted_keys,
        evicted_partials: sum.evicted_partials + status.evicted_partials,
    })
}
