//! Why a rule matches an event or does not, node by node.
//!
//! Nothing here decides what holds. Every condition of the rule, down to the single test, is lowered by the checker as the
//! rule is and becomes a filter of one private program (`blueprint`); the engine's evaluator runs the program over each
//! event, and what holds is read off (`evaluate`). The rest is words: which nodes decide (`decide`), what they found
//! (`words`, `notes`), and whether the author meant another operator (`hints`).
//!
//! ```
//! use rule_core::{ExplainOptions, Source, explain};
//!
//! let rule = Source { path: "shell.eql".into(), text: r#"process where process.name == "bash""#.into() };
//! let event = br#"{"event":{"category":"process"},"process":{"name":"Bash"}}"#;
//! let explanation = explain(&rule, event, &ExplainOptions::default()).expect("the rule has no errors");
//! let verdict = &explanation.events[0].terms[0];
//! assert!(!verdict.matched);
//! assert_eq!(
//!     verdict.reason,
//!     r#"did not match: process.name is "Bash", the rule wants "bash" (case-sensitive)"#
//! );
//! ```

mod blueprint;
mod clauses;
mod data;
mod decide;
mod evaluate;
mod hints;
mod names;
mod notes;
// Profiles show source on one line too.
pub(crate) mod text;
mod trace;
mod walk;
mod words;

pub use data::*;

use crate::Limits;
use crate::Source;
use crate::check::Checker;
use crate::diagnostic::{Diagnostic, Level, Span, codes};
use crate::engine::{CATEGORY_FIELD, Evaluator, Program, lines, locate, schema, to_file};
use crate::normalise::Files;
use crate::plan::condition::Condition;
use crate::plan::{Filter, Plan};
use crate::rule::{self, FileContents, Overrides, RuleFile};
use crate::syntax::ast::{self, Query, QueryKind as Parsed};
use crate::syntax::parse_query;
use crate::{kql, lucene};
use blueprint::{Blueprint, Drawer};
use evaluate::Explainer;
use text::OneLine;

/// The field that says when, unless the rule or its reader says otherwise.
const TIMESTAMP_FIELD: &str = "@timestamp";

/// Explains the first rule of a file over events, one JSON document per line, whole lines only. The error is all that is wrong with the rule.
pub fn explain(source: &Source, events: &[u8], options: &ExplainOptions) -> Result<Explanation, Vec<Diagnostic>> {
    let FileContents { rules, diagnostics: mut found, .. } = rule::read(source, &options.limits);
    let Some(mut rule) = rules.into_iter().next() else { return Err(found) };
    if let Some(source) = &options.overrides {
        let (mut overrides, wrong) = Overrides::read(source, &options.limits);
        found.extend(wrong);
        let mut refused = Vec::new();
        overrides.apply(&mut rule.info, &mut refused);
        locate(&mut refused, &source.text);
        found.extend(refused);
    }
    let mut errors = Vec::new();
    let (normalisers, wrong) = Files::read(&options.normalisers, options.normaliser.as_deref(), &options.limits);
    found.extend(wrong);
    let explanation = explain_rule(&rule, events, options, &normalisers, &mut errors);
    for diagnostic in &mut errors {
        diagnostic.path.clone_from(&source.path);
        diagnostic.rule = Some(rule.info.name.clone()).filter(|name| !name.is_empty());
    }
    locate(&mut errors, &source.text);
    found.extend(errors);
    match explanation {
        Some(explanation) if !found.iter().any(|d| d.level == Level::Error) => {
            Ok(Explanation { path: source.path.clone(), warnings: found, ..explanation })
        }
        _ => Err(found),
    }
}

fn explain_rule(
    rule: &RuleFile,
    events: &[u8],
    options: &ExplainOptions,
    normalisers: &Files,
    errors: &mut Vec<Diagnostic>,
) -> Option<Explanation> {
    let (info, limits) = (&rule.info, &options.limits);
    if !matches!(info.language.as_str(), "eql" | "kuery" | "lucene") {
        let message = format!("rules of type {} ({}) are not explained by this version", info.kind, info.language);
        errors.push(Diagnostic::error(codes::RULE_TYPE, message, Span::default()));
        return None;
    }
    let query = rule.query.as_ref()?;
    let schema = schema(options.mapping.as_ref()).map_err(|error| errors.push(*error)).ok()?;
    // As a search that names the field, or as a session.
    let mut plan = options.timestamp_field.clone().map_or_else(Plan::default, |field| Plan::with_dates(vec![field]));
    plan = plan.with_word_tests();
    let timestamp = options.timestamp_field.as_ref().or(info.timestamp_override.as_ref());
    let timestamp = plan.slot(&schema, timestamp.map_or(TIMESTAMP_FIELD, String::as_str));
    let category = options.event_category_field.as_ref().or(info.event_category_override.as_ref());

    let mut in_query = Vec::new();
    let depth = limits.max_query_depth;
    let (parsed, clause) = match info.language.as_str() {
        "kuery" => (None, kql::parse(&query.text, depth, &mut in_query)),
        "lucene" => (None, lucene::parse(&query.text, depth, &mut in_query)),
        _ => (parse_query(&query.text, depth, &mut in_query), None),
    };
    let lines = OneLine::new(&query.text);
    let checker = Checker { text: &query.text, schema: &schema, limits, plan: &mut plan, errors: &mut in_query };
    let mut drawer = Drawer {
        checker,
        query,
        lines: &lines,
        category_field: category.map_or(CATEGORY_FIELD, String::as_str),
        filters: vec![Filter { category: None, condition: Condition::Constant(true) }],
    };
    let drawn = match (&parsed, &clause) {
        (Some(parsed), _) => Some(draw(parsed, &mut drawer)),
        (None, Some(clause)) => Some(drawer.clauses(clause).into_iter().collect()),
        (None, None) => None,
    };
    let filters = drawer.filters;
    to_file(&mut in_query, query);
    errors.append(&mut in_query);
    let blueprints = drawn?;
    if errors.iter().any(|d| d.level == Level::Error) {
        return None;
    }
    let (kind, maxspan) = match parsed.as_ref().map(|parsed| &parsed.kind) {
        Some(Parsed::Sequence(sequence)) => (QueryKind::Sequence, sequence.maxspan.map(|(millis, _)| millis)),
        Some(Parsed::Sample(_)) => (QueryKind::Sample, None),
        Some(Parsed::Event(_)) | None => (QueryKind::Event, None),
    };
    let mut explanation = Explanation {
        path: String::new(),
        id: info.id.clone(),
        name: info.name.clone(),
        query: kind,
        span: query.map.span(Span::new(0, query.text.len() as u32)),
        maxspan,
        terms: blueprints.iter().map(|blueprint| blueprint.term.clone()).collect(),
        events: Vec::new(),
        omitted: 0,
        sequence: None,
        warnings: Vec::new(),
    };
    let program = Program::new(plan, filters, limits.clone()).with_normalisers(normalisers);
    let evaluator = Evaluator::default();
    let mut explainer = Explainer { program, blueprints, timestamp, query, lines: &lines, evaluator };
    explain_events(&mut explainer, events, limits, &mut explanation);
    let fields = trace::Fields {
        normalisers,
        category: category.map_or(CATEGORY_FIELD, String::as_str),
        timestamp: options
            .timestamp_field
            .as_ref()
            .or(info.timestamp_field.as_ref())
            .map_or(TIMESTAMP_FIELD, String::as_str),
        tiebreaker: info.tiebreaker_field.as_deref(),
    };
    if let Some(parsed) = &parsed {
        explanation.sequence = trace::trace((parsed, &query.text), info, &schema, limits, &fields, events);
    }
    Some(explanation)
}

fn draw<'q>(parsed: &'q Query, drawer: &mut Drawer<'_>) -> Vec<Blueprint<'q>> {
    let (by, terms, until) = match &parsed.kind {
        Parsed::Event(filter) => return drawer.event(filter).into_iter().collect(),
        Parsed::Sequence(sequence) => (&sequence.by, &sequence.terms, sequence.until.as_deref()),
        Parsed::Sample(sample) => (&sample.by, &sample.terms, None),
    };
    let terms = || terms.iter().chain(until);
    drawer.check_keys(by.iter().chain(terms().flat_map(|term| &term.by)));
    let role = |term: &ast::Term| match term {
        term if until.is_some_and(|until| std::ptr::eq(until, term)) => Role::Until,
        term if term.missing => Role::Missing,
        _ => Role::Term,
    };
    terms().filter_map(|term| drawer.term(term, role(term), by)).collect()
}

fn explain_events(explainer: &mut Explainer<'_>, events: &[u8], limits: &Limits, explanation: &mut Explanation) {
    let mut nodes = 0;
    for (ordinal, line) in lines(events).enumerate() {
        let full = explanation.events.len() >= limits.max_explained_events as usize
            || nodes >= limits.max_explained_nodes as usize;
        // One event is always explained, whatever the rule's size.
        if full && ordinal > 0 {
            explanation.omitted += 1;
            continue;
        }
        let explained = explainer.explain(ordinal as u64, line);
        nodes += explained.terms.iter().map(|verdict| verdict.tree.count()).sum::<usize>();
        explanation.events.push(explained);
    }
}
