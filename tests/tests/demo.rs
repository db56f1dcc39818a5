//! The examples: the mining-service rule fires once per source and on nothing that only looks alike, and every rule
//! fires on something.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tripline_tests::command::{ENGINES, tripline};
use tripline_tests::vectors::files_of;
use tripline_tests::{examples, in_root};

const MINING: &str = "Mining Service File Created";

/// The one event of each source that the mining-service rule matches, by its file's name.
const EXPECTED: [(&str, &str); 4] = [
    ("crowdstrike-fdr", "c3pool_miner.service"),
    ("elastic-defend", "moneroocean_miner.service"),
    ("endgame", "PNSD.service"),
    ("sentinelone", "aliyun.service"),
];

fn alerts(engine: &str, rules: &str, events: &[String]) -> Result<Vec<Value>> {
    let mut arguments = vec!["eval", "--engine", engine, "--output", "ndjson", "--rules", rules];
    arguments.extend(["--indicators", "examples/indicators.csv", "--events"]);
    arguments.extend(events.iter().map(String::as_str));
    let run = tripline(arguments)?;
    ensure!(run.status == 0, "exit status {}: {}", run.status, run.stderr);
    run.ndjson()
}

fn source_files() -> Vec<(String, String)> {
    EXPECTED.iter().map(|(source, _)| ((*source).to_owned(), format!("examples/events/{source}.ndjson"))).collect()
}

#[test]
fn the_mining_rule_fires_once_per_source() -> Result<()> {
    for engine in ENGINES {
        for ((source, file), (_, name)) in source_files().into_iter().zip(EXPECTED) {
            let alerts = alerts(engine, "examples/rules/execution_mining_service_file.toml", &[file])?;
            let found: Vec<&Value> = alerts.iter().map(|alert| &alert["file"]["name"]).collect();
            assert_eq!(found, [name], "{source} in the {engine} engine");
            let alert = &alerts[0];
            assert_eq!(alert["kibana.alert.rule.name"], MINING);
            assert_eq!(alert["kibana.alert.risk_score"], 47);
            assert_eq!(alert["kibana.alert.severity"], "medium");
            assert_eq!(alert["host"]["os"]["type"], "linux");
        }
    }
    Ok(())
}

/// Each source has look-alikes: the same kind of name with another system, action or name.
#[test]
fn every_source_has_look_alikes() -> Result<()> {
    for (source, file) in source_files() {
        let events = fs::read_to_string(in_root(&file))?;
        let events = events.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
        let first = |value: &Value| match value {
            Value::Array(values) => values.first().and_then(Value::as_str).unwrap_or_default().to_owned(),
            value => value.as_str().unwrap_or_default().to_owned(),
        };
        let creations: Vec<&Value> =
            events.iter().filter(|event| first(&event["event"]["category"]) == "file").collect();
        let listed = |event: &Value| {
            let name = first(&event["file"]["name"]).to_ascii_lowercase();
            ["aliyun", "moneroocean_miner", "c3pool_miner", "pnsd", "apache4", "pastebin", "xvf"]
                .iter()
                .any(|stem| name == format!("{stem}.service"))
        };
        let is_creation = |event: &Value| first(&event["event"]["type"]) == "creation";
        let is_linux = |event: &Value| event["host"]["os"]["type"] == "linux";
        let count = |wanted: &dyn Fn(&Value) -> bool| creations.iter().filter(|event| wanted(event)).count();

        assert!(
            count(&|event| listed(event) && is_creation(event) && !is_linux(event)) >= 1,
            "{source}: another system"
        );
        assert!(
            count(&|event| listed(event) && is_linux(event) && !is_creation(event)) >= 2,
            "{source}: another action"
        );
        let other = |event: &Value| {
            !listed(event)
                && is_linux(event)
                && is_creation(event)
                && event["file"]["path"].to_string().contains(".service")
        };
        assert!(count(&other) >= 1, "{source}: another name");
    }
    Ok(())
}

#[test]
fn every_rule_fires_on_something_and_both_engines_agree() -> Result<()> {
    let files = examples::event_files()?;
    let mut by_engine = Vec::new();
    for engine in ENGINES {
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        let alerts = alerts(engine, "examples/rules", &files)?;
        for alert in &alerts {
            let name = alert["kibana.alert.rule.name"].as_str().context("an alert without a rule")?;
            *count.entry(name.to_owned()).or_default() += 1;
        }
        by_engine.push((alerts, count));
    }
    assert_eq!(by_engine[0].1, by_engine[1].1, "the engines differ in what fires");
    assert!(by_engine[0].0 == by_engine[1].0, "the engines differ in the alerts");

    #[derive(serde::Deserialize)]
    struct File {
        rule: Rule,
    }
    #[derive(serde::Deserialize)]
    struct Rule {
        name: String,
    }
    let count = &by_engine[0].1;
    let mut names = BTreeSet::new();
    for path in files_of(&in_root("examples/rules"), "toml")? {
        let File { rule } = toml::from_str(&fs::read_to_string(&path)?)?;
        assert!(count.contains_key(&rule.name), "{} fires on no example", rule.name);
        names.insert(rule.name);
    }
    assert!(names.len() > 20);
    assert_eq!(count[MINING], EXPECTED.len());
    println!("{count:#?}");
    Ok(())
}
