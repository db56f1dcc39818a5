//! `tripline search`: one query over a data set.

use std::collections::HashMap;
use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::Path;

use anstyle::Style;
use anyhow::{Context as _, Result};
use host_runner::EngineError;
use rule_core::{SearchOptions, Source};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::args::{SearchArgs, SearchOutput};
use crate::eval::{host, report_rejected, time};
use crate::events::{self, Answer, Totals};
use crate::output::{Cell, Column, Table, field, what_happened, width};
use crate::progress::Progress;
use crate::{Outcome, output, pretty, render, setup};

pub fn run(args: &SearchArgs) -> Result<Outcome> {
    setup::check_stdin(&args.events.events, args.file.as_deref())?;
    let limits = args.limits.limits();
    let query = query(args)?;
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
        SearchOutput::Table => table(&read_body(&body).context("the answer is not JSON")?)?,
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

fn query(args: &SearchArgs) -> Result<Source> {
    let Some(path) = &args.file else {
        return Ok(Source { path: "<query>".into(), text: args.query.clone().unwrap_or_default() });
    };
    let text = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    let name = path.display().to_string();
    Ok(Source { text: text.with_context(|| format!("cannot read the query from {name}"))?, path: name })
}

/// The answer as a document; an event that is nested too deeply to be read is shown by its index and id.
fn read_body(body: &str) -> serde_json::Result<Value> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        hits: HashMap<&'a str, &'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Hit<'a> {
        _index: String,
        _id: String,
        #[serde(borrow)]
        _source: &'a RawValue,
    }
    if let Ok(body) = serde_json::from_str(body) {
        return Ok(body);
    }
    let Body { hits } = serde_json::from_str(body)?;
    let events: Vec<Hit<'_>> =
        hits.get("events").map_or(Ok(Vec::new()), |events| serde_json::from_str(events.get()))?;
    let events: Vec<Value> = events
        .iter()
        .map(|hit| {
            let source: Value = serde_json::from_str(hit._source.get()).unwrap_or_default();
            json!({ "_index": hit._index, "_id": hit._id, "_source": source })
        })
        .collect();
    Ok(json!({ "hits": { "events": events } }))
}

fn table(body: &Value) -> Result<()> {
    let mut out = anstream::stdout().lock();
    let table = Table::new(vec![Column("TIME", 20), Column("INDEX", 16), Column("ID", 8), Column("HOST", 16)], width());
    let list = |key: &str| body["hits"][key].as_array().map_or(&[][..], Vec::as_slice);
    let (events, sequences) = (list("events"), list("sequences"));
    if !events.is_empty() || !sequences.is_empty() {
        table.head(&mut out, "WHAT HAPPENED")?;
    }
    for event in events {
        row(&table, &mut out, event)?;
    }
    for sequence in sequences {
        let keys = sequence["join_keys"].as_array().map_or(&[][..], Vec::as_slice);
        let keys: Vec<String> =
            keys.iter().map(|key| key.as_str().map_or_else(|| key.to_string(), str::to_owned)).collect();
        writeln!(out, "{}", crate::output::clean(&format!("─ {}", keys.join(", "))))?;
        for event in sequence["events"].as_array().map_or(&[][..], Vec::as_slice) {
            row(&table, &mut out, event)?;
        }
    }
    let what = if sequences.is_empty() { (events.len(), "events") } else { (sequences.len(), "sequences") };
    writeln!(out, "{} {} found", what.0, what.1)?;
    Ok(())
}

fn row(table: &Table, out: &mut dyn Write, event: &Value) -> Result<()> {
    let cell = |text: String| Cell(text, Style::new());
    let source = &event["_source"];
    let missing = event["missing"] == Value::Bool(true);
    let cells = [
        cell(time(source)),
        cell(field(event, "_index").unwrap_or_default()),
        cell(field(event, "_id").unwrap_or_default()),
        cell(host(source)),
    ];
    table.row(out, &cells, &if missing { "(missing)".to_owned() } else { what_happened(source) })?;
    Ok(())
}
