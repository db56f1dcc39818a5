//! Runs a folder of Sigma rules over a file of events with rsigma.
//!
//! `rsigma-rival RULES-FOLDER EVENTS MATCHES all|routed|bloom`: writes a line `EVENT RULE` for each match, and prints one JSON document.
//! `routed` tells the engine each event's log source, so that it tries only rules of that source.

use std::fs;
use std::time::{Duration, Instant};

use rsigma_eval::Engine;
use rsigma_eval::event::JsonEvent;
use rsigma_parser::{LogSource, parse_sigma_yaml};
use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, folder, events, out, how] = args.as_slice() else {
        return Err("usage: rsigma-rival RULES-FOLDER EVENTS MATCHES all|routed|bloom".into());
    };
    let mut paths: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.sort();
    let mut engine = Engine::new();
    engine.set_bloom_prefilter(how == "bloom");
    let mut left_out = 0;
    let mut rules = Vec::new();
    for path in &paths {
        let collection = parse_sigma_yaml(&fs::read_to_string(path)?)?;
        left_out += usize::from(collection.rules.is_empty());
        rules.extend(collection.rules);
    }
    left_out += engine.add_rules(&rules).len();
    let lines = fs::read(events)?;
    let lines: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();

    let mut rounds = Vec::new();
    let mut text = String::new();
    for _ in 0..5 {
        let started = Instant::now();
        let documents: Vec<Value> = lines.iter().map(|line| serde_json::from_slice(line)).collect::<Result<_, _>>()?;
        let parsing = started.elapsed();
        let sources: Vec<LogSource> = documents.iter().map(source).collect();
        let started = Instant::now();
        let mut matches = Vec::new();
        for (number, document) in documents.iter().enumerate() {
            let event = JsonEvent::borrow(document);
            let found = match how.as_str() {
                "routed" => engine.evaluate_with_logsource(&event, &sources[number]),
                _ => engine.evaluate(&event),
            };
            matches.extend(found.into_iter().map(|found| (number, found.header.rule_id)));
        }
        rounds.push((started.elapsed(), parsing));
        text = matches.iter().map(|(number, id)| format!("{number} {}\n", id.as_deref().unwrap_or("?"))).collect();
    }
    rounds.sort();
    let (evaluating, parsing): (Duration, Duration) = rounds[rounds.len() / 2];
    fs::write(out, text)?;
    let figures = serde_json::json!({
        "rules": engine.rule_count(), "left_out": left_out, "events": lines.len(),
        "parse_s": parsing.as_secs_f64(), "evaluate_s": evaluating.as_secs_f64(),
    });
    println!("{figures}");
    Ok(())
}

fn source(event: &Value) -> LogSource {
    let text = |value: &Value| value.as_str().or(value[0].as_str()).map(str::to_owned);
    LogSource {
        category: text(&event["event"]["category"]),
        product: text(&event["host"]["os"]["type"]),
        ..LogSource::default()
    }
}
