//! The component face: `wit/tripline.wit`.

use rule_core as core;

use crate::{handles, service};
use exports::tripline::engine::engine::{
    Compiled, DetectionStatus, Guest, Handle, HeldBack, Match, Outcome, Progress, Rejection, SequenceStatus, Source,
    Time,
};

wit_bindgen::generate!({ path: "wit", world: "tripline" });

struct Component;

export!(Component);

impl Guest for Component {
    fn about() -> String {
        json(&service::about())
    }

    fn compile(sources: Vec<Source>, options: String) -> Result<Compiled, String> {
        let (rules, report) = service::compile(sources.into_iter().map(Into::into), &service::options(&options)?);
        Ok(Compiled { rules, report: service::long_json(&report).unwrap_or_else(failure) })
    }

    fn open(rules: Handle, options: String) -> Result<Handle, String> {
        service::open(rules, service::options(&options)?)
    }

    fn evaluate(session: Handle, lines: Vec<u8>) -> Result<Outcome, String> {
        service::evaluate(session, &lines).map(Into::into)
    }

    fn advance(session: Handle, time: Time) -> Result<Outcome, String> {
        service::advance(session, time.into()).map(Into::into)
    }

    fn snapshot(session: Handle) -> Result<Vec<u8>, String> {
        service::snapshot(session)
    }

    fn restore(session: Handle, state: Vec<u8>) -> Result<String, String> {
        service::restore(session, &state).map(|restored| json(&restored))
    }

    fn open_search(query: Source, options: String) -> Result<Handle, String> {
        service::open_search(&query.into(), service::options(&options).map_err(diagnostic)?)
            .map_err(|diagnostics| json(&diagnostics))
    }

    fn search_add(search: Handle, index: String, first_id: u64, lines: Vec<u8>) -> Result<Progress, String> {
        service::search_add(search, &index, first_id, &lines).map(Into::into)
    }

    fn search_finish(search: Handle) -> Result<String, String> {
        service::search_finish(search)
    }

    fn explain(rule: Source, lines: Vec<u8>, options: String) -> Result<String, String> {
        let options = service::options(&options).map_err(diagnostic)?;
        service::explain(&rule.into(), &lines, &options).map_err(|diagnostics| json(&diagnostics))
    }

    fn format(text: String) -> Result<String, String> {
        service::format(&text).map_err(|diagnostics| json(&diagnostics))
    }

    fn release(handle: Handle) {
        handles::release(handle);
    }
}

/// Malformed options, where the contract's error is an array of diagnostics.
fn diagnostic(error: String) -> String {
    json(&[core::Diagnostic::error(core::diagnostic::codes::SYNTAX, error, core::Span::default())])
}

/// The core's reports are plain data: no map has keys that are not strings, so this cannot fail.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(failure)
}

fn failure(error: serde_json::Error) -> String {
    format!("{{\"error\":{:?}}}", error.to_string())
}

impl From<Source> for core::Source {
    fn from(source: Source) -> Self {
        core::Source { path: source.path, text: source.text }
    }
}

impl From<core::Outcome> for Outcome {
    fn from(outcome: core::Outcome) -> Self {
        Outcome {
            first: outcome.first,
            events: outcome.events,
            matches: outcome.matches.into_iter().map(Into::into).collect(),
            rejected: outcome.rejected,
            rejections: outcome.rejections.into_iter().map(Into::into).collect(),
            alerts: outcome.alerts,
            held_back: outcome.held_back.into_iter().map(Into::into).collect(),
            sequences: outcome.sequences.map(Into::into),
            detections: outcome.detections.map(Into::into),
        }
    }
}

impl From<core::SequenceStatus> for SequenceStatus {
    fn from(status: core::SequenceStatus) -> Self {
        SequenceStatus {
            held: status.held,
            held_bytes: status.held_bytes,
            join_keys: status.join_keys,
            partial_matches: status.partial_matches,
            state_bytes: status.state_bytes,
            watermark: status.watermark,
            late: status.late,
            undated: status.undated,
            hurried: status.hurried,
            evicted_keys: status.evicted_keys,
            evicted_partials: status.evicted_partials,
        }
    }
}

impl From<core::HeldBack> for HeldBack {
    fn from(held: core::HeldBack) -> Self {
        HeldBack { rule: held.rule, run: held.run, count: held.count }
    }
}

impl From<core::DetectionStatus> for DetectionStatus {
    fn from(status: core::DetectionStatus) -> Self {
        DetectionStatus {
            groups: status.groups,
            terms: status.terms,
            suppressions: status.suppressions,
            indicators: status.indicators,
            learned: status.learned,
            suppressed: status.suppressed,
            evicted_groups: status.evicted_groups,
            evicted_terms: status.evicted_terms,
            evicted_suppressions: status.evicted_suppressions,
        }
    }
}

impl From<Time> for core::Advance {
    fn from(time: Time) -> Self {
        match time {
            Time::Idle(milliseconds) => core::Advance::Idle(milliseconds),
            Time::Ceiling(milliseconds) => core::Advance::Ceiling(milliseconds),
            Time::Flush => core::Advance::Flush,
            Time::Finish => core::Advance::Finish,
        }
    }
}

impl From<core::SearchProgress> for Progress {
    fn from(progress: core::SearchProgress) -> Self {
        Progress {
            events: progress.events,
            rejected: progress.rejected,
            rejections: progress.rejections.into_iter().map(Into::into).collect(),
            left_out: progress.left_out,
            evicted: progress.evicted,
        }
    }
}

impl From<core::Match> for Match {
    fn from(found: core::Match) -> Self {
        let join_keys = if found.join_keys.is_empty() { String::new() } else { json(&found.join_keys) };
        Match { rule: found.rule, events: found.events, join_keys }
    }
}

impl From<core::Rejection> for Rejection {
    fn from(rejection: core::Rejection) -> Self {
        Rejection { event: rejection.event, offset: rejection.offset, message: rejection.message }
    }
}
