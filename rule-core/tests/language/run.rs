//! Runs examples.

use std::sync::Arc;

use rule_core::{
    CompileOptions, Diagnostic, Level, ResultPosition, Search, SearchOptions, Session, SessionOptions, Source, compile,
    fold_constant,
};
use serde_json::{Value, json};

use crate::page::{Example, Kind, Query, Row};

/// What is not as the page says.
pub fn problems(example: &Example) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |what: &str, expected: &dyn std::fmt::Display, found: &dyn std::fmt::Display| {
        let (expected, found) = (expected.to_string(), found.to_string());
        if expected != found {
            problems.push(format!("{what}\n    the page: {expected}\n    in fact:  {found}"));
        }
    };
    match &example.kind {
        Kind::Query(query) => query_problems(query, &mut check),
        Kind::Conditions { events, rows } => {
            for (condition, expected) in rows {
                let text = format!("any where {condition}");
                let (diagnostics, truths) = matches(&text, None, events);
                check(condition, &"", &errors(&diagnostics));
                for ((event, expected), found) in events.iter().zip(expected).zip(truths) {
                    check(&format!("{condition} of {event}"), expected, &found);
                }
            }
        }
        Kind::Expressions(rows) => {
            for (text, expected) in rows {
                let found = match fold_constant(text) {
                    Ok(value) => value.unwrap_or(Value::Null).to_string(),
                    Err(diagnostics) => format!("error[{}]", diagnostics[0].code),
                };
                check(text, &normal(expected), &found);
            }
        }
        Kind::Errors(rows) => {
            for (text, expected) in rows {
                let (diagnostics, _) = matches(text, None, &[]);
                // A message that the page leaves out.
                let found = match expected.strip_suffix('…') {
                    Some(start) => errors(&diagnostics).get(..start.len()).unwrap_or_default().to_owned() + "…",
                    None => errors(&diagnostics),
                };
                check(text, expected, &found);
            }
        }
    }
    problems
}

/// JSON as this program writes it.
fn normal(expected: &str) -> String {
    serde_json::from_str::<Value>(expected).map_or_else(|_| expected.to_owned(), |value| value.to_string())
}

type Check<'a> = dyn FnMut(&str, &dyn std::fmt::Display, &dyn std::fmt::Display) + 'a;

fn query_problems(query: &Query, check: &mut Check<'_>) {
    if query.setting("stream").is_some() {
        return stream_problems(query, check);
    }
    if !query.timeline.is_empty() {
        let (diagnostics, found) = search(query);
        check("diagnostics of the search", &query.diagnostics.join("\n"), &diagnostics);
        let expected = query.finds.as_deref().unwrap_or_default();
        // Where the page leaves out the join keys, they do not count.
        let with_keys = expected.iter().any(|span| span.contains('['));
        let found: Vec<String> = found
            .into_iter()
            .map(|(ids, keys)| if with_keys { format!("{ids} {keys}") } else { ids }.trim().to_owned())
            .collect();
        return check("finds", &expected.join(", "), &found.join(", "));
    }
    let events: Vec<String> = query.events.iter().map(|(event, _)| event.clone()).collect();
    let (diagnostics, truths) = matches(&query.text, query.mapping.clone(), &events);
    let all: Vec<String> = diagnostics.iter().map(line).collect();
    check("diagnostics", &query.diagnostics.join("\n"), &all.join("\n"));
    for ((event, expected), found) in query.events.iter().zip(truths) {
        check(event, expected, &found);
    }
}

fn line(diagnostic: &Diagnostic) -> String {
    let level = if diagnostic.level == Level::Error { "error" } else { "warning" };
    format!("{level}[{}]: {}", diagnostic.code, diagnostic.message)
}

fn errors(diagnostics: &[Diagnostic]) -> String {
    let errors: Vec<String> = diagnostics.iter().filter(|d| d.level == Level::Error).map(line).collect();
    errors.join("\n")
}

/// What a rule is told, and which of the events it matches.
fn matches(text: &str, mapping: Option<Value>, events: &[String]) -> (Vec<Diagnostic>, Vec<bool>) {
    let source = Source { path: "example.eql".into(), text: text.into() };
    let (rules, report) = compile(&[source], &CompileOptions { mapping, ..CompileOptions::default() });
    let mut session = Session::open(Arc::new(rules), SessionOptions::default());
    let truths = events.iter().map(|event| {
        let outcome = session.evaluate(event.as_bytes());
        assert!(outcome.events == 1 && outcome.rejected == 0, "{event}: {outcome:?}");
        !outcome.matches.is_empty()
    });
    let truths = truths.collect();
    (report.diagnostics, truths)
}

/// The event as a line, with its time and category.
fn event(row: &Row) -> Value {
    let mut event: Value = serde_json::from_str(&row.event).unwrap_or_else(|error| panic!("{}: {error}", row.event));
    let fields = event.as_object_mut().expect("an object");
    if !row.time.is_empty() {
        fields.insert("@timestamp".into(), format!("2026-01-01T{}Z", row.time).into());
    }
    if !row.category.is_empty() {
        fields.insert("event.category".into(), row.category.as_str().into());
    }
    event
}

/// Diagnostics, and the matches: their ids and their join keys.
fn search(query: &Query) -> (String, Vec<(String, String)>) {
    let number = |name: &str, default: u32| query.setting(name).map_or(default, |n| n.parse().expect("a number"));
    let defaults = SearchOptions::default();
    let options = SearchOptions {
        size: number("size", defaults.size),
        max_samples_per_key: number("max_samples_per_key", defaults.max_samples_per_key),
        result_position: match query.setting("result_position") {
            Some("head") => ResultPosition::Head,
            _ => ResultPosition::Tail,
        },
        tiebreaker_field: query.setting("tiebreaker").map(str::to_owned),
        event_category_field: query.setting("category").map_or(defaults.event_category_field, str::to_owned),
        mapping: query.mapping.clone(),
        ..SearchOptions::default()
    };
    let source = Source { path: "example.eql".into(), text: query.text.clone() };
    let mut search = match Search::open(&source, options) {
        Ok(search) => search,
        Err(diagnostics) => return (diagnostics.iter().map(line).collect::<Vec<_>>().join("\n"), Vec::new()),
    };
    let lines = query.timeline.iter().map(|row| json!({"_id": row.id, "_source": event(row)}).to_string() + "\n");
    let progress = search.add("example", 0, lines.collect::<String>().as_bytes());
    assert_eq!(progress.rejected, 0, "{progress:?}");
    let answer: Value = serde_json::from_str(&search.finish()).expect("JSON");
    let id = |hit: &Value| match hit["missing"] == true {
        true => "-".to_owned(),
        false => hit["_id"].as_str().expect("an id").to_owned(),
    };
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let events = array(&answer["hits"]["events"]).iter().map(|hit| (id(hit), String::new())).collect::<Vec<_>>();
    let groups = array(&answer["hits"]["sequences"]).into_iter().map(|group| {
        let ids: Vec<String> = array(&group["events"]).iter().map(id).collect();
        let keys = if group["join_keys"].is_null() { String::new() } else { group["join_keys"].to_string() };
        (ids.join(" "), keys)
    });
    (String::new(), events.into_iter().chain(groups).collect())
}

/// A rule on a stream, event by event.
fn stream_problems(query: &Query, check: &mut Check<'_>) {
    let source = Source { path: "example.eql".into(), text: query.text.clone() };
    let (rules, report) = compile(&[source], &CompileOptions::default());
    let diagnostics: Vec<String> = report.diagnostics.iter().map(line).collect();
    check("diagnostics", &query.diagnostics.join("\n"), &diagnostics.join("\n"));
    let lateness = query.setting("lateness").map(|s| s.trim_end_matches('s').parse::<u64>().expect("seconds") * 1000);
    let options = SessionOptions { lateness_ms: lateness.or(Some(10_000)), ..SessionOptions::default() };
    let mut session = Session::open(Arc::new(rules), options);
    let ids: Vec<&str> = query.timeline.iter().map(|row| row.id.as_str()).collect();
    for row in &query.timeline {
        let outcome = match row.id.as_str() {
            "end" => session.finish(),
            _ => session.evaluate(event(row).to_string().as_bytes()),
        };
        let found = outcome.matches.iter().map(|found| {
            let events: Vec<&str> = found.events.iter().map(|ordinal| ids[*ordinal as usize]).collect();
            events.join(" ")
        });
        let found: Vec<String> = found.collect();
        check(&format!("event {} decides", row.id), &row.decides.join(", "), &found.join(", "));
        let late = outcome.sequences.is_some_and(|status| status.late > 0);
        check(&format!("event {} is late", row.id), &row.late, &late);
    }
}
