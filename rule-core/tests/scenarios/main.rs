//! Scenarios: a rule file, events, and what must come of them, written from Elastic's documentation; each cites it.
//!
//! Quotations are of github.com/elastic/docs-content and were compared with it. What they cite as `create-detection-rule` and
//! `suppress-detection-alerts` is on the pages of the rule types, `common-rule-settings` and `alert-suppression` since, partly in other words.
//!
//! `NAME.toml` is the rule. Each line of `NAME.ndjson` is an object with one member: `event` (given in this order); `alert` (in the order
//! in which they must come, with the fields that matter: `null` is absent, and `"$x"` stands for a value that is the same wherever it is
//! called `$x` and different from what is called otherwise); `match`; `held_back`; `status` (fields of the last `detections`, counts
//! added up); `options` of the session; `indicators` (a file: one document, or its text);
//! `exception` (an item, as Kibana exports it); `value_list` (its `id` and `text`); `arrival: "matters"` where what comes first wins.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rule_core::explain::{ExplainedEvent, Gate, GateKind};
use rule_core::{
    CompileOptions, DetectionStatus, ExplainOptions, HeldBack, Match, Outcome, RuleSet, Session, SessionOptions,
    Source, compile, explain,
};
use serde_json::{Value, json};

struct Scenario {
    name: String,
    rules: Arc<RuleSet>,
    /// The rule's file, and those with exceptions.
    sources: Vec<Source>,
    compile: CompileOptions,
    options: SessionOptions,
    events: Vec<Value>,
    alerts: Vec<Value>,
    matches: Vec<Value>,
    held_back: Vec<Value>,
    status: Option<Value>,
    arrival_matters: bool,
}

fn scenarios() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    assert!(paths.len() > 10);
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Scenario {
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let text = fs::read_to_string(path).expect("a rule");
    let lines = fs::read_to_string(path.with_extension("ndjson")).expect("events");
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}: {line}"));
        for (key, value) in line.as_object().expect("an object") {
            all.entry(key.clone()).or_default().push(value.clone());
        }
    }
    let mut take = |key: &str| all.remove(key).unwrap_or_default();
    let source = Source { path: format!("{name}.toml"), text };
    let file = |(number, text): (usize, &Value)| {
        let text = text.as_str().map_or_else(|| format!("{text}\n"), str::to_owned);
        Source { path: format!("feeds/{number}.ndjson"), text }
    };
    let indicators = take("indicators").iter().enumerate().map(file).collect();
    let value_list = |list: &Value| Source {
        path: list["id"].as_str().expect("an id").to_owned(),
        text: list["text"].as_str().expect("a text").to_owned(),
    };
    let value_lists = take("value_list").iter().map(value_list).collect();
    let options = CompileOptions { indicators, value_lists, ..CompileOptions::default() };
    let mut sources = vec![source];
    let items: String = take("exception").iter().map(|item| format!("{item}\n")).collect();
    if !items.is_empty() {
        sources.push(Source { path: "exceptions.ndjson".into(), text: items });
    }
    let (rules, report) = compile(&sources, &options);
    assert!(report.diagnostics.is_empty(), "{name}: {:?}", report.diagnostics);
    let compile = options;
    let mut options = json!(SessionOptions { alerts: true, ..SessionOptions::default() });
    for more in take("options") {
        for (key, value) in more.as_object().expect("options") {
            options[key] = value.clone();
        }
    }
    let scenario = Scenario {
        rules: Arc::new(rules),
        sources,
        compile,
        options: serde_json::from_value(options).expect("options"),
        events: take("event"),
        alerts: take("alert"),
        matches: take("match"),
        held_back: take("held_back"),
        status: take("status").pop(),
        arrival_matters: !take("arrival").is_empty(),
        name,
    };
    assert!(all.is_empty(), "{}: {all:?}", scenario.name);
    scenario
}

/// What came of the events.
#[derive(Debug, Default, PartialEq)]
struct Found {
    alerts: Vec<String>,
    matches: Vec<Match>,
    held_back: Vec<HeldBack>,
    status: Option<DetectionStatus>,
}

impl Found {
    fn add(&mut self, outcome: Outcome) {
        assert_eq!(outcome.rejected, 0, "{:?}", outcome.rejections);
        self.alerts.extend(outcome.alerts.lines().map(str::to_owned));
        self.matches.extend(outcome.matches);
        for held in outcome.held_back {
            match self.held_back.iter_mut().find(|other| (other.rule, other.run) == (held.rule, held.run)) {
                Some(other) => other.count += held.count,
                None => self.held_back.push(held),
            }
        }
        if let Some(now) = outcome.detections {
            let before = self.status.unwrap_or_default();
            self.status = Some(DetectionStatus {
                learned: before.learned + now.learned,
                suppressed: before.suppressed + now.suppressed,
                evicted_groups: before.evicted_groups + now.evicted_groups,
                evicted_terms: before.evicted_terms + now.evicted_terms,
                evicted_suppressions: before.evicted_suppressions + now.evicted_suppressions,
                ..now
            });
        }
    }

    fn sorted(mut self) -> Found {
        self.alerts.sort_unstable();
        self.matches.sort_unstable_by_key(|found| (found.events.clone(), format!("{:?}", found.join_keys)));
        self
    }
}

fn lines(events: &[&Value]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

impl Scenario {
    fn session(&self) -> Session {
        Session::open(self.rules.clone(), self.options.clone())
    }

    fn events(&self) -> Vec<&Value> {
        self.events.iter().collect()
    }

    fn run(&self, events: &[&Value]) -> Found {
        let (mut session, mut found) = (self.session(), Found::default());
        found.add(session.evaluate(lines(events).as_bytes()));
        found.add(session.finish());
        found
    }

    fn ms(&self, event: &Value) -> i64 {
        let text = event["@timestamp"].as_str().expect("a timestamp");
        let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().expect("a number");
        // All of one month.
        (((number(8..10) * 24 + number(11..13)) * 60 + number(14..16)) * 60 + number(17..19)) * 1000
    }
}

/// The value of a field, whether it is written flat or nested.
fn field<'v>(document: &'v Value, name: &str) -> Option<&'v Value> {
    document
        .get(name)
        .or_else(|| name.match_indices('.').find_map(|(at, _)| field(document.get(&name[..at])?, &name[at + 1..])))
}

/// What of `wanted` the document does not have.
fn missing<'w>(document: &Value, wanted: &'w Value, names: &mut BTreeMap<String, Value>) -> Option<&'w str> {
    wanted.as_object().expect("fields").iter().find_map(|(name, value)| {
        let found = field(document, name);
        let is_there = match (value, value.as_str().filter(|text| text.starts_with('$'))) {
            (Value::Null, _) => found.is_none(),
            (_, Some(variable)) => found.is_some_and(|found| {
                let known = names.entry(format!("{name} {variable}")).or_insert_with(|| found.clone());
                known == found
            }),
            _ => found == Some(value),
        };
        (!is_there).then_some(name.as_str())
    })
}

/// An explanation lets those events through that are matches. Suppression and the budget are about alerts; of a threshold an event of many
/// is told.
#[test]
fn explanations_say_of_each_event_what_became_of_it() {
    let mut held = BTreeSet::new();
    for scenario in scenarios() {
        let events = scenario.events();
        let found = scenario.run(&events);
        let (first, others) = scenario.sources.split_first().expect("a rule");
        let options = ExplainOptions {
            value_lists: scenario.compile.value_lists.clone(),
            indicators: scenario.compile.indicators.clone(),
            exceptions: others.to_vec(),
            learning_ms: scenario.options.learning_ms,
            ..ExplainOptions::default()
        };
        let explanation = explain(first, lines(&events).as_bytes(), &options).expect("no errors");
        let name = &scenario.name;
        for event in &explanation.events {
            held.extend(event.held_by().map(|gate| gate.gate));
        }
        if let Some(sequence) = &explanation.sequence {
            assert_eq!(sequence.matches.len(), found.matches.len(), "{name}");
            continue;
        }
        let passes = |gate: &Gate| gate.passes || matches!(gate.gate, GateKind::Suppression | GateKind::MaxSignals);
        let let_through = explanation.events.iter().filter(|event| event.matched() && event.gates.iter().all(passes));
        let let_through: BTreeSet<u64> = let_through.map(|event| event.event).collect();
        let matched: BTreeSet<u64> = found.matches.iter().flat_map(|found| found.events.iter().copied()).collect();
        match scenario.rules.rules()[0].kind == "threshold" {
            true => assert!(matched.is_subset(&let_through), "{name}: {matched:?} {let_through:?}"),
            false => assert_eq!(let_through, matched, "{name}"),
        }
        assert_eq!(let_through.is_empty(), matched.is_empty(), "{name}");
        let over = |event: &&ExplainedEvent| event.held_by().is_some_and(|gate| gate.gate == GateKind::MaxSignals);
        let held_back: u64 = found.held_back.iter().map(|held| held.count).sum();
        assert_eq!(explanation.events.iter().any(|event| over(&event)), held_back > 0, "{name}");
    }
    let all = [
        GateKind::Exceptions,
        GateKind::Threshold,
        GateKind::NewTerms,
        GateKind::Indicators,
        GateKind::Suppression,
        GateKind::MaxSignals,
    ];
    assert_eq!(held, all.into());
}

#[test]
fn each_scenario_gives_what_the_documentation_says() {
    for scenario in scenarios() {
        let name = &scenario.name;
        let found = scenario.run(&scenario.events());
        let mut names = BTreeMap::new();
        for (number, (alert, wanted)) in found.alerts.iter().zip(&scenario.alerts).enumerate() {
            let document: Value = serde_json::from_str(alert).expect("JSON");
            let missing = missing(&document, wanted, &mut names);
            assert_eq!(missing, None, "{name}: alert {number}\n{wanted}\n{alert}");
        }
        assert_eq!(found.alerts.len(), scenario.alerts.len(), "{name}: {:#?}", found.alerts);
        let (all, different) = (
            names.len(),
            names
                .iter()
                .map(|(key, value)| format!("{} {value}", key.split(' ').next().unwrap_or_default()))
                .collect::<std::collections::BTreeSet<_>>()
                .len(),
        );
        assert_eq!(all, different, "{name}: {names:?}");
        let matches: Vec<Value> = found.matches.iter().map(|found| json!(found)).collect();
        let wanted: Vec<Value> = scenario
            .matches
            .iter()
            .map(|wanted| {
                let mut wanted = wanted.clone();
                wanted["rule"] = json!(0);
                wanted
            })
            .collect();
        assert_eq!(matches, wanted, "{name}");
        assert_eq!(json!(found.held_back), json!(scenario.held_back), "{name}");
        if let Some(wanted) = &scenario.status {
            let status = json!(found.status.expect("a status"));
            assert_eq!(missing_status(&status, wanted), None, "{name}: {status}");
        }
    }
}

fn missing_status<'w>(status: &Value, wanted: &'w Value) -> Option<&'w str> {
    missing(status, wanted, &mut BTreeMap::new())
}

/// A number from 0 to `most`, the same for the same seed.
fn random(seed: &mut u64, most: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % (most + 1)
}

#[test]
fn any_order_of_arrival_within_the_lateness_gives_the_same_alerts() {
    for scenario in scenarios() {
        let wanted = scenario.run(&scenario.events()).sorted();
        let lateness = scenario.options.lateness_ms.expect("a lateness");
        for round in 0..40 {
            let mut seed = round + 1;
            let mut events = scenario.events();
            // Nothing overtakes what happened more than the lateness before it.
            events.sort_by_cached_key(|event| scenario.ms(event) + random(&mut seed, lateness) as i64);
            let found = scenario.run(&events).sorted();
            assert_eq!(found.held_back, wanted.held_back, "{}", scenario.name);
            assert_eq!(found.status, wanted.status, "{}", scenario.name);
            assert_eq!(found.matches.len(), wanted.matches.len(), "{}", scenario.name);
            if !scenario.arrival_matters {
                assert_eq!(found.alerts, wanted.alerts, "{} round {round}", scenario.name);
            }
        }
    }
}

#[test]
fn a_session_that_is_saved_and_restored_at_any_point_goes_on_as_if_it_had_not_been() {
    for scenario in scenarios() {
        let events = scenario.events();
        let wanted = scenario.run(&events).sorted();
        for cut in 0..=events.len() {
            let mut found = Found::default();
            let mut session = scenario.session();
            found.add(session.evaluate(lines(&events[..cut]).as_bytes()));
            let saved = session.snapshot();
            assert_eq!(saved, session.snapshot());
            let mut session = scenario.session();
            session.restore(&saved).unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
            assert_eq!(session.snapshot(), saved, "{} cut at {cut}", scenario.name);
            found.add(session.evaluate(lines(&events[cut..]).as_bytes()));
            found.add(session.finish());
            let found = found.sorted();
            assert_eq!((&found.alerts, &found.matches), (&wanted.alerts, &wanted.matches), "{} {cut}", scenario.name);
            assert_eq!(found.held_back, wanted.held_back, "{} cut at {cut}", scenario.name);
        }
    }
}

#[test]
fn batches_and_replays_change_nothing() {
    for scenario in scenarios() {
        let events = scenario.events();
        let wanted = scenario.run(&events);
        assert_eq!(scenario.run(&events).alerts, wanted.alerts, "{}", scenario.name);
        let (mut session, mut found) = (scenario.session(), Found::default());
        for event in events {
            found.add(session.evaluate(lines(&[event]).as_bytes()));
        }
        found.add(session.finish());
        assert_eq!(found.sorted(), wanted.sorted(), "{}", scenario.name);
    }
}

/// What follows from a session's state cannot depend on whether it makes alerts.
#[test]
fn matches_are_the_same_without_alerts() {
    for scenario in scenarios() {
        let mut session =
            Session::open(scenario.rules.clone(), SessionOptions { alerts: false, ..scenario.options.clone() });
        let mut found = Found::default();
        found.add(session.evaluate(lines(&scenario.events()).as_bytes()));
        found.add(session.finish());
        let wanted = scenario.run(&scenario.events());
        assert_eq!((found.matches, found.alerts.len()), (wanted.matches, 0), "{}", scenario.name);
    }
}
