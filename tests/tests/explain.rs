//! Explanations against the conformance vectors: what an explanation says of an event is what the golden files say, on every
//! host.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use host_runner::{Engine, EngineError, EngineKind, Instance, InstanceLimits, WasmOptions};
use rule_core::explain::{Node, NodeKind, QueryKind};
use rule_core::{
    CompileOptions, ExplainOptions, Explanation, Outcome, Session, SessionOptions, Source, compile, explain,
};
use serde::Deserialize;
use serde_json::Value;
use tripline_tests::elastic_rules::toml_files;
use tripline_tests::vectors::{Case, VectorFile};
use tripline_tests::{assert_none, shared};

#[derive(Deserialize)]
struct Golden {
    /// None where the session is given its events in several steps.
    outcome: Option<Outcome>,
}

fn instance(kind: EngineKind) -> Result<Box<dyn Instance>> {
    Ok(Engine::new(kind, &WasmOptions::default())?.instance(InstanceLimits::default())?)
}

/// Everything about an explanation that is not as the golden result or not sound by itself.
fn differences(explanation: &Explanation, golden: &Outcome) -> Vec<String> {
    let mut problems = Vec::new();
    let (events, omitted) = (explanation.events.len() as u64, explanation.omitted);
    if (events, omitted) != (golden.events, 0) {
        problems.push(format!("{events} events are explained and {omitted} left out, of {}", golden.events));
    }
    for event in &explanation.events {
        let matched = golden.matches.iter().any(|found| found.events == [event.event]);
        let rejection = golden.rejections.iter().find(|rejection| rejection.event == event.event);
        match (event.terms.as_slice(), rejection) {
            ([], Some(rejection)) if event.rejected.as_ref() == Some(rejection) => {}
            ([verdict], _) => {
                if verdict.matched != matched {
                    problems.push(format!("event {}: {}", event.event, verdict.reason));
                }
                if verdict.tree.holds() != Some(true) && matched {
                    problems.push(format!("event {}: the root does not hold", event.event));
                }
                // A rejected event that is explained all the same is one that could not be decided in full.
                let undecided = any(&verdict.tree, &|node| node.kind != NodeKind::Value && node.holds().is_none());
                if rejection.is_some() && !undecided {
                    problems.push(format!("event {}: rejected, yet all is decided", event.event));
                }
                unsound(&verdict.tree, &mut problems);
            }
            other => problems.push(format!("event {}: {other:?}", event.event)),
        }
    }
    problems
}

fn any(node: &Node, wanted: &dyn Fn(&Node) -> bool) -> bool {
    wanted(node) || node.children.iter().any(|child| any(child, wanted))
}

/// Nodes whose truth does not follow from their children's.
fn unsound(node: &Node, problems: &mut Vec<String>) {
    let parts = || node.children.iter().map(Node::holds);
    let all = |truth| parts().all(|part| part == Some(truth));
    let expected = match node.kind {
        NodeKind::Not => parts().next().flatten().map(|truth| !truth),
        NodeKind::Or if parts().any(|part| part == Some(true)) => Some(true),
        NodeKind::Or if all(false) => Some(false),
        NodeKind::And | NodeKind::Filter if parts().any(|part| part == Some(false)) => Some(false),
        NodeKind::And | NodeKind::Filter if all(true) => Some(true),
        NodeKind::Or | NodeKind::And | NodeKind::Filter => None,
        NodeKind::Category | NodeKind::Test | NodeKind::Constant | NodeKind::Value => node.holds(),
    };
    // What is nested too deeply has no children to follow from.
    if node.holds() != expected && !node.children.is_empty() {
        problems.push(format!("`{}` is {:?}, its parts make {expected:?}", node.text, node.holds()));
    }
    node.children.iter().for_each(|child| unsound(child, problems));
}

/// Explains every vector.
fn run(kind: EngineKind) -> Result<()> {
    let mut instance = instance(kind)?;
    let mut problems = Vec::new();
    let (mut explained, mut refused, mut events) = (0, 0, 0);
    for file in VectorFile::all()? {
        for (case, golden) in file.cases.iter().zip(file.golden()?) {
            let name = format!("{}: {}", file.theme(), case.name);
            let Golden { outcome } = serde_json::from_str(&golden).with_context(|| name.clone())?;
            match explain_case(instance.as_mut(), case) {
                Ok(explanation) => {
                    explained += 1;
                    events += explanation.events.len();
                    if let (QueryKind::Event, Some(outcome)) = (explanation.query, &outcome) {
                        let found = differences(&explanation, outcome);
                        problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}")));
                    }
                }
                Err(EngineError::Query(diagnostics)) if !case.compiles() => {
                    refused += 1;
                    if diagnostics.is_empty() {
                        problems.push(format!("{name}: refused without a word"));
                    }
                }
                Err(error) => problems.push(format!("{name}: {error}")),
            }
        }
    }
    println!("{kind:?}: {explained} vectors explained over {events} events, {refused} refused as they should be");
    assert!(explained > 0 && refused > 0);
    assert_none("explanations", &problems);
    Ok(())
}

fn explain_case(instance: &mut dyn Instance, case: &Case) -> Result<Explanation, EngineError> {
    let events = case.events().expect("the vectors are well-formed");
    let CompileOptions { mapping, limits, normalisers, .. } =
        case.compile_options().expect("the vectors are well-formed");
    let options = ExplainOptions { mapping, limits, normalisers, ..ExplainOptions::default() };
    instance.explain(&case.source(), &events, &options)
}

#[test]
fn native() -> Result<()> {
    run(EngineKind::Native)
}

#[test]
fn component() -> Result<()> {
    run(EngineKind::Wasm)
}

/// Not only as true, but the same to the byte.
#[test]
fn both_hosts_say_the_same() -> Result<()> {
    let (mut native, mut component) = (instance(EngineKind::Native)?, instance(EngineKind::Wasm)?);
    let mut problems = Vec::new();
    for file in VectorFile::all()? {
        for case in &file.cases {
            let answers = [&mut native, &mut component].map(|host| match explain_case(host.as_mut(), case) {
                Ok(explanation) => serde_json::to_string(&explanation).unwrap_or_default(),
                Err(EngineError::Query(diagnostics)) => serde_json::to_string(&diagnostics).unwrap_or_default(),
                Err(error) => error.to_string(),
            });
            if answers[0] != answers[1] {
                problems.push(format!("{}: {}\n  {}\n  {}", file.theme(), case.name, answers[0], answers[1]));
            }
        }
    }
    assert_none("the hosts differ", &problems);
    Ok(())
}

/// One line of `rule-documents.ndjson`.
#[derive(Deserialize)]
struct Documents {
    language: String,
    rule_id: String,
    /// Documents that together match the rule: one for an event query, one per term for a sequence.
    matches: Vec<Vec<Value>>,
}

/// Elastic's own rules over the documents made for them, and over those of the rules before and after.
#[test]
fn elastic_rules_are_explained_as_they_run() -> Result<()> {
    let Some(folder) = shared::data() else { return Ok(()) };
    let mut paths = Vec::new();
    toml_files(&folder.join("rules/elastic"), &mut paths)?;
    paths.sort();
    let text = fs::read_to_string(folder.join("rule-documents.ndjson"))?;
    let documents: Vec<Documents> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let documents: BTreeMap<&str, &Documents> =
        documents.iter().filter(|entry| entry.language == "eql").map(|entry| (entry.rule_id.as_str(), entry)).collect();
    let others: Vec<&Value> =
        documents.values().filter_map(|entry| entry.matches.first()?.first()).step_by(10).collect();

    let mut problems = Vec::new();
    let (mut rules, mut sequences, mut matched, mut not_matched, mut placed) = (0, 0, 0, 0, 0);
    for path in paths {
        let source = Source { path: path.display().to_string(), text: fs::read_to_string(&path)? };
        // Rules of other types ask more of an event than their query does.
        if !["eql", "query"].iter().any(|kind| source.text.lines().any(|line| line == format!("type = \"{kind}\""))) {
            continue;
        }
        let explained = |events: &str| explain(&source, events.as_bytes(), &ExplainOptions::default());
        let Ok(Explanation { id, .. }) = explained("") else { continue };
        let own: Vec<&Vec<Value>> =
            documents.get(id.as_str()).map_or(Vec::new(), |entry| entry.matches.iter().collect());
        let events = own.iter().copied().flatten().chain(others.iter().copied());
        let events: String = events.map(|event| format!("{event}\n")).collect();
        let explanation = explained(&events).map_err(|errors| anyhow::anyhow!("{errors:?}"))?;
        for verdict in explanation.events.iter().flat_map(|event| &event.terms) {
            unsound(&verdict.tree, &mut problems);
            ensure!(!verdict.reason.is_empty() && verdict.reason.len() < 2000, "{}", verdict.reason);
        }
        if explanation.query != QueryKind::Event {
            sequences += 1;
            let ours = own.iter().map(|list| list.len()).sum();
            let for_a_term =
                |event: &&rule_core::explain::ExplainedEvent| event.terms.iter().any(|verdict| verdict.matched);
            placed += explanation.events.iter().take(ours).filter(for_a_term).count();
            continue;
        }
        rules += 1;
        let (set, _) = compile(std::slice::from_ref(&source), &CompileOptions::default());
        let outcome = Session::open(set.into(), SessionOptions::default()).evaluate(events.as_bytes());
        let found = differences(&explanation, &outcome);
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", source.path)));
        matched += outcome.matches.len();
        not_matched += explanation.events.len() - outcome.matches.len();
    }
    println!(
        "{rules} event queries explained: {matched} events match, {not_matched} do not; {sequences} sequences, \
         {placed} of their documents are for a term"
    );
    ensure!(
        rules > 800 && sequences > 100 && matched > 1000 && not_matched > 1000 && placed > 100,
        "the data has shrunk"
    );
    assert_none("explanations of Elastic's rules", &problems);
    Ok(())
}
