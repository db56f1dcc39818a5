//! Runs the tests of one file.

use std::path::{Path, PathBuf};

use rule_core::explain::{ExplainedEvent, QueryKind};
use rule_core::{CompileOptions, ExplainOptions, Explanation, Level, RuleInfo, RuleReport, RuleStatus, Source};

use super::coverage::{Marks, Shows};
use super::expect::{Expect, Failure, FailureKind, FoundAlert, compare};
use super::find::Library;
use super::format::{Case, TestFile};
use super::play::play;
use super::report::{FileError, FileReport, RuleRef, TestReport, Why};
use super::what_if::with_exceptions;
use crate::engine::{Engine, EngineError, Handle, Instance, InstanceLimits};

/// Events of which a failure tells why.
const MOST_WHY: usize = 3;

/// How tests are run.
#[derive(Clone, Debug)]
pub struct TestOptions {
    /// How rules are compiled: bounds, mapping, and what the deployment adds.
    pub compile: CompileOptions,
    /// What one file's tests may take.
    pub instance: InstanceLimits,
    /// Bytes of one test file, and of one file of events.
    pub max_test_bytes: u32,
    /// Run only the tests whose name, or whose rule's name, has this in it, in upper or lower case.
    pub filter: Option<String>,
    /// Whether to find out what of the rule the tests reach.
    pub coverage: bool,
    /// Stop a file at the first test that fails.
    pub fail_fast: bool,
}

/// Runs test files.
pub struct Tester<'e> {
    /// Where the rules run.
    pub engine: &'e Engine,
    /// How.
    pub options: &'e TestOptions,
    /// Where rules are found by their ids.
    pub library: Library,
}

/// The rule under test, compiled.
pub struct Subject {
    /// The rule's file, and then those of the exceptions that it mentions.
    pub sources: Vec<Source>,
    /// What it is compiled with.
    pub options: CompileOptions,
    pub info: RuleInfo,
    /// Its number in matches.
    pub index: u32,
    pub rules: Handle,
}

impl Tester<'_> {
    /// Runs the tests of a file. Whatever goes wrong is part of the report.
    pub fn run(&self, path: &Path) -> FileReport {
        let mut report =
            FileReport { path: path.display().to_string(), inputs: vec![path.to_owned()], ..FileReport::default() };
        if let Err(error) = self.file(path, &mut report) {
            report.error = Some(error);
        }
        report
    }

    /// The files that the outcome of a file's tests depends on, the test file first; as many as can be told.
    pub fn inputs(&self, path: &Path) -> Vec<PathBuf> {
        let mut inputs = vec![path.to_owned()];
        if let Ok(file) = TestFile::read(path, self.options.max_test_bytes) {
            inputs.extend(file.reads);
            if let Ok(rule) = self.library.rule(path, file.rule.as_ref()) {
                let exceptions = self.library.exceptions(&rule.source).unwrap_or_default();
                inputs.extend(std::iter::once(rule.source).chain(exceptions).map(|source| source.path.into()));
            }
        }
        inputs
    }

    fn file(&self, path: &Path, report: &mut FileReport) -> Result<(), FileError> {
        let file = TestFile::read(path, self.options.max_test_bytes).map_err(|error| FileError {
            line: error.line,
            column: error.column,
            ..FileError::new(error.message)
        })?;
        report.inputs.extend(file.reads.iter().cloned());
        let rule = self.library.rule(path, file.rule.as_ref())?;
        report.source = Some(rule.source.clone());
        let mut sources = self.library.exceptions(&rule.source)?;
        sources.insert(0, rule.source);
        report.inputs.extend(sources.iter().map(|source| PathBuf::from(&source.path)));
        let mut options = self.options.compile.clone();
        options.indicators = file.indicators.unwrap_or(options.indicators);
        options.value_lists = file.value_lists.unwrap_or(options.value_lists);
        let engine = |error: EngineError| FileError::new(error.to_string());
        let mut instance = self.engine.instance(self.options.instance).map_err(engine)?;
        let subject = compile(&mut *instance, sources, options, rule.id.as_deref(), report)?;
        let mut marks = self.options.coverage.then(Marks::default);
        for case in file.cases.iter().filter(|case| self.is_wanted(case, &subject.info)) {
            let test = self.case(&mut *instance, &subject, case, marks.as_mut())?;
            let passed = test.passed();
            report.tests.push(test);
            if !passed && self.options.fail_fast {
                break;
            }
        }
        report.marks = marks;
        Ok(())
    }

    fn is_wanted(&self, case: &Case, rule: &RuleInfo) -> bool {
        let Some(filter) = &self.options.filter else { return true };
        let filter = filter.to_lowercase();
        [&case.name, &rule.name].iter().any(|name| name.to_lowercase().contains(&filter))
    }

    fn case(
        &self,
        instance: &mut dyn Instance,
        subject: &Subject,
        case: &Case,
        marks: Option<&mut Marks>,
    ) -> Result<TestReport, FileError> {
        let failed = |error: EngineError| FileError {
            line: case.line,
            column: 1,
            ..FileError::new(format!("the test `{}` was stopped: {error}", case.name))
        };
        let at = |said: String| FileError { line: case.line, column: 1, ..FileError::new(said) };
        let mut options = subject.options.clone();
        let rules = match case.exceptions.is_empty() {
            true => subject.rules,
            false => {
                options = with_exceptions(options, &subject.info.id, &case.exceptions).map_err(at)?;
                let (rules, report) = instance.compile(&subject.sources, &options).map_err(failed)?;
                if report.has_errors() {
                    let errors = report.diagnostics.iter().filter(|found| found.level == Level::Error);
                    let said: Vec<&str> = errors.map(|found| found.message.as_str()).collect();
                    return Err(at(format!("the exceptions of the test `{}`: {}", case.name, said.join("; "))));
                }
                rules
            }
        };
        let mut played = play(instance, rules, subject, case).map_err(failed)?;
        if rules != subject.rules {
            instance.release(rules).map_err(failed)?;
        }
        let mut failures = played.rejected;
        failures.extend(compare(&case.expect, &case.fields, &played.alerts));
        let passed = failures.is_empty();
        let explanation = match passed && marks.is_none() {
            true => None,
            false => explain(instance, subject, &options, &played.lines),
        };
        if let (Some(marks), Some(explanation), true) = (marks, &explanation, passed) {
            // An exception is not of the rule.
            let counts = case.expect != Expect::Alert && case.exceptions.is_empty();
            marks.add(explanation, Shows { fires: case.expect.is_positive(), counts });
        }
        let explanation = explanation.filter(|_| !passed);
        let is_missing =
            played.alerts.is_empty() && failures.iter().any(|failure| failure.kind == FailureKind::Missing);
        played.notes.extend(explanation.as_ref().filter(|_| is_missing).and_then(|found| quiet(found, subject)));
        let why = match &explanation {
            Some(explanation) => why(explanation, &failures, &played.event_lines),
            None => Vec::new(),
        };
        played.notes.dedup();
        Ok(TestReport {
            name: case.name.clone(),
            line: case.line,
            expected: case.expect.describe(),
            alerts: played.alerts.iter().map(FoundAlert::reason).collect(),
            failures,
            why,
            notes: played.notes,
            explanation,
            event_lines: played.event_lines,
        })
    }
}

/// Compiles the rule's file and finds the rule in it.
fn compile(
    instance: &mut dyn Instance,
    sources: Vec<Source>,
    options: CompileOptions,
    id: Option<&str>,
    report: &mut FileReport,
) -> Result<Subject, FileError> {
    let compile = |instance: &mut dyn Instance, options: &CompileOptions| {
        let compiled = instance.compile(&sources, options);
        compiled.map_err(|error| FileError::new(error.to_string()))
    };
    let (mut rules, mut compiled) = compile(instance, &options)?;
    let path = sources.first().map(|source| source.path.clone()).unwrap_or_default();
    let is_wanted = |rule: &&RuleReport| rule.path == path && id.is_none_or(|id| rule.rule.id == id);
    let disabled = compiled.rules.iter().find(is_wanted).filter(|rule| rule.rule.disabled);
    if let Some(id) = disabled.map(|rule| rule.rule.id.clone()) {
        // A rule that is not in use yet can be tested.
        let enabled = with_exceptions(options.clone(), &id, &[]);
        (rules, compiled) = compile(instance, &enabled.map_err(FileError::new)?)?;
    }
    let mut wanted = compiled.rules.iter().filter(is_wanted);
    let (found, more) = (wanted.next(), wanted.count());
    if let Some(found) = found {
        let (id, name) = (found.rule.id.clone(), found.rule.name.clone());
        report.rule = Some(RuleRef { path: path.clone(), id, name });
    }
    let fail = |message: String| FileError { diagnostics: compiled.diagnostics.clone(), ..FileError::new(message) };
    match found {
        None => Err(fail(format!("{path} has no rule that can be tested"))),
        Some(_) if more > 0 => {
            let count = more + 1;
            Err(FileError::new(format!("{path} has {count} rules: say with `rule: ID` which one is tested")))
        }
        Some(found) => match &found.status {
            RuleStatus::Compiled { index } => {
                let (info, index) = (found.rule.as_ref().clone(), *index);
                Ok(Subject { sources, options, info, index, rules })
            }
            RuleStatus::Skipped { reason } => {
                Err(FileError::new(format!("the rule is skipped, so it cannot be tested: {reason}")))
            }
            RuleStatus::Failed => Err(fail("the rule has errors".into())),
        },
    }
}

/// None where the rule is of a kind that cannot be explained, or not the first of its file.
fn explain(
    instance: &mut dyn Instance,
    subject: &Subject,
    options: &CompileOptions,
    lines: &str,
) -> Option<Explanation> {
    let options = options.clone();
    let options = ExplainOptions {
        mapping: options.mapping,
        overrides: options.overrides,
        value_lists: options.value_lists,
        indicators: options.indicators,
        normalisers: options.normalisers,
        normaliser: options.normaliser,
        limits: options.limits,
        ..ExplainOptions::default()
    };
    let explanation = instance.explain(subject.sources.first()?, lines.as_bytes(), &options).ok()?;
    (explanation.id == subject.info.id).then_some(explanation)
}

/// Why there may be no alert although the query holds: an explanation is about the query alone.
fn quiet(explanation: &Explanation, subject: &Subject) -> Option<String> {
    if explanation.query != QueryKind::Event {
        return None;
    }
    let holds = |event: &&ExplainedEvent| event.terms.iter().any(|verdict| verdict.matched);
    let held: Vec<String> =
        explanation.events.iter().filter(holds).map(|event| (event.event + 1).to_string()).collect();
    let rule = &subject.info;
    let more = match (&rule.threshold, &rule.new_terms, &rule.threat_match) {
        (Some(threshold), ..) => {
            let of = match threshold.field.is_empty() {
                true => String::new(),
                false => format!(" with the same {}", threshold.field.join(", ")),
            };
            let different = threshold.cardinality.iter();
            let different = different.map(|least| format!(", and {} values of {}", least.value, least.field));
            format!("the rule wants {} in one run{of}{}", threshold.value, different.collect::<String>())
        }
        (_, Some(terms), _) => format!("the rule wants values of {} that are new", terms.fields.join(", ")),
        (.., Some(_)) if subject.options.indicators.is_empty() => {
            "the rule compares with indicators, and there are none: name their files with `indicators`".into()
        }
        (.., Some(_)) => "no indicator has what the rule compares".into(),
        _ => "what leaves it out is an index pattern, a filter or an exception".into(),
    };
    let events = match held.len() {
        0 => return None,
        1 => format!("event {}", held.concat()),
        2..=5 => format!("events {}", held.join(", ")),
        many => format!("{many} events"),
    };
    let verb = if held.len() == 1 { "passes" } else { "pass" };
    Some(format!("{events} {verb} the query; {more}"))
}

/// Of an alert that did not come, the events that are nearest; of one that came, those that matched.
fn why(explanation: &Explanation, failures: &[Failure], lines: &[u64]) -> Vec<Why> {
    let has = |kind| failures.iter().any(|failure| failure.kind == kind);
    let (missing, unexpected) = (has(FailureKind::Missing), has(FailureKind::Unexpected));
    if !missing && !unexpected {
        return Vec::new();
    }
    let mut why: Vec<Why> = Vec::new();
    for event in &explanation.events {
        let held = event.held_by().filter(|_| event.matched());
        let matched = event.matched() && held.is_none();
        let nearest = event.terms.iter().enumerate();
        let nearest = nearest.min_by_key(|(_, verdict)| (!verdict.matched, verdict.distance.unwrap_or(u32::MAX)));
        let of_many = explanation.query != QueryKind::Event;
        let Some((term, verdict)) = nearest.filter(|_| matched == unexpected || of_many) else { continue };
        why.push(Why {
            event: event.event + 1,
            line: usize::try_from(event.event).ok().and_then(|at| lines.get(at)).copied().unwrap_or_default(),
            term: of_many.then_some(term + 1),
            reason: match held {
                Some(gate) if verdict.matched => format!("the query matches, but {}", gate.reason),
                _ => verdict.reason.clone(),
            },
            distance: verdict.distance,
        });
    }
    if explanation.query == QueryKind::Event {
        why.sort_by_key(|why| why.distance.unwrap_or(u32::MAX));
        why.truncate(MOST_WHY);
    }
    why
}
