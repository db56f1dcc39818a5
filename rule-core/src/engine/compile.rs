//! Rule files to a rule set.

use std::sync::Arc;

use super::assembly::Assembly;
use super::exceptions::{Exception, Exceptions, LoweredExceptions, ValueLists};
use super::lines::Lines;
use super::pieces::{Piece, Pieces, Place};
use super::{Program, RuleSet, Streams, Targets, streams};
use crate::Source;
use crate::api::{CompileOptions, CompileReport, RuleReport, RuleStatus};
use crate::check::Checker;
use crate::check::correlation::Lowered;
use crate::clause::Clause;
use crate::detect;
use crate::diagnostic::{Diagnostic, Level, Span, codes};
use crate::normalise::Files;
use crate::plan::condition::Condition;
use crate::plan::{Filter, Plan};
use crate::rule::{
    self, ExceptionListRef, FileContents, Overrides, QueryText, ReadException, RuleFile, RuleKind, rule_kind,
};
use crate::schema::Schema;
use crate::sort;
use crate::syntax::ast::{Pipe, Query, QueryKind};
use crate::syntax::{parse_expression, parse_query};
use crate::{Limits, RuleInfo};
use crate::{filter, kql, lucene};

/// The field that `process where …` tests.
pub(crate) const CATEGORY_FIELD: &str = "event.category";
impl Outcome {
    /// Leaves it those events alone for which the condition holds.
    fn restrict(&mut self, condition: &Condition) {
        if *condition == Condition::Constant(true) {
            return;
        }
        let filters = match self {
            Outcome::Filter(filter) => std::slice::from_mut(filter),
            Outcome::Correlation(lowered) => &mut lowered.filters,
            Outcome::Skip(_) => &mut [],
        };
        for filter in filters {
            let own = std::mem::replace(&mut filter.condition, Condition::Constant(true));
            filter.condition = Condition::all([own, condition.clone()]);
        }
    }
}

/// How far back a run of a rule looks that does not say, as in Kibana.
const DEFAULT_WINDOW: u64 = 6 * 60 * 1000;

/// Compiles rule files into one rule set. Rules with errors are left out and described in the report, and so are rules of
/// kinds that are not evaluated; the others run.
pub fn compile(sources: &[Source], options: &CompileOptions) -> (RuleSet, CompileReport) {
    let mut compiler = Compiler::new(options);
    sources.iter().for_each(|source| compiler.file(source));
    compiler.finish()
}

/// [`compile`] for sources that nobody needs afterwards: each is let go of when it has been read, so that its memory serves for
/// what becomes of it.
pub fn compile_each(sources: impl IntoIterator<Item = Source>, options: &CompileOptions) -> (RuleSet, CompileReport) {
    let mut compiler = Compiler::new(options);
    sources.into_iter().for_each(|source| compiler.file(&source));
    compiler.finish()
}

/// As [`compile`], and notes what people call the predicates.
#[cfg(feature = "profile")]
pub(crate) fn compile_with_notes(sources: &[Source], options: &CompileOptions) -> (RuleSet, CompileReport) {
    let mut compiler = Compiler::new(options);
    compiler.plan.notes = Some(Default::default());
    for source in sources {
        compiler.file(source);
    }
    compiler.finish()
}

/// What the rules were lowered to, before that is arranged for evaluation.
pub(super) struct Lowering {
    #[cfg(feature = "profile")]
    pub schema: Schema,
    pub plan: Plan,
    pub set: Assembly,
    pub streams: Streams,
    pub normalisers: Files,
    pub report: CompileReport,
}

/// As [`compile`], up to there. All predicates on fields have tests, and notes.
#[cfg(feature = "profile")]
pub(super) fn lower(sources: &[Source], options: &CompileOptions) -> Lowering {
    let mut compiler = Compiler::new(options);
    compiler.plan = Plan::default().with_word_tests();
    compiler.plan.notes = Some(Default::default());
    sources.iter().for_each(|source| compiler.file(source));
    compiler.assemble()
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

/// One rule that is compiled for itself.
pub(crate) struct Alone {
    pub rules: RuleSet,
    pub report: CompileReport,
    /// The names of its exceptions, and the events that each takes away. One that cannot be read takes none away.
    pub exceptions: Vec<(String, Clause)>,
}

impl Alone {
    /// Compiles the first rule of a file, for an explanation: `change` makes of it what is to be explained, and pipes count for
    /// nothing. Of the other files exceptions alone are read. `lists`: the lists that it has; `dates`: a field that holds dates.
    pub fn compile(
        source: &Source,
        others: &[Source],
        options: &CompileOptions,
        lists: &[ExceptionListRef],
        change: &dyn Fn(&mut RuleInfo),
        dates: Option<&String>,
    ) -> Alone {
        let mut compiler = Compiler::new(options);
        compiler.alone = Some(change);
        if let Some(field) = dates {
            compiler.plan = Plan::with_dates(vec![field.clone()]);
        }
        compiler.file(source);
        compiler.most_rules = 0;
        others.iter().for_each(|source| compiler.file(source));
        let values = ValueLists::new(&options.value_lists);
        let mut exceptions = Vec::new();
        for list in lists {
            for Exception { item, .. } in compiler.exceptions.of(&list.list_id, list.namespace_type).unwrap_or_default()
            {
                exceptions.extend(values.taken_by(item).ok().map(|clause| (item.shown().to_owned(), clause)));
            }
        }
        let (rules, report) = compiler.finish();
        Alone { rules, report, exceptions }
    }
}

struct Compiler<'a> {
    options: &'a CompileOptions,
    /// What is changed of a rule that is compiled for itself.
    alone: Option<&'a dyn Fn(&mut RuleInfo)>,
    /// Rules that are read of a file when one is compiled for itself.
    most_rules: usize,
    schema: Schema,
    plan: Plan,
    pieces: Pieces,
    exceptions: Exceptions,
    overrides: Overrides,
    report: CompileReport,
    normalisers: Files,
}

impl<'a> Compiler<'a> {
    fn new(options: &'a CompileOptions) -> Self {
        let mut report = CompileReport::default();
        let schema = schema(options.mapping.as_ref()).unwrap_or_else(|error| {
            report.diagnostics.push(*error);
            Schema::ecs()
        });
        let (normalisers, found) = Files::read(&options.normalisers, options.normaliser.as_deref(), &options.limits);
        report.diagnostics.extend(found);
        let mut compiler = Compiler {
            options,
            alone: None,
            most_rules: 1,
            schema,
            plan: Plan::default(),
            pieces: Pieces::default(),
            exceptions: Exceptions::default(),
            overrides: Overrides::default(),
            report,
            normalisers,
        };
        if let Some(source) = &options.overrides {
            let (mut overrides, mut found) = Overrides::read(source, &options.limits);
            compiler.exceptions(std::mem::take(&mut overrides.exceptions), source, &mut found);
            compiler.overrides = overrides;
            compiler.report.diagnostics.extend(found);
        }
        compiler
    }

    /// Takes exception items in.
    fn exceptions(&mut self, items: Vec<ReadException>, source: &Source, found: &mut Vec<Diagnostic>) {
        let path: Arc<str> = source.path.as_str().into();
        let mut lines = Lines::new(&source.text);
        for ReadException { item, at } in items {
            let (line, column) = lines.position(at.start);
            self.exceptions.add(Exception { item, path: Arc::clone(&path), at, line, column }, found);
        }
    }

    fn file(&mut self, source: &Source) {
        let limits = &self.options.limits;
        let FileContents { rules, exceptions, exception_lists, mut diagnostics, omitted } = rule::read(source, limits);
        let mut lines = Lines::new(&source.text);
        let most = if self.alone.is_some() { self.most_rules } else { usize::MAX };
        for RuleFile { mut info, query, failed, at } in rules.into_iter().take(most) {
            let mut found = Vec::new();
            let mut refused = Vec::new();
            let disabled_by = self.overrides.apply(&mut info, &mut refused).unwrap_or("its file");
            locate(&mut refused, self.options.overrides.as_ref().map_or("", |source| &source.text));
            self.report.diagnostics.extend(refused);
            if let Some(change) = self.alone {
                change(&mut info);
            }
            let disabled = info.disabled.then(|| format!("disabled in {disabled_by}"));
            let rule = Arc::new(info);
            let (status, outcome) = match disabled {
                Some(_) if failed => (RuleStatus::Failed, None),
                Some(reason) => (RuleStatus::Skipped { reason }, None),
                None => self.rule(&rule, query.as_ref(), failed, at, &mut found),
            };
            let name = Some(rule.name.clone()).filter(|name| !name.is_empty());
            if status == RuleStatus::Failed {
                self.report.rules.push(RuleReport { path: source.path.clone(), status, rule });
            } else {
                let (line, column) = lines.position(at.start);
                let rule = (source.path.as_str(), rule, Place { span: at, line, column });
                self.pieces.add(rule, (status, outcome), &mut self.report, &mut found);
            }
            for diagnostic in found.iter_mut().filter(|diagnostic| diagnostic.path.is_empty()) {
                diagnostic.path.clone_from(&source.path);
                diagnostic.rule.clone_from(&name);
            }
            diagnostics.extend(found);
        }
        self.exceptions(exceptions, source, &mut diagnostics);
        for list in exception_lists {
            self.exceptions.add_list(list.list_id, list.namespace_type);
        }
        self.report.diagnostics_omitted += omitted;
        // Errors first when not all can be kept.
        let most = limits.max_diagnostics as usize;
        if diagnostics.len() > most {
            sort::by_key(&mut diagnostics, |d| d.level);
            self.report.diagnostics_omitted += (diagnostics.len() - most) as u32;
            diagnostics.truncate(most);
        }
        // Finding a line takes a walk through the file.
        let unplaced = diagnostics.iter_mut().filter(|diagnostic| diagnostic.line == 0);
        unplaced.for_each(|diagnostic| diagnostic.locate(&source.text));
        self.report.diagnostics.extend(diagnostics);
    }

    /// What becomes of a rule, and what it is compiled to if it runs.
    fn rule(
        &mut self,
        info: &Arc<RuleInfo>,
        query: Option<&QueryText>,
        failed: bool,
        at: Span,
        found: &mut Vec<Diagnostic>,
    ) -> (RuleStatus, Option<Outcome>) {
        let failure = (RuleStatus::Failed, None);
        let outcome = match (rule_kind(&info.kind), info.kind.as_str(), info.language.as_str()) {
            (Some(RuleKind { skipped: Some(why), name, .. }), ..) => {
                Some(self.skip(format!("rules of type {name} are not evaluated: {why}"), at, found))
            }
            (_, "eql", "eql") => query.and_then(|query| self.query(info, query, found)),
            (_, "threshold", _) if info.threshold.is_none() => Some(self.incomplete(info, at, found)),
            (_, "new_terms", _) if info.new_terms.is_none() => Some(self.incomplete(info, at, found)),
            (_, "threat_match", _) if info.threat_match.is_none() => Some(self.incomplete(info, at, found)),
            (_, "query" | "threshold" | "new_terms" | "threat_match", "kuery" | "lucene") => {
                query.and_then(|query| self.query(info, query, found))
            }
            // What is wrong with it was said when it was read.
            _ => None,
        };
        if failed || found.iter().any(|d| d.level == Level::Error) {
            return failure;
        }
        match outcome {
            Some(Outcome::Skip(reason)) => (RuleStatus::Skipped { reason }, None),
            Some(outcome) => {
                let most = self.options.limits.max_rules;
                if self.pieces.len() >= most as usize && !self.pieces.replaces(info) {
                    let error = Diagnostic::error(codes::TOO_LARGE, format!("more than {most} rules"), at);
                    found.push(error.help("leave some out, or raise --max-rules"));
                    return failure;
                }
                (RuleStatus::Compiled { index: 0 }, Some(outcome))
            }
            None => failure,
        }
    }

    fn skip(&self, reason: String, at: Span, found: &mut Vec<Diagnostic>) -> Outcome {
        found.push(Diagnostic::warning(codes::RULE_TYPE, &reason, at));
        Outcome::Skip(reason)
    }

    /// A documentation page names the type, and leaves out what it needs.
    fn incomplete(&self, info: &RuleInfo, at: Span, found: &mut Vec<Diagnostic>) -> Outcome {
        self.skip(
            format!("the file does not say what its rule of type {} needs beside the query", info.kind),
            at,
            found,
        )
    }

    fn query(&mut self, info: &RuleInfo, query: &QueryText, found: &mut Vec<Diagnostic>) -> Option<Outcome> {
        let mut errors = Vec::new();
        let depth = self.options.limits.max_query_depth;
        let (schema, limits, plan) = (&self.schema, &self.options.limits, &mut self.plan);
        let outcome = if info.language == "eql" {
            parse_query(&query.text, depth, &mut errors).and_then(|parsed| {
                let mut checker = Checker { text: &query.text, schema, limits, plan, errors: &mut errors };
                rule_outcome(&parsed, &mut checker, info, self.alone.is_some())
            })
        } else {
            let parse = if info.language == "lucene" { lucene::parse } else { kql::parse };
            parse(&query.text, depth, &mut errors).and_then(|parsed| {
                let mut checker = Checker { text: &query.text, schema, limits, plan, errors: &mut errors };
                checker.query(&parsed).map(Outcome::Filter)
            })
        };
        to_file(&mut errors, query);
        found.extend(errors);
        let mut outcome = outcome?;
        outcome.restrict(&self.filters_of(info, found)?);
        Some(outcome)
    }

    /// What Kibana's filters leave of the events, for a rule that has some; `None` when they cannot be read.
    fn filters_of(&mut self, info: &RuleInfo, found: &mut Vec<Diagnostic>) -> Option<Condition> {
        let mut errors = Vec::new();
        let condition = match filter::filters(&info.filters) {
            Ok(clause) => {
                let (schema, limits, plan) = (&self.schema, &self.options.limits, &mut self.plan);
                let mut checker = Checker { text: "", schema, limits, plan, errors: &mut errors };
                Some(checker.clause(&clause))
            }
            Err(message) => {
                let error = Diagnostic::error(codes::RULE_FILE, format!("`filters`: {message}"), Span::default());
                errors.push(error.help("write what the filter says into the query"));
                None
            }
        };
        let failed = errors.iter().any(|error| error.level == Level::Error);
        found.extend(errors);
        condition.filter(|_| !failed)
    }

    /// Puts together what runs, now that it is known what that is.
    fn assemble(mut self) -> Lowering {
        if let Some(source) = &self.options.overrides {
            let unused = self.overrides.unused();
            self.report.diagnostics.extend(unused.map(|mut warning| {
                warning.locate(&source.text);
                warning
            }));
        }
        let mut set = Assembly::default();
        let (plan, schema, report) = (&mut self.plan, &self.schema, &mut self.report);
        let mut exceptions = LoweredExceptions::new(&self.exceptions, schema, self.options);
        for Piece { report: number, place, mut outcome } in self.pieces.into_pieces() {
            let Some(entry) = report.rules.get_mut(number) else { continue };
            report.diagnostics.extend(self.exceptions.missing(entry, place));
            outcome.restrict(&exceptions.left_by(&entry.rule.exceptions_list, plan, &mut report.diagnostics));
            let added = match outcome {
                Outcome::Correlation(lowered) => {
                    set.correlation(&entry.rule, lowered, plan, schema);
                    Ok(())
                }
                Outcome::Filter(filter) => {
                    let found = &mut report.diagnostics;
                    set.filter(&entry.rule, filter, plan, schema, &exceptions, found)
                }
                Outcome::Skip(_) => Ok(()),
            };
            if let Err(message) = added {
                entry.status = RuleStatus::Failed;
                let rule = Some(entry.rule.name.clone()).filter(|name| !name.is_empty());
                let error = Diagnostic::error(codes::RULE_FILE, message, Span::default());
                report.diagnostics.push(Diagnostic { path: entry.path.clone(), rule, ..error });
                continue;
            }
            entry.status = RuleStatus::Compiled { index: set.rules.len() as u32 };
            set.rules.push(Arc::clone(&entry.rule));
        }
        let streams = match set.rules.iter().any(|rule| !rule.index.is_empty()) {
            true => {
                let slots = streams::FIELDS.map(|field| plan.slot(schema, field));
                Streams::new(set.rules.iter().map(|rule| &**rule), slots)
            }
            false => Streams::default(),
        };
        Lowering {
            #[cfg(feature = "profile")]
            schema: self.schema,
            plan: self.plan,
            set,
            streams,
            normalisers: self.normalisers,
            report: self.report,
        }
    }

    fn finish(self) -> (RuleSet, CompileReport) {
        let limits = self.options.limits.clone();
        // What is not needed any more makes room for the tables.
        let Lowering { plan, set, streams, normalisers, report, .. } = self.assemble();
        let Assembly { rules, filters, targets, correlations, timelines, threats, .. } = set;
        let (filters, targets) = Targets::share(filters, &targets);
        let mut program = Program::new(plan, filters, limits)
            .with_correlations(targets, correlations, timelines)
            .with_normalisers(&normalisers);
        program.threats = threats;
        program.streams = streams;
        (RuleSet { rules, program }, report)
    }
}

/// What a rule is compiled to.
pub(super) enum Outcome {
    Filter(Filter),
    Correlation(Lowered),
    Skip(String),
}

/// How far back a run of a rule looks, in milliseconds: `now-9m` is nine minutes.
pub(crate) fn window(from: Option<&str>) -> u64 {
    from.and_then(detect::ago).unwrap_or(DEFAULT_WINDOW)
}

/// What a rule's query becomes.
fn rule_outcome(query: &Query, checker: &mut Checker<'_>, info: &RuleInfo, ignores_pipes: bool) -> Option<Outcome> {
    let category = info.event_category_override.as_deref().unwrap_or(CATEGORY_FIELD);
    let outcome = match &query.kind {
        QueryKind::Event(filter) => Outcome::Filter(checker.filter(filter, category)?),
        QueryKind::Sequence(sequence) => Outcome::Correlation(checker.sequence(sequence, category)?),
        QueryKind::Sample(sample) => {
            let window = window(info.from.as_deref());
            Outcome::Correlation(checker.sample(sample, category, 1, Some(window))?)
        }
    };
    match query.pipes.first().filter(|_| !ignores_pipes) {
        Some(pipe) => Some(Outcome::Skip(skip_pipes(checker, pipe))),
        None => Some(outcome),
    }
}

/// Why a rule with pipes does not run.
pub(crate) const NO_PIPES: &str = "pipes choose from a finite result, and a rule on a stream has none";

/// `head` and `tail` are about a finite result.
fn skip_pipes(checker: &mut Checker<'_>, pipe: &Pipe) -> String {
    let warning = Diagnostic::warning(codes::PIPE, NO_PIPES, pipe.span).label("the rule is skipped");
    checker.errors.push(warning.help("remove the pipe, or run the query with `tripline search`"));
    NO_PIPES.to_owned()
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

/// From places in the query to places in the file, in the order of the text, which is how people mend it.
fn to_file(diagnostics: &mut [Diagnostic], query: &QueryText) {
    for diagnostic in &mut *diagnostics {
        query.place(diagnostic);
    }
    sort::by_key(diagnostics, |d| d.labels.first().map(|label| label.span));
}

/// Fills in lines and columns.
pub(crate) fn locate(diagnostics: &mut [Diagnostic], text: &str) {
    for diagnostic in diagnostics {
        diagnostic.locate(text);
    }
}
