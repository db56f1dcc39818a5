//! What a sequence or sample made of the events: every kind of step, what is open, and the same matches as a session.

use rule_core::explain::SequenceTrace;
use rule_core::{CompileOptions, ExplainOptions, Limits, Session, SessionOptions, Source, StepKind, compile};

use super::{explained, with};

/// Events by letter and second, all of one key: `a0 b1 b1`.
fn events(text: &str) -> String {
    let event = |word: &str| {
        let (letter, second) = word.split_at(1);
        format!(r#"{{"@timestamp":{},"event.category":"{letter}","k":1}}"#, second.parse::<u32>().unwrap() * 1000)
    };
    text.split(' ').map(event).collect::<Vec<_>>().join("\n")
}

fn trace(query: &str, text: &str) -> SequenceTrace {
    explained(query, &events(text)).sequence.expect("it is about several events")
}

/// Steps as `event what events`.
fn steps(query: &str, text: &str) -> Vec<String> {
    let trace = trace(query, text);
    let step = |step: &rule_core::Step| {
        let event = step.event.map_or_else(|| "-".to_owned(), |event| event.to_string());
        assert_eq!(usize::from(step.stage), step.events.len());
        format!("{event} {:?} {:?}", step.what, step.events)
    };
    trace.steps.iter().map(step).collect()
}

#[test]
fn every_step_is_told() {
    let pair = "sequence by k with maxspan=10s [a where true] [b where true]";
    assert_eq!(steps(pair, "a0 b1"), ["0 Started [0]", "1 Completed [0, 1]"]);
    assert_eq!(steps(pair, "a0 a1 b2"), ["0 Started [0]", "1 Started [1]", "1 Replaced [0]", "2 Completed [1, 2]"]);
    assert_eq!(steps(pair, "a0 b11"), ["0 Started [0]", "- Expired [0]"]);
    assert_eq!(steps(&format!("{pair} until [c where true]"), "a0 c1 b2"), ["0 Started [0]", "1 Until [0]"]);
    assert_eq!(
        steps("sequence by k with maxspan=10s [a where true] ![c where true] [b where true]", "a0 c1 b2"),
        ["0 Started [0]", "2 MissingBetween [0, 2]"]
    );
    assert_eq!(
        steps("sequence by k with maxspan=10s ![c where true] [a where true] [b where true]", "c0 a1 b2"),
        ["1 Started [1]", "2 MissingBefore [1, 2]"]
    );
    let trailing = "sequence by k with maxspan=10s [a where true] [b where true] ![c where true]";
    assert_eq!(steps(trailing, "a0 b1 c2"), ["0 Started [0]", "1 Waiting [0, 1]", "2 MissingAfter [0, 1]"]);
    assert_eq!(steps(trailing, "a0 b1"), ["0 Started [0]", "1 Waiting [0, 1]", "- Completed [0, 1]"]);
    assert_eq!(
        steps("sequence by k [a where true] with runs=2 [b where true]", "a0 a1 b2"),
        ["0 Started [0]", "1 Advanced [0, 1]", "1 Started [1]", "2 Completed [0, 1, 2]"]
    );
    let sample = "sample by k [a where true] [b where true]";
    assert_eq!(steps(sample, "b0 a1"), ["0 Advanced [0]", "1 Advanced [1, 0]", "1 Completed [1, 0]"]);
}

#[test]
fn evictions_are_told() {
    let options =
        ExplainOptions { limits: Limits { max_join_keys: 1, ..Limits::default() }, ..ExplainOptions::default() };
    let events =
        events("a0 a1").replace(r#""a","k":1"#, r#""a","k":KEY"#).replacen("KEY", "1", 1).replacen("KEY", "2", 1);
    let explanation = with("sequence by k [a where true] [b where true]", &events, &options).unwrap();
    let what: Vec<StepKind> = explanation.sequence.unwrap().steps.iter().map(|step| step.what).collect();
    assert_eq!(what, [StepKind::Started, StepKind::Started, StepKind::Evicted]);
}

#[test]
fn what_is_open_says_what_it_waits_for() {
    let trace = trace("sequence by k with maxspan=10s [a where true] [b where true] [c where true]", "a0 b1 a2");
    let open: Vec<_> = trace.pending.iter().map(|p| (p.stage, p.events.clone(), p.until)).collect();
    assert_eq!(open, [(1, vec![2], Some(12_000)), (2, vec![0, 1], Some(10_000))]);
    let sample = self::trace("sample by k [a where true] [b where true] [c where true]", "b0");
    assert_eq!(sample.pending[0].lacks, [0, 2]);
    assert_eq!(explained("any where true", "{}").sequence, None);
}

#[test]
fn events_that_have_no_time_and_steps_beyond_the_limit_are_counted() {
    let query = "sequence by k [a where true] [b where true]";
    let mut text = events("a0 a1 a2");
    text.push_str("\n{\"event.category\":\"a\",\"k\":1}");
    let limits = Limits { max_explained_nodes: 2, ..Limits::default() };
    let explanation = with(query, &text, &ExplainOptions { limits, ..ExplainOptions::default() }).unwrap();
    let trace = explanation.sequence.unwrap();
    assert_eq!((trace.steps.len(), trace.omitted, trace.undated), (2, 3, 1));
}

#[test]
fn the_matches_are_those_of_a_session() {
    let mut random = 1u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % below
    };
    let queries = [
        "sequence by k with maxspan=5s [a where true] [b where true]",
        "sequence by k with maxspan=5s [a where true] ![c where true] [b where true]",
        "sequence by k with maxspan=5s [a where true] [b where true] ![c where true]",
        "sequence by k [a where true] with runs=2 [b where true] until [c where true]",
        "sample by k [a where true] [b where true] [c where true]",
    ];
    let mut matches = 0;
    for round in 0..500 {
        let query = queries[round % queries.len()];
        let words: Vec<String> =
            (0..12).map(|_| format!("{}{}", ["a", "b", "c"][next(3) as usize], next(15))).collect();
        let events = events(&words.join(" "));
        let source = Source { path: "rule.eql".into(), text: query.into() };
        let (rules, _) = compile(&[source], &CompileOptions::default());
        let mut session =
            Session::open(rules.into(), SessionOptions { lateness_ms: None, ..SessionOptions::default() });
        session.evaluate(events.as_bytes());
        let expected = session.finish().matches;
        matches += expected.len();
        assert_eq!(explained(query, &events).sequence.unwrap().matches, expected, "{query}\n{events}");
    }
    assert!(matches > 200, "{matches}");
}
