//! What the rules of a set need of events, and whether given events bring it.
//!
//! Of each rule the fields that it reads are known, and which of them an event must have for the rule to match. Of events it is
//! noted which fields they have, and the values of those fields that say what kind of event it is ([`KIND_FIELDS`]). Events that are alike
//! in both are one *shape*. A rule that holds for no shape could never fire on such events, whatever their other values are; that it
//! holds for one does not mean that it would fire.

mod evidence;
mod needs;

use std::sync::Arc;

use super::assembly::Assembly;
use super::compile::{Lowering, lower};
use super::{Program, Target, lines};
use crate::api::{CompileOptions, CompileReport};
use crate::correlate::plan::{Correlation, Shape, TimelineFields};
use crate::decode::Slots;
use crate::normalise::Scratch;
use crate::plan::access::reach::Reach;
use crate::plan::notes::Notes;
use crate::plan::test::Spec;
use crate::plan::{Column, Filter, Plan};
use crate::schema::{FieldType, Schema};
use crate::{RuleInfo, Source};
use evidence::Evidence;

/// The fields that say what kind of event it is. Rules name all of the values that they mean, and there are few.
pub const KIND_FIELDS: [&str; 16] = [
    "agent.type",
    "data_stream.dataset",
    "data_stream.type",
    "event.action",
    "event.category",
    "event.code",
    "event.dataset",
    "event.kind",
    "event.module",
    "event.outcome",
    "event.provider",
    "event.type",
    "host.os.family",
    "host.os.platform",
    "host.os.type",
    "network.transport",
];

/// How many shapes of events are kept apart if the host does not say.
pub const MAX_SHAPES: usize = 10_000;

/// A field that rules read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSeen {
    /// Its flat dotted name.
    pub path: String,
    /// Its type as Elasticsearch calls it; none when only the values can tell.
    pub kind: Option<&'static str>,
    /// How many events have a value of it.
    pub events: u64,
    /// The first of these values, cut to 200 bytes.
    pub sample: Option<String>,
}

/// What was seen of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Events that could be read.
    pub events: u64,
    /// Events that could not.
    pub rejected: u64,
    /// Shapes that were kept apart.
    pub shapes: usize,
    /// Events whose shape would have been one too many. Of these only the fields are known.
    pub unshaped: u64,
}

/// Whether a rule could fire on events like those that were seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It could.
    Could,
    /// It could not; why, each by itself a reason.
    Never(Vec<Reason>),
}

/// Why a rule could never fire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It needs one of these, and no event has any.
    Lacks(Vec<Lack>),
    /// Each thing that it needs is in some event, but no event has all: of those that come closest none has these.
    Apart(Vec<Lack>),
    /// Its condition holds for no event at all.
    Impossible,
}

/// Something that a rule needs of an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lack {
    /// The field.
    pub field: String,
    /// The values, of which it must have one, as wildcards; any if there are none.
    pub wanted: Vec<String>,
    /// The field must not have them.
    pub negated: bool,
}

/// What rules need. It grows by what it is shown of events.
#[derive(Debug)]
pub struct Inspector {
    /// Reads events, and has the fields and predicates. It has no filters to evaluate.
    program: Program,
    specs: Vec<Option<(u32, Spec)>>,
    notes: Notes,
    /// By predicate: of a script, whether it holds for an event without any field.
    holds_on_nothing: Vec<bool>,
    filters: Vec<Filter>,
    rules: Vec<Arc<RuleInfo>>,
    /// By rule, as the next two.
    terms: Vec<Vec<Term>>,
    /// Slots that it reads beside those of its terms.
    extra: Vec<Vec<u32>>,
    hashes: Vec<Option<[u8; 16]>>,
    evidence: Evidence,
    slots: Slots,
    scratch: Scratch,
}

/// A condition of a rule.
#[derive(Debug)]
struct Term {
    /// Which term of a sequence or sample.
    number: Option<u16>,
    filter: u32,
    /// Whether the rule needs an event of it. `until` and what must be missing are not needed.
    needed: bool,
    /// Slots that such an event must have beside its condition.
    required: Vec<u32>,
    /// Slots that are read but may be missing.
    optional: Vec<u32>,
}

impl Inspector {
    /// Compiles rules as [`compile`](crate::compile) does. At most `max_shapes` shapes of events are kept apart.
    pub fn compile(sources: &[Source], options: &CompileOptions, max_shapes: usize) -> (Inspector, CompileReport) {
        let Lowering { schema, mut plan, set, normalisers, report, .. } = lower(sources, options);
        let Assembly { rules, filters, targets, correlations, timelines, threats, .. } = set;
        let mut terms: Vec<Vec<Term>> = rules.iter().map(|_| Vec::new()).collect();
        let mut extra: Vec<Vec<u32>> = terms.iter().map(|_| Vec::new()).collect();
        let mut hashes = vec![None; rules.len()];
        for (rule, info) in rules.iter().enumerate() {
            extra[rule].extend(needs::other_fields(info).map(|name| plan.slot(&schema, name)));
        }
        for (filter, target) in (0..).zip(&targets) {
            let (rule, term) = match *target {
                Target::Rule(rule) => (rule as usize, whole(&rules[rule as usize], filter, &schema, &mut plan)),
                Target::Threat(number) => {
                    let rule = threats[number as usize].rule as usize;
                    (rule, whole(&rules[rule], filter, &schema, &mut plan))
                }
                Target::Detection(number) => {
                    let correlation = &correlations[number as usize];
                    let rule = correlation.rule as usize;
                    hashes[rule] = Some(correlation.hash);
                    (rule, whole(&rules[rule], filter, &schema, &mut plan))
                }
                Target::Term(number, term) => {
                    let correlation = &correlations[number as usize];
                    let rule = correlation.rule as usize;
                    hashes[rule] = Some(correlation.hash);
                    (rule, term_of(correlation, &timelines[correlation.timeline as usize], term, filter))
                }
            };
            terms[rule].push(term);
        }
        let specs = plan.take_specs();
        let mut notes = plan.notes.take().unwrap_or_default();
        notes.complete(&specs, &plan.columns, &filters);
        let paths: Vec<&str> = plan.columns.iter().map(|column| column.path.as_str()).collect();
        let categories = filters.iter().filter_map(|filter| filter.category.as_ref().map(|(slot, _)| *slot));
        let inspector = Inspector {
            evidence: Evidence::new(&paths, categories, max_shapes),
            holds_on_nothing: needs::hold_on_nothing(&plan, &options.limits),
            program: Program::new(plan, Vec::new(), options.limits.clone()).with_normalisers(&normalisers),
            specs,
            notes,
            filters,
            rules,
            terms,
            extra,
            hashes,
            slots: Slots::default(),
            scratch: Scratch::default(),
        };
        (inspector, report)
    }

    /// The rules that compiled, in input order. Their numbers are indices of it.
    pub fn rules(&self) -> &[Arc<RuleInfo>] {
        &self.rules
    }

    /// The fields that all rules read, with what was seen of them, in the order of names.
    pub fn fields(&self) -> Vec<FieldSeen> {
        let mut fields: Vec<FieldSeen> =
            (0..).zip(self.columns()).map(|(slot, column)| self.field(slot, column)).collect();
        fields.sort_by(|a, b| a.path.cmp(&b.path));
        fields
    }

    fn field(&self, slot: u32, column: &Column) -> FieldSeen {
        let (events, sample) = self.evidence.of(slot);
        FieldSeen { path: column.path.clone(), kind: column.kind.map(FieldType::name), events, sample }
    }

    /// The fields that a rule reads, in the order of names, and whether each event that is part of a match has it (of a
    /// sequence: an event of one of its terms). Empty for a number beyond the rules, as for the next two.
    pub fn fields_of(&self, rule: usize) -> Vec<(&str, bool)> {
        let (mut read, mut required) = (Vec::new(), Vec::new());
        for term in self.terms.get(rule).into_iter().flatten() {
            self.each_slot(term, &mut |slot| read.push(slot));
            if term.needed {
                required.extend(self.required(term));
            }
        }
        read.extend(self.extra.get(rule).into_iter().flatten());
        read.sort_unstable();
        read.dedup();
        let mut fields: Vec<(&str, bool)> =
            read.into_iter().map(|slot| (self.path(slot), required.contains(&slot))).collect();
        fields.sort_unstable();
        // A field that a mapping has under two names.
        fields.dedup_by(|second, first| {
            first.0 == second.0 && {
                first.1 |= second.1;
                true
            }
        });
        fields
    }

    /// For which events a rule is evaluated; of a sequence or sample for each term, counted from 0.
    pub fn reach_of(&self, rule: usize) -> Vec<(Option<u16>, &Reach)> {
        let terms = self.terms.get(rule).into_iter().flatten();
        terms.filter_map(|term| Some((term.number, self.notes.reach.get(term.filter as usize)?))).collect()
    }

    /// What the state of a sequence or sample depends on: it goes on in a rule of which this is the same. None for rules about one
    /// event.
    pub fn state_of(&self, rule: usize) -> Option<[u8; 16]> {
        self.hashes.get(rule).copied().flatten()
    }

    /// Looks at a batch of events, one on each line.
    pub fn observe(&mut self, batch: &[u8]) {
        for line in lines(batch) {
            match self.program.decode(line, &mut self.slots, &mut self.scratch) {
                Ok(()) => self.evidence.add(self.slots.view_line(line), &self.program.plan.columns),
                Err(_) => self.evidence.reject(),
            }
        }
    }

    /// What was seen so far.
    pub fn seen(&self) -> Seen {
        self.evidence.seen()
    }

    fn columns(&self) -> &[Column] {
        &self.program.plan.columns
    }

    fn path(&self, slot: u32) -> &str {
        self.columns().get(slot as usize).map_or("", |column| column.path.as_str())
    }
}

/// The condition of a rule that is about one event at a time.
fn whole(info: &RuleInfo, filter: u32, schema: &Schema, plan: &mut Plan) -> Term {
    let required = needs::required_fields(info).map(|name| plan.slot(schema, name)).collect();
    Term { number: None, filter, needed: true, required, optional: Vec::new() }
}

/// The condition of a term.
fn term_of(correlation: &Correlation, timeline: &TimelineFields, term: u16, filter: u32) -> Term {
    let mut made =
        Term { number: Some(term), filter, needed: true, required: vec![timeline.timestamp], optional: Vec::new() };
    made.optional.extend(timeline.tiebreaker);
    if let Some(term) = correlation.terms.get(usize::from(term)) {
        made.needed = matches!(correlation.shape, Shape::Sample(_)) || !term.role.stages.is_empty();
        for key in &term.keys {
            let list = if key.optional { &mut made.optional } else { &mut made.required };
            list.extend(key.slot);
        }
    }
    made
}
