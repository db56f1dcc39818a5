//! The contract's types, generated from `rule-wasm/wit`.
#![allow(missing_docs)]

use rule_core as core;

wasmtime::component::bindgen!({ path: "../rule-wasm/wit", world: "tripline" });

pub(super) use exports::tripline::engine::engine::{Compiled, Guest, Match, Outcome, Progress, Rejection, Source};

impl From<&core::Source> for Source {
    fn from(source: &core::Source) -> Self {
        Source { path: source.path.clone(), text: source.text.clone() }
    }
}

impl From<Match> for core::Match {
    fn from(found: Match) -> Self {
        core::Match { rule: found.rule, events: found.events }
    }
}

impl From<Rejection> for core::Rejection {
    fn from(rejection: Rejection) -> Self {
        core::Rejection { event: rejection.event, offset: rejection.offset, message: rejection.message }
    }
}

impl From<Outcome> for core::Outcome {
    fn from(outcome: Outcome) -> Self {
        core::Outcome {
            first: outcome.first,
            events: outcome.events,
            matches: outcome.matches.into_iter().map(Into::into).collect(),
            rejected: outcome.rejected,
            rejections: outcome.rejections.into_iter().map(Into::into).collect(),
            alerts: outcome.alerts,
        }
    }
}

impl From<Progress> for core::SearchProgress {
    fn from(progress: Progress) -> Self {
        core::SearchProgress {
            events: progress.events,
            rejected: progress.rejected,
            rejections: progress.rejections.into_iter().map(Into::into).collect(),
        }
    }
}
