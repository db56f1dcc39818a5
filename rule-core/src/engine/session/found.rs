//! What rules over several events found, and how they are doing.

use super::super::signals::hold_back;
use super::Session;
use crate::api::{DetectionStatus, HeldBack, Match, Outcome, SequenceStatus};
use crate::correlate::plan::Shape;
use crate::correlate::{Completion, Correlator};
use crate::decode::Line;
use crate::detect;

impl Session {
    /// What was found by rules over several events.
    pub(super) fn correlated(&mut self, outcome: &mut Outcome) {
        loop {
            let found = self.correlator.as_mut().map(Correlator::take_matches).unwrap_or_default();
            if found.is_empty() {
                return;
            }
            for completion in found {
                self.completed(completion, outcome);
            }
        }
    }

    fn completed(&mut self, completion: Completion, outcome: &mut Outcome) {
        let program = &self.rules.program;
        let correlation = &program.correlations[completion.machine as usize];
        let (rule, finding) = (correlation.rule, completion.finding.as_deref());
        if finding.is_none_or(|finding| finding.is_match) {
            let events = completion.events.iter().map(|event| event.arrival).collect();
            outcome.matches.push(Match { rule, events, join_keys: completion.key.to_json() });
        }
        let Some(correlator) = &mut self.correlator else { return };
        if let Some(builder) = &mut self.alerts {
            let info = &self.rules.rules[rule as usize];
            let lines: Vec<&[u8]> = completion.events.iter().filter_map(|event| event.source.as_deref()).collect();
            match (finding, &correlation.shape) {
                (Some(finding), Shape::Detection(plan)) if finding.is_alert => {
                    let mut more = Vec::new();
                    let threat = program.threats.binary_search_by_key(&rule, |threat| threat.rule);
                    if let (Ok(number), Some(line)) = (threat, lines.first())
                        && let Some(event) = self.evaluator.read(program, Line::new(line))
                    {
                        let columns = &program.plan.columns;
                        let enrichments = program.threats[number].enrichments(event, columns, &mut self.scratch);
                        more.push(("threat.enrichments", enrichments));
                    }
                    let (rule, out) = ((rule, &**info), &mut outcome.alerts);
                    builder.push_finding(rule, (plan, finding), &lines, more, &program.limits, out);
                }
                (Some(_), _) => {}
                (None, _) => {
                    if let Some(suppression) = correlation.suppressed {
                        let keys = &program.correlations[suppression as usize].terms;
                        let group = keys
                            .last()
                            .and_then(|term| detect::common(&term.keys, &lines, program, &mut self.evaluator));
                        drop(lines);
                        return correlator.suppress(program.setting(), suppression, completion, group.as_deref());
                    }
                    let at = completion.events.last().map(|event| event.at);
                    let held_back = &mut outcome.held_back;
                    if self.signals.as_mut().is_none_or(|s| s.take(rule, info, at, &program.limits, held_back)) {
                        let key = completion.key.bytes();
                        builder.push_group(rule, info, key, &lines, &program.limits, &mut outcome.alerts);
                    }
                }
            }
        }
        correlator.settle(completion);
    }

    /// Says how the sequences and samples are doing.
    pub(super) fn conclude(&mut self, mut outcome: Outcome) -> Outcome {
        let indicators = self.rules.program.threats.iter().map(|threat| threat.meant).sum();
        if self.detects {
            outcome.detections = Some(DetectionStatus { indicators, ..DetectionStatus::default() });
        }
        let Some(correlator) = &mut self.correlator else { return outcome };
        let (tally, sizes) = (correlator.take_tally(), correlator.sizes());
        outcome.sequences = Some(SequenceStatus {
            held: sizes.held,
            held_bytes: sizes.held_bytes,
            join_keys: sizes.keys,
            partial_matches: sizes.partials,
            state_bytes: sizes.state_bytes,
            watermark: correlator.watermark().map(|at| at.ms),
            late: tally.late,
            undated: tally.undated,
            hurried: tally.hurried,
            evicted_keys: tally.evicted_keys,
            evicted_partials: tally.evicted_partials,
        });
        let correlations = &self.rules.program.correlations;
        for (machine, run, count) in tally.detect.held_back {
            let rule = correlations[machine as usize].rule;
            hold_back(&mut outcome.held_back, HeldBack { rule, run, count });
        }
        if self.detects {
            outcome.detections = Some(DetectionStatus {
                groups: sizes.detect.groups,
                terms: sizes.detect.terms,
                suppressions: sizes.detect.suppressions,
                indicators,
                learned: tally.detect.learned,
                suppressed: tally.detect.suppressed,
                evicted_groups: tally.detect.evicted_groups,
                evicted_terms: tally.detect.evicted_terms,
                evicted_suppressions: tally.detect.evicted_suppressions,
            });
        }
        outcome
    }
}
