//! Elastic's prebuilt rules of the types that are evaluated, and the documents made for them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result, bail, ensure};
use rule_core::schema::{FieldType, Schema};
use rule_core::syntax::ast::{Expr, ExprKind, QueryKind, Term};
use rule_core::syntax::parse_query;
use rule_core::{CompileOptions, Limits, Match, RuleInfo, RuleSet, Session, SessionOptions, Source};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::shared;

/// The types that are evaluated.
pub const TYPES: [&str; 5] = ["eql", "query", "threshold", "new_terms", "threat_match"];

/// When the first document happened.
const EPOCH_MS: u64 = 1_767_225_600_000;

/// What there is in the data.
pub struct Data {
    /// The rules of these types, as files.
    pub rules: Vec<Source>,
    /// How many there are of each type.
    pub types: BTreeMap<String, usize>,
    /// How many of them are sequences or samples.
    pub sequences: usize,
    documents: Vec<Documents>,
}

/// One line of `rule-documents.ndjson`.
#[derive(Debug, Deserialize)]
struct Documents {
    path: String,
    rule_id: String,
    matches: Vec<Vec<Value>>,
}

/// Documents that a rule must match: one for an event query, one for each stage of a sequence.
#[derive(Debug)]
pub struct Example<'a> {
    /// The rule's id.
    pub rule: &'a str,
    /// The rule's file.
    pub path: &'a str,
    /// The documents, with timestamps one second apart and equal join keys.
    pub documents: Vec<Value>,
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

/// The data, read once; `None` where there is none.
pub fn data() -> Result<Option<&'static Data>> {
    static DATA: OnceLock<Result<Option<Data>, String>> = OnceLock::new();
    match DATA.get_or_init(|| read().map_err(|error| format!("{error:#}"))) {
        Ok(data) => Ok(data.as_ref()),
        Err(error) => bail!("{error}"),
    }
}

fn read() -> Result<Option<Data>> {
    let Some(folder) = shared::data() else { return Ok(None) };
    let (mut rules, mut sequences, mut types) = (Vec::new(), 0, BTreeMap::new());
    let mut paths = Vec::new();
    toml_files(&folder.join("rules/elastic"), &mut paths)?;
    paths.sort();
    for path in paths {
        let text = fs::read_to_string(&path)?;
        let RuleFile { rule } = toml::from_str(&text).with_context(|| path.display().to_string())?;
        if !TYPES.contains(&rule.kind.as_str()) {
            continue;
        }
        if rule.kind == "eql" {
            sequences += usize::from(keys_of_terms(&rule.query).is_ok_and(|terms| !terms.is_empty()));
        }
        *types.entry(rule.kind).or_default() += 1;
        let name = path.strip_prefix(folder.join("rules/elastic"))?.display().to_string();
        rules.push(Source { path: name, text });
    }
    let text = fs::read_to_string(folder.join("rule-documents.ndjson"))?;
    let documents = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    Ok(Some(Data { rules, types, sequences, documents }))
}

/// The `.toml` files below a folder.
pub fn toml_files(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
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

impl Data {
    /// How the rules are compiled: those too that their files say are installed without being enabled.
    pub fn options(&self) -> CompileOptions {
        let overrides = "[[rule]]\nname = '*'\nenabled = true\n";
        let overrides = Some(Source { path: "overrides.toml".into(), text: overrides.into() });
        CompileOptions { overrides, ..CompileOptions::default() }
    }

    /// The rules of one type.
    pub fn of_type<'d>(&'d self, kind: &str) -> impl Iterator<Item = &'d Source> {
        let line = format!("type = \"{kind}\"");
        self.rules.iter().filter(move |rule| rule.text.lines().any(|found| found == line))
    }

    /// All documents, given the rules that compiled. A second lies between the documents of an example,
    /// and a day between examples, so that sequences do not run from one into another.
    pub fn examples(&self, rules: &RuleSet) -> Result<Vec<Example<'_>>> {
        let by_id: BTreeMap<&str, &RuleInfo> = rules.rules().iter().map(|rule| (rule.id.as_str(), &**rule)).collect();
        let mut examples = Vec::new();
        for entry in &self.documents {
            let Documents { path, rule_id: rule, .. } = entry;
            let info = by_id.get(rule.as_str()).with_context(|| format!("{path}: not among the compiled rules"))?;
            let terms = if info.language == "eql" { keys_of_terms(&info.query)? } else { Vec::new() };
            for documents in &entry.matches {
                let start = EPOCH_MS + examples.len() as u64 * 86_400_000;
                let mut documents = documents.clone();
                join(&mut documents, &terms, examples.len()).with_context(|| path.clone())?;
                for (at, document) in documents.iter_mut().enumerate() {
                    document["@timestamp"] = json!(start + at as u64 * 1_000);
                }
                examples.push(Example { rule, path, documents });
            }
        }
        Ok(examples)
    }
}

/// The names of the join keys of each stage of a sequence; nothing for an event query.
fn keys_of_terms(query: &str) -> Result<Vec<Vec<String>>> {
    let mut errors = Vec::new();
    let parsed = parse_query(query, Limits::default().max_query_depth, &mut errors);
    let parsed = parsed.with_context(|| format!("{query}: {}", serde_json::to_string(&errors).unwrap_or_default()))?;
    let (by, terms): (&[Expr], &[Term]) = match &parsed.kind {
        QueryKind::Event(_) => return Ok(Vec::new()),
        QueryKind::Sequence(sequence) => (&sequence.by, &sequence.terms),
        QueryKind::Sample(sample) => (&sample.by, &sample.terms),
    };
    let mut stages = Vec::new();
    for term in terms.iter().filter(|term| !term.missing) {
        let keys = by.iter().chain(&term.by).map(|key| match &key.kind {
            ExprKind::Field { name, .. } => Ok(name.clone()),
            other => bail!("a join key is {other:?}"),
        });
        let keys: Vec<String> = keys.collect::<Result<_>>()?;
        let runs = term.runs.map_or(1, |(runs, _)| runs);
        stages.extend(std::iter::repeat_n(keys, runs as usize));
    }
    Ok(stages)
}

/// Gives the documents of a sequence equal join keys where they lack them: the value that one of them has, or one of its own.
fn join(documents: &mut [Value], terms: &[Vec<String>], number: usize) -> Result<()> {
    if terms.is_empty() {
        ensure!(documents.len() == 1, "{} documents for an event query", documents.len());
        return Ok(());
    }
    ensure!(documents.len() == terms.len(), "{} documents for {} stages", documents.len(), terms.len());
    for key in 0..terms[0].len() {
        let given = documents.iter().zip(terms).find_map(|(document, names)| field(document, &names[key]).cloned());
        let value = given.unwrap_or_else(|| made_up(&terms[0][key], number));
        for (document, names) in documents.iter_mut().zip(terms) {
            if field(document, &names[key]).is_none() {
                // A dotted name is the same field as nested objects.
                document[names[key].as_str()] = value.clone();
            }
        }
    }
    Ok(())
}

/// What a document has in a field.
fn field<'d>(document: &'d Value, name: &str) -> Option<&'d Value> {
    let whole = document.get(name);
    whole.or_else(|| name.split('.').try_fold(document, |value, part| value.get(part)))
}

/// A value that no other example has.
fn made_up(name: &str, number: usize) -> Value {
    match Schema::ecs().get(name).map(|field| field.kind) {
        Some(FieldType::Long | FieldType::Double) => json!(number),
        Some(FieldType::Ip) => json!(format!("10.0.{}.{}", number / 256, number % 256)),
        _ => json!(format!("key {number}")),
    }
}

/// Documents as a batch.
pub fn lines<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Vec<u8> {
    documents.into_iter().flat_map(|document| format!("{document}\n").into_bytes()).collect()
}

/// What a rule set finds in a batch that is all there is: its matches, and the alert of each.
pub fn matches(rules: &Arc<RuleSet>, lines: &[u8]) -> Result<(Vec<Match>, Vec<String>)> {
    let options = SessionOptions { alerts: true, lateness_ms: None, ..SessionOptions::default() };
    let mut session = Session::open(rules.clone(), options);
    let outcome = session.evaluate(lines);
    ensure!(outcome.rejected == 0, "{:?}", outcome.rejections);
    let (mut matches, mut alerts) = (outcome.matches, outcome.alerts);
    let end = session.finish();
    matches.extend(end.matches);
    alerts += &end.alerts;
    Ok((matches, alerts.lines().map(str::to_owned).collect()))
}
