//! The examples of `docs/alerts.md` are true.

use std::fs;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use rule_core::{CompileOptions, Session, SessionOptions, Source, compile};
use serde_json::Value;
use tripline_tests::in_root;

/// The fenced blocks of the page: language and text.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut blocks = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once("\n```") {
        let Some((language, text)) = after.split_once('\n') else { break };
        let Some((block, after)) = text.split_once("\n```") else { break };
        blocks.push((language, block));
        rest = after;
    }
    blocks
}

fn schema() -> Result<(boon::Schemas, boon::SchemaIndex)> {
    let text = fs::read_to_string(in_root("schemas/alert.schema.json"))?;
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let added = compiler.add_resource("alert.json", serde_json::from_str(&text)?);
    added.map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let index = compiler.compile("alert.json", &mut schemas).map_err(|error| anyhow::anyhow!("{error:#}"))?;
    Ok((schemas, index))
}

/// A rule and events give the alert that follows; an alert by itself is a part of one that the schema allows.
#[test]
fn the_examples_are_true() -> Result<()> {
    let page = fs::read_to_string(in_root("docs/alerts.md"))?;
    let (schemas, index) = schema()?;
    let (mut rule, mut events, mut whole) = (None, None, Value::Null);
    let mut checked = 0;
    for (language, text) in blocks(&page) {
        match language {
            "toml" => rule = Some(text),
            "ndjson" => events = Some(text),
            "json" => {
                let shown: Value = serde_json::from_str(text).with_context(|| text.to_owned())?;
                let shown = shown.as_object().context("an alert is an object")?;
                checked += 1;
                if let (Some(rule), Some(events)) = (rule.take(), events.take()) {
                    whole = last_alert(rule, events)?;
                    for (name, value) in shown {
                        assert_eq!(Some(value), whole.get(name), "{name}");
                    }
                } else {
                    let mut alert = whole.clone();
                    for (name, value) in shown {
                        alert[name] = value.clone();
                    }
                    if let Err(error) = schemas.validate(&alert, index) {
                        panic!("{error:#}\n{text}");
                    }
                }
            }
            other => panic!("what is {other}?"),
        }
    }
    assert!(checked >= 5, "only {checked} examples");
    Ok(())
}

fn last_alert(rule: &str, events: &str) -> Result<Value> {
    let source = Source { path: "rule.toml".into(), text: rule.into() };
    let (rules, report) = compile(&[source], &CompileOptions::default());
    ensure!(!report.has_errors(), "{:?}", report.diagnostics);
    let mut session = Session::open(Arc::new(rules), SessionOptions { alerts: true, ..SessionOptions::default() });
    let alerts = session.evaluate(events.as_bytes()).alerts + &session.finish().alerts;
    Ok(serde_json::from_str(alerts.lines().last().context("no alert")?)?)
}

/// Every field that the page names is in the schema.
#[test]
fn the_page_names_what_there_is() -> Result<()> {
    let page = fs::read_to_string(in_root("docs/alerts.md"))?;
    let schema: Value = serde_json::from_str(&fs::read_to_string(in_root("schemas/alert.schema.json"))?)?;
    let known = schema["properties"].as_object().context("the schema has properties")?;
    for (at, _) in page.match_indices("kibana.alert.") {
        let name: String =
            page[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_')).collect();
        let name = name.trim_end_matches('.');
        let is_there = known.keys().any(|other| other == name || other.starts_with(&format!("{name}.")));
        assert!(is_there || name.starts_with("kibana.alert.original_event"), "{name} is not in the schema");
    }
    Ok(())
}
