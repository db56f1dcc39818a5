//! The alerts of the examples: of all types of rules, the same bytes from every host, and the same ids whenever the events are replayed.
//!
//! `tests/examples.out` has a line for each alert, in the order in which they are told: id, SHA-256, type and name of the rule.
//! `js/engine/test/examples.test.ts` holds JavaScript to it. `TRIPLINE_BLESS=1` writes it anew.

use std::collections::BTreeSet;
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use host_runner::{Engine, EngineKind, InstanceLimits, WasmOptions};
use rule_core::{Advance, Outcome, SessionOptions};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tripline_tests::c_abi::CModule;
use tripline_tests::command::tripline_with;
use tripline_tests::{examples, in_root};

/// How the events are given.
#[derive(Clone, Copy)]
enum Batches {
    All,
    Alone,
}

impl Batches {
    fn of(self, events: &[String]) -> Vec<String> {
        match self {
            Batches::All => vec![events.join("\n")],
            Batches::Alone => events.to_vec(),
        }
    }
}

/// The alerts of an instance, a line each.
fn of_instance(kind: EngineKind, events: &[String], batches: Batches, lateness_ms: Option<u64>) -> Result<Vec<String>> {
    let mut instance = Engine::new(kind, &WasmOptions::default())?.instance(InstanceLimits::default())?;
    let (rules, report) = instance.compile(&examples::sources()?, &examples::options()?)?;
    ensure!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    let session = instance.open(rules, &SessionOptions { alerts: true, lateness_ms, ..SessionOptions::default() })?;
    let mut alerts = String::new();
    for batch in batches.of(events) {
        alerts += &instance.evaluate(session, batch.as_bytes())?.alerts;
    }
    alerts += &instance.advance(session, Advance::Finish)?.alerts;
    Ok(alerts.lines().map(str::to_owned).collect())
}

fn of_c_abi(events: &[String], batches: Batches) -> Result<Vec<String>> {
    let mut module = CModule::embedded()?;
    let request = serde_json::json!({ "sources": examples::sources()?, "options": examples::options()? });
    module.compile(&serde_json::to_vec(&request)?)?;
    let mut alerts = String::new();
    let read = |answer: String| -> Result<String> { Ok(serde_json::from_str::<Outcome>(&answer)?.alerts) };
    for batch in batches.of(events) {
        alerts += &read(module.evaluate(batch.as_bytes())?)?;
    }
    alerts += &read(module.advance(&serde_json::to_vec(&Advance::Finish)?)?)?;
    Ok(alerts.lines().map(str::to_owned).collect())
}

fn default_lateness() -> Option<u64> {
    SessionOptions::default().lateness_ms
}

/// A line of the golden file.
fn told(alert: &str) -> Result<String> {
    let document: Value = serde_json::from_str(alert)?;
    let get = |name: &str| document[name].as_str().with_context(|| format!("no {name}: {alert}"));
    let hash: String = Sha256::digest(alert.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let (id, kind, name) = (get("kibana.alert.uuid")?, get("kibana.alert.rule.type")?, get("kibana.alert.rule.name")?);
    Ok(format!("{id} {hash} {kind} {name}\n"))
}

fn check(host: &str, alerts: &[String]) -> Result<()> {
    let told = alerts.iter().map(|alert| told(alert)).collect::<Result<String>>()?;
    let path = in_root("tests/examples.out");
    if host == "native" && env::var_os("TRIPLINE_BLESS").is_some_and(|value| value == "1") {
        fs::write(path, told)?;
        return Ok(());
    }
    assert_eq!(told, fs::read_to_string(path)?, "{host}");
    Ok(())
}

#[test]
fn alerts_are_the_same_natively() -> Result<()> {
    let alerts = of_instance(EngineKind::Native, &examples::events()?, Batches::All, default_lateness())?;
    let types: BTreeSet<String> = alerts
        .iter()
        .filter_map(|alert| {
            Some(serde_json::from_str::<Value>(alert).ok()?["kibana.alert.rule.type"].as_str()?.to_owned())
        })
        .collect();
    assert_eq!(types.iter().collect::<Vec<_>>(), ["eql", "new_terms", "query", "threat_match", "threshold"]);
    check("native", &alerts)
}

#[test]
fn alerts_are_the_same_in_the_component() -> Result<()> {
    check("component", &of_instance(EngineKind::Wasm, &examples::events()?, Batches::All, default_lateness())?)
}

#[test]
fn alerts_are_the_same_through_the_c_abi() -> Result<()> {
    check("C ABI", &of_c_abi(&examples::events()?, Batches::All)?)
}

/// The collector of `examples/tripline.yaml` gives the same alerts, though the files come one after the other.
#[test]
fn the_example_collector_gives_them_too() -> Result<()> {
    let mut events = String::new();
    for path in examples::event_files()? {
        events += &fs::read_to_string(in_root(&path))?;
    }
    let run = tripline_with(["run", "--config", "examples/tripline.yaml"], &events)?;
    ensure!(run.status == 0, "{}", run.stderr);
    let ids =
        |text: &str, find: fn(&str) -> Option<String>| -> BTreeSet<String> { text.lines().filter_map(find).collect() };
    let told = ids(&run.stdout, |line| {
        Some(serde_json::from_str::<Value>(line).ok()?["kibana.alert.uuid"].as_str()?.to_owned())
    });
    let golden =
        ids(&fs::read_to_string(in_root("tests/examples.out"))?, |line| Some(line.split(' ').next()?.to_owned()));
    assert_eq!(told, golden);
    let last = run.ndjson()?.into_iter().rfind(|alert| alert["kibana.alert.rule.name"] == "Download by PowerShell");
    assert_eq!(
        last.context("an alert")?["kibana.alert.suppression.docs_count"],
        2,
        "what is suppressed is told at the end"
    );
    Ok(())
}

/// In other batches, and file after file instead of in the order of time. An alert that is given again counts in its last form.
#[test]
fn a_replay_gives_the_same_ids() -> Result<()> {
    let last = |alerts: &[String]| -> Result<std::collections::BTreeMap<String, String>> {
        alerts
            .iter()
            .map(|alert| Ok((told(alert)?.split(' ').next().unwrap_or_default().to_owned(), alert.clone())))
            .collect()
    };
    let events = examples::events()?;
    let first = last(&of_instance(EngineKind::Native, &events, Batches::All, default_lateness())?)?;
    assert!(first.len() > 50, "only {} alerts", first.len());
    let mut by_file = Vec::new();
    for path in examples::event_files()? {
        by_file.extend(fs::read_to_string(in_root(&path))?.lines().map(str::to_owned));
    }
    assert_ne!(by_file, events);
    for (events, batches, lateness) in [
        (&events, Batches::All, default_lateness()),
        (&events, Batches::Alone, default_lateness()),
        (&by_file, Batches::All, None),
    ] {
        for kind in [EngineKind::Native, EngineKind::Wasm] {
            assert_eq!(last(&of_instance(kind, events, batches, lateness)?)?, first);
        }
    }
    assert_eq!(last(&of_c_abi(&events, Batches::Alone)?)?, first);
    Ok(())
}
