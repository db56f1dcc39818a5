//! Elastic's prebuilt rules of all types that are evaluated: every one compiles, and matches the documents made for it, sequences included.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use host_runner::{Engine, EngineKind, InstanceLimits, WasmOptions};
use rule_core::{Advance, Level, Match, RuleSet, RuleStatus, SessionOptions, compile};
use tripline_tests::assert_none;
use tripline_tests::elastic_rules::{Example, data, lines, matches};

/// Rules that need not compile: (path below `rules/elastic`, why).
const NOT_COMPILED: [(&str, &str); 0] = [];

const BACKQUOTES: &str =
    "the rule names a field in backquotes; the documents cut it at its dots and keep the backquotes in the keys";

/// Rules with examples that do not match: (path, how many of them, why). All are faults of the documents, which a
/// program made from the rules.
const NOT_MATCHED: [(&str, usize, &str); 6] = [
    (
        "rules/integrations/kubernetes/credential_access_kubernetes_secrets_list_cluster_and_sensitive_namespaces.toml",
        3,
        "the rule says `/api/v1/secrets?limit*`; the documents take the `?` for a wildcard, which KQL does not have: Kibana sends \
         it escaped (`toQueryStringQuery` in kbn-es-query's wildcard.ts)",
    ),
    ("rules/integrations/kubernetes/execution_user_exec_to_pod.toml", 12, BACKQUOTES),
    (
        "rules/integrations/kubernetes/privilege_escalation_sensitive_rbac_change_followed_by_workload_modification.toml",
        12,
        BACKQUOTES,
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

#[test]
fn every_rule_compiles() -> Result<()> {
    let Some(data) = data()? else { return Ok(()) };
    let excused: BTreeMap<&str, &str> = NOT_COMPILED.into_iter().collect();
    let mut problems = Vec::new();
    let mut warnings: BTreeMap<String, usize> = BTreeMap::new();
    for source in &data.rules {
        let (_, report) = compile(std::slice::from_ref(source), &data.options());
        let compiled = report.rules.len() == 1 && matches!(report.rules[0].status, RuleStatus::Compiled { .. });
        for diagnostic in report.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Warning) {
            *warnings.entry(diagnostic.code.clone()).or_default() += 1;
        }
        match (compiled && !report.has_errors(), excused.contains_key(source.path.as_str())) {
            (true, false) | (false, true) => {}
            (true, true) => problems.push(format!("{} compiles: take it off the list", source.path)),
            (false, false) => {
                let found = serde_json::to_string(&report.diagnostics)?;
                let status = report.rules.first().map(|rule| &rule.status);
                problems.push(format!("{}: {status:?}\n  {found}", source.path));
            }
        }
    }
    println!(
        "{} of {} rules compile ({:?}), {} exceptions; {} are sequences or samples; warnings: {warnings:?}",
        data.rules.len() - problems.len(),
        data.rules.len(),
        data.types,
        excused.len(),
        data.sequences,
    );
    ensure!(data.rules.len() >= 1_751, "the data has shrunk to {} rules", data.rules.len());
    ensure!(data.types.len() == 5, "the data has rules of {:?}", data.types);
    ensure!(data.sequences >= 100, "the data has shrunk to {} sequences", data.sequences);
    assert_none("rules", &problems);
    Ok(())
}

/// All rules as one rule set, over all documents: each document, or list of them, matches the rule that it was made for.
#[test]
fn every_document_matches_its_rule() -> Result<()> {
    let Some(data) = data()? else { return Ok(()) };
    let set = Arc::new(compile(&data.rules, &data.options()).0);
    let index = index(&set);
    let examples = data.examples(&set)?;
    let matched = found(&matches(&set, &batch(&examples))?.0, None);

    let mut unmatched: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let (mut documents, mut without, mut sequences) = (0, 0, BTreeSet::new());
    let mut rules = BTreeSet::new();
    for Example { rule: id, path, documents: stages } in &examples {
        rules.insert(*id);
        if stages.len() > 1 {
            sequences.insert(*id);
        }
        let rule = index.get(id).with_context(|| format!("{path}: not among the compiled rules"))?;
        let events: Vec<u64> = (documents..documents + stages.len() as u64).collect();
        documents += stages.len() as u64;
        if !matched.contains(&(*rule, events)) {
            without += 1;
            let text = String::from_utf8(lines(stages))?;
            let problem = format!("{path}\n  {}\n{text}", set.rules()[*rule as usize].query.trim());
            unmatched.entry(path).or_default().push(problem);
        }
    }
    let mut problems = Vec::new();
    for (path, expected, why) in NOT_MATCHED {
        let found = unmatched.remove(path).unwrap_or_default().len();
        println!("{found} examples of {path} do not match: {why}");
        if found != expected {
            problems.push(format!("{path}: {found} examples do not match instead of {expected}"));
        }
    }
    problems.extend(unmatched.into_values().flatten());
    println!(
        "{} of {} examples ({documents} documents) match their rule; {} rules have examples, {} of them are sequences",
        examples.len() - without,
        examples.len(),
        rules.len(),
        sequences.len(),
    );
    ensure!(rules.len() >= 592, "the data has shrunk to {} rules with examples", rules.len());
    ensure!(sequences.len() >= 73, "the data has shrunk to {} sequences with examples", sequences.len());
    assert_none("documents", &problems);
    Ok(())
}

/// The place of each rule in the set.
fn index(set: &RuleSet) -> BTreeMap<&str, u32> {
    set.rules().iter().enumerate().map(|(index, rule)| (rule.id.as_str(), index as u32)).collect()
}

fn batch(examples: &[Example<'_>]) -> Vec<u8> {
    lines(examples.iter().flat_map(|example| &example.documents))
}

/// Rules and the events that they matched, under the rule's own number or another.
fn found(matches: &[Match], rule: Option<u32>) -> BTreeSet<(u32, Vec<u64>)> {
    matches.iter().map(|found| (rule.unwrap_or(found.rule), found.events.clone())).collect()
}

/// What a rule set shares between its rules must not show: each rule alone matches what it matches among all others, and the alerts are
/// the same to the byte.
#[test]
fn a_rule_alone_matches_the_same_events() -> Result<()> {
    let Some(data) = data()? else { return Ok(()) };
    let set = Arc::new(compile(&data.rules, &data.options()).0);
    let examples = data.examples(&set)?;
    let lines = batch(&examples);
    let (matches_together, alerts) = matches(&set, &lines)?;
    let together = found(&matches_together, None);
    let mut alerts_together = BTreeMap::<String, i64>::new();
    alerts.into_iter().for_each(|alert| *alerts_together.entry(alert).or_default() += 1);
    let count: i64 = alerts_together.values().sum();
    let index = index(&set);

    let mut problems = Vec::new();
    let mut alone = BTreeSet::new();
    for source in &data.rules {
        let (single, _) = compile(std::slice::from_ref(source), &data.options());
        let Some(rule) = single.rules().first().map(|rule| index[rule.id.as_str()]) else { continue };
        let (matches, alerts) = matches(&Arc::new(single), &lines)?;
        alone.extend(found(&matches, Some(rule)));
        alerts.into_iter().for_each(|alert| *alerts_together.entry(alert).or_default() -= 1);
    }
    for (rule, events) in together.symmetric_difference(&alone) {
        let name = &set.rules()[*rule as usize].name;
        let only = if together.contains(&(*rule, events.clone())) { "among the others" } else { "alone" };
        problems.push(format!("{name} matches only {only}: events {events:?}"));
    }
    for (alert, more) in alerts_together.iter().filter(|(_, more)| **more != 0) {
        problems.push(format!("{more} times more among the others than alone: {alert}"));
    }
    let matches = matches_together.len();
    println!("{matches} matches and {count} alerts of {} rules, alone and together", set.rules().len());
    // A group of events has an alert for each of them beside its own.
    ensure!(matches > 0 && count >= matches as i64, "{count} alerts of {matches} matches");
    assert_none("rules alone", &problems);
    Ok(())
}

/// The whole rule set in the sandbox: the same report and the same outcome as natively, to the byte.
#[test]
fn the_sandbox_gives_the_same_answer() -> Result<()> {
    let Some(data) = data()? else { return Ok(()) };
    let set = compile(&data.rules, &data.options()).0;
    let lines = batch(&data.examples(&set)?);
    let answer = |kind| -> Result<[String; 3]> {
        let mut instance = Engine::new(kind, &WasmOptions::default())?.instance(InstanceLimits::default())?;
        let (rules, report) = instance.compile(&data.rules, &data.options())?;
        let options = SessionOptions { alerts: true, lateness_ms: None, ..SessionOptions::default() };
        let session = instance.open(rules, &options)?;
        let outcome = instance.evaluate(session, &lines)?;
        let end = instance.advance(session, Advance::Finish)?;
        Ok([serde_json::to_string(&report)?, serde_json::to_string(&outcome)?, serde_json::to_string(&end)?])
    };
    let native = answer(EngineKind::Native)?;
    let sandbox = answer(EngineKind::Wasm)?;
    for (what, native, sandbox) in
        [("reports", 0), ("outcomes", 1), ("ends", 2)].map(|(what, at)| (what, &native[at], &sandbox[at]))
    {
        ensure!(native == sandbox, "the {what} differ");
    }
    let bytes = native.each_ref().map(String::len);
    println!("report, outcome and end of {bytes:?} bytes are the same in both engines");
    Ok(())
}
