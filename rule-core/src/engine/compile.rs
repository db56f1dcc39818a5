//! Rule files to a rule set.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Program, RuleSet, Target, Targets};
use crate::Source;
use crate::api::{CompileOptions, CompileReport, RuleReport, RuleStatus};
use crate::check::Checker;
use crate::check::correlation::Lowered;
use crate::correlate::key::KeyKind;
use crate::correlate::plan::{Correlation, TimelineFields};
use crate::diagnostic::{Diagnostic, Level, Span, codes};
use crate::normalise::Files;
use crate::plan::{Filter, Plan};
use crate::rule::{self, QueryText, RuleFile};
use crate::schema::Schema;
use crate::syntax::ast::{Pipe, Query, QueryKind};
use crate::syntax::{parse_expression, parse_query};
use crate::{Limits, RuleInfo};
use sha2::{Digest, Sha256};

/// The field that `process where …` tests.
pub(crate) const CATEGORY_FIELD: &str = "event.category";
/// The field that says when.
const TIMESTAMP_FIELD: &str = "@timestamp";
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
    targets: Vec<Target>,
    correlations: Vec<Correlation>,
    timelines: Vec<TimelineFields>,
    rules: Vec<Arc<RuleInfo>>,
    report: CompileReport,
    /// Which rule of the report has an id.
    ids: HashMap<String, usize>,
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
        Compiler {
            options,
            schema,
            plan: Plan::default(),
            filters: Vec::new(),
            targets: Vec::new(),
            correlations: Vec::new(),
            timelines: Vec::new(),
            rules: Vec::new(),
            report,
            ids: HashMap::new(),
            normalisers,
        }
    }

    fn file(&mut self, source: &Source) {
        let limits = &self.options.limits;
        let (rules, mut diagnostics) = rule::read(source, limits);
        for RuleFile { info, query, failed } in rules {
            let mut found = Vec::new();
            let rule = Arc::new(info);
            let status = self.rule(&rule, query.as_ref(), failed, &mut found);
            for diagnostic in &mut found {
                diagnostic.path.clone_from(&source.path);
                diagnostic.rule = Some(rule.name.clone()).filter(|name| !name.is_empty());
            }
            locate(&mut found, &source.text);
            diagnostics.extend(found);
            self.report.rules.push(RuleReport { path: source.path.clone(), status, rule });
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

    fn rule(
        &mut self,
        info: &Arc<RuleInfo>,
        query: Option<&QueryText>,
        failed: bool,
        found: &mut Vec<Diagnostic>,
    ) -> RuleStatus {
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
        let Some(query) = query else { return RuleStatus::Failed };
        let outcome = self.query(info, query, found);
        if failed || found.iter().any(|d| d.level == Level::Error) {
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
            Some(outcome) => {
                if let Some(first) = self.ids.get(&info.id) {
                    let first = &self.report.rules[*first].path;
                    let reason = format!("the rule with id {} was read from {first} already", info.id);
                    found.push(Diagnostic::warning(codes::DUPLICATE, &reason, Span::default()));
                    return RuleStatus::Skipped { reason };
                }
                self.ids.insert(info.id.clone(), self.report.rules.len());
                match outcome {
                    Outcome::Correlation(lowered) => self.correlation(info, lowered),
                    Outcome::Filter(filter) => {
                        self.filters.push(filter);
                        self.targets.push(Target::Rule(self.rules.len() as u32));
                    }
                    Outcome::Skip(_) => {}
                }
                self.rules.push(Arc::clone(info));
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
            rule_outcome(&parsed, &mut checker, info)
        });
        to_file(&mut errors, query);
        found.extend(errors);
        outcome
    }

    /// Adds a sequence or sample of the rule that is about to be added.
    fn correlation(&mut self, info: &RuleInfo, lowered: Lowered) {
        let timestamp = info.timestamp_field.as_deref().unwrap_or(TIMESTAMP_FIELD);
        self.plan.add_date(timestamp);
        let fields = TimelineFields {
            timestamp: self.plan.slot(&self.schema, timestamp),
            tiebreaker: info.tiebreaker_field.as_deref().map(|name| self.plan.slot(&self.schema, name)),
        };
        let timeline = self.timelines.iter().position(|other| *other == fields).unwrap_or_else(|| {
            self.timelines.push(fields);
            self.timelines.len() - 1
        });
        let number = self.correlations.len() as u32;
        let hash = state_hash(info, &lowered);
        self.targets.extend((0..lowered.filters.len()).map(|term| Target::Term(number, term as u16)));
        self.filters.extend(lowered.filters);
        self.correlations.push(Correlation {
            rule: self.rules.len() as u32,
            timeline: timeline as u32,
            hash,
            terms: lowered.terms,
            shape: lowered.shape,
        });
    }

    fn finish(self) -> (RuleSet, CompileReport) {
        let Compiler {
            options,
            plan,
            filters,
            targets,
            correlations,
            timelines,
            rules,
            report,
            ids,
            schema,
            normalisers,
        } = self;
        // What is not needed any more makes room for the tables.
        drop((ids, schema));
        let (filters, targets) = Targets::share(filters, &targets);
        let program = Program::new(plan, filters, options.limits.clone())
            .with_correlations(targets, correlations, timelines)
            .with_normalisers(&normalisers);
        (RuleSet { rules, program }, report)
    }
}

enum Outcome {
    Filter(Filter),
    Correlation(Lowered),
    Skip(String),
}

/// What the state of a sequence or sample depends on.
fn state_hash(info: &RuleInfo, lowered: &Lowered) -> [u8; 16] {
    let mut hasher = Sha256::new();
    let options = [&info.event_category_override, &info.timestamp_field, &info.tiebreaker_field];
    let kinds: Vec<Vec<KeyKind>> =
        lowered.terms.iter().map(|term| term.keys.iter().map(|key| key.kind).collect()).collect();
    hasher.update(format!("{}\0{}\0{options:?}\0{kinds:?}\0{:?}", info.id, info.query, lowered.shape));
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize()[..16]);
    hash
}

/// How far back a run of a rule looks, in milliseconds: `now-9m` is nine minutes.
pub(crate) fn window(from: Option<&str>) -> u64 {
    let parse = |text: &str| {
        let text = text.strip_prefix("now-")?;
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let factor = match &text[digits..] {
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        text[..digits].parse::<u64>().ok()?.checked_mul(factor)
    };
    from.and_then(parse).unwrap_or(DEFAULT_WINDOW)
}

/// What a rule's query becomes.
fn rule_outcome(query: &Query, checker: &mut Checker<'_>, info: &RuleInfo) -> Option<Outcome> {
    let category = info.event_category_override.as_deref().unwrap_or(CATEGORY_FIELD);
    let outcome = match &query.kind {
        QueryKind::Event(filter) => Outcome::Filter(checker.filter(filter, category)?),
        QueryKind::Sequence(sequence) => Outcome::Correlation(checker.sequence(sequence, category)?),
        QueryKind::Sample(sample) => {
            let window = window(info.from.as_deref());
            Outcome::Correlation(checker.sample(sample, category, 1, Some(window))?)
        }
    };
    match query.pipes.first() {
        Some(pipe) => Some(Outcome::Skip(skip_pipes(checker, pipe))),
        None => Some(outcome),
    }
}

/// `head` and `tail` are about a finite result.
fn skip_pipes(checker: &mut Checker<'_>, pipe: &Pipe) -> String {
    let reason = "pipes choose from a finite result, and a rule on a stream has none";
    let warning = Diagnostic::warning(codes::PIPE, reason, pipe.span).label("the rule is skipped");
    checker.errors.push(warning.help("remove the pipe, or run the query with `tripline search`"));
    reason.to_owned()
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
pub(crate) fn to_file(diagnostics: &mut [Diagnostic], query: &QueryText) {
    for diagnostic in &mut *diagnostics {
        query.place(diagnostic);
    }
    diagnostics.sort_by_key(|d| d.labels.first().map(|label| label.span));
}

/// Fills in lines and columns.
pub(crate) fn locate(diagnostics: &mut [Diagnostic], text: &str) {
    for diagnostic in diagnostics {
        diagnostic.locate(text);
    }
}
