//! What a profile counts is exact; its times are the host's.

use rule_core::profile::{Clock, Kind, PredicateCost, Profiler, Reach, Stage};
use rule_core::{CompileOptions, Source};

/// Each reading takes one.
#[derive(Default)]
struct Ticks(u64);

impl Clock for Ticks {
    fn now(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

const RULES: [&str; 5] = [
    // Found by the part of a value.
    r#"process where process.command_line : ("*miner*",
        // to a pool
        "*stratum*") and process.args_count > 3"#,
    // Nothing in it that all of its events have, but their category.
    r#"process where process.args_count != 2 and not process.command_line regex ".*[0-9]{5}""#,
    // The same question as the first rule asks.
    "any where process.args_count > 3",
    "sequence by host.id [process where process.args_count > 3] [file where length(file.name) > 5]",
    "any where not (file.size > 7)",
];

const EVENTS: &str = r#"{"event":{"category":"process"},"process":{"command_line":"xminer --now","args_count":4}}
{"event":{"category":"process"},"process":{"command_line":"ls 12345","args_count":1}}
{"event":{"category":"process"},"process":{"command_line":"ls","args_count":2}}

{"event":{"category":"file"},"file":{"name":"a-long-name"},"host":{"id":"h"}}
{"event":
"#;

fn profiler(rules: &[&str]) -> Profiler {
    let source = |(at, text): (usize, &&str)| Source { path: format!("{at}.eql"), text: (*text).into() };
    let sources: Vec<Source> = rules.iter().enumerate().map(source).collect();
    let (profiler, report) = Profiler::compile(&sources, &CompileOptions::default());
    assert!(!report.has_errors(), "{:?}", report.diagnostics);
    profiler
}

#[test]
fn counts_are_exact() {
    let mut profiler = profiler(&RULES);
    profiler.observe(EVENTS.as_bytes(), &mut Ticks::default());
    let profile = profiler.profile();
    assert_eq!(profile.events, 4);
    let conditions: Vec<_> =
        profile.conditions.iter().map(|cost| (cost.rule, cost.term, cost.evaluated, cost.held)).collect();
    assert_eq!(
        conditions,
        [(0, None, 1, 1), (1, None, 3, 1), (2, None, 3, 1), (3, Some(0), 3, 1), (3, Some(1), 1, 1), (4, None, 4, 4),]
    );
    let found = |text: &str| -> &PredicateCost {
        let mut found = profile.predicates.iter().filter(|predicate| profiler.text(predicate.number) == text);
        let first = found.next();
        first.unwrap_or_else(|| {
            let all = profile.predicates.iter().map(|predicate| profiler.text(predicate.number));
            panic!("{text}: {:#?}", all.collect::<Vec<_>>())
        })
    };
    let counts = |text: &str| {
        let cost = found(text);
        (cost.asked, cost.answered, cost.held, cost.kind, cost.rules.as_slice())
    };
    // Asked by three rules, answered once for each event.
    let (asked, answered, held, kind, rules) = counts("process.args_count > 3");
    assert_eq!((asked, answered, held, kind, rules), (7, 3, 1, Kind::Test, &[0, 2, 3][..]));
    // Comments are not part of what is asked.
    let (.., rules) = counts(r#"process.command_line : ("*miner*", "*stratum*")"#);
    assert_eq!(rules, [0]);
    // What is counted is what is written: it held for all but the third.
    assert_eq!(counts("process.args_count != 2"), (3, 3, 2, Kind::Test, &[1][..]));
    assert_eq!(counts(r#"process.command_line regex ".*[0-9]{5}""#), (2, 2, 1, Kind::Regex, &[1][..]));
    assert_eq!(counts("length(file.name) > 5"), (1, 1, 1, Kind::Computed, &[3][..]));
    assert_eq!(counts("file.size > 7"), (4, 4, 0, Kind::Test, &[4][..]));
}

#[test]
fn reading_the_clock_is_taken_off() {
    let mut profiler = profiler(&RULES);
    profiler.observe(EVENTS.as_bytes(), &mut Ticks::default());
    let profile = profiler.profile();
    assert!(profile.conditions.iter().all(|cost| cost.time == 0.0), "{profile:#?}");
    assert!(profile.predicates.iter().all(|cost| cost.time == 0.0), "{profile:#?}");
}

/// Time goes on with each look, by three times as much at each other one. Which are those is up to the order of looks, so that only
/// sums are known.
#[test]
fn the_time_of_conditions_is_their_own_and_that_of_predicates() {
    struct Uneven(u64);
    impl Clock for Uneven {
        fn now(&mut self) -> u64 {
            self.0 += 1;
            self.0 * self.0
        }
    }
    let mut profiler = profiler(&RULES);
    profiler.observe(EVENTS.as_bytes(), &mut Uneven(0));
    let profile = profiler.profile();
    let of_predicates: f64 = profile.predicates.iter().map(|cost| cost.time).sum();
    let of_conditions: f64 = profile.conditions.iter().map(|cost| cost.time).sum();
    assert!(of_predicates > 0.0 && of_conditions > of_predicates, "{profile:#?}");
    // Four ask what is answered once, and each bears a part.
    let asks = |rule| profile.conditions.iter().find(|cost| cost.rule == rule).map(|cost| cost.time);
    assert!(asks(2) > Some(0.0));
}

#[test]
fn why_a_rule_is_evaluated_is_known() {
    let profiler = profiler(&[
        r#"process where process.name == "Nc" and process.args : "*/dev/tcp*""#,
        r#"process where process.command_line : "*\\Temp\\*.ps1""#,
        "process where process.args_count > 3 and process.pid < 100",
        "process where not process.args_count > 3",
        "any where not process.args_count > 3",
    ]);
    let reach: Vec<Reach> = profiler.profile().conditions.into_iter().map(|cost| cost.reach).collect();
    let key = |field: &str, value: Option<&str>| (field.to_owned(), value.map(str::to_owned));
    assert_eq!(reach[0], Reach::Values(vec![key("process.name", Some("nc"))]));
    let Reach::Values(keys) = &reach[1] else { panic!("{reach:?}") };
    // Four bytes of it, which depends on what other rules look for.
    assert_eq!(keys[0].0, "process.command_line");
    let wildcard = keys[0].1.as_deref().unwrap_or_default();
    assert!(wildcard.len() >= 5 && r"\temp\|.ps1".contains(wildcard.trim_matches('*')), "{wildcard}");
    assert_eq!(reach[2], Reach::Values(vec![key("process.args_count", None)]));
    assert_eq!(reach[3], Reach::Category("process".into()));
    assert_eq!(reach[4], Reach::Every);
}

#[test]
fn each_stage_does_more() {
    let mut profiler = profiler(&RULES);
    let mut pass = |stage| profiler.pass(stage, EVENTS.as_bytes());
    let [decode, find, conditions, again] =
        [Stage::Decode, Stage::Find, Stage::Conditions, Stage::Again].map(&mut pass);
    // Five events; fifteen conditions found and an event that cannot be read; eight hold.
    assert_eq!((decode, find), (5, 16));
    assert_eq!((conditions, again), (16 + 9, 16 + 9 + 9));
}
