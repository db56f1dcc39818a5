//! Rule files to a rule set.

use std::collections::HashMap;

use super::{Program, RuleSet};
use crate::api::{CompileOptions, CompileReport, RuleReport, RuleStatus, Source};
use crate::check::Checker;
use crate::diagnostic::{Diagnostic, Level, Span, codes};
use crate::plan::{Filter, Plan};
use crate::rule::{self, QueryText, RuleFile};
use crate::schema::Schema;
use crate::syntax::ast::{Query, QueryKind};
use crate::syntax::{parse_expression, parse_query};
use crate::{Limits, RuleInfo};

/// The field that `process where …` tests.
const CATEGORY_FIELD: &str = "event.category";

/// Compiles rule files into one rule set. Rules with errors are left out and described in the report, and so are rules of
/// kinds that are not evaluated; the others run.
pub fn compile(sources: &[Source], options: &CompileOptions) -> (RuleSet, CompileReport) {
    let mut compiler = Compiler::new(options);
    for source in sources {
        compiler.file(source);
    }
    compiler.finish()
}

/// The value of a constant expression, such as `length("abc") + 1`; `None` is null.
pub fn fold_constant(text: &str) -> Result<Option<serde_json::Value>, Vec<Diagnostic>> {
    let limits = Limits::default();
    let mut errors = Vec::new();
    let expr = parse_expression(text, limits.max_query_depth, &mut errors);
    let mut plan = Plan::default();
    let schema = Schema::ecs();
    let value = if errors.is_empty() {
        let mut checker = Checker { text, schema: &schema, limits: &limits, plan: &mut plan, errors: &mut errors };
        checker.constant(&expr)
    } else {
        None
    };
    if errors.iter().all(|d| d.level != Level::Error) && value.is_none() {
        errors.push(Diagnostic::error(codes::CONSTANT, "the expression reads a field", expr.span));
    }
    match value {
        Some(value) => Ok(Some(value.to_json()).filter(|json| !json.is_null())),
        None => {
            locate(&mut errors, text);
            Err(errors)
        }
    }
}

struct Compiler<'a> {
    options: &'a CompileOptions,
    schema: Schema,
    plan: Plan,
    filters: Vec<Filter>,
    rules: Vec<RuleInfo>,
    report: CompileReport,
    /// Where each rule id was first seen.
    ids: HashMap<String, String>,
}

impl<'a> Compiler<'a> {
    fn new(options: &'a CompileOptions) -> Self {
        let mut report = CompileReport::default();
        let schema = schema(options.mapping.as_ref()).unwrap_or_else(|error| {
            report.diagnostics.push(*error);
            Schema::ecs()
        });
        Compiler {
            options,
            schema,
            plan: Plan::default(),
            filters: Vec::new(),
            rules: Vec::new(),
            report,
            ids: HashMap::new(),
        }
    }

    fn file(&mut self, source: &Source) {
        let limits = &self.options.limits;
        let (rules, mut diagnostics) = rule::read(source, limits);
        for rule in rules {
            let mut found = Vec::new();
            let status = self.rule(source, &rule, &mut found);
            for diagnostic in &mut found {
                diagnostic.path.clone_from(&source.path);
                diagnostic.rule = Some(rule.info.name.clone()).filter(|name| !name.is_empty());
            }
            locate(&mut found, &source.text);
            diagnostics.extend(found);
            self.report.rules.push(RuleReport { path: source.path.clone(), status, rule: rule.info });
        }
        // Errors first when not all can be kept.
        let most = limits.max_diagnostics as usize;
        if diagnostics.len() > most {
            diagnostics.sort_by_key(|d| d.level);
            self.report.diagnostics_omitted += (diagnostics.len() - most) as u32;
            diagnostics.truncate(most);
        }
        self.report.diagnostics.extend(diagnostics);
    }

    fn rule(&mut self, source: &Source, rule: &RuleFile, found: &mut Vec<Diagnostic>) -> RuleStatus {
        let info = &rule.info;
        if !info.kind.is_empty() && (info.kind != "eql" || info.language != "eql") {
            let kind = if info.language.is_empty() || info.language == info.kind {
                info.kind.clone()
            } else {
                format!("{} ({})", info.kind, info.language)
            };
            let reason = format!("rules of type {kind} are not evaluated by this version");
            let span = Span::default();
            found.push(Diagnostic::warning(codes::RULE_TYPE, &reason, span));
            return RuleStatus::Skipped { reason };
        }
        let Some(query) = rule.query.as_ref() else { return RuleStatus::Failed };
        let outcome = self.query(info, query, found);
        if rule.failed || found.iter().any(|d| d.level == Level::Error) {
            return RuleStatus::Failed;
        }
        if self.rules.len() >= self.options.limits.max_rules as usize {
            let message = format!("more than {} rules", self.options.limits.max_rules);
            let error = Diagnostic::error(codes::TOO_LARGE, message, Span::default());
            found.push(error.help("leave some out, or raise --max-rules"));
            return RuleStatus::Failed;
        }
        match outcome {
            Some(Outcome::Skip(reason)) => RuleStatus::Skipped { reason },
            Some(Outcome::Filter(filter)) => {
                if let Some(first) = self.ids.get(&info.id) {
                    let reason = format!("the rule with id {} was read from {first} already", info.id);
                    found.push(Diagnostic::warning(codes::DUPLICATE, &reason, Span::default()));
                    return RuleStatus::Skipped { reason };
                }
                self.ids.insert(info.id.clone(), source.path.clone());
                self.filters.push(filter);
                self.rules.push(info.clone());
                RuleStatus::Compiled { index: self.rules.len() as u32 - 1 }
            }
            None => RuleStatus::Failed,
        }
    }

    fn query(&mut self, info: &RuleInfo, query: &QueryText, found: &mut Vec<Diagnostic>) -> Option<Outcome> {
        let mut errors = Vec::new();
        let parsed = parse_query(&query.text, self.options.limits.max_query_depth, &mut errors);
        let outcome = parsed.and_then(|parsed| {
            let mut checker = Checker {
                text: &query.text,
                schema: &self.schema,
                limits: &self.options.limits,
                plan: &mut self.plan,
                errors: &mut errors,
            };
            let category = info.event_category_override.as_deref().unwrap_or(CATEGORY_FIELD);
            rule_outcome(&parsed, &mut checker, category)
        });
        for error in &mut errors {
            query.place(error);
        }
        // In the order of the text, which is how people mend it.
        errors.sort_by_key(|d| d.labels.first().map(|label| label.span));
        found.extend(errors);
        outcome
    }

    fn finish(self) -> (RuleSet, CompileReport) {
        let program = Program::new(self.plan, self.filters, self.options.limits.clone());
        (RuleSet { rules: self.rules, program }, self.report)
    }
}

enum Outcome {
    Filter(Filter),
    Skip(String),
}

/// What a rule's query becomes. What is correct but not evaluated yet is still checked in full.
fn rule_outcome(query: &Query, checker: &mut Checker<'_>, category: &str) -> Option<Outcome> {
    if let Some(pipe) = query.pipes.first() {
        not_yet(checker, "pipes in rules", pipe.span);
    }
    let (what, keyword, terms) = match &query.kind {
        QueryKind::Event(filter) => {
            let filter = checker.filter(filter, category)?;
            return Some(match query.pipes.is_empty() {
                true => Outcome::Filter(filter),
                false => Outcome::Skip("pipes in rules are not evaluated by this version yet".into()),
            });
        }
        QueryKind::Sequence(s) => {
            ("sequences", s.keyword, s.terms.iter().chain(s.until.as_deref()).collect::<Vec<_>>())
        }
        QueryKind::Sample(s) => ("samples", s.keyword, s.terms.iter().collect()),
    };
    let mut correct = true;
    for term in terms {
        correct &= checker.check(&term.filter);
    }
    not_yet(checker, what, keyword);
    correct.then(|| Outcome::Skip(format!("{what} are not evaluated by this version yet")))
}

fn not_yet(checker: &mut Checker<'_>, what: &str, span: Span) {
    let message = format!("{what} are not evaluated by this version yet");
    checker.errors.push(Diagnostic::warning(codes::NOT_YET, message, span).label("not supported yet"));
}

/// The filter of an event query for a search; the errors are all that are wrong with it.
pub(crate) fn query_filter(parsed: &Query, checker: &mut Checker<'_>, category_field: &str) -> Option<Filter> {
    match &parsed.kind {
        QueryKind::Event(filter) => checker.filter(filter, category_field),
        QueryKind::Sequence(_) | QueryKind::Sample(_) => {
            rule_outcome(parsed, checker, category_field);
            // In a search there is nothing else to do, so it is an error.
            for diagnostic in checker.errors.iter_mut().filter(|d| d.code == codes::NOT_YET) {
                diagnostic.level = Level::Error;
            }
            None
        }
    }
}

/// What is known about fields: the mapping's, or else the Elastic Common Schema's.
pub(crate) fn schema(mapping: Option<&serde_json::Value>) -> Result<Schema, Box<Diagnostic>> {
    let Some(mapping) = mapping else { return Ok(Schema::ecs()) };
    Schema::from_mapping(mapping).map_err(|message| {
        let message = format!("the mapping cannot be read: {message}");
        let error = Diagnostic::error(codes::RULE_FILE, message, Span::default());
        let error = error.help("give what `GET index/_mapping` answers, or its `mappings` or `properties`");
        Box::new(Diagnostic { labels: Vec::new(), ..error })
    })
}

/// Fills in lines and columns.
pub(crate) fn locate(diagnostics: &mut [Diagnostic], text: &str) {
    for diagnostic in diagnostics {
        diagnostic.locate(text);
    }
}
