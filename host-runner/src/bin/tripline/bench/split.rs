//! Where the time goes: from passes to stages, rules and predicates.

use std::time::{Duration, Instant};

use rule_core::profile::{Clock, ConditionCost, Kind, Profile, Profiler, Stage};
use rule_core::{CompileReport, RuleReport, RuleStatus};

use super::data::Data;
use super::hints;
use super::measure::{Found, Step, Times};
use super::report::{PredicateRow, RuleRow, StageRow};

/// What each stage takes, in nanoseconds of the best pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Split {
    decode: f64,
    find: f64,
    predicates: f64,
    rules: f64,
    sequences: f64,
    alerts: f64,
}

impl Split {
    /// The differences of passes that stop after a stage.
    pub fn new(measured: &[(Step, Times)]) -> Split {
        let best =
            |wanted: Step| measured.iter().find(|(step, _)| *step == wanted).map_or(0.0, |(_, times)| times.best());
        let until = |stage| best(Step::Until(stage));
        let (decode, find, conditions) = (until(Stage::Decode), until(Stage::Find), until(Stage::Conditions));
        let (no_alerts, whole) = (best(Step::NoAlerts), best(Step::All));
        // What is less than the noise is nothing.
        let less = |longer: f64, shorter: f64| (longer - shorter).max(0.0);
        let both = less(conditions, find);
        // A second evaluation has all answers, so that it takes what conditions take without predicates.
        let rules = less(until(Stage::Again), conditions).min(both);
        Split {
            decode,
            find: less(find, decode),
            predicates: both - rules,
            rules,
            sequences: less(no_alerts, conditions),
            alerts: less(whole, no_alerts),
        }
    }

    fn conditions(&self) -> f64 {
        self.predicates + self.rules
    }

    fn total(&self) -> f64 {
        self.decode + self.find + self.conditions() + self.sequences + self.alerts
    }

    pub fn rows(&self, events: u64) -> Vec<StageRow> {
        let row = |(stage, time, what): (_, f64, _)| StageRow {
            stage,
            ns_per_event: time / events as f64,
            share: time / self.total().max(1.0),
            what,
        };
        [
            ("decode", self.decode, "reading events for the fields of the rules"),
            ("find", self.find, "looking values up in the index, which finds the rules to evaluate"),
            ("predicates", self.predicates, "tests that the index cannot answer"),
            ("rules", self.rules, "conditions, without the predicates in them"),
            ("sequences", self.sequences, "keeping events, putting them in order, join keys, partial matches"),
            ("alerts", self.alerts, "making alert documents"),
        ]
        .map(row)
        .into()
    }
}

struct Wall(Instant);

impl Clock for Wall {
    fn now(&mut self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}

/// Watches passes for about that long, at least one. How many there were is given back.
pub fn observe(profiler: &mut Profiler, data: &Data, budget: Duration) -> u64 {
    let mut clock = Wall(Instant::now());
    let mut passes = 0;
    while passes == 0 || clock.0.elapsed() < budget {
        data.batches.iter().for_each(|batch| profiler.observe(batch, &mut clock));
        passes += 1;
    }
    passes
}

/// Alerts of a rule that takes less of all time, or that are fewer in a hundred events, are as they should be.
const NOTABLE: f64 = 0.05;
const MANY_ALERTS: f64 = 1.0;

/// Gives each rule and predicate its part of the time of stages.
pub struct Costs<'a> {
    pub split: Split,
    pub profile: &'a Profile,
    /// How often the profile went over all events.
    pub passes: u64,
    pub events: u64,
}

impl Costs<'_> {
    /// Nanoseconds of a stage for each of the profile's: what the clock says of single conditions is good for comparing them.
    fn scale(&self) -> f64 {
        let watched: f64 = self.profile.conditions.iter().map(|cost| cost.time).sum();
        if watched > 0.0 { self.split.conditions() / watched / self.events as f64 } else { 0.0 }
    }

    fn share(&self, ns_per_event: f64) -> f64 {
        ns_per_event * self.events as f64 / self.split.total().max(1.0)
    }

    /// The costliest rules.
    pub fn rules(&self, report: &CompileReport, found: &Found, top: usize) -> Vec<RuleRow> {
        let scale = self.scale();
        let terms = |cost: &&ConditionCost| cost.term.is_some();
        let taken: u64 = self.profile.conditions.iter().filter(terms).map(|cost| cost.held).sum();
        let for_taken = self.split.sequences / taken.max(1) as f64 / self.events as f64;
        let mut rows: Vec<RuleRow> = compiled(report).map(row).collect();
        let mut worst: Vec<Option<(&ConditionCost, f64)>> = vec![None; rows.len()];
        for cost in &self.profile.conditions {
            let row = &mut rows[cost.rule as usize];
            let conditions = cost.time * scale;
            // Nobody watches sequences: each event that a term takes in counts as much as any other.
            let sequences = if cost.term.is_some() { cost.held as f64 * for_taken } else { 0.0 };
            row.conditions_ns += conditions;
            row.sequences_ns += sequences;
            row.evaluated += cost.evaluated / self.passes;
            row.held += cost.held / self.passes;
            let worst = &mut worst[cost.rule as usize];
            if worst.is_none_or(|(_, time)| time < conditions + sequences) {
                *worst = Some((cost, conditions + sequences));
            }
        }
        let all_alerts = found.alerts.iter().sum::<u64>().max(1) as f64;
        for (at, (row, worst)) in rows.iter_mut().zip(&worst).enumerate() {
            row.matches = found.matches[at];
            // Nor alerts.
            row.alerts_ns = self.split.alerts * found.alerts[at] as f64 / all_alerts / self.events as f64;
            row.ns_per_event = row.conditions_ns + row.sequences_ns + row.alerts_ns;
            row.share = self.share(row.ns_per_event);
            if let Some((cost, _)) = worst {
                row.reached_by = hints::reached_by(&cost.reach, cost.term);
            }
        }
        let mut order: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].evaluated > 0).collect();
        order.sort_by(|a, b| rows[*b].ns_per_event.total_cmp(&rows[*a].ns_per_event));
        order.truncate(top);
        let read = self.profile.events;
        let finished = |at: usize| {
            let mut row = std::mem::take(&mut rows[at]);
            let alerts = found.alerts[at];
            let is_noisy = row.share >= NOTABLE && alerts as f64 * 100.0 >= MANY_ALERTS * read as f64;
            row.hint = match worst[at] {
                _ if is_noisy && row.alerts_ns * 2.0 > row.ns_per_event => {
                    Some(hints::of_alerts(alerts, alerts as f64 / all_alerts))
                }
                Some((cost, _)) => hints::of_condition(cost, read, row.sequences_ns > row.conditions_ns),
                None => None,
            };
            row
        };
        order.into_iter().map(finished).collect()
    }

    /// The costliest predicates.
    pub fn predicates(&self, profiler: &Profiler, report: &CompileReport, top: usize) -> Vec<PredicateRow> {
        let scale = self.scale();
        let rules: Vec<&RuleReport> = compiled(report).collect();
        let mut predicates: Vec<_> = self.profile.predicates.iter().collect();
        predicates.sort_by(|a, b| b.time.total_cmp(&a.time));
        predicates.truncate(top);
        let row = |cost: &rule_core::profile::PredicateCost| PredicateRow {
            text: profiler.text(cost.number),
            kind: match cost.kind {
                Kind::Test => "test",
                Kind::Regex => "regex",
                Kind::Computed => "computed",
            },
            ns_per_event: cost.time * scale,
            share: self.share(cost.time * scale),
            asked: cost.asked / self.passes,
            answered: cost.answered / self.passes,
            held: cost.held / self.passes,
            rules: cost.rules.iter().map(|rule| name(rules[*rule as usize]).to_owned()).collect(),
            hint: hints::of_predicate(cost),
        };
        predicates.into_iter().map(row).collect()
    }
}

/// The rules of the set, by their index.
pub fn compiled(report: &CompileReport) -> impl Iterator<Item = &RuleReport> {
    report.rules.iter().filter(|rule| matches!(rule.status, RuleStatus::Compiled { .. }))
}

/// What people call a rule.
pub fn name(report: &RuleReport) -> &str {
    match report.rule.name.as_str() {
        "" => &report.path,
        name => name,
    }
}

fn row(report: &RuleReport) -> RuleRow {
    RuleRow {
        id: report.rule.id.clone(),
        name: name(report).to_owned(),
        path: report.path.clone(),
        ..RuleRow::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_differences_and_none_is_less_than_nothing() {
        let times = |step, time: f64| (step, Times(vec![time + 1.0, time]));
        let measured = [
            times(Step::Whole(0), 1.0),
            times(Step::All, 99.0),
            times(Step::Until(Stage::Decode), 10.0),
            times(Step::Until(Stage::Find), 15.0),
            times(Step::Until(Stage::Conditions), 35.0),
            times(Step::Until(Stage::Again), 41.0),
            times(Step::NoAlerts, 100.0),
        ];
        let split = Split::new(&measured);
        let expected = Split { decode: 10.0, find: 5.0, predicates: 14.0, rules: 6.0, sequences: 65.0, alerts: 0.0 };
        assert_eq!(split, expected);
        let rows = split.rows(10);
        assert_eq!(rows.iter().map(|row| row.ns_per_event).collect::<Vec<_>>(), [1.0, 0.5, 1.4, 0.6, 6.5, 0.0]);
        assert!((rows.iter().map(|row| row.share).sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
