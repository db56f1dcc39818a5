//! One query over a finite data set, after Elasticsearch's EQL search API.

mod window;

use std::collections::BTreeMap;

use crate::Source;
use crate::api::{ResultPosition, SearchOptions, SearchProgress};
use crate::check::Checker;
use crate::check::correlation::Lowered;
use crate::correlate::key::KeyValue;
use crate::correlate::order::{Tiebreaker, timestamp};
use crate::correlate::plan::{Correlation, Shape, TimelineFields};
use crate::correlate::{Completion, Correlator};
use crate::decode::{Event, Line};
use crate::detect;
use crate::diagnostic::{Diagnostic, Level, Span, codes};
use crate::engine::{Evaluator, Program, Target, Targets, lines, locate, reject, schema};
use crate::json;
use crate::plan::Plan;
use crate::syntax::ast::{PipeKind, Query, QueryKind};
use crate::syntax::parse_query;
use crate::time::Instant;
use window::Window;

/// A search under way. Keeps no more events than the answer can hold; of a sequence or sample, what
/// [`Limits`](crate::Limits) allow.
#[derive(Debug)]
pub struct Search {
    program: Program,
    evaluator: Evaluator,
    window: Window,
    results: Results,
    seen: u64,
}

/// What was found so far.
#[derive(Debug)]
enum Results {
    Events {
        order: TimelineFields,
        /// The hits that may be in the answer, in order.
        hits: BTreeMap<Place, String>,
    },
    Groups {
        correlator: Box<Correlator>,
        terms: Vec<(u32, u16)>,
        /// The sequences that may be in the answer, in order: by their last events, then by their keys.
        found: BTreeMap<(u64, Vec<KeyValue>), String>,
        /// Whether the answer lacks something.
        partial: bool,
    },
}

/// The order of event hits: timestamp, tiebreaker, arrival. Events without a timestamp come first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    timestamp: Option<Instant>,
    tiebreaker: Tiebreaker,
    arrival: u64,
}

impl Search {
    /// Compiles the query. The error is all that is wrong with it.
    pub fn open(query: &Source, options: SearchOptions) -> Result<Search, Vec<Diagnostic>> {
        let mut errors = Vec::new();
        let search = Search::compile(query, options, &mut errors);
        for error in &mut errors {
            error.path.clone_from(&query.path);
        }
        locate(&mut errors, &query.text);
        match search {
            Some(search) if errors.iter().all(|d| d.level != Level::Error) => Ok(search),
            _ => Err(errors),
        }
    }

    fn compile(query: &Source, options: SearchOptions, errors: &mut Vec<Diagnostic>) -> Option<Search> {
        let limits = options.limits.clone();
        if query.text.len() > limits.max_rule_bytes as usize {
            let message = format!("the query is longer than {} bytes", limits.max_rule_bytes);
            errors.push(Diagnostic::error(codes::TOO_LARGE, message, Span::default()));
            return None;
        }
        let schema = schema(options.mapping.as_ref()).map_err(|error| errors.push(*error)).ok()?;
        let parsed = parse_query(&query.text, limits.max_query_depth, errors)?;
        let mut plan = Plan::with_dates(vec![options.timestamp_field.clone()]);
        let mut checker = Checker { text: &query.text, schema: &schema, limits: &limits, plan: &mut plan, errors };
        let category = &options.event_category_field;
        let lowered = match &parsed.kind {
            QueryKind::Event(filter) => Err(checker.filter(filter, category)?),
            QueryKind::Sequence(sequence) => Ok(checker.sequence(sequence, category)?),
            QueryKind::Sample(sample) => {
                if let Some(pipe) = parsed.pipes.first() {
                    let error = Diagnostic::error(codes::PIPE, "samples do not support pipes", pipe.span);
                    checker.errors.push(error.help("`size` limits how many samples there are"));
                    return None;
                }
                Ok(checker.sample(sample, category, options.max_samples_per_key, None)?)
            }
        };
        let window = window(&parsed, &options, errors)?;
        let order = TimelineFields {
            timestamp: plan.slot(&schema, &options.timestamp_field),
            fallback: None,
            tiebreaker: options.tiebreaker_field.map(|name| plan.slot(&schema, &name)),
        };
        let (program, results) = match lowered {
            Err(filter) => {
                let program = Program::new(plan, vec![filter], limits);
                (program, Results::Events { order, hits: BTreeMap::new() })
            }
            Ok(Lowered { filters, terms, shape }) => {
                let targets: Vec<_> = (0..filters.len()).map(|term| Target::Term(0, term as u16)).collect();
                let (filters, targets) = Targets::share(filters, &targets);
                let correlation = Correlation { rule: 0, timeline: 0, terms, shape, hash: [0; 16], suppressed: None };
                let program =
                    Program::new(plan, filters, limits).with_correlations(targets, vec![correlation], vec![order]);
                let correlator = Box::new(Correlator::new(program.setting(), None, 0, detect::Options::default()));
                let results = Results::Groups { correlator, terms: Vec::new(), found: BTreeMap::new(), partial: false };
                (program, results)
            }
        };
        Some(Search { program, evaluator: Evaluator::default(), window, results, seen: 0 })
    }

    /// Adds lines of the data set `index`, whole lines only; `first_id` is the number of the first one, from which an event that brings
    /// no `_id` takes its own. Blank lines count as lines but are no events.
    pub fn add(&mut self, index: &str, first_id: u64, batch: &[u8]) -> SearchProgress {
        let mut progress = SearchProgress::default();
        let mut line_number = first_id;
        let mut counted = 0;
        for line in lines(batch) {
            // Lines are slices of the batch, so their place tells how many line ends stand before them.
            let at = line.bytes.as_ptr() as usize - batch.as_ptr() as usize;
            line_number += memchr::memchr_iter(b'\n', &batch[counted..at]).count() as u64;
            counted = at;
            let event = self.seen;
            self.seen += 1;
            progress.events += 1;
            if let Err((offset, message)) = self.evaluator.run(&self.program, line) {
                let limits = &self.program.limits;
                reject(&mut progress.rejected, &mut progress.rejections, limits, event, offset, message);
            }
            if !self.evaluator.matched().is_empty() {
                self.keep(index, line_number, event, line, &mut progress);
            }
        }
        self.collect(&mut progress);
        progress
    }

    fn keep(&mut self, index: &str, line_number: u64, arrival: u64, line: Line<'_>, progress: &mut SearchProgress) {
        let event = self.evaluator.event(line);
        match &mut self.results {
            Results::Events { order, hits } => {
                let column = &self.program.plan.columns[order.timestamp as usize];
                let place = Place {
                    timestamp: timestamp(event, order.timestamp, column),
                    tiebreaker: Tiebreaker::of(event, order.tiebreaker),
                    arrival,
                };
                hits.insert(place, hit(event, index, line_number));
                self.window.trim(hits);
            }
            Results::Groups { correlator, terms, .. } => {
                terms.clear();
                terms.extend(self.program.targets.terms(self.evaluator.matched()));
                let limits = &self.program.limits;
                let source = || Some(hit(event, index, line_number).into_bytes().into());
                if correlator.observe(self.program.setting(), event, arrival, terms, source).is_err() {
                    let message =
                        format!("a join key has more than {} combinations of values", limits.max_combinations);
                    reject(&mut progress.rejected, &mut progress.rejections, limits, arrival, 0, message);
                }
            }
        }
    }

    /// Takes the sequences that were found, and counts what was lost.
    fn collect(&mut self, progress: &mut SearchProgress) {
        let Results::Groups { correlator, found, partial, .. } = &mut self.results else { return };
        let shape = &self.program.correlations[0].shape;
        for completion in correlator.take_matches() {
            found.insert((completion.position, completion.key.values()), group(shape, &completion));
            self.window.trim(found);
            correlator.settle(completion);
        }
        let tally = correlator.take_tally();
        progress.left_out += tally.late + tally.undated;
        progress.evicted += tally.evicted_keys + tally.evicted_partials;
        *partial |= progress.left_out + progress.evicted > 0;
    }

    /// The answer: the body of Elasticsearch's response without `took`, since the core has no clock.
    pub fn finish(mut self) -> String {
        let setting = self.program.setting();
        if let Results::Groups { correlator, .. } = &mut self.results {
            correlator.finish(setting);
        }
        self.collect(&mut SearchProgress::default());
        match self.results {
            Results::Events { hits, .. } => {
                let hits: Vec<String> = hits.into_values().collect();
                response("events", self.window.select(&hits), false)
            }
            Results::Groups { mut correlator, found, partial, .. } => {
                let shape = &self.program.correlations[0].shape;
                if let Shape::Sample(_) = shape {
                    correlator.finish_samples(self.program.setting(), self.window.limit as usize);
                    let samples: Vec<String> =
                        correlator.take_matches().iter().map(|completion| group(shape, completion)).collect();
                    return response("sequences", &samples, partial);
                }
                let sequences: Vec<String> = found.into_values().collect();
                response("sequences", self.window.select(&sequences), partial)
            }
        }
    }
}

/// The part of the results that is asked for.
fn window(query: &Query, options: &SearchOptions, errors: &mut Vec<Diagnostic>) -> Option<Window> {
    let mut window = match query.pipes.first() {
        Some(pipe) => Window::new(pipe.kind, pipe.count),
        None if options.result_position == ResultPosition::Head => Window::new(PipeKind::Head, options.size),
        None => Window::new(PipeKind::Tail, options.size),
    };
    for pipe in query.pipes.iter().skip(1) {
        window = window.then(pipe);
    }
    let most = options.limits.max_search_size;
    if window.capacity() <= most as usize {
        return Some(window);
    }
    let message = format!("a search can hold back at most {most} results, not {}", window.capacity());
    let span = query.pipes.first().map_or(Span::default(), |p| p.span);
    let error = Diagnostic::error(codes::TOO_LARGE, message, span);
    errors.push(error.help("ask for fewer, or raise --max-search-size"));
    None
}

/// `{"_index": …, "_id": …, "_source": …}`
fn hit(event: Event<'_>, index: &str, line_number: u64) -> String {
    let mut out = String::from(r#"{"_index":"#);
    json::push_string(&mut out, event.index().unwrap_or(index));
    out.push_str(r#","_id":"#);
    json::push_string(&mut out, event.id().unwrap_or(&line_number.to_string()));
    out.push_str(r#","_source":"#);
    out.push_str(&json::minify(event.source()));
    out.push('}');
    out
}

/// What stands for an event that is missing as it must be.
const MISSING: &str = r#"{"_index":"","_id":"","_source":{},"missing":true}"#;

/// `{"join_keys": […], "events": […]}`
fn group(shape: &Shape, completion: &Completion) -> String {
    let mut out = String::from("{");
    let keys = completion.key.values();
    if !keys.is_empty() {
        // Sequences show dates as documents do, samples as aggregations do.
        let keys: Vec<serde_json::Value> = match shape {
            Shape::Sequence(_) => keys.iter().map(KeyValue::to_json).collect(),
            _ => keys.iter().map(KeyValue::to_number_json).collect(),
        };
        out.push_str(r#""join_keys":"#);
        out.push_str(&serde_json::to_string(&keys).unwrap_or_default());
        out.push(',');
    }
    out.push_str(r#""events":["#);
    let event = |at: usize| {
        let source = completion.events.get(at).and_then(|event| event.source.as_deref()).unwrap_or_default();
        std::str::from_utf8(source).unwrap_or_default()
    };
    let events: Vec<&str> = match shape {
        Shape::Sequence(sequence) => {
            sequence.layout.iter().map(|stage| stage.map_or(MISSING, |stage| event(usize::from(stage)))).collect()
        }
        _ => (0..completion.events.len()).map(event).collect(),
    };
    out.push_str(&events.join(","));
    out.push_str("]}");
    out
}

fn response(kind: &str, hits: &[String], partial: bool) -> String {
    format!(
        r#"{{"is_partial":{partial},"is_running":false,"timed_out":false,"hits":{{"total":{{"value":{},"relation":"eq"}},"{kind}":[{}]}}}}"#,
        hits.len(),
        hits.join(",")
    )
}
