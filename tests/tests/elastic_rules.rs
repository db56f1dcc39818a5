//! Elastic's prebuilt rules: every EQL event query compiles, and matches the documents made for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result, bail, ensure};
use host_runner::{Engine, EngineKind, InstanceLimits, WasmOptions};
use rule_core::{CompileOptions, Level, Outcome, RuleStatus, Session, SessionOptions, Source, compile};
use serde::Deserialize;
use serde_json::Value;
use tripline_tests::{assert_none, shared};

/// Rules that need not compile: (path below `rules/elastic`, why).
const NOT_COMPILED: [(&str, &str); 0] = [];

/// Rules with documents that do not match: (path, how many of them, why). All are faults of the documents, which a
/// program made from the rules.
const NOT_MATCHED: [(&str, usize, &str); 4] = [
    (
        "rules/integrations/kubernetes/execution_user_exec_to_pod.toml",
        12,
        "the rule names a field in backquotes; the documents cut it at its dots and keep the backquotes in the keys",
    ),
    (
        "rules/linux/persistence_linux_group_creation.toml",
        1,
        "the rule wants two values in event.type; the document has one",
    ),
    (
        "rules/linux/persistence_linux_user_account_creation.toml",
        1,
        "the rule wants two values in event.type; the document has one",
    ),
    (
        "rules/windows/credential_access_iis_apppoolsa_pwd_appcmd.toml",
        2,
        "the rule says `== \"/text:*\"`, where a star is a star; the documents take it for a wildcard",
    ),
];

/// What there is in the data.
struct Data {
    /// The EQL event queries, as files.
    rules: Vec<Source>,
    /// EQL rules that are sequences or samples.
    sequences: usize,
    documents: Vec<Documents>,
}

/// One line of `rule-documents.ndjson`.
#[derive(Debug, Deserialize)]
struct Documents {
    language: String,
    path: String,
    rule_id: String,
    matches: Vec<Vec<Value>>,
}

#[derive(Deserialize)]
struct RuleFile {
    rule: Rule,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    query: String,
}

fn data() -> Result<Option<&'static Data>> {
    static DATA: OnceLock<Result<Option<Data>, String>> = OnceLock::new();
    match DATA.get_or_init(|| read().map_err(|error| format!("{error:#}"))) {
        Ok(data) => Ok(data.as_ref()),
        Err(error) => bail!("{error}"),
    }
}

fn read() -> Result<Option<Data>> {
    let Some(folder) = shared::data() else { return Ok(None) };
    let (mut rules, mut sequences) = (Vec::new(), 0);
    let mut paths = Vec::new();
    toml_files(&folder.join("rules/elastic"), &mut paths)?;
    paths.sort();
    for path in paths {
        let text = fs::read_to_string(&path)?;
        let RuleFile { rule } = toml::from_str(&text).with_context(|| path.display().to_string())?;
        if rule.kind != "eql" {
            continue;
        }
        if ["sequence", "sample"].iter().any(|word| first_word(&rule.query) == *word) {
            sequences += 1;
            continue;
        }
        let name = path.strip_prefix(folder.join("rules/elastic"))?.display().to_string();
        rules.push(Source { path: name, text });
    }
    let text = fs::read_to_string(folder.join("rule-documents.ndjson"))?;
    let documents = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    Ok(Some(Data { rules, sequences, documents }))
}

fn toml_files(folder: &Path, paths: &mut Vec<std::path::PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            toml_files(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    Ok(())
}

/// The first word that is not in a comment.
fn first_word(query: &str) -> &str {
    let mut rest = query.trim_start();
    loop {
        rest = if let Some(comment) = rest.strip_prefix("//") {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            return rest.split_whitespace().next().unwrap_or_default();
        }
        .trim_start();
    }
}

impl Data {
    /// Documents of event queries: (rule id, path, document with a timestamp).
    fn events(&self) -> Vec<(&str, &str, Value)> {
        let mut events = Vec::new();
        let single = self.documents.iter().filter(|entry| entry.language == "eql");
        for entry in single.filter(|entry| entry.matches.iter().all(|documents| documents.len() == 1)) {
            for document in entry.matches.iter().flatten() {
                let mut document = document.clone();
                if let Some(object) = document.as_object_mut() {
                    object.entry("@timestamp").or_insert((1_767_225_600_000 + events.len() as u64).into());
                }
                events.push((entry.rule_id.as_str(), entry.path.as_str(), document));
            }
        }
        events
    }
}

fn lines<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Vec<u8> {
    documents.into_iter().flat_map(|document| format!("{document}\n").into_bytes()).collect()
}

#[test]
fn every_event_query_compiles() -> Result<()> {
    let Some(data) = data()? else { return Ok(()) };
    let excused: BTreeMap<&str, &str> = NOT_COMPILED.into_iter().collect();
    let mut problems = Vec::new();
    let mut warnings: BTreeMap<String, usize> = BTreeMap::new();
    for source in &data.rules {
        let (_, report) = compile(std::slice::from_ref(source), &CompileOptions::default());
        let compiled = report.rules.len() == 1 && matches!(report.rules[0].status, RuleStatus::Compiled { .. });
        for diagnostic in report.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Warning) {
            *warnings.entry(diagnostic.code.clone()).or_default() += 1;
        }
        match (compiled && !report.has_errors(), excused.contains_key(source.path.as_str())) {
            (true, false) | (false, true) => {}
            (true, true) => problems.push(format!("{} compiles: take it off the list", source.path)),
            (false, false) => {
                let found = serde_json::to_string(&report.diagnostics)?;
                problems.push(format!(
                    "{}: {:?}\n  {found}",
                    source.path,
                    report.rules.first().map(|rule| &rule.status)
                ));
            }
        }
    }
    println!(
        "{} of {} EQL event queries compile, {} exceptions; {} EQL rules are sequences or samples; warnings: {warnings:?}",
        data.rules.len() - problems.len(),
        data.rules.len(),
        excused.len(),
        data.sequences,
    );
    ensure!(data.rules.len() > 800, "the data has shrunk to {} event queries", data.rules.len());
    assert_none("rules", &problems);
    Ok(())
}

/// All rules as one rule set, over all documents: each document matches the rule that it was made for.
#[test]
fn every_document_matches_its_rule() -> Result<()> {
    let Some(data) = data()? else { return Ok(()) };
    let set = Arc::new(compile(&data.rules, &CompileOptions::default()).0);
    let index: BTreeMap<&str, u32> =
        set.rules().iter().enumerate().map(|(index, rule)| (rule.id.as_str(), index as u32)).collect();
    let events = data.events();
    let outcome =
        Session::open(set.clone(), SessionOptions::default()).evaluate(&lines(events.iter().map(|(.., e)| e)));
    let matched = pairs(&outcome);

    let mut unmatched: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut rules = BTreeSet::new();
    for (ordinal, (id, path, document)) in events.iter().enumerate() {
        rules.insert(*id);
        let rule = index.get(id).with_context(|| format!("{path}: not among the compiled rules"))?;
        if !matched.contains(&(*rule, ordinal as u64)) {
            let problem = format!("{path}\n  {}\n  {document}", set.rules()[*rule as usize].query.trim());
            unmatched.entry(path).or_default().push(problem);
        }
    }
    let count: usize = unmatched.values().map(Vec::len).sum();
    let mut problems = Vec::new();
    for (path, expected, why) in NOT_MATCHED {
        let found = unmatched.remove(path).unwrap_or_default().len();
        println!("{found} documents of {path} do not match: {why}");
        if found != expected {
            problems.push(format!("{path}: {found} documents do not match instead of {expected}"));
        }
    }
    problems.extend(unmatched.into_values().flatten());
    println!(
        "{} of {} documents match their rule; {} rules have documents",
        events.len() - count,
        events.len(),
        rules.len(),
    );
    ensure!(outcome.rejected == 0, "{:?}", outcome.rejections);
    ensure!(rules.len() > 300, "the data has shrunk to {} rules with documents", rules.len());
    assert_none("documents", &problems);
    Ok(())
}

fn pairs(outcome: &Outcome) -> BTreeSet<(u32, u64)> {
    outcome.matches.iter().flat_map(|found| found.events.iter().map(|event| (found.rule, *event))).collect()
}

/// What a rule set shares between its rules must not show: each rule alone matches what it matches among all others.
#[test]
fn a_rule_alone_matches_the_same_events() -> Result<()> {
    let Some(data) = data()? else { return Ok(()) };
    let set = Arc::new(compile(&data.rules, &CompileOptions::default()).0);
    let events = data.events();
    let lines = lines(events.iter().map(|(.., event)| event));
    let together = pairs(&Session::open(set.clone(), SessionOptions::default()).evaluate(&lines));
    let index: BTreeMap<&str, u32> =
        set.rules().iter().enumerate().map(|(index, rule)| (rule.id.as_str(), index as u32)).collect();

    let mut problems = Vec::new();
    let mut alone = BTreeSet::new();
    for source in &data.rules {
        let (single, _) = compile(std::slice::from_ref(source), &CompileOptions::default());
        let Some(rule) = single.rules().first().map(|rule| index[rule.id.as_str()]) else { continue };
        let outcome = Session::open(Arc::new(single), SessionOptions::default()).evaluate(&lines);
        alone.extend(outcome.matches.iter().flat_map(|found| found.events.iter().map(|event| (rule, *event))));
    }
    for (rule, event) in together.symmetric_difference(&alone) {
        let name = &set.rules()[*rule as usize].name;
        let only = if together.contains(&(*rule, *event)) { "among the others" } else { "alone" };
        problems.push(format!("{name} matches only {only}: {}", events[*event as usize].2));
    }
    println!(
        "{} matches of {} rules over {} events, alone and together",
        together.len(),
        set.rules().len(),
        events.len()
    );
    ensure!(!together.is_empty(), "nothing matched");
    assert_none("rules alone", &problems);
    Ok(())
}

/// The whole rule set in the sandbox: the same report and the same outcome as natively, to the byte.
#[test]
fn the_sandbox_gives_the_same_answer() -> Result<()> {
    let Some(data) = data()? else { return Ok(()) };
    let lines = lines(data.events().iter().map(|(.., event)| event));
    let answer = |kind| -> Result<(String, String)> {
        let mut instance = Engine::new(kind, &WasmOptions::default())?.instance(InstanceLimits::default())?;
        let (rules, report) = instance.compile(&data.rules, &CompileOptions::default())?;
        let session = instance.open(rules, &SessionOptions { alerts: true, ..SessionOptions::default() })?;
        let outcome = instance.evaluate(session, &lines)?;
        Ok((serde_json::to_string(&report)?, serde_json::to_string(&outcome)?))
    };
    let native = answer(EngineKind::Native)?;
    let sandbox = answer(EngineKind::Wasm)?;
    ensure!(native.0 == sandbox.0, "the reports differ");
    ensure!(native.1 == sandbox.1, "the outcomes differ");
    println!("report of {} bytes and outcome of {} bytes are the same in both engines", native.0.len(), native.1.len());
    Ok(())
}
