//! What stands between an event and an alert beside the query: index patterns, filters, exceptions, and what the rule's type asks.

use serde_json::Value as Json;

use super::blueprint::{Blueprint, Drawer};
use super::data::{Gate, GateKind, Verdict};
use super::evaluate::Scene;
use super::replay::Replay;
use super::text::quoted;
use crate::clause::Clause;
use crate::correlate::trace::{Note, NoteKind};
use crate::detect::{Plan, Stage};
use crate::engine::{Seen, Streams};
use crate::rule::RuleInfo;
use crate::time;

/// What is asked of events outside of the query.
pub struct Outside<'q> {
    pub info: &'q RuleInfo,
    /// The data stream of events that do not say theirs.
    pub index: Option<&'q str>,
    pub streams: Streams,
    pub seen: Seen,
    pub filters: Vec<Named<'q>>,
    pub exceptions: Vec<Named<'q>>,
    /// The fields that the rule's type asks for, with their slots.
    pub fields: Vec<(&'q str, u32)>,
    pub replay: Replay,
}

/// A filter or exception.
pub struct Named<'q> {
    name: String,
    /// What stands around the name in a sentence.
    quote: char,
    blueprint: Blueprint<'q>,
}

impl<'q> Named<'q> {
    /// None if it has errors.
    pub fn draw((name, quote): (String, char), clause: &Clause, drawer: &mut Drawer<'_>) -> Option<Named<'q>> {
        drawer.outside(clause).map(|blueprint| Named { name, quote, blueprint })
    }
}

/// The fields that the rule's type asks for.
pub fn fields(info: &RuleInfo) -> impl Iterator<Item = &str> {
    let threshold = info.threshold.iter();
    let counted = threshold.flat_map(|t| t.field.iter().chain(t.cardinality.iter().map(|least| &least.field)));
    let terms = info.new_terms.iter().flat_map(|terms| &terms.fields);
    let entries = info.threat_match.iter().flat_map(|threat| &threat.mapping).flat_map(|mapping| &mapping.entries);
    counted.chain(terms).chain(entries.map(|entry| &entry.field)).map(String::as_str)
}

fn gate(gate: GateKind, passes: bool, reason: String) -> Gate {
    Gate { gate, passes, reason, name: None, tree: None }
}

/// What a filter or exception says, where it is not the rule that wants something.
fn said(verdict: &Verdict) -> String {
    let reason = verdict.reason.split_once(": ").map_or("it asks for nothing of the event", |(_, reason)| reason);
    reason.replace(", the rule wants ", ", it wants ").replace(", which the rule excludes", ", which it excludes")
}

fn plural(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// `5m`
fn span(millis: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1, "ms")];
    let (factor, unit) = units.into_iter().find(|(factor, _)| millis.is_multiple_of(*factor)).unwrap_or(units[3]);
    format!("{}{unit}", millis / factor)
}

fn date(millis: i64) -> String {
    time::format(millis, 0)
}

impl Outside<'_> {
    /// What the event has to pass, in order; nothing where that is the query alone.
    pub fn gates(&self, scene: &Scene<'_>, ordinal: u64, terms: &[Verdict]) -> Vec<Gate> {
        let mut gates = Vec::new();
        if !self.info.index.is_empty() {
            gates.push(self.in_index());
        }
        let matched = terms.iter().any(|verdict| verdict.matched);
        let reason = match terms {
            [verdict] => verdict.reason.clone(),
            _ if matched => "it is an event for a term".into(),
            _ => "it is no event for any term".into(),
        };
        gates.push(gate(GateKind::Query, matched, reason));
        for (all, kind) in [(&self.filters, GateKind::Filters), (&self.exceptions, GateKind::Exceptions)] {
            let is_alone = gates.iter().all(|gate| gate.passes);
            gates.extend(decided(scene, all, kind, is_alone));
        }
        if gates.iter().all(|gate| gate.passes) {
            self.alert(scene, ordinal, terms.len() > 1, &mut gates);
        }
        if gates.len() == 1 {
            gates.clear();
        }
        gates
    }

    fn in_index(&self) -> Gate {
        let patterns = self.info.index.join(", ");
        let Some(name) = self.seen.name() else {
            let reason = "the event does not say its data stream (`_index`, or all of `data_stream.*`), so it is taken for one of the rule's";
            return gate(GateKind::Index, true, format!("{reason}: {patterns}"));
        };
        let passes = self.seen.is_for(&self.streams, 0);
        let is = if passes { "is" } else { "is not" };
        gate(
            GateKind::Index,
            passes,
            format!("the event's data stream {name} {is} among the rule's index patterns: {patterns}"),
        )
    }

    /// What the rule's type, its suppression and its budget make of an event that all else lets through.
    fn alert(&self, scene: &Scene<'_>, ordinal: u64, is_of_many: bool, gates: &mut Vec<Gate>) {
        let Replay { plan, indicators, .. } = &self.replay;
        let mut notes = self.replay.of(ordinal).iter().collect::<Vec<_>>();
        let is_undated = notes.iter().any(|note| note.what == NoteKind::Undated);
        let lacks = self.fields.iter().find(|(_, slot)| scene.stored(*slot).next().is_none()).map(|(name, _)| *name);
        // Why nothing is known of the event.
        let unknown = || match lacks {
            _ if is_undated => "the event has no timestamp, and so is in no run".to_owned(),
            Some(name) => format!("the event has no {name}"),
            None => "it was not counted".to_owned(),
        };
        if let Some((meant, given)) = *indicators {
            let passes = self.replay.matched.binary_search(&ordinal).is_ok();
            let values: Vec<String> = (self.fields.iter())
                .filter_map(|(name, slot)| {
                    Some(format!("{name} {}", quoted(&super::text::json(&scene.stored(*slot).next()?))))
                })
                .collect();
            let reason = match (passes, meant, values.join(", ")) {
                (true, _, values) => format!("an indicator matches: {values}"),
                (_, _, values) if values.is_empty() => unknown(),
                (_, 0, _) => format!("the rule means none of the {}", plural(given as u64, "loaded indicator")),
                (_, _, values) => format!("none of the {} matches: {values}", plural(meant, "indicator")),
            };
            gates.push(gate(GateKind::Indicators, passes, reason));
        }
        let Some(plan) = plan else { return self.budget(ordinal, &notes, gates) };
        match &plan.stage {
            Stage::Each => {}
            Stage::Threshold { fields, value, cardinality } => {
                let counted = notes.iter().filter_map(|note| match note.what {
                    NoteKind::Counted(at) => self.replay.decided(note, at, plan.lookback),
                    _ => None,
                });
                let enough = |note: &Note| matches!(note.what, NoteKind::Decided(_, _, true));
                let best = counted.max_by_key(|note| enough(note));
                let reason = best.map_or_else(unknown, |note| {
                    let NoteKind::Decided(count, values, _) = note.what else { return String::new() };
                    let there = if count == 1 { "there is" } else { "there are" };
                    let mut reason = format!("{there} {}", plural(count, "event"));
                    if !fields.is_empty() {
                        reason += &format!(" with {}", key(fields, note));
                    }
                    reason += &format!(" in the run of {}, the rule asks for {value}", date(note.run));
                    if let Some((field, least)) = cardinality {
                        reason += &format!("; {} of {field}, it asks for {least}", plural(values, "value"));
                    }
                    reason
                });
                gates.push(gate(GateKind::Threshold, best.is_some_and(enough), reason));
                notes = best.and_then(|note| self.replay.alert(note)).into_iter().collect();
            }
            Stage::NewTerms(window) => {
                let fields = self.info.new_terms.as_ref().map_or(&[][..], |terms| &terms.fields);
                let told = |note: &&Note| {
                    let term = key(fields, note);
                    Some(match note.what {
                        NoteKind::New => (true, format!("{term} was not seen in the {} before", span(*window))),
                        NoteKind::Known(at) => (false, format!("{term} is not new: it was last seen at {}", date(at))),
                        NoteKind::Learned => (
                            false,
                            format!(
                                "{term} is new, but learned without an alert: so are those of the first {}",
                                span(self.replay.learning)
                            ),
                        ),
                        _ => return None,
                    })
                };
                let (passes, reason) = notes
                    .iter()
                    .filter_map(told)
                    .max_by_key(|(is_new, _)| *is_new)
                    .unwrap_or_else(|| (false, unknown()));
                gates.push(gate(GateKind::NewTerms, passes, reason));
            }
        }
        if let (Some(suppression), true) = (&plan.suppression, gates.iter().all(|gate| gate.passes)) {
            let joined = notes.iter().find(|note| matches!(note.what, NoteKind::Suppressed(..)));
            let is_alert = notes.iter().any(|note| note.what == NoteKind::Alert);
            let found = joined.filter(|_| !is_alert).map(|note| {
                let NoteKind::Suppressed(first, others) = note.what else { return String::new() };
                format!(
                    "it is part of the alert of event {}, which stands for {} by then: both have {}",
                    first + 1,
                    plural(others, "other"),
                    key(&suppression.fields, note)
                )
            });
            // Of a sequence the last event is asked, if it is one.
            if !is_of_many || found.is_some() {
                let passes = found.is_none();
                let reason = found.unwrap_or_else(|| "it is part of no other alert".into());
                gates.push(gate(GateKind::Suppression, passes, reason));
            }
        }
        self.budget(ordinal, &notes, gates);
    }

    /// Whether the alert was over `max_signals`.
    fn budget(&self, ordinal: u64, notes: &[&Note], gates: &mut Vec<Gate>) {
        let held_back = self.replay.held_back.iter().find(|(event, _)| *event == ordinal).map(|(_, run)| *run);
        let held_back =
            held_back.or_else(|| notes.iter().find(|note| note.what == NoteKind::HeldBack).map(|note| note.run));
        if let Some(run) = held_back.filter(|_| gates.iter().all(|gate| gate.passes)) {
            let most = crate::detect::max_signals(self.info);
            let reason =
                format!("the run of {} had its {} (`max_signals`) before", date(run), plural(most.into(), "alert"));
            gates.push(gate(GateKind::MaxSignals, false, reason));
        }
    }

    /// What it takes beside a match to make an alert.
    pub fn alerts_when(&self) -> Option<String> {
        let Replay { plan, indicators, .. } = &self.replay;
        let mut told = Vec::new();
        if let Some((meant, given)) = indicators {
            let entries = self.info.threat_match.iter().flat_map(|threat| &threat.mapping);
            let groups: Vec<String> = entries
                .map(|mapping| {
                    mapping.entries.iter().map(|entry| entry.field.as_str()).collect::<Vec<_>>().join(" and ")
                })
                .collect();
            told.push(format!(
                "when an indicator has its {} ({meant} of the {given} that are loaded are meant)",
                groups.join(", or its ")
            ));
        }
        if let Some(Plan { stage, suppression, interval, lookback, .. }) = plan {
            match stage {
                Stage::Each => {}
                Stage::Threshold { fields, value, cardinality } => {
                    let mut text =
                        format!("when {} {}", plural(*value, "event"), if *value == 1 { "comes" } else { "come" });
                    if !fields.is_empty() {
                        text += &format!(" with the same {}", fields.join(", "));
                    }
                    if let Some((field, least)) = cardinality {
                        text += &format!(" and {} of {field}", plural(*least, "value"));
                    }
                    told.push(format!(
                        "{text} in one run (each {}, over the last {})",
                        span(*interval),
                        span(*lookback)
                    ));
                }
                Stage::NewTerms(window) => {
                    let fields = self.info.new_terms.as_ref().map_or(&[][..], |terms| &terms.fields);
                    told.push(format!("when its {} was not seen in the {} before", fields.join(", "), span(*window)));
                }
            }
            if let Some(suppression) = suppression {
                let time = suppression
                    .duration
                    .map_or_else(|| "in one run".into(), |duration| format!("within {}", span(duration)));
                told.push(format!("once for all with the same {} {time}", suppression.fields.join(", ")));
            }
        }
        (!told.is_empty()).then(|| format!("a match makes an alert {}", told.join(", and ")))
    }
}

/// The filter that rejects the event, or the exception that takes it away; of exceptions that all leave it the nearest, which is worth
/// telling of an event that nothing else held back (`is_alone`).
fn decided(scene: &Scene<'_>, all: &[Named<'_>], kind: GateKind, is_alone: bool) -> Option<Gate> {
    let wanted = kind == GateKind::Exceptions;
    let mut verdicts: Vec<_> = all.iter().map(|named| (named, scene.verdict(&named.blueprint))).collect();
    let count = verdicts.len();
    let far = |verdict: &Verdict| verdict.distance.unwrap_or(u32::MAX);
    let at = match verdicts.iter().position(|(_, verdict)| verdict.matched == wanted) {
        Some(at) => at,
        None => (0..count).min_by_key(|at| far(&verdicts[*at].1))?,
    };
    let (Named { name, quote, .. }, verdict) = verdicts.swap_remove(at);
    let shown = format!("{quote}{name}{quote}");
    let passes = verdict.matched != wanted;
    let said = said(&verdict);
    let reason = match (wanted, passes, count) {
        (true, false, _) => format!("the exception {shown} takes it away: {said}"),
        (true, true, 1) if is_alone => format!("the exception {shown} does not hold: {said}"),
        (true, true, 1) => format!("the exception {shown} does not hold"),
        (true, true, _) if is_alone => format!("none of {count} exceptions holds; the nearest is {shown}: {said}"),
        (true, true, _) => format!("none of {count} exceptions holds"),
        (_, false, _) => format!("the filter {shown} does not hold: {said}"),
        (_, true, 1) => format!("the filter {shown} holds"),
        (_, true, _) => format!("all {count} filters hold"),
    };
    let tells = !passes || wanted && is_alone;
    Some(Gate { name: tells.then(|| name.clone()), tree: tells.then_some(verdict.tree), ..gate(kind, passes, reason) })
}

/// `host.name "a", user.name "b"`
fn key(fields: &[String], note: &Note) -> String {
    let values = note.key.to_json();
    let told: Vec<String> =
        fields.iter().zip(&values).map(|(field, value): (_, &Json)| format!("{field} {}", quoted(value))).collect();
    told.join(", ")
}
