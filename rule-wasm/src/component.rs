//! The component face: `wit/tripline.wit`.

use rule_core as core;

use crate::{handles, service};
use exports::tripline::engine::engine::{Compiled, Guest, Handle, Match, Outcome, Progress, Rejection, Source};

wit_bindgen::generate!({ path: "wit", world: "tripline" });

struct Component;

export!(Component);

impl Guest for Component {
    fn about() -> String {
        json(&service::about())
    }

    fn compile(sources: Vec<Source>, options: String) -> Result<Compiled, String> {
        let sources: Vec<core::Source> = sources.into_iter().map(Into::into).collect();
        let (rules, report) = service::compile(&sources, &service::options(&options)?);
        Ok(Compiled { rules, report: json(&report) })
    }

    fn open(rules: Handle, options: String) -> Result<Handle, String> {
        service::open(rules, service::options(&options)?)
    }

    fn evaluate(session: Handle, lines: Vec<u8>) -> Result<Outcome, String> {
        service::evaluate(session, &lines).map(Into::into)
    }

    fn open_search(query: Source, options: String) -> Result<Handle, String> {
        // The contract's error is an array of diagnostics, for options too.
        let options = service::options(&options).map_err(|error| {
            json(&[core::Diagnostic::error(core::diagnostic::codes::SYNTAX, error, core::Span::default())])
        })?;
        service::open_search(&query.into(), options).map_err(|diagnostics| json(&diagnostics))
    }

    fn search_add(search: Handle, index: String, first_id: u64, lines: Vec<u8>) -> Result<Progress, String> {
        service::search_add(search, &index, first_id, &lines).map(Into::into)
    }

    fn search_finish(search: Handle) -> Result<String, String> {
        service::search_finish(search)
    }

    fn format(text: String) -> Result<String, String> {
        service::format(&text).map_err(|diagnostics| json(&diagnostics))
    }

    fn release(handle: Handle) {
        handles::release(handle);
    }
}

/// The core's reports are plain data: no map has keys that are not strings, so this cannot fail.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"error\":{:?}}}", error.to_string()))
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
        }
    }
}

impl From<core::SearchProgress> for Progress {
    fn from(progress: core::SearchProgress) -> Self {
        Progress {
            events: progress.events,
            rejected: progress.rejected,
            rejections: progress.rejections.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<core::Match> for Match {
    fn from(found: core::Match) -> Self {
        Match { rule: found.rule, events: found.events }
    }
}

impl From<core::Rejection> for Rejection {
    fn from(rejection: core::Rejection) -> Self {
        Rejection { event: rejection.event, offset: rejection.offset, message: rejection.message }
    }
}
