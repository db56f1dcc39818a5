//! Whether what a rule needs is there.
//!
//! A condition is asked of what is known of events. Where that does not tell, it may hold: of most fields no more is known than
//! whether they are there.

use super::evidence::View;
use super::{Inspector, Lack, Reason, Term, Verdict};
use crate::decode::{Slots, Value};
use crate::pattern::Fold;
use crate::plan::condition::Condition;
use crate::plan::test::Spec;
use crate::plan::{Plan, Predicate};
use crate::syntax::ast::CompareOp;
use crate::{Limits, RuleInfo};

/// Fields that events of a rule must have beside its query.
///
/// Threshold rules count, and new terms rules look, in buckets of these fields' values, and an event without a value is in no bucket.
/// Source: "About detection rules", <https://www.elastic.co/docs/solutions/security/detect-and-alert/about-detection-rules>.
pub fn required_fields(info: &RuleInfo) -> impl Iterator<Item = &str> {
    let threshold = info.threshold.iter().flat_map(|threshold| &threshold.field);
    let new_terms = info.new_terms.iter().flat_map(|new_terms| &new_terms.fields);
    threshold.chain(new_terms).map(String::as_str)
}

/// Fields that a rule reads beside its query.
pub fn other_fields(info: &RuleInfo) -> impl Iterator<Item = &str> {
    let cardinality = info.threshold.iter().flat_map(|threshold| &threshold.cardinality).map(|count| &count.field);
    let mappings = info.threat_match.iter().flat_map(|threat| &threat.mapping).flat_map(|mapping| &mapping.entries);
    let suppression = info.alert_suppression.iter().flat_map(|suppression| &suppression.group_by);
    let severity = info.severity_mapping.iter().map(|mapping| &mapping.field);
    let risk = info.risk_score_mapping.iter().map(|mapping| &mapping.field);
    let others = cardinality.chain(mappings.map(|entry| &entry.field)).chain(suppression).chain(severity).chain(risk);
    required_fields(info).chain(others.chain(&info.rule_name_override).map(String::as_str))
}

/// By predicate: of a script, whether it holds for an event without any field.
pub fn hold_on_nothing(plan: &Plan, limits: &Limits) -> Vec<bool> {
    let slots = Slots::default();
    let mut fold = Fold::default();
    let mut holds = |predicate: &Predicate| match predicate {
        Predicate::Script(script) => {
            script.holds(slots.view(b"{}"), &plan.columns, limits.max_combinations, &mut fold).unwrap_or(true)
        }
        _ => false,
    };
    plan.predicates.iter().map(&mut holds).collect()
}

impl Inspector {
    /// Whether a rule could fire on events like those that were seen. When some were left out of the shapes
    /// ([`Seen::unshaped`](super::Seen::unshaped)), only what no event has at all is a reason.
    pub fn verdict(&self, rule: usize) -> Verdict {
        let mut reasons = Vec::new();
        for term in self.terms.get(rule).into_iter().flatten().filter(|term| term.needed) {
            if self.evidence.shapes().any(|shape| self.has_all(term, View::One(shape))) {
                continue;
            }
            let lacks = self.lacks(term, View::All(&self.evidence));
            if lacks.is_empty() && self.evidence.seen().unshaped == 0 {
                let of_shapes = self.evidence.shapes().map(|shape| self.lacks(term, View::One(shape)));
                // Of events of another category it says little what they lack.
                let category =
                    |lacks: &Vec<Vec<Lack>>| lacks.first().is_some_and(|first| self.is_category(term, first));
                let closest = of_shapes.min_by_key(|lacks| (lacks.len(), category(lacks))).unwrap_or_default();
                reasons.push(Reason::Apart(closest.into_iter().next().unwrap_or_default()));
            }
            reasons.extend(lacks.into_iter().map(|lacks| match lacks.is_empty() {
                true => Reason::Impossible,
                false => Reason::Lacks(lacks),
            }));
        }
        reasons.sort();
        reasons.dedup();
        if reasons.is_empty() { Verdict::Could } else { Verdict::Never(reasons) }
    }

    fn is_category(&self, term: &Term, lacks: &[Lack]) -> bool {
        let category = self.filters.get(term.filter as usize).and_then(|filter| filter.category.as_ref());
        let (Some((slot, _)), [only]) = (category, lacks) else { return false };
        only.field == self.path(*slot)
    }

    /// What a term needs and the view does not have; each a list of which one would do.
    fn lacks(&self, term: &Term, view: View<'_>) -> Vec<Vec<Lack>> {
        let mut lacks = Vec::new();
        let lack = |slot: u32, wanted: Vec<String>| Lack { field: self.path(slot).to_owned(), wanted, negated: false };
        let Some(filter) = self.filters.get(term.filter as usize) else { return lacks };
        if let Some(category) = filter.category.as_ref().filter(|category| !is_of(category, view)) {
            lacks.push(vec![lack(category.0, vec![category.1.clone()])]);
        }
        lacks.extend(term.required.iter().filter(|slot| !view.has(**slot)).map(|slot| vec![lack(*slot, Vec::new())]));
        lacks.extend(self.missing(&filter.condition, true, view));
        lacks
    }

    /// Whether the view has what a term needs: whether [`Self::lacks`] is empty, without finding out what is missing.
    fn has_all(&self, term: &Term, view: View<'_>) -> bool {
        let Some(filter) = self.filters.get(term.filter as usize) else { return true };
        filter.category.as_ref().is_none_or(|category| is_of(category, view))
            && term.required.iter().all(|slot| view.has(*slot))
            && self.may_hold(&filter.condition, true, view)
    }

    fn may_hold(&self, condition: &Condition, wanted: bool, view: View<'_>) -> bool {
        match (condition, wanted) {
            (Condition::Constant(truth), _) => *truth == wanted,
            (Condition::Not(inner), _) => self.may_hold(inner, !wanted, view),
            (Condition::Predicate(number), _) => self.may_be(*number as usize, wanted, view),
            (Condition::And(parts), true) | (Condition::Or(parts), false) => {
                parts.iter().all(|part| self.may_hold(part, wanted, view))
            }
            (Condition::Or(parts), true) | (Condition::And(parts), false) => {
                parts.iter().any(|part| self.may_hold(part, wanted, view))
            }
        }
    }

    /// What a condition, or its complement if `wanted` is false, needs.
    fn missing(&self, condition: &Condition, wanted: bool, view: View<'_>) -> Vec<Vec<Lack>> {
        match (condition, wanted) {
            (Condition::Constant(truth), _) if *truth == wanted => Vec::new(),
            (Condition::Constant(_), _) => vec![Vec::new()],
            (Condition::Not(inner), _) => self.missing(inner, !wanted, view),
            (Condition::Predicate(number), _) => self.predicate(*number as usize, wanted, view).into_iter().collect(),
            (Condition::And(parts), true) | (Condition::Or(parts), false) => {
                parts.iter().flat_map(|part| self.missing(part, wanted, view)).collect()
            }
            (Condition::Or(parts), true) | (Condition::And(parts), false) => {
                let mut all = Vec::new();
                for part in parts {
                    match self.missing(part, wanted, view).into_iter().next() {
                        Some(lacks) => all.extend(lacks),
                        None => return Vec::new(),
                    }
                }
                vec![merged(all)]
            }
        }
    }

    fn predicate(&self, number: usize, wanted: bool, view: View<'_>) -> Option<Vec<Lack>> {
        if self.may_be(number, wanted, view) {
            return None;
        }
        let lack = |slot: u32, values| Lack { field: self.path(slot).to_owned(), wanted: values, negated: !wanted };
        Some(match (self.program.plan.predicates.get(number)?, self.specs.get(number)?) {
            (_, Some((_, Spec::Never))) => Vec::new(),
            // Of a field that is nowhere, it does not matter which values are wanted.
            (_, Some((slot, _))) if wanted && !view.has(*slot) => vec![lack(*slot, Vec::new())],
            (_, Some((slot, spec))) => vec![lack(*slot, values(spec))],
            (Predicate::Script(script), None) => {
                merged(script.mentions.iter().map(|mention| lack(mention.slot, Vec::new())).collect())
            }
            (_, None) => Vec::new(),
        })
    }

    /// Whether the answer of a predicate may be `wanted`.
    fn may_be(&self, number: usize, wanted: bool, view: View<'_>) -> bool {
        match (self.program.plan.predicates.get(number), self.specs.get(number)) {
            (Some(Predicate::Field { slot, test }), Some(Some((_, spec)))) => match (view.has(*slot), wanted) {
                _ if *spec == Spec::Never => !wanted,
                (false, _) => !wanted,
                (true, false) if matches!(view, View::All(_)) => true,
                (true, false) if *spec == Spec::Exists => false,
                (true, _) => {
                    let Some(column) = self.columns().get(*slot as usize) else { return true };
                    let mut fold = Fold::default();
                    let passes = view.passes(*slot, &mut |value| test.passes(value, column, &mut fold));
                    passes.is_none_or(|passes| passes == wanted)
                }
            },
            (Some(Predicate::Script(script)), _) => {
                let is_there = script.mentions.iter().any(|mention| view.has(mention.slot));
                is_there || !wanted || self.holds_on_nothing.get(number).copied().unwrap_or(true)
            }
            _ => true,
        }
    }

    /// The slots that an event of a term must have: in no way that its condition can hold is one of them missing.
    pub(super) fn required(&self, term: &Term) -> Vec<u32> {
        let mut slots = term.required.clone();
        if let Some(filter) = self.filters.get(term.filter as usize) {
            slots.extend(filter.category.as_ref().map(|(slot, _)| *slot));
            slots.extend(self.required_by(&filter.condition, true));
        }
        slots
    }

    fn required_by(&self, condition: &Condition, wanted: bool) -> Vec<u32> {
        match (condition, wanted) {
            (Condition::Not(inner), _) => self.required_by(inner, !wanted),
            (Condition::Constant(_), _) | (Condition::Predicate(_), false) => Vec::new(),
            (Condition::Predicate(number), true) => match self.program.plan.predicates.get(*number as usize) {
                Some(Predicate::Field { slot, .. }) => vec![*slot],
                // Several are required only together.
                Some(Predicate::Script(script)) => match script.mentions.as_slice() {
                    [first, rest @ ..]
                        if rest.iter().all(|mention| mention.slot == first.slot)
                            && !self.holds_on_nothing.get(*number as usize).copied().unwrap_or(true) =>
                    {
                        vec![first.slot]
                    }
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            },
            (Condition::And(parts), true) | (Condition::Or(parts), false) => {
                parts.iter().flat_map(|part| self.required_by(part, wanted)).collect()
            }
            (Condition::Or(parts), true) | (Condition::And(parts), false) => {
                let mut of_parts = parts.iter().map(|part| self.required_by(part, wanted));
                let first = of_parts.next().unwrap_or_default();
                of_parts.fold(first, |mut all, part| {
                    all.retain(|slot| part.contains(slot));
                    all
                })
            }
        }
    }

    /// All slots that a term reads.
    pub(super) fn each_slot(&self, term: &Term, call: &mut dyn FnMut(u32)) {
        term.required.iter().chain(&term.optional).for_each(|slot| call(*slot));
        if let Some(filter) = self.filters.get(term.filter as usize) {
            filter.category.iter().for_each(|(slot, _)| call(*slot));
            self.each_slot_of(&filter.condition, call);
        }
    }

    fn each_slot_of(&self, condition: &Condition, call: &mut dyn FnMut(u32)) {
        match condition {
            Condition::Constant(_) => {}
            Condition::Not(inner) => self.each_slot_of(inner, call),
            Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| self.each_slot_of(part, call)),
            Condition::Predicate(number) => match self.program.plan.predicates.get(*number as usize) {
                Some(Predicate::Field { slot, .. }) => call(*slot),
                Some(Predicate::Script(script)) => script.mentions.iter().for_each(|mention| call(mention.slot)),
                _ => {}
            },
        }
    }
}

/// Whether an event may be of a category: a field and its value.
fn is_of((slot, category): &(u32, String), view: View<'_>) -> bool {
    view.has(*slot) && view.passes(*slot, &mut |value| value == Value::String(category)).unwrap_or(true)
}

/// One entry for each field, in the order of names. Where any value will do, no other says more.
fn merged(mut lacks: Vec<Lack>) -> Vec<Lack> {
    lacks.sort_by(|a, b| (&a.field, a.negated).cmp(&(&b.field, b.negated)));
    lacks.dedup_by(|second, first| {
        let same = first.field == second.field && first.negated == second.negated;
        if same {
            if first.wanted.is_empty() || second.wanted.is_empty() {
                first.wanted.clear();
            } else {
                first.wanted.append(&mut second.wanted);
            }
        }
        same
    });
    for lack in &mut lacks {
        lack.wanted.sort();
        lack.wanted.dedup();
    }
    lacks
}

/// The values that a test names, as wildcards.
fn values(spec: &Spec) -> Vec<String> {
    match spec {
        Spec::Text(CompareOp::Equal, text) => vec![text.clone()],
        Spec::TextIn(list, _) | Spec::Like(list, _) => list.clone(),
        Spec::StartsWith(text, _) => vec![format!("{text}*")],
        Spec::EndsWith(text, _) => vec![format!("*{text}")],
        Spec::Contains(text, _) => vec![format!("*{text}*")],
        Spec::Bool(truth) => vec![truth.to_string()],
        Spec::AnyOf(list) => list.iter().flat_map(values).collect(),
        _ => Vec::new(),
    }
}
