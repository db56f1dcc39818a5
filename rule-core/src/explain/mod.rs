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
mod gates;
mod hints;
mod names;
mod notes;
mod replay;
// Profiles show source on one line too.
pub(crate) mod text;
mod walk;
mod words;

pub use data::*;

use crate::CompileOptions;
use crate::Source;
use crate::api::RuleStatus;
use crate::check::Checker;
use crate::diagnostic::{Diagnostic, Level, Span, codes};
use crate::engine::{
    Alone, CATEGORY_FIELD, Evaluator, NO_PIPES, Program, STREAM_FIELDS, Seen, Streams, lines, locate, schema,
};
use crate::normalise::Files;
use crate::plan::condition::Condition;
use crate::plan::{Filter, Plan};
use crate::rule::{self, ExceptionListRef, FileContents, Overrides, RuleFile, RuleInfo};
use crate::syntax::ast::{self, Query, QueryKind as Parsed};
use crate::syntax::parse_query;
use crate::{filter, kql, lucene};
use blueprint::{Blueprint, Drawer};
use evaluate::Explainer;
use gates::{Named, Outside};
use replay::Replay;
use text::OneLine;

/// The field that says when, unless the rule or its reader says otherwise.
const TIMESTAMP_FIELD: &str = "@timestamp";
/// Characters of the name of a filter or exception.
const MAX_NAME: usize = 80;

/// Explains the first rule of a file over events, one JSON document per line, whole lines only. The error is all that is wrong with the rule.
pub fn explain(source: &Source, events: &[u8], options: &ExplainOptions) -> Result<Explanation, Vec<Diagnostic>> {
    let FileContents { rules, diagnostics, .. } = rule::read(source, &options.limits);
    let Some(mut rule) = rules.into_iter().next() else { return Err(diagnostics) };
    let mut by = "its file".to_owned();
    if let Some(source) = &options.overrides {
        let (mut overrides, _) = Overrides::read(source, &options.limits);
        // What is wrong with them is said when the rule is compiled.
        by = overrides.apply(&mut rule.info, &mut Vec::new()).map_or(by, str::to_owned);
    }
    let disabled = rule.info.disabled.then(|| format!("disabled in {by}"));
    let mut alone = alone(source, &rule.info.exceptions_list, options);
    let mut found = std::mem::take(&mut alone.report.diagnostics);
    // What is said of overrides is about all rules.
    found.retain(|diagnostic| diagnostic.code != codes::OVERRIDE);
    let has_errors = |found: &[Diagnostic]| found.iter().any(|d| d.level == Level::Error);
    let mut errors = Vec::new();
    let explanation = match has_errors(&found) {
        true => None,
        false => explain_rule(&rule, events, options, alone, &mut errors),
    };
    match explanation {
        Some(explanation) => {
            let skipped = disabled.or(explanation.skipped);
            Ok(Explanation { path: source.path.clone(), warnings: found, skipped, ..explanation })
        }
        None if has_errors(&found) => Err(found),
        None => {
            for diagnostic in &mut errors {
                diagnostic.path.clone_from(&source.path);
                diagnostic.rule = Some(rule.info.name.clone()).filter(|name| !name.is_empty());
            }
            locate(&mut errors, &source.text);
            found.extend(errors);
            Err(found)
        }
    }
}

/// The rule as it runs, were it enabled.
fn alone(source: &Source, lists: &[ExceptionListRef], options: &ExplainOptions) -> Alone {
    let compile = CompileOptions {
        limits: options.limits.clone(),
        mapping: options.mapping.clone(),
        overrides: options.overrides.clone(),
        value_lists: options.value_lists.clone(),
        indicators: options.indicators.clone(),
        normalisers: options.normalisers.clone(),
        normaliser: options.normaliser.clone(),
    };
    let change = |info: &mut RuleInfo| {
        info.disabled = false;
        if options.timestamp_field.is_some() {
            info.timestamp_field.clone_from(&options.timestamp_field);
        }
        if options.event_category_field.is_some() {
            info.event_category_override.clone_from(&options.event_category_field);
        }
    };
    Alone::compile(source, &options.exceptions, &compile, lists, &change, options.timestamp_field.as_ref())
}

fn explain_rule(
    rule: &RuleFile,
    events: &[u8],
    options: &ExplainOptions,
    alone: Alone,
    errors: &mut Vec<Diagnostic>,
) -> Option<Explanation> {
    let (info, limits) = (&rule.info, &options.limits);
    if !matches!(info.language.as_str(), "eql" | "kuery" | "lucene") {
        let message = format!("rules of type {} ({}) are not explained by this version", info.kind, info.language);
        errors.push(Diagnostic::error(codes::RULE_TYPE, message, Span::default()));
        return None;
    }
    let query = rule.query.as_ref()?;
    let schema = schema(options.mapping.as_ref()).ok()?;
    // As a search that names the field, or as a session.
    let mut plan = options.timestamp_field.clone().map_or_else(Plan::default, |field| Plan::with_dates(vec![field]));
    plan = plan.with_word_tests();
    let timestamp = options.timestamp_field.as_ref().or(info.timestamp_override.as_ref());
    let timestamp = plan.slot(&schema, timestamp.map_or(TIMESTAMP_FIELD, String::as_str));
    let category = options.event_category_field.as_ref().or(info.event_category_override.as_ref());

    // What is wrong with the rule was said when it was compiled.
    let mut told = Vec::new();
    let depth = limits.max_query_depth;
    let (parsed, clause) = match info.language.as_str() {
        "kuery" => (None, kql::parse(&query.text, depth, &mut told)),
        "lucene" => (None, lucene::parse(&query.text, depth, &mut told)),
        _ => (parse_query(&query.text, depth, &mut told), None),
    };
    let lines = OneLine::new(&query.text);
    let checker = Checker { text: &query.text, schema: &schema, limits, plan: &mut plan, errors: &mut told };
    let mut drawer = Drawer {
        checker,
        query,
        lines: &lines,
        category_field: category.map_or(CATEGORY_FIELD, String::as_str),
        filters: vec![Filter { category: None, condition: Condition::Constant(true) }],
        is_printed: false,
    };
    let blueprints = match (&parsed, &clause) {
        (Some(parsed), _) => draw(parsed, &mut drawer),
        (None, Some(clause)) => drawer.clauses(clause).into_iter().collect(),
        (None, None) => return None,
    };
    let replay = Replay::run(alone.rules, events, options);
    let mut outside = Outside {
        info,
        index: options.index.as_deref(),
        streams: Streams::default(),
        seen: Seen::default(),
        filters: filters(info, &mut drawer),
        exceptions: (alone.exceptions.iter())
            .filter_map(|(name, clause)| Named::draw((text::cut(name, MAX_NAME), '"'), clause, &mut drawer))
            .collect(),
        fields: Vec::new(),
        replay,
    };
    let filters = drawer.filters;
    if !info.index.is_empty() {
        outside.streams = Streams::new(std::iter::once(info), STREAM_FIELDS.map(|field| plan.slot(&schema, field)));
    }
    for name in gates::fields(info) {
        if !outside.fields.iter().any(|(known, _)| *known == name) {
            outside.fields.push((name, plan.slot(&schema, name)));
        }
    }
    let (kind, maxspan) = match parsed.as_ref().map(|parsed| &parsed.kind) {
        Some(Parsed::Sequence(sequence)) => (QueryKind::Sequence, sequence.maxspan.map(|(millis, _)| millis)),
        Some(Parsed::Sample(_)) => (QueryKind::Sample, None),
        Some(Parsed::Event(_)) | None => (QueryKind::Event, None),
    };
    let has_pipes = parsed.as_ref().is_some_and(|parsed| !parsed.pipes.is_empty());
    let skipped = alone.report.rules.into_iter().find_map(|rule| match rule.status {
        RuleStatus::Skipped { reason } => Some(reason),
        _ => has_pipes.then(|| NO_PIPES.to_owned()),
    });
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
        sequence: outside.replay.sequence.take().filter(|_| kind != QueryKind::Event),
        warnings: Vec::new(),
        skipped,
        alerts_when: outside.alerts_when(),
    };
    let (normalisers, _) = Files::read(&options.normalisers, options.normaliser.as_deref(), limits);
    let program = Program::new(plan, filters, limits.clone()).with_normalisers(&normalisers);
    let evaluator = Evaluator::default();
    let mut explainer = Explainer { program, blueprints, timestamp, query, lines: &lines, evaluator, outside };
    explain_events(&mut explainer, events, options, &mut explanation);
    Some(explanation)
}

/// What Kibana's filters ask.
fn filters<'q>(info: &RuleInfo, drawer: &mut Drawer<'_>) -> Vec<Named<'q>> {
    let mut drawn = Vec::new();
    for json in info.filters.iter().filter(|filter| filter["meta"]["disabled"] != true) {
        if let Ok(clause) = filter::filters(std::slice::from_ref(json)) {
            let alias = json["meta"]["alias"].as_str().filter(|alias| !alias.is_empty());
            let text = text::cut(&kql::print(&clause), MAX_NAME);
            let named = match alias {
                Some(alias) => (text::cut(alias, MAX_NAME), '"'),
                None => (text, '`'),
            };
            drawn.extend(Named::draw(named, &clause, drawer));
        }
    }
    drawn
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

fn explain_events(
    explainer: &mut Explainer<'_>,
    events: &[u8],
    options: &ExplainOptions,
    explanation: &mut Explanation,
) {
    let (limits, only) = (&options.limits, &options.only);
    let mut nodes = 0;
    for (ordinal, line) in (0..).zip(lines(events)) {
        if !only.is_empty() && !only.contains(&ordinal) {
            continue;
        }
        let full = explanation.events.len() >= limits.max_explained_events as usize
            || nodes >= limits.max_explained_nodes as usize;
        // One event is always explained, whatever the rule's size.
        if full && !explanation.events.is_empty() {
            explanation.omitted += 1;
            continue;
        }
        let explained = explainer.explain(ordinal, line);
        let trees = explained.terms.iter().map(|verdict| &verdict.tree);
        nodes +=
            trees.chain(explained.gates.iter().filter_map(|gate| gate.tree.as_ref())).map(Node::count).sum::<usize>();
        explanation.events.push(explained);
    }
}
