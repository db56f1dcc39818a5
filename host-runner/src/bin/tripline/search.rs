//! `tripline search`: one query over a data set.

use std::io::{self, IsTerminal as _, Write};

use anstyle::Style;
use anyhow::{Context as _, Result};
use host_runner::EngineError;
use rule_core::SearchOptions;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::args::{SearchArgs, SearchOutput};
use crate::eval::report_rejected;
use crate::events::{self, Answer, Totals};
use crate::groups::Group;
use crate::output::{Cell, Column, Table, field, host, time, what_happened, width};
use crate::progress::Progress;
use crate::{Outcome, output, pretty, render, setup};

pub fn run(args: &SearchArgs) -> Result<Outcome> {
    setup::check_stdin(&args.events.events, args.file.as_deref())?;
    let limits = args.limits.limits();
    let query = setup::source(args.query.as_deref(), args.file.as_deref(), "query")?;
    let options = SearchOptions {
        timestamp_field: args.timestamp_field.clone(),
        tiebreaker_field: args.tiebreaker_field.clone(),
        event_category_field: args.event_category_field.clone(),
        size: args.size,
        result_position: args.result_position.into(),
        max_samples_per_key: args.max_samples_per_key,
        mapping: setup::mapping(args.mapping.as_deref())?,
        limits: limits.clone(),
    };
    let mut instance = setup::instance(&args.engine)?;
    let search = match instance.open_search(&query, &options) {
        Ok(search) => search,
        Err(EngineError::Query(diagnostics)) => {
            let sources = [query];
            for diagnostic in &diagnostics {
                render::diagnostic(&mut anstream::stderr(), diagnostic, &sources)?;
            }
            return Ok(Outcome::Failed);
        }
        Err(error) => return Err(error.into()),
    };

    let progress = Progress::new();
    let mut totals = Totals::default();
    let (mut left_out, mut evicted) = (0, 0);
    events::for_each(&args.events.events, &limits, &progress, |input, batch| {
        let first = totals.evaluated;
        let answer = instance
            .search_add(search, &input.index(), batch.first_id, &batch.lines)
            .with_context(|| format!("{}:{}: the search stopped", input.name(), batch.first_line()))?;
        left_out += answer.left_out;
        evicted += answer.evicted;
        let answer = Answer { events: answer.events, rejected: answer.rejected, first, rejections: &answer.rejections };
        let rejected = totals.add(input, &batch, answer, &limits);
        progress.suspend(|| report_rejected(&rejected)).map_err(Into::into)
    })?;
    progress.finish();
    let body = instance.search_finish(search)?;

    match args.output {
        SearchOutput::Json => {
            let body = if io::stdout().is_terminal() { pretty::indent(&body) } else { body };
            writeln!(io::stdout(), "{}", body.trim_end())?;
        }
        SearchOutput::Table => {
            let mut body = read_body(&body).context("the answer is not JSON")?;
            tell_times(&mut body, &args.timestamp_field);
            table(&body)?;
        }
    }
    if left_out > 0 {
        output::warning(&format!(
            "{left_out} events are left out: they have no timestamp, or came too late after more were held back than \
             --max-held-bytes allows; the answer may lack sequences"
        ));
    }
    if evicted > 0 {
        output::warning(&format!(
            "{evicted} partial matches or join keys were dropped for lack of room (see --max-join-keys, --max-partial-matches, \
             --max-state-bytes); the answer may lack sequences"
        ));
    }
    if totals.rejected > 0 {
        writeln!(anstream::stderr(), "{} events, {} rejected", totals.events, totals.rejected)?;
    }
    Ok(Outcome::Done)
}

/// The answer as a document; an event that is nested too deeply to be read is shown by its index and id.
fn read_body(body: &str) -> serde_json::Result<Value> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        hits: Hits<'a>,
    }
    #[derive(Deserialize)]
    struct Hits<'a> {
        #[serde(borrow)]
        events: Option<Vec<Hit<'a>>>,
        #[serde(borrow)]
        sequences: Option<Vec<Sequence<'a>>>,
    }
    #[derive(Deserialize)]
    struct Sequence<'a> {
        #[serde(default)]
        join_keys: Vec<Value>,
        #[serde(borrow)]
        events: Vec<Hit<'a>>,
    }
    #[derive(Deserialize)]
    struct Hit<'a> {
        _index: String,
        _id: String,
        #[serde(borrow)]
        _source: &'a RawValue,
        #[serde(default)]
        missing: bool,
    }
    fn read(hits: &[Hit<'_>]) -> Value {
        let read = |hit: &Hit<'_>| {
            let source: Value = serde_json::from_str(hit._source.get()).unwrap_or_default();
            json!({ "_index": hit._index, "_id": hit._id, "_source": source, "missing": hit.missing })
        };
        hits.iter().map(read).collect()
    }
    if let Ok(body) = serde_json::from_str(body) {
        return Ok(body);
    }
    let Body { hits: Hits { events, sequences } } = serde_json::from_str(body)?;
    let sequences: Option<Vec<Value>> = sequences.map(|sequences| {
        let read = |found: &Sequence<'_>| json!({ "join_keys": found.join_keys, "events": read(&found.events) });
        sequences.iter().map(read).collect()
    });
    Ok(json!({ "hits": { "events": events.map(|events| read(&events)), "sequences": sequences } }))
}

/// Puts the times by which events were ordered where times are read.
fn tell_times(body: &mut Value, field_name: &str) {
    let hits = &mut body["hits"];
    let mut lists: Vec<&mut Value> = Vec::new();
    match hits.get("sequences").is_some_and(Value::is_array) {
        true => lists.extend(hits["sequences"].as_array_mut().into_iter().flatten().map(|found| &mut found["events"])),
        false => lists.push(&mut hits["events"]),
    }
    for event in lists.into_iter().filter_map(Value::as_array_mut).flatten() {
        let source = &mut event["_source"];
        if let (Some(time), Value::Object(fields)) = (field(source, field_name), source) {
            fields.insert("@timestamp".to_owned(), time.into());
        }
    }
}

fn table(body: &Value) -> Result<()> {
    let mut out = anstream::stdout().lock();
    let table = Table::new(vec![Column("TIME", 20), Column("INDEX", 16), Column("ID", 8), Column("HOST", 16)], width());
    let (events, sequences) = (list(&body["hits"]["events"]), list(&body["hits"]["sequences"]));
    if !events.is_empty() || !sequences.is_empty() {
        table.head(&mut out, "WHAT HAPPENED")?;
    }
    for event in events {
        let source = &event["_source"];
        table.row(&mut out, &cells(plain(time(source)), event), &what_happened(source))?;
    }
    for sequence in sequences {
        let events = list(&sequence["events"]);
        let happened = events.iter().filter(|event| !is_missing(event)).map(|event| &event["_source"]);
        let group = Group::new(happened.clone(), list(&sequence["join_keys"]));
        let began = happened.clone().next().map_or_else(|| "-".into(), time);
        let blank = || plain(String::new());
        table.row(&mut out, &[plain(began), blank(), blank(), plain(group.host())], &group.summary())?;
        for (number, event) in events.iter().enumerate() {
            let is_last = number + 1 == events.len();
            if is_missing(event) {
                table.row(&mut out, &[group.branch(None, is_last), blank(), blank(), blank()], "(missing)")?;
                continue;
            }
            let source = &event["_source"];
            table.row(&mut out, &cells(group.branch(Some(source), is_last), event), &what_happened(source))?;
        }
    }
    let what = if sequences.is_empty() { (events.len(), "events") } else { (sequences.len(), "sequences") };
    writeln!(out, "{} {} found", what.0, what.1)?;
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Whether it stands for an event that a sequence wants to be missing.
fn is_missing(event: &Value) -> bool {
    event["missing"] == Value::Bool(true)
}

fn cells(first: Cell, event: &Value) -> [Cell; 4] {
    let get = |path| plain(field(event, path).unwrap_or_default());
    [first, get("_index"), get("_id"), plain(host(&event["_source"]).unwrap_or_else(|| "-".into()))]
}

fn plain(text: String) -> Cell {
    Cell(text, Style::new())
}
