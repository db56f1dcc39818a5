//! Sequences and samples: their terms become filters, their `by` becomes join keys.

use super::Checker;
use crate::correlate::key::{KeyField, KeyKind};
use crate::correlate::plan::{Place, Role, Sample, Sequence, Shape, Term};
use crate::diagnostic::{Diagnostic, Level, codes};
use crate::plan::Filter;
use crate::schema::FieldType;
use crate::syntax::ast::{self, Expr, ExprKind};

/// A query over several events, lowered: a filter for each term.
pub struct Lowered {
    /// What each term asks of an event.
    pub filters: Vec<Filter>,
    /// The terms, in the same order; `until` is the last.
    pub terms: Vec<Term>,
    /// How they belong together.
    pub shape: Shape,
}

impl Checker<'_> {
    /// A sequence as the engine runs it; `None` when there are errors, all of which are reported.
    pub fn sequence(&mut self, sequence: &ast::Sequence, category_field: &str) -> Option<Lowered> {
        let written: Vec<&ast::Term> = sequence.terms.iter().chain(sequence.until.as_deref()).collect();
        let until = sequence.until.as_ref().map(|_| sequence.terms.len());
        let stages: u64 = sequence.terms.iter().map(|term| u64::from(term.runs.map_or(1, |(n, _)| n))).sum();
        let most = self.limits.max_sequence_stages;
        if stages > u64::from(most) {
            let message = format!("the sequence has {stages} stages, more than the {most} allowed");
            let error = Diagnostic::error(codes::TOO_LARGE, message, sequence.keyword);
            self.errors
                .push(error.help("each term counts as often as its `runs`; raise --max-sequence-stages for more"));
            return None;
        }
        let (filters, keys) = self.terms(&sequence.by, &written, category_field)?;
        let first = sequence.terms.iter().position(|term| !term.missing)?;
        let last = sequence.terms.iter().rposition(|term| !term.missing)?;
        let mut stage = 0u16;
        let (mut layout, mut gaps, mut terms) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (term, keys)) in written.iter().zip(keys).enumerate() {
            let runs = term.runs.map_or(1, |(n, _)| n) as u16;
            let mut role = Role::default();
            if Some(at) == until {
                role.until = true;
            } else if term.missing {
                layout.extend((0..runs).map(|_| None));
                role.missing = Some(if at < first {
                    Place::Leading
                } else if at > last {
                    Place::Trailing
                } else {
                    gaps[usize::from(stage) - 1] = true;
                    Place::After(stage - 1)
                });
            } else {
                role.stages = (stage..stage + runs).rev().collect();
                layout.extend((stage..stage + runs).map(Some));
                gaps.extend((0..runs).map(|_| false));
                stage += runs;
            }
            terms.push(Term { keys, whole: false, role });
        }
        let shape = Shape::Sequence(Sequence {
            stages: stage,
            layout,
            maxspan: sequence.maxspan.map(|(milliseconds, _)| milliseconds),
            leading: first > 0,
            trailing: last + 1 < sequence.terms.len(),
            gaps,
        });
        Some(Lowered { filters, terms, shape })
    }

    /// A sample as the engine runs it. `window`: milliseconds of event time that it looks back, none for a finite data set.
    pub fn sample(
        &mut self,
        sample: &ast::Sample,
        category_field: &str,
        per_key: u32,
        window: Option<u64>,
    ) -> Option<Lowered> {
        let most = self.limits.max_sequence_stages;
        if sample.terms.len() as u64 > u64::from(most) {
            let message = format!("the sample has {} terms, more than the {most} allowed", sample.terms.len());
            let error = Diagnostic::error(codes::TOO_LARGE, message, sample.keyword);
            self.errors.push(error.help("raise --max-sequence-stages for more"));
            return None;
        }
        let written: Vec<&ast::Term> = sample.terms.iter().collect();
        let (filters, keys) = self.terms(&sample.by, &written, category_field)?;
        let terms = keys.into_iter().map(|keys| Term { keys, whole: false, role: Role::default() }).collect();
        Some(Lowered { filters, terms, shape: Shape::Sample(Sample { per_key, window }) })
    }

    /// The filter and the join keys of each term.
    fn terms(
        &mut self,
        by: &[Expr],
        terms: &[&ast::Term],
        category_field: &str,
    ) -> Option<(Vec<Filter>, Vec<Vec<KeyField>>)> {
        let before = self.error_count();
        let filters: Vec<Option<Filter>> = terms.iter().map(|term| self.filter(&term.filter, category_field)).collect();
        let mut keys: Vec<Vec<KeyField>> = vec![Vec::new(); terms.len()];
        for key in by {
            let field = self.key(key);
            keys.iter_mut().for_each(|keys| keys.extend(field.clone()));
        }
        for (own, term) in keys.iter_mut().zip(terms) {
            own.extend(term.by.iter().filter_map(|key| self.key(key)));
        }
        self.check_key_types(by.len(), terms, &mut keys);
        let filters: Option<Vec<Filter>> = filters.into_iter().collect();
        (self.error_count() == before).then_some((filters?, keys))
    }

    fn key(&mut self, key: &Expr) -> Option<KeyField> {
        let ExprKind::Field { name, optional } = &key.kind else { return None };
        let kind = KeyKind::of(self.check_field(name, *optional, key.span));
        let slot = (!self.is_absent(name, *optional)).then(|| self.plan.slot(self.schema, name));
        Some(KeyField { slot, optional: *optional, kind })
    }

    /// Keys that are compared must be of types that can be equal. Elasticsearch: `VerificationException`, "Sequence key … is
    /// incompatible with key …".
    fn check_key_types(&mut self, shared: usize, terms: &[&ast::Term], keys: &mut [Vec<KeyField>]) {
        let count = keys.iter().map(Vec::len).min().unwrap_or(0);
        for at in shared..count {
            let known = keys.iter().position(|own| own[at].kind != KeyKind::Plain && own[at].slot.is_some());
            let Some(reference) = known else { continue };
            let kind = keys[reference][at].kind;
            let mut plain = false;
            for (own, term) in keys.iter_mut().zip(terms).skip(reference + 1) {
                if own[at].slot.is_none() || kind.is_compatible(own[at].kind) {
                    continue;
                }
                plain = true;
                let (Some(first), Some(second)) = (terms[reference].by.get(at - shared), term.by.get(at - shared))
                else {
                    continue;
                };
                let message = format!(
                    "Sequence key [{}] type [{}] is incompatible with key [{}] type [{}]",
                    self.source(first).trim_start_matches('?'),
                    self.key_type(first),
                    self.source(second).trim_start_matches('?'),
                    self.key_type(second),
                );
                // Without a mapping the types are what data should have but may not.
                let level = if self.schema.is_certain() { Level::Error } else { Level::Warning };
                let error = Diagnostic::error(codes::TYPE, message, second.span)
                    .also(first.span, self.key_type(first).to_owned());
                self.errors.push(Diagnostic { level, ..error });
            }
            // Values that may be of any type are read as what the others are known to be.
            keys.iter_mut().for_each(|own| own[at].kind = if plain { KeyKind::Plain } else { kind });
        }
    }

    fn key_type(&self, key: &Expr) -> &'static str {
        let ExprKind::Field { name, .. } = &key.kind else { return "unknown" };
        self.field(name).map_or("unknown", |field| FieldType::name(field.kind))
    }
}
