//! Rule files to a rule set.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Program, RuleSet, Streams, Target, Targets, streams};
use crate::Source;
use crate::api::{CompileOptions, CompileReport, RuleReport, RuleStatus};
use crate::check::Checker;
use crate::check::correlation::Lowered;
use crate::correlate::key::KeyKind;
use crate::correlate::plan::{Correlation, Shape, TimelineFields};
use crate::detect;
use crate::detect::indicators::{self, Indicators};
use crate::detect::threat::{self, Threat, Wanted};
use crate::diagnostic::{Diagnostic, Level, Span, codes};
use crate::plan::condition::Condition;
use crate::plan::{Filter, Plan};
use crate::rule::{self, QueryText, RuleFile};
use crate::schema::Schema;
use crate::syntax::ast::{Pipe, Query, QueryKind};
use crate::syntax::{parse_expression, parse_query};
use crate::{Limits, RuleInfo};
use crate::{filter, kql, lucene};
use sha2::{Digest, Sha256};

/// The field that `process where …` tests.
pub(crate) const CATEGORY_FIELD: &str = "event.category";
/// The field that says when.
pub(crate) const TIMESTAMP_FIELD: &str = "@timestamp";
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
    threats: Vec<Threat>,
    /// Read when the first rule needs them.
    indicators: Option<Arc<Indicators>>,
    rules: Vec<Arc<RuleInfo>>,
    report: CompileReport,
    /// Which rule of the report has an id.
    ids: HashMap<String, usize>,
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
            targets: Vec::new(),
            correlations: Vec::new(),
            timelines: Vec::new(),
            threats: Vec::new(),
            indicators: None,
            rules: Vec::new(),
            report,
            ids: HashMap::new(),
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
        if !info.kind.is_empty() && !is_evaluated(info) {
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
                        let target = match self.event_target(info) {
                            Ok(target) => target,
                            Err(message) => {
                                found.push(Diagnostic::error(codes::RULE_FILE, message, Span::default()));
                                self.ids.remove(&info.id);
                                return RuleStatus::Failed;
                            }
                        };
                        self.filters.push(filter);
                        self.targets.push(target);
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
        let depth = self.options.limits.max_query_depth;
        let (schema, limits, plan) = (&self.schema, &self.options.limits, &mut self.plan);
        let outcome = if info.language == "eql" {
            parse_query(&query.text, depth, &mut errors).and_then(|parsed| {
                let mut checker = Checker { text: &query.text, schema, limits, plan, errors: &mut errors };
                rule_outcome(&parsed, &mut checker, info)
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
        let outcome = outcome?;
        self.filters_of(info, found).map(|condition| outcome.also(condition))
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

    /// Adds a sequence or sample of the rule that is about to be added.
    fn correlation(&mut self, info: &RuleInfo, lowered: Lowered) {
        let timestamp = info.timestamp_field.as_deref().unwrap_or(TIMESTAMP_FIELD);
        self.plan.add_date(timestamp);
        let fields = TimelineFields {
            timestamp: self.plan.slot(&self.schema, timestamp),
            fallback: None,
            tiebreaker: info.tiebreaker_field.as_deref().map(|name| self.plan.slot(&self.schema, name)),
        };
        let timeline = self.timeline(fields);
        let number = self.correlations.len() as u32;
        let hash = state_hash(info, &lowered);
        self.targets.extend((0..lowered.filters.len()).map(|term| Target::Term(number, term as u16)));
        self.filters.extend(lowered.filters);
        let rule = self.rules.len() as u32;
        let Lowered { terms, shape, .. } = lowered;
        self.correlations.push(Correlation { rule, timeline, hash, terms, shape, suppressed: None });
        let suppression = self.detection(info, Some(timeline));
        if let Some(sequence) = self.correlations.get_mut(number as usize) {
            sequence.suppressed = suppression;
        }
    }

    /// What an event of the rule that is about to be added is for. The error says in words what is wrong with the rule.
    fn event_target(&mut self, info: &RuleInfo) -> Result<Target, String> {
        let rule = self.rules.len() as u32;
        let Some(threat) = info.threat_match.as_ref().filter(|_| info.kind == "threat_match") else {
            return Ok(self.detection(info, None).map_or(Target::Rule(rule), Target::Detection));
        };
        let indicators = self.indicators.get_or_insert_with(|| {
            let CompileOptions { indicators, limits, .. } = self.options;
            Arc::new(indicators::read(indicators, limits, &mut self.report.diagnostics))
        });
        let wanted = Wanted { rule, threat, indicators, schema: &self.schema, limits: &self.options.limits };
        let mut threat = threat::load(&wanted, &mut self.plan)?;
        threat.machine = self.detection(info, None);
        self.threats.push(threat);
        Ok(Target::Threat(self.threats.len() as u32 - 1))
    }

    /// Adds what the rule that is about to be added counts, remembers or suppresses, and gives the number of its correlation.
    /// `timeline`: that of the sequence whose alerts it suppresses.
    fn detection(&mut self, info: &RuleInfo, timeline: Option<u32>) -> Option<u32> {
        let rule = self.rules.len() as u32;
        let lowered = detect::lower(info, &mut self.plan, &self.schema)?;
        let hash = hash(&format!("{}\0{}\0{}", info.id, info.query, lowered.state_key()));
        let timeline = timeline.unwrap_or_else(|| self.timeline(lowered.timeline));
        let shape = Shape::Detection(lowered.plan);
        self.correlations.push(Correlation { rule, timeline, terms: lowered.terms, shape, hash, suppressed: None });
        Some(self.correlations.len() as u32 - 1)
    }

    /// The number of a timeline, the same for the same fields.
    fn timeline(&mut self, fields: TimelineFields) -> u32 {
        let known = self.timelines.iter().position(|other| *other == fields);
        known.unwrap_or_else(|| {
            self.timelines.push(fields);
            self.timelines.len() - 1
        }) as u32
    }

    fn finish(mut self) -> (RuleSet, CompileReport) {
        let has_patterns = self.rules.iter().any(|rule| !rule.index.is_empty());
        let streams = if has_patterns {
            let slots = streams::FIELDS.map(|field| self.plan.slot(&self.schema, field));
            Streams::new(self.rules.iter().map(|rule| &**rule), slots)
        } else {
            Streams::default()
        };
        let Compiler {
            options,
            plan,
            filters,
            targets,
            correlations,
            timelines,
            threats,
            rules,
            report,
            ids,
            schema,
            ..
        } = self;
        // What is not needed any more makes room for the tables.
        drop((ids, schema));
        let (filters, targets) = Targets::share(filters, &targets);
        let mut program = Program::new(plan, filters, options.limits.clone())
            .with_correlations(targets, correlations, timelines)
            .with_threats(threats);
        program.streams = streams;
        (RuleSet { rules, program }, report)
    }
}

enum Outcome {
    Filter(Filter),
    Correlation(Lowered),
    Skip(String),
}

impl Outcome {
    /// The same of those events alone that the condition leaves.
    fn also(mut self, condition: Condition) -> Outcome {
        if condition != Condition::Constant(true) {
            let filters = match &mut self {
                Outcome::Filter(filter) => std::slice::from_mut(filter),
                Outcome::Correlation(lowered) => &mut lowered.filters,
                Outcome::Skip(_) => &mut [],
            };
            for filter in filters {
                let own = std::mem::replace(&mut filter.condition, Condition::Constant(true));
                filter.condition = Condition::all([own, condition.clone()]);
            }
        }
        self
    }
}

/// Whether rules of this type and language are evaluated.
fn is_evaluated(info: &RuleInfo) -> bool {
    match info.kind.as_str() {
        "eql" => info.language == "eql",
        "query" => matches!(info.language.as_str(), "kuery" | "lucene"),
        // Without what makes it one there is nothing to evaluate.
        "threshold" => info.threshold.is_some() && matches!(info.language.as_str(), "kuery" | "lucene"),
        "new_terms" => info.new_terms.is_some() && matches!(info.language.as_str(), "kuery" | "lucene"),
        "threat_match" => info.threat_match.is_some() && matches!(info.language.as_str(), "kuery" | "lucene"),
        _ => false,
    }
}

/// What the state of a sequence or sample depends on.
fn state_hash(info: &RuleInfo, lowered: &Lowered) -> [u8; 16] {
    let options = [&info.event_category_override, &info.timestamp_field, &info.tiebreaker_field];
    let kinds: Vec<Vec<KeyKind>> =
        lowered.terms.iter().map(|term| term.keys.iter().map(|key| key.kind).collect()).collect();
    hash(&format!("{}\0{}\0{options:?}\0{kinds:?}\0{:?}", info.id, info.query, lowered.shape))
}

fn hash(text: &str) -> [u8; 16] {
    let mut hash = [0; 16];
    hash.copy_from_slice(&Sha256::digest(text)[..16]);
    hash
}

/// How far back a run of a rule looks, in milliseconds: `now-9m` is nine minutes.
pub(crate) fn window(from: Option<&str>) -> u64 {
    from.and_then(detect::ago).unwrap_or(DEFAULT_WINDOW)
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
