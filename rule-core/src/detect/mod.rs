//! Rules that count, remember, suppress or look up: `threshold`, `new_terms`, `alert_suppression`, `threat_match`, and the budget of
//! `max_signals`.
//!
//! ```text
//! event in its turn ─► stage (each, threshold, new terms) ─► suppression ─► budget of the run ─► finding ─► match and alert
//! ```
//!
//! Kibana runs such a rule every few minutes over an index. Here a *run* is a tick of a grid in event time: the multiples of the
//! rule's interval since 1970. The run of a tick sees the events before it, as far back as the rule looks, and is decided when the
//! watermark passes it. So nothing depends on when or in which order events arrive, as long as it is within the lateness, and a replay
//! finds the same. `docs/rule-types.md` compares this with Kibana, point by point.
//!
//! Events come in order from the timelines of [`correlate`](crate::correlate), which also count, evict and save what is kept here.
//!
//! | file | what it is |
//! |---|---|
//! | `plan` | what a rule asks for, and the keys that its events need |
//! | `machine` | one rule at work |
//! | `threshold` | events counted by group, for the runs that see them |
//! | `terms` | terms that were seen |
//! | `suppress` | alerts that count as one |
//! | `signals` | how many alerts a run may still give |
//! | `indicators`, `threat` | indicators as they are given, and events that have a value of one |
//! | `group` | what the events of a sequence have in common |
//! | `finding` | what is found, as members of an alert |
//! | `snapshot` | the state as it is saved |

mod finding;
mod group;
pub mod indicators;
mod machine;
mod plan;
mod signals;
pub mod snapshot;
mod suppress;
mod terms;
pub mod threat;
mod threshold;

pub use finding::{Finding, Found};
pub(crate) use group::common;
pub use machine::{Machine, Sizes};
pub use plan::{Plan, Stage, ago, interval, lower, max_signals};
pub use signals::Budget;

use sha2::{Digest, Sha256};

/// How a session runs these rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Milliseconds of event time from the first event during which new terms are learned without alerts.
    pub learning: u64,
    /// Whether [`RuleInfo::max_signals`](crate::RuleInfo::max_signals) holds alerts back.
    pub max_signals: bool,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// New terms learned without an alert.
    pub learned: u64,
    /// Alerts that count as part of another.
    pub suppressed: u64,
    /// Groups of a threshold dropped to make room.
    pub evicted_groups: u64,
    /// Terms forgotten to make room.
    pub evicted_terms: u64,
    /// Suppressions ended before their time to make room.
    pub evicted_suppressions: u64,
    /// Machine, run and how many of its alerts were held back.
    pub held_back: Vec<(u32, i64, u64)>,
}

/// What a group, a term or a suppression costs beside its key.
pub const GROUP_BYTES: u64 = 96;
/// What the events of a group cost that lie between the same two borders of runs.
pub const SEGMENT_BYTES: u64 = 96;
/// What a different value of a group costs.
pub const VALUE_BYTES: u64 = 48;
/// What a term costs that was seen.
pub const TERM_BYTES: u64 = 128;

/// The first 128 bits of a SHA-256: what stands for a value whose text nobody needs. Of a million values some two are taken for one
/// with a probability of 10^-27.
fn digest(bytes: &[u8]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&Sha256::digest(bytes)[..16]);
    short
}

/// The tick of the run that first sees an event of that time.
pub fn tick(ms: i64, interval: u64) -> i64 {
    let interval = i64::try_from(interval.max(1)).unwrap_or(i64::MAX);
    ms.saturating_sub(ms.rem_euclid(interval)).saturating_add(interval)
}
