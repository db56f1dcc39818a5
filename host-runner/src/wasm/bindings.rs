//! The contract's types, generated from `rule-wasm/wit`.
#![allow(missing_docs)]

use rule_core as core;

wasmtime::component::bindgen!({ path: "../rule-wasm/wit", world: "tripline" });

pub(super) use exports::tripline::engine::engine::{
    Compiled, DetectionStatus, Guest, HeldBack, Match, Outcome, Progress, Rejection, SequenceStatus, Source, Time,
};

impl From<&core::Source> for Source {
    fn from(source: &core::Source) -> Self {
        Source { path: source.path.clone(), text: source.text.clone() }
    }
}

impl From<Match> for core::Match {
    fn from(found: Match) -> Self {
        // The module writes JSON; anything else is as good as nothing.
        let join_keys = serde_json::from_str(&found.join_keys).unwrap_or_default();
        core::Match { rule: found.rule, events: found.events, join_keys }
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
            held_back: outcome.held_back.into_iter().map(Into::into).collect(),
            sequences: outcome.sequences.map(Into::into),
            detections: outcome.detections.map(Into::into),
        }
    }
}

impl From<SequenceStatus> for core::SequenceStatus {
    fn from(status: SequenceStatus) -> Self {
        core::SequenceStatus {
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

impl From<HeldBack> for core::HeldBack {
    fn from(held: HeldBack) -> Self {
        core::HeldBack { rule: held.rule, run: held.run, count: held.count }
    }
}

impl From<DetectionStatus> for core::DetectionStatus {
    fn from(status: DetectionStatus) -> Self {
        core::DetectionStatus {
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

impl From<core::Advance> for Time {
    fn from(how: core::Advance) -> Self {
        match how {
            core::Advance::Idle(milliseconds) => Time::Idle(milliseconds),
            core::Advance::Ceiling(milliseconds) => Time::Ceiling(milliseconds),
            core::Advance::Flush => Time::Flush,
            core::Advance::Finish => Time::Finish,
        }
    }
}

impl From<Progress> for core::SearchProgress {
    fn from(progress: Progress) -> Self {
        core::SearchProgress {
            events: progress.events,
            rejected: progress.rejected,
            rejections: progress.rejections.into_iter().map(Into::into).collect(),
            left_out: progress.left_out,
            evicted: progress.evicted,
        }
    }
}
