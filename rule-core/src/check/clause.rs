//! Clauses (KQL, Lucene, filters, exceptions) to conditions.
//!
//! What Elasticsearch's leaf queries mean depends on the type of the field: `match` is equality for a keyword, a number, a date (as
//! precise as it is written) or a range of addresses, and is about words for analysed text. A value that cannot be one of the field's type
//! matches nothing. Fields are those of the schema; one outside it has the type of its values.

use std::borrow::Cow;

use super::lower::compare;
use super::{Checker, pattern};
use crate::Span;
use crate::clause::{Clause, ClauseKind, FieldName, FieldTest, Glob, Part, RangeOp};
use crate::diagnostic::{Diagnostic, codes};
use crate::pattern::regex::Regex;
use crate::pattern::words;
use crate::plan::condition::Condition;
use crate::plan::document::{Document, Leaves, Nested};
use crate::plan::test::{Num, Spec};
use crate::plan::{Filter, Plan};
use crate::schema::{Field, FieldType};
use crate::sort;
use crate::syntax::ast::CompareOp;
use crate::value::Value;

/// Twins of a field that Elastic's mappings give it, which hold the same value in another way.
const TWINS: [&str; 3] = [".caseless", ".text", ".keyword"];

impl Checker<'_> {
    /// A query in clauses as the engine runs it; `None` when there are errors, all of which are reported.
    pub fn query(&mut self, clause: &Clause) -> Option<Filter> {
        let before = self.error_count();
        clause.each_name(&mut |name, span| self.check_name(name, span));
        let condition = self.clause(clause);
        if self.error_count() > before {
            return None;
        }
        if condition == Condition::Constant(false) {
            let message = "the query holds for no event";
            self.errors
                .push(Diagnostic::warning(codes::CONSTANT_CONDITION, message, clause.span).label("always false"));
        }
        Some(Filter { category: None, condition })
    }

    /// An unknown field is no error, as it is none in Kibana, but may be a misspelt one.
    fn check_name(&mut self, name: &str, span: Span) {
        if self.resolved(name).1.is_some() || self.is_object(name) {
            return;
        }
        if !self.schema.is_strict() {
            self.report_unknown(name, false, span);
            return;
        }
        let message = format!("unknown field [{name}]");
        let mut warning =
            Diagnostic::warning(codes::UNKNOWN_FIELD, message, span).label("not in the mapping: no event has it");
        if let Some(near) = self.plan.nearest(self.schema, name) {
            warning = warning.suggest(span, &near, format!("did you mean `{near}`?"));
        }
        self.errors.push(warning);
    }

    /// The clause as a tree over predicates.
    pub fn clause(&mut self, clause: &Clause) -> Condition {
        let condition = self.clause_lowered(clause);
        #[cfg(feature = "profile")]
        if let Some(notes) = &mut self.plan.notes {
            notes.note(self.text, clause.span, &condition);
        }
        condition
    }

    fn clause_lowered(&mut self, clause: &Clause) -> Condition {
        match &clause.kind {
            ClauseKind::All => Condition::Constant(true),
            ClauseKind::None => Condition::Constant(false),
            ClauseKind::Not(inner) => self.clause(inner).negate(),
            ClauseKind::And(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.clause(part)).collect();
                Condition::all(parts)
            }
            ClauseKind::Or(parts) => self.alternatives(parts),
            ClauseKind::Nested { path, inner } => self.nested(path, inner),
            ClauseKind::Field { field: FieldName::Name(name), test, .. } => {
                let (name, field, twin) = self.resolved(name);
                if *test == FieldTest::Exists && field.is_none() && self.is_object(&name) {
                    return self.leaves(Some(format!("{name}.*")), test, clause.span);
                }
                match self.spec(field.as_ref(), twin, test, clause.span) {
                    Some(spec) => self.ask(&name, spec),
                    None => Condition::Constant(false),
                }
            }
            ClauseKind::Field { field: FieldName::Matching(name), test, .. } => {
                self.leaves(Some(name.clone()), test, clause.span)
            }
            ClauseKind::Field { field: FieldName::Every, test, .. } => self.leaves(None, test, clause.span),
        }
    }

    /// Any of the clauses. Values of one field become one test, which is then the same as of an equal list in another rule or
    /// language.
    fn alternatives(&mut self, parts: &[Clause]) -> Condition {
        let mut lists: Vec<(Cow<'_, str>, Vec<Spec>)> = Vec::new();
        let mut others = Vec::new();
        for part in parts {
            let ClauseKind::Field { field: FieldName::Name(name), test, .. } = &part.kind else {
                others.push(self.clause(part));
                continue;
            };
            let (name, field, twin) = self.resolved(name);
            if *test == FieldTest::Exists {
                others.push(self.clause(part));
                continue;
            }
            let Some(spec) = self.spec(field.as_ref(), twin, test, part.span) else { continue };
            match lists.iter_mut().find(|(other, _)| *other == name) {
                Some((_, specs)) => merge(specs, spec),
                None => lists.push((name, vec![spec])),
            }
        }
        for (name, specs) in lists {
            for spec in specs {
                others.push(self.ask(&name, sorted(spec)));
            }
        }
        Condition::any(others)
    }

    /// The field that a name means, what is known of it, and the twin that it names.
    fn resolved<'n>(&self, name: &'n str) -> (Cow<'n, str>, Option<Field>, Option<&'static str>) {
        if let Some(field) = self.field(name) {
            return (Cow::Borrowed(name), Some(field), None);
        }
        for twin in TWINS {
            if let Some(parent) = name.strip_suffix(twin)
                && let Some(mut field) = self.field(parent)
            {
                if twin == ".text" {
                    field.kind = FieldType::Text;
                }
                return (Cow::Borrowed(parent), Some(field), Some(twin));
            }
        }
        (Cow::Borrowed(name), None, None)
    }

    /// The field that a name is about.
    pub fn name_of(&self, name: &str) -> String {
        self.resolved(name).0.into_owned()
    }

    fn is_object(&self, name: &str) -> bool {
        self.schema.has_below(name) || self.schema.is_nested(name)
    }

    /// What the test asks of values of a type. `None`: no value of the type can pass, or there is an error.
    fn spec(&mut self, field: Option<&Field>, twin: Option<&str>, test: &FieldTest, span: Span) -> Option<Spec> {
        let kind = field.map(|field| field.kind);
        let caseless = twin == Some(".caseless");
        if kind == Some(FieldType::Text) {
            return self.text_spec(test, span);
        }
        let spec = match test {
            FieldTest::Exists => Spec::Exists,
            FieldTest::Match(text) | FieldTest::Phrase(text) => self.equal(field, text, caseless, span),
            FieldTest::Term(text, insensitive) => self.equal(field, text, *insensitive || caseless, span),
            FieldTest::Glob(glob, insensitive) => self.pattern(pattern::spec(glob, *insensitive || caseless), span)?,
            FieldTest::Prefix(text, insensitive) => Spec::StartsWith(text.clone(), *insensitive || caseless),
            FieldTest::Regexp(text, insensitive) => {
                self.pattern(Spec::Regex(vec![text.clone()], *insensitive || caseless), span)?
            }
            FieldTest::Range(bounds) => {
                let specs: Option<Vec<Spec>> =
                    bounds.iter().map(|(op, bound)| self.bound(field, *op, bound, span)).collect();
                let mut specs = specs?;
                match specs.len() {
                    1 => specs.remove(0),
                    _ => Spec::AllOf(specs),
                }
            }
        };
        Some(spec).filter(|spec| *spec != Spec::Never)
    }

    fn equal(&mut self, field: Option<&Field>, text: &str, insensitive: bool, span: Span) -> Spec {
        match compare(field, CompareOp::Equal, &Value::Str(Cow::Borrowed(text))) {
            Spec::TextIn(list, _) => Spec::TextIn(list, insensitive),
            Spec::Never => {
                let kind = field.map_or("", |field| field.kind.name());
                let message = format!("no value of a field of type [{kind}] is `{text}`");
                self.errors.push(Diagnostic::warning(codes::TYPE, message, span).label("matches no event"));
                Spec::Never
            }
            spec => spec,
        }
    }

    /// Reports a pattern that is too large.
    fn pattern(&mut self, spec: Spec, span: Span) -> Option<Spec> {
        if let Spec::Regex(list, insensitive) = &spec
            && let Some(error) =
                list.iter().find_map(|r| Regex::new(r, *insensitive, self.limits.max_regex_bytes as usize).err())
        {
            self.errors.push(Diagnostic::error(codes::PATTERN, error.message, span));
            return None;
        }
        Some(spec)
    }

    fn bound(&mut self, field: Option<&Field>, op: RangeOp, bound: &str, span: Span) -> Option<Spec> {
        let op = match op {
            RangeOp::Less => CompareOp::Less,
            RangeOp::LessOrEqual => CompareOp::LessEqual,
            RangeOp::Greater => CompareOp::Greater,
            RangeOp::GreaterOrEqual => CompareOp::GreaterEqual,
        };
        let is_date = field.is_some_and(|field| field.kind.is_date());
        if is_date && (bound.starts_with("now") || bound.contains("||")) {
            let message = format!("`{bound}` is a time that depends on when the query runs");
            let error = Diagnostic::error(codes::NOT_SUPPORTED, message, span);
            self.errors.push(error.help("events are evaluated as they come: leave the bound out, or write a date"));
            return None;
        }
        let value = match (field, bound.parse::<f64>()) {
            // A field of unknown type has the type of its values; a bound that is a number is about numbers.
            (None, Ok(n)) => return Some(Spec::Number(op, bound.parse().map_or(Num::float(n), Num::Int))),
            _ => Value::Str(Cow::Borrowed(bound)),
        };
        let spec = compare(field, op, &value);
        if spec == Spec::Never {
            let kind = field.map_or("", |field| field.kind.name());
            let message = format!("`{bound}` is no value of a field of type [{kind}]");
            self.errors.push(Diagnostic::error(codes::TYPE, message, span));
            return None;
        }
        Some(spec)
    }

    /// What the test asks of analysed text, which is stored as words.
    fn text_spec(&mut self, test: &FieldTest, span: Span) -> Option<Spec> {
        let any_word = |spec: Spec| Spec::AnyWord(Box::new(spec));
        let owned = |text: &str| words::of(text).map(Cow::into_owned).collect::<Vec<String>>();
        let spec = match test {
            FieldTest::Exists => Spec::Exists,
            FieldTest::Match(text) => match owned(text) {
                words if words.is_empty() => Spec::Never,
                words => sorted(any_word(Spec::TextIn(words, false))),
            },
            FieldTest::Phrase(text) => match owned(text) {
                words if words.is_empty() => Spec::Never,
                words => Spec::Phrase(words),
            },
            FieldTest::Term(text, insensitive) => any_word(Spec::TextIn(vec![text.clone()], *insensitive)),
            // `query_string` reads white space as the end of one term and the beginning of another, any of which will do.
            FieldTest::Glob(glob, _) => {
                let words = split(glob).into_iter().map(|glob| any_word(pattern::spec(&lower(&glob), false)));
                let mut words: Vec<Spec> = words.collect();
                if words.len() == 1 { words.remove(0) } else { Spec::AnyOf(words) }
            }
            FieldTest::Prefix(text, _) => any_word(Spec::StartsWith(text.to_lowercase(), false)),
            FieldTest::Regexp(text, insensitive) => {
                any_word(self.pattern(Spec::Regex(vec![text.clone()], *insensitive), span)?)
            }
            FieldTest::Range(bounds) => {
                let bound = |(op, bound): &(RangeOp, String)| self.bound(None, *op, bound, span);
                any_word(Spec::AllOf(bounds.iter().map(bound).collect::<Option<_>>()?))
            }
        };
        Some(spec).filter(|spec| *spec != Spec::Never)
    }

    /// A test on all fields, or on those whose name matches.
    fn leaves(&mut self, name: Option<String>, test: &FieldTest, span: Span) -> Condition {
        let specs = (self.spec(None, None, test, span), self.text_spec(test, span));
        let (Some(exact), analysed) = specs else { return Condition::Constant(false) };
        let most = self.limits.max_regex_bytes as usize;
        // Patterns were compiled when they were read.
        let (Ok(exact), Ok(analysed)) = (exact.compile(most), analysed.unwrap_or(Spec::Never).compile(most)) else {
            return Condition::Constant(false);
        };
        let leaves = Leaves::new(name.as_deref(), exact, analysed, self.schema.clone());
        Condition::Predicate(self.plan.document_predicate(Document::Leaves(Box::new(leaves))))
    }

    /// A clause that one object of an array passes alone. First all the objects together are asked what can be: that reaches the
    /// rule, and nearly always decides.
    fn nested(&mut self, path: &str, inner: &Clause) -> Condition {
        let together = self.clause(&positive(inner));
        let mut plan = Plan::default().with_word_tests();
        let mut checker = Checker {
            text: self.text,
            schema: self.schema,
            limits: self.limits,
            plan: &mut plan,
            // They were reported above.
            errors: &mut Vec::new(),
        };
        let condition = checker.clause(inner);
        let nested = Nested::new(path, plan, condition);
        let alone = Condition::Predicate(self.plan.document_predicate(Document::Nested(Box::new(nested))));
        Condition::all([together, alone])
    }
}

/// What must hold of all objects together if one of them is to pass: what is negated is left out.
fn positive(clause: &Clause) -> Clause {
    let parts = |parts: &[Clause]| parts.iter().map(positive).collect();
    let kind = match &clause.kind {
        ClauseKind::Not(_) => ClauseKind::All,
        ClauseKind::And(list) => ClauseKind::And(parts(list)),
        ClauseKind::Or(list) => ClauseKind::Or(parts(list)),
        // It asks the same of itself.
        ClauseKind::Nested { inner, .. } => return positive(inner),
        other => other.clone(),
    };
    Clause { kind, span: clause.span }
}

/// Adds a test to others of the same field, of which one must pass.
fn merge(specs: &mut Vec<Spec>, new: Spec) {
    for spec in &mut *specs {
        match (spec, &new) {
            (Spec::TextIn(list, a), Spec::TextIn(more, b)) | (Spec::Like(list, a), Spec::Like(more, b)) if a == b => {
                list.extend(more.iter().cloned());
                return;
            }
            (Spec::Ranges(list), Spec::Ranges(more)) => {
                list.extend(more.iter().cloned());
                return;
            }
            (Spec::NumberIn(list), Spec::Number(CompareOp::Equal, n)) => {
                list.push(*n);
                return;
            }
            (first @ Spec::Number(CompareOp::Equal, _), Spec::Number(CompareOp::Equal, n)) => {
                let Spec::Number(_, one) = first else { return };
                *first = Spec::NumberIn(vec![*one, *n]);
                return;
            }
            _ => {}
        }
    }
    specs.push(new);
}

/// Lists in order, so that equal ones are the same.
fn sorted(spec: Spec) -> Spec {
    let order = |mut list: Vec<String>| {
        sort::unstable(&mut list, Ord::cmp);
        list.dedup();
        list
    };
    match spec {
        Spec::TextIn(list, insensitive) => Spec::TextIn(order(list), insensitive),
        Spec::Like(list, insensitive) => Spec::Like(order(list), insensitive),
        Spec::AnyWord(inner) => Spec::AnyWord(Box::new(sorted(*inner))),
        other => other,
    }
}

/// The words of a pattern.
fn split(glob: &Glob) -> Vec<Glob> {
    let is_space = |part: &Part| matches!(part, Part::Char(c) if c.is_whitespace());
    glob.0.split(is_space).filter(|parts| !parts.is_empty()).map(|parts| Glob(parts.to_vec())).collect()
}

/// In lower case, as the words of text are.
fn lower(glob: &Glob) -> Glob {
    let mut lower = Glob::default();
    for part in &glob.0 {
        match part {
            Part::Char(c) => c.to_lowercase().for_each(|c| lower.push(Part::Char(c))),
            other => lower.push(*other),
        }
    }
    lower
}
