//! Rules that count, remember, suppress and look up stay within their limits, tell what they lose, and lose no more than that.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rule_core::{
    CompileOptions, DetectionStatus, Limits, Outcome, RuleReport, RuleStatus, Session, SessionOptions, Source, compile,
};
use serde_json::Value;

const HEAD: &str = "[rule]\nname = \"r\"\nrisk_score = 1\nseverity = \"low\"\nlanguage = \"kuery\"\nquery = \"*:*\"\n";
const THRESHOLD: &str = "type = \"threshold\"\n[rule.threshold]\nfield = [\"k\"]\nvalue = 2\n";
const TERMS: &str = "type = \"new_terms\"\n[rule.new_terms]\nfield = \"new_terms_fields\"\nvalue = [\"k\"]\n\
    [[rule.new_terms.history_window_start]]\nfield = \"history_window_start\"\nvalue = \"now-7d\"\n";
const SUPPRESSED: &str = "type = \"query\"\n[rule.alert_suppression]\ngroup_by = [\"k\"]\n";

fn session(rule: &str, limits: Limits, options: SessionOptions) -> Session {
    let source = Source { path: "r.toml".into(), text: format!("{HEAD}{rule}") };
    let (rules, report) = compile(&[source], &CompileOptions { limits, ..CompileOptions::default() });
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
    Session::open(Arc::new(rules), options)
}

fn in_order() -> SessionOptions {
    SessionOptions { alerts: true, lateness_ms: Some(0), ..SessionOptions::default() }
}

fn event(ms: u64, key: &str) -> String {
    format!("{{\"@timestamp\":{ms},\"k\":\"{key}\"}}\n")
}

fn status(outcome: &Outcome) -> DetectionStatus {
    outcome.detections.expect("the rule set has such rules")
}

fn alerts(outcome: &Outcome) -> Vec<Value> {
    outcome.alerts.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn groups_stay_within_their_limit_and_the_oldest_goes() {
    let limits = Limits { max_groups: 2, ..Limits::default() };
    let mut session = session(THRESHOLD, limits, in_order());
    let text: String = ["a", "b", "b", "c", "a"].iter().zip(1..).map(|(key, ms)| event(ms, key)).collect();
    let outcome = session.evaluate(text.as_bytes());
    assert_eq!((status(&outcome).groups, status(&outcome).evicted_groups), (2, 1));
    let finished = session.finish();
    // `a` was forgotten when `c` came, and `b` when `a` came again.
    assert_eq!(status(&finished).evicted_groups, 1);
    assert_eq!(finished.matches.len(), 0);
}

#[test]
fn values_of_a_group_are_told_apart_up_to_their_limit() {
    let rule = format!("{THRESHOLD}[[rule.threshold.cardinality]]\nfield = \"v\"\nvalue = 3\n");
    for (most, reached) in [(2, 0), (3, 1)] {
        let limits = Limits { max_group_values: most, ..Limits::default() };
        let mut session = session(&rule, limits, in_order());
        for v in 0..5 {
            session.evaluate(format!(r#"{{"@timestamp":{v},"k":"a","v":{v}}}"#).as_bytes());
        }
        let alerts = alerts(&session.finish());
        assert_eq!(alerts.len(), reached);
        for alert in alerts {
            assert_eq!(alert["kibana.alert.threshold_result"]["cardinality"][0]["value"], 3, "a lower bound");
        }
    }
}

#[test]
fn terms_stay_within_their_limit_and_the_one_not_seen_for_longest_is_forgotten() {
    let limits = Limits { max_new_terms: 2, ..Limits::default() };
    let mut session = session(TERMS, limits, in_order());
    let text: String = ["a", "b", "a", "c", "a", "b"].iter().zip(1..).map(|(key, ms)| event(ms, key)).collect();
    session.evaluate(text.as_bytes());
    let mut matches = session.finish().matches;
    let outcome = session.finish();
    matches.extend(outcome.matches.clone());
    assert_eq!(status(&outcome).terms, 2);
    let keys: Vec<_> = matches.iter().map(|found| found.join_keys[0].as_str().unwrap_or_default()).collect();
    assert_eq!(keys.last(), Some(&"b"), "forgotten, so new again: {keys:?}");
}

#[test]
fn a_suppression_that_is_dropped_gives_its_alert() {
    let limits = Limits { max_groups: 1, ..Limits::default() };
    let mut session = session(SUPPRESSED, limits, in_order());
    let text: String = ["a", "a", "b"].iter().zip(1..).map(|(key, ms)| event(ms, key)).collect();
    let mut all = alerts(&session.evaluate(text.as_bytes()));
    let finished = session.finish();
    assert_eq!(status(&finished).evicted_suppressions, 1);
    all.extend(alerts(&finished));
    let told: Vec<_> = all.iter().map(|a| (&a["k"], &a["kibana.alert.suppression.docs_count"])).collect();
    assert_eq!(told, [(&Value::from("a"), &Value::from(1)), (&Value::from("b"), &Value::from(0))]);
}

#[test]
fn all_state_counts_in_bytes_and_goes_away() {
    for (rule, most) in [(THRESHOLD, 20_000u32), (TERMS, 20_000), (SUPPRESSED, 50_000)] {
        let limits = Limits { max_state_bytes: most, ..Limits::default() };
        let mut session = session(rule, limits, SessionOptions { max_signals: false, ..in_order() });
        let mut evicted = 0;
        let mut count = |outcome: &Outcome| {
            let now = status(outcome);
            evicted += now.evicted_groups + now.evicted_terms + now.evicted_suppressions;
            let bytes = outcome.sequences.expect("a status").state_bytes;
            assert!(bytes <= u64::from(most), "{rule}: {bytes}");
        };
        for n in 0..1_000 {
            count(&session.evaluate(event(n, &format!("key {n}")).as_bytes()));
        }
        // Long after.
        count(&session.evaluate(event(30 * 86_400_000, "last").as_bytes()));
        let outcome = session.idle(30 * 86_400_000);
        count(&outcome);
        assert!(evicted > 100, "{rule}: {evicted}");
        assert!(outcome.sequences.expect("a status").state_bytes < 400, "{rule}: {outcome:?}");
    }
}

#[test]
fn an_event_that_is_late_or_undated_is_an_alert_by_itself_where_each_event_is_one() {
    let mut session = session(SUPPRESSED, Limits::default(), in_order());
    let mut all = alerts(&session.evaluate(event(1_000_000, "a").as_bytes()));
    let outcome = session.evaluate((event(1_000, "a") + "{\"k\":\"a\"}\n").as_bytes());
    assert_eq!(outcome.matches.len(), 2);
    let counted = outcome.sequences.expect("a status");
    assert_eq!((counted.late, counted.undated), (1, 1));
    all.extend(alerts(&outcome));
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|alert| alert.get("kibana.alert.suppression.docs_count").is_none()));
    let last = alerts(&session.finish());
    assert_eq!(last.len(), 1);
    assert_eq!(last[0]["kibana.alert.suppression.docs_count"], 0);
}

#[test]
fn alerts_over_max_signals_are_held_back_and_matches_are_not() {
    let text: String = (0..250).map(|n| event(n, "a")).collect();
    for (max_signals, told) in [(true, 100), (false, 250)] {
        let mut session =
            session("type = \"query\"\n", Limits::default(), SessionOptions { max_signals, ..in_order() });
        let outcome = session.evaluate(text.as_bytes());
        assert_eq!((outcome.matches.len(), outcome.alerts.lines().count()), (250, told));
        let held: Vec<_> = outcome.held_back.iter().map(|held| (held.rule, held.run, held.count)).collect();
        assert_eq!(held, if max_signals { vec![(0, 300_000, 150)] } else { vec![] });
    }
}

#[test]
fn what_has_no_time_is_of_no_run_and_not_limited() {
    let mut session = session("type = \"query\"\nmax_signals = 1\n", Limits::default(), in_order());
    let outcome = session.evaluate("{\"k\":1}\n".repeat(5).as_bytes());
    assert_eq!((outcome.alerts.lines().count(), outcome.held_back.len()), (5, 0));
}

#[test]
fn no_more_runs_are_counted_than_allowed() {
    let limits = Limits { max_signal_runs: 2, ..Limits::default() };
    let mut session = session("type = \"query\"\nmax_signals = 1\n", limits, in_order());
    let minute = 60_000;
    let text: String = [0, 5, 10, 0].iter().map(|at| event(at * minute, "a")).collect();
    let outcome = session.evaluate(text.as_bytes());
    // The first run was forgotten when the third came, and gives no more.
    assert_eq!((outcome.alerts.lines().count(), outcome.held_back.len()), (3, 1));
}

#[test]
fn a_rule_whose_indicators_cannot_be_chosen_fails_and_says_why() {
    let mapping =
        "[[rule.threat_mapping]]\n[[rule.threat_mapping.entries]]\nfield = \"a\"\nvalue = \"b\"\ntype = \"mapping\"\n";
    for (rule, wanted) in [
        (format!("threat_query = \"(\"\n{mapping}"), "`threat_query` cannot be read"),
        (format!("threat_query = \"*:*\"\n{mapping}negate = true\n"), "without an entry that is not negated"),
    ] {
        let source = Source { path: "r.toml".into(), text: format!("{HEAD}type = \"threat_match\"\n{rule}") };
        let (rules, report) = compile(&[source], &CompileOptions::default());
        assert_eq!(rules.rules().len(), 0);
        assert!(report.diagnostics.iter().any(|d| d.message.contains(wanted)), "{:?}", report.diagnostics);
    }
}

#[test]
fn elastics_rules_of_these_types_load() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/rules/elastic");
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return;
    }
    let types = ["threshold", "new_terms", "threat_match"];
    let (mut sources, mut folders) = (Vec::new(), vec![folder]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == "toml") {
                let text = fs::read_to_string(&path).expect("a readable file");
                let is_one = types.iter().any(|kind| text.lines().any(|line| line == format!("type = \"{kind}\"")));
                sources.extend(is_one.then(|| Source { path: path.display().to_string(), text }));
            }
        }
    }
    let csv = "threat.indicator.ip,threat.indicator.email.address\n192.0.2.66,x@example.com\n";
    let indicators = vec![Source { path: "list.csv".into(), text: csv.into() }];
    let (rules, report) = compile(&sources, &CompileOptions { indicators, ..CompileOptions::default() });
    let runs = |rule: &RuleReport| matches!(rule.status, RuleStatus::Compiled { .. });
    let out: Vec<_> = report.rules.iter().filter(|rule| !runs(rule) && !rule.rule.disabled).collect();
    assert!(out.is_empty(), "{out:?} {:?}", report.diagnostics);
    for kind in types {
        assert!(rules.rules().iter().any(|rule| rule.kind == kind), "{kind}");
    }
    let mut session = Session::open(Arc::new(rules), in_order());
    let event = r#"{"@timestamp":1,"event":{"module":"x","category":"network"},"source":{"ip":"192.0.2.66"},"destination":{"ip":"10.0.0.1"},"network":{"direction":"ingress"}}"#;
    session.evaluate(event.as_bytes());
    let outcome = session.finish();
    assert!(status(&outcome).indicators >= 2, "{:?}", status(&outcome));
}
