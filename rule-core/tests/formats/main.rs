//! Rule files beyond EQL in TOML: what other types of rules say, exports of Kibana, several versions of one rule, and what a
//! deployment changes.

mod documentation;
mod duplicates;
mod exports;
mod fields;
mod overrides;
mod properties;

use rule_core::rule::{self, FileContents};
use rule_core::{CompileOptions, CompileReport, Diagnostic, Limits, RuleSet, RuleStatus, Source, compile};
use serde_json::Value;

fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), text: text.into() }
}

fn read(text: &str) -> FileContents {
    rule::read(&source("rules/file", text), &Limits::default())
}

fn compiled(files: &[(&str, &str)], overrides: Option<&str>) -> (RuleSet, CompileReport) {
    let sources: Vec<Source> = files.iter().map(|(path, text)| source(path, text)).collect();
    let overrides = overrides.map(|text| source("overrides.toml", text));
    compile(&sources, &CompileOptions { overrides, ..CompileOptions::default() })
}

/// A rule as an export has it, on one line, with further members.
fn exported(id: &str, members: &str) -> String {
    format!(
        "{{\"rule_id\":\"{id}\",\"name\":\"Rule {id}\",\"type\":\"eql\",\"language\":\"eql\",\"query\":\"any where true\"{members}}}"
    )
}

/// What a diagnostic points at.
fn at<'a>(text: &'a str, diagnostic: &Diagnostic) -> &'a str {
    &text[diagnostic.labels[0].span.range()]
}

/// `compiled`, `failed`, or why it was skipped.
fn status(report: &CompileReport) -> Vec<(&str, &str)> {
    let word = |status: &'static str| status;
    let status = |rule| match rule {
        &RuleStatus::Compiled { .. } => word("compiled"),
        RuleStatus::Failed => word("failed"),
        RuleStatus::Skipped { reason } => reason.as_str(),
    };
    report.rules.iter().map(|rule| (rule.path.as_str(), status(&rule.status))).collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}
