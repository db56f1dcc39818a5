//! One query over a finite data set, after Elasticsearch's EQL search API.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::api::{ResultPosition, SearchOptions, SearchProgress, Source};
use crate::check::Checker;
use crate::diagnostic::{Diagnostic, Level, Span, codes};
use crate::engine::{Evaluator, Program, lines, locate, query_filter, reject, schema};
use crate::json;
use crate::plan::{Column, Plan, test};
use crate::syntax::ast::{Pipe, PipeKind};
use crate::syntax::parse_query;
use crate::{decode, time::Instant};

/// A search under way. Keeps no more events than the answer can hold.
#[derive(Debug)]
pub struct Search {
    program: Program,
    evaluator: Evaluator,
    timestamp: u32,
    tiebreaker: Option<u32>,
    window: Window,
    /// The results that may be in the answer, in order.
    hits: BTreeMap<Key, Hit>,
    seen: u64,
}

#[derive(Debug)]
struct Hit {
    index: String,
    id: String,
    source: String,
}

/// The order of results: timestamp, tiebreaker, arrival. Events without a timestamp come first; events
/// without a tiebreaker come after those with one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    timestamp: Option<Instant>,
    tiebreaker: Tiebreaker,
    arrival: u64,
}

#[derive(Debug)]
enum Tiebreaker {
    Number(f64, Option<i64>),
    Text(String),
    Missing,
}

impl Tiebreaker {
    fn rank(&self) -> u8 {
        match self {
            Tiebreaker::Number(..) => 0,
            Tiebreaker::Text(_) => 1,
            Tiebreaker::Missing => 2,
        }
    }
}

impl Ord for Tiebreaker {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            // Beyond 2^53 the float is not exact, the integer is.
            (Tiebreaker::Number(_, Some(a)), Tiebreaker::Number(_, Some(b))) => a.cmp(b),
            (Tiebreaker::Number(a, _), Tiebreaker::Number(b, _)) => a.total_cmp(b),
            (Tiebreaker::Text(a), Tiebreaker::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Tiebreaker {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Tiebreaker {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Tiebreaker {}

/// Which part of the ordered results the answer has: from one end, after leaving out `offset`, `limit` results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    from: PipeKind,
    offset: u32,
    limit: u32,
}

impl Window {
    /// The window of the first limit.
    fn new(from: PipeKind, limit: u32) -> Window {
        Window { from, offset: 0, limit }
    }

    /// A further limit within the window, as Elasticsearch combines them (`Optimizer.CombineLimits`).
    fn then(self, pipe: &Pipe) -> Window {
        if pipe.kind == self.from {
            return Window { limit: self.limit.min(pipe.count), ..self };
        }
        if pipe.count >= self.limit {
            return self;
        }
        Window { offset: self.offset + (self.limit - pipe.count), limit: pipe.count, ..self }
    }

    fn capacity(self) -> usize {
        self.offset as usize + self.limit as usize
    }
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
        let limits = options.limits;
        if query.text.len() > limits.max_rule_bytes as usize {
            let message = format!("the query is longer than {} bytes", limits.max_rule_bytes);
            errors.push(Diagnostic::error(codes::TOO_LARGE, message, Span::default()));
            return None;
        }
        let schema = schema(options.mapping.as_ref()).map_err(|error| errors.push(*error)).ok()?;
        let parsed = parse_query(&query.text, limits.max_query_depth, errors)?;
        let mut plan = Plan::with_dates(vec![options.timestamp_field.clone()]);
        let mut checker = Checker { text: &query.text, schema: &schema, limits: &limits, plan: &mut plan, errors };
        let filter = query_filter(&parsed, &mut checker, &options.event_category_field)?;
        let mut window = match parsed.pipes.first() {
            Some(pipe) => Window::new(pipe.kind, pipe.count),
            None if options.result_position == ResultPosition::Head => Window::new(PipeKind::Head, options.size),
            None => Window::new(PipeKind::Tail, options.size),
        };
        for pipe in parsed.pipes.iter().skip(1) {
            window = window.then(pipe);
        }
        if window.capacity() > limits.max_search_size as usize {
            let message =
                format!("a search can hold back at most {} results, not {}", limits.max_search_size, window.capacity());
            let span = parsed.pipes.first().map_or(Span::default(), |p| p.span);
            errors.push(
                Diagnostic::error(codes::TOO_LARGE, message, span).help("ask for fewer, or raise --max-search-size"),
            );
            return None;
        }
        let timestamp = plan.slot(&schema, &options.timestamp_field);
        let tiebreaker = options.tiebreaker_field.map(|name| plan.slot(&schema, &name));
        Some(Search {
            program: Program::new(plan, vec![filter], limits),
            evaluator: Evaluator::default(),
            timestamp,
            tiebreaker,
            window,
            hits: BTreeMap::new(),
            seen: 0,
        })
    }

    /// Adds lines of the data set `index`, whole lines only; `first_id` is the number of the first one, from which an event that brings
    /// no `_id` takes its own. Blank lines count as lines but are no events.
    pub fn add(&mut self, index: &str, first_id: u64, batch: &[u8]) -> SearchProgress {
        let mut progress = SearchProgress::default();
        let mut line_number = first_id;
        let mut counted = 0;
        for line in lines(batch) {
            // Lines are slices of the batch, so their place tells how many line ends stand before them.
            let at = line.as_ptr() as usize - batch.as_ptr() as usize;
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
                self.keep(index, line_number, event, line);
            }
        }
        progress
    }

    fn keep(&mut self, index: &str, line_number: u64, arrival: u64, line: &[u8]) {
        let event = self.evaluator.event(line);
        let column = |slot: u32| &self.program.plan.columns[slot as usize];
        let key = Key {
            timestamp: timestamp(event, self.timestamp, column(self.timestamp)),
            tiebreaker: tiebreaker(event, self.tiebreaker),
            arrival,
        };
        let hit = Hit {
            index: event.index().unwrap_or(index).to_owned(),
            id: event.id().map_or_else(|| line_number.to_string(), str::to_owned),
            source: json::minify(event.source()),
        };
        self.hits.insert(key, hit);
        if self.hits.len() > self.window.capacity() {
            match self.window.from {
                PipeKind::Head => self.hits.pop_last(),
                PipeKind::Tail => self.hits.pop_first(),
            };
        }
    }

    /// The answer: the body of Elasticsearch's response without `took`, since the core has no clock.
    pub fn finish(self) -> String {
        let Window { from, offset, limit } = self.window;
        let (offset, limit) = (offset as usize, limit as usize);
        let hits: Vec<Hit> = self.hits.into_values().collect();
        let (first, last) = match from {
            PipeKind::Head => (offset.min(hits.len()), (offset + limit).min(hits.len())),
            PipeKind::Tail => {
                let end = hits.len().saturating_sub(offset);
                (end.saturating_sub(limit), end)
            }
        };
        let hits = &hits[first..last];
        let mut response = format!(
            r#"{{"is_partial":false,"is_running":false,"timed_out":false,"hits":{{"total":{{"value":{},"relation":"eq"}},"events":["#,
            hits.len()
        );
        for (at, hit) in hits.iter().enumerate() {
            response.push_str(if at == 0 { r#"{"_index":"# } else { r#",{"_index":"# });
            json::push_string(&mut response, &hit.index);
            response.push_str(r#","_id":"#);
            json::push_string(&mut response, &hit.id);
            response.push_str(r#","_source":"#);
            response.push_str(&hit.source);
            response.push('}');
        }
        response.push_str("]}}");
        response
    }
}

fn timestamp(event: decode::Event<'_>, slot: u32, column: &Column) -> Option<Instant> {
    event.values(slot as usize).find_map(|value| test::instant(value, column.kind))
}

fn tiebreaker(event: decode::Event<'_>, slot: Option<u32>) -> Tiebreaker {
    let value = slot.and_then(|slot| event.values(slot as usize).find(|v| *v != decode::Value::Null));
    match value {
        None => Tiebreaker::Missing,
        Some(decode::Value::Number(n)) => Tiebreaker::Number(n.as_f64(), n.as_i64()),
        Some(other) => Tiebreaker::Text(test::text(&other).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(pipes: &str) -> (u32, i64) {
        let mut errors = Vec::new();
        let query = parse_query(&format!("process where true {pipes}"), 10, &mut errors).expect("a query");
        assert!(errors.is_empty(), "{errors:?}");
        let mut pipes = query.pipes.iter();
        let first = pipes.next().expect("a pipe");
        let window = pipes.fold(Window::new(first.kind, first.count), Window::then);
        (window.offset, if window.from == PipeKind::Head { i64::from(window.limit) } else { -i64::from(window.limit) })
    }

    /// The table of Elasticsearch's `OptimizerTests`.
    #[test]
    fn limits_combine() {
        assert_eq!(window("| head 1 | head 12"), (0, 1));
        assert_eq!(window("| tail 10 | tail 1"), (0, -1));
        assert_eq!(window("| tail 1 | tail 12"), (0, -1));
        assert_eq!(window("| head 10 | tail 7"), (3, 7));
        assert_eq!(window("| tail 10 | head 7"), (3, -7));
        assert_eq!(window("| head 1 | tail 7"), (0, 1));
        assert_eq!(window("| head 10 | tail 7 | head 5 | tail 3"), (5, 3));
        assert_eq!(window("| tail 10 | head 7 | tail 5 | head 3"), (5, -3));
    }
}
