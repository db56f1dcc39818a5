//! `schemas/alert.schema.json` holds for every alert there is, and for little else.

use std::fs;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use boon::{Compiler, SchemaIndex, Schemas};
use rule_core::{CompileOptions, Session, SessionOptions, Source, compile};
use serde_json::{Value, json};
use tripline_tests::elastic_rules::toml_files;
use tripline_tests::vectors::VectorFile;
use tripline_tests::{assert_none, examples, in_root, shared};

struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn read() -> Result<Schema> {
        let text = fs::read_to_string(in_root("schemas/alert.schema.json"))?;
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let add = compiler.add_resource("alert.json", serde_json::from_str(&text)?);
        add.map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let index = compiler.compile("alert.json", &mut schemas).map_err(|error| anyhow::anyhow!("{error:#}"))?;
        Ok(Schema { schemas, index })
    }

    /// What is wrong with an alert.
    fn problem(&self, alert: &Value) -> Option<String> {
        let error = self.schemas.validate(alert, self.index).err()?;
        Some(format!("{error:#}"))
    }

    /// How many alerts there are in these lines, and what is wrong with them.
    fn check(&self, what: &str, lines: &str, problems: &mut Vec<String>) -> Result<usize> {
        for line in lines.lines() {
            // Deeper than the reader goes: nothing that the schema says is down there.
            let alert: Value = match serde_json::from_str(line) {
                Err(error) if error.to_string().contains("recursion limit") => continue,
                result => result.with_context(|| format!("{what}: {line}"))?,
            };
            problems.extend(self.problem(&alert).map(|problem| format!("{what}: {problem}\n{line}")));
        }
        Ok(lines.lines().count())
    }
}

fn sources(folder: &std::path::Path) -> Result<Vec<Source>> {
    let mut paths = Vec::new();
    toml_files(folder, &mut paths)?;
    paths.sort();
    let read =
        |path: std::path::PathBuf| Ok(Source { text: fs::read_to_string(&path)?, path: path.display().to_string() });
    paths.into_iter().map(read).collect()
}

/// The alerts of all rules for all events, long texts included.
fn alerts(rules: &[Source], compiled: &CompileOptions, events: &[u8]) -> String {
    let (rules, _) = compile(rules, compiled);
    let options = SessionOptions { alerts: true, notes: true, ..SessionOptions::default() };
    let mut session = Session::open(Arc::new(rules), options);
    session.evaluate(events).alerts + &session.finish().alerts
}

fn example_alerts() -> Result<String> {
    Ok(alerts(&examples::sources()?, &examples::options()?, examples::events()?.join("\n").as_bytes()))
}

#[test]
fn every_alert_of_the_examples_is_as_the_schema_says() -> Result<()> {
    let (schema, mut problems) = (Schema::read()?, Vec::new());
    let alerts = example_alerts()?;
    let count = schema.check("examples", &alerts, &mut problems)?;
    assert!(count > 50, "only {count} alerts");
    for kind in ["eql", "query", "threshold", "new_terms", "threat_match"] {
        assert!(alerts.contains(&format!(r#""kibana.alert.rule.type":"{kind}""#)), "no alert of a {kind} rule");
    }
    assert_none("examples", &problems);
    Ok(())
}

#[test]
fn every_alert_of_the_vectors_is_as_the_schema_says() -> Result<()> {
    let (schema, mut problems, mut count) = (Schema::read()?, Vec::new(), 0);
    for file in VectorFile::all()? {
        for line in file.golden()? {
            let mut found = Vec::new();
            collect(&serde_json::from_str(&line)?, &mut found);
            for alerts in found {
                count += schema.check(&file.theme(), &alerts, &mut problems)?;
            }
        }
    }
    assert!(count > 500, "only {count} alerts");
    assert_none("vectors", &problems);
    Ok(())
}

/// The texts of all members `alerts`.
fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(alerts) if name == "alerts" => found.push(alerts.clone()),
                    member => collect(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// Elastic's prebuilt rules over a document that matches each.
#[test]
fn every_alert_of_elastics_rules_is_as_the_schema_says() -> Result<()> {
    let Some(data) = shared::data() else { return Ok(()) };
    let (schema, mut problems) = (Schema::read()?, Vec::new());
    #[derive(serde::Deserialize)]
    struct Documents {
        matches: Vec<Value>,
    }
    let mut events = String::new();
    let mut at = 0;
    for line in fs::read_to_string(data.join("rule-documents.ndjson"))?.lines() {
        let Documents { matches } = serde_json::from_str(line)?;
        for event in
            matches.iter().flat_map(|found| found.as_array().map_or(std::slice::from_ref(found), Vec::as_slice))
        {
            let mut event = event.clone();
            at += 1;
            event["@timestamp"] = json!(1_700_000_000_000_u64 + at);
            events += &format!("{event}\n");
        }
    }
    let count = schema.check(
        "elastic",
        &alerts(&sources(&data.join("rules/elastic"))?, &CompileOptions::default(), events.as_bytes()),
        &mut problems,
    )?;
    println!("{count} alerts");
    assert!(count > 500, "only {count} alerts");
    problems.truncate(10);
    assert_none("elastic", &problems);
    Ok(())
}

#[test]
fn little_else_is_an_alert() -> Result<()> {
    let schema = Schema::read()?;
    let alerts = example_alerts()?;
    let line = alerts.lines().next().context("an alert")?;
    let good: Value = serde_json::from_str(line)?;
    assert_eq!(schema.problem(&good), None);
    for (name, value) in [
        ("kibana.alert.unknown", json!(1)),
        ("kibana", json!({})),
        ("kibana.version", json!("9.0.0")),
        ("kibana.alert.severity", json!("worst")),
        ("kibana.alert.risk_score", json!(101)),
        ("kibana.alert.risk_score", json!("47")),
        ("kibana.alert.depth", json!(3)),
        ("kibana.alert.uuid", json!("12345678-1234-4234-8234-123456789abc")),
        ("kibana.alert.status", json!("closed")),
        ("kibana.alert.rule.type", json!("esql")),
        ("kibana.alert.rule.type", json!("threshold")),
        ("kibana.alert.rule.type", json!("new_terms")),
        ("kibana.alert.rule.type", json!("threat_match")),
        ("kibana.alert.rule.threat", json!([{"framework": "MITRE ATT&CK"}])),
        ("kibana.alert.rule.parameters", json!({"unknown": 1})),
        ("kibana.alert.group.index", json!(0)),
        ("kibana.alert.ancestors", json!([{"id": "a", "type": "event", "index": ""}])),
        ("kibana.alert.original_event.x", json!({})),
        ("kibana.alert.suppression.docs_count", json!(1)),
        ("event", json!({"kind": "event"})),
    ] {
        let mut bad = good.clone();
        bad[name] = value.clone();
        assert!(schema.problem(&bad).is_some(), "{name}: {value} passes");
    }
    for name in ["kibana.alert.uuid", "kibana.alert.reason", "kibana.alert.rule.name", "event"] {
        let mut bad = good.clone();
        bad.as_object_mut().context("an object")?.remove(name);
        assert!(schema.problem(&bad).is_some(), "without {name} it passes");
    }
    for name in ["k", "ki", "kibana2", "kibaná", "", "Kibana.alert", "tripline", "x\ny"] {
        let mut other = good.clone();
        other[name] = json!([{"any": null}]);
        assert_eq!(schema.problem(&other), None, "{name}");
    }
    Ok(())
}
