//! The state of sequences and samples is bounded: it stays within its limits, evicts the oldest first, counts, and goes away.

use std::fmt::Write as _;
use std::sync::Arc;

use rule_core::{CompileOptions, Limits, Outcome, SequenceStatus, Session, SessionOptions, Source, compile};

fn session(queries: &[&str], limits: Limits, options: SessionOptions) -> Session {
    let sources: Vec<Source> = (0..)
        .zip(queries)
        .map(|(number, query)| Source { path: format!("{number}.eql"), text: (*query).to_owned() })
        .collect();
    let (rules, report) = compile(&sources, &CompileOptions { limits, ..CompileOptions::default() });
    assert!(!report.has_errors(), "{:?}", report.diagnostics);
    Session::open(Arc::new(rules), options)
}

/// Events in order are handed on at once.
fn in_order() -> SessionOptions {
    SessionOptions { lateness_ms: Some(0), ..SessionOptions::default() }
}

fn event(ms: u64, category: &str, key: &str) -> String {
    format!(r#"{{"@timestamp":{ms},"event.category":"{category}","k":"{key}"}}"#)
}

fn status(outcome: &Outcome) -> SequenceStatus {
    outcome.sequences.expect("the rule set has sequences")
}

const PAIR: &str = "sequence by k with maxspan=1h [start where true] [end where true]";

#[test]
fn a_flood_of_keys_stays_within_the_cap_and_loses_only_the_oldest() {
    let limits = Limits { max_join_keys: 1_000, ..Limits::default() };
    let mut session = session(&[PAIR], limits, in_order());
    let (mut evicted, mut ms) = (0, 0);
    for round in 0..20 {
        let mut batch = String::new();
        for n in 0..500 {
            ms += 1;
            writeln!(batch, "{}", event(ms, "start", &format!("{round}-{n}"))).expect("a string");
        }
        let outcome = session.evaluate(batch.as_bytes());
        let flushed = status(&session.flush());
        assert!(flushed.join_keys <= 1_000 && flushed.partial_matches <= 1_000, "{flushed:?}");
        evicted += status(&outcome).evicted_keys + flushed.evicted_keys;
    }
    assert_eq!(evicted, 20 * 500 - 1_000);
    // The thousand newest are all there, and none of the others.
    let mut found = 0;
    for round in 0..20 {
        for n in 0..500 {
            let key = format!("{round}-{n}");
            session.evaluate(event(ms + 1, "end", &key).as_bytes());
            let matches = session.flush().matches.len();
            assert_eq!(matches, usize::from(round >= 18), "{key}");
            found += matches;
        }
    }
    assert_eq!(found, 1_000);
}

/// A key that goes on is not the oldest, however early it came first.
#[test]
fn a_key_that_is_renewed_outlives_a_flood() {
    let limits = Limits { max_join_keys: 100, ..Limits::default() };
    let mut session = session(&[PAIR], limits, in_order());
    let mut ms = 0;
    for n in 0..5_000 {
        ms += 1;
        session.evaluate(event(ms, "start", &format!("flood-{n}")).as_bytes());
        if n % 50 == 0 {
            session.evaluate(event(ms, "start", "steady").as_bytes());
        }
    }
    session.evaluate(event(ms + 1, "end", "steady").as_bytes());
    assert_eq!(session.flush().matches.len(), 1);
}

#[test]
fn matches_that_wait_for_a_missing_event_are_partial_matches_too() {
    let query = "sequence by k with maxspan=1h [start where true] [end where true] ![undo where true]";
    let limits = Limits { max_partial_matches: 50, ..Limits::default() };
    let mut session = session(&[query], limits, in_order());
    let mut evicted = 0;
    for n in 0..500 {
        session.evaluate(event(2 * n, "start", "k").as_bytes());
        for outcome in [session.evaluate(event(2 * n + 1, "end", "k").as_bytes()), session.flush()] {
            let status = status(&outcome);
            assert!(status.partial_matches <= 50, "{status:?}");
            evicted += status.evicted_partials;
        }
    }
    let outcome = session.finish();
    let firsts: Vec<u64> = outcome.matches.iter().map(|found| found.events[0]).collect();
    // The latest fifty, in order.
    assert_eq!(firsts, (450..500).map(|n| 2 * n).collect::<Vec<u64>>());
    assert!(evicted >= 449, "{evicted}");
}

#[test]
fn bytes_are_bounded_over_all_rules_and_the_oldest_rule_gives_way() {
    let other = "sequence by k with maxspan=1h [begin where true] [end where true]";
    let limits = Limits { max_state_bytes: 100_000, ..Limits::default() };
    let mut session = session(&[PAIR, other], limits, SessionOptions { alerts: true, ..in_order() });
    let mut ms = 0;
    session.evaluate(event(ms, "begin", "old").as_bytes());
    for n in 0..2_000 {
        ms += 1;
        session.evaluate(event(ms, "start", &format!("key-{n}")).as_bytes());
        let status = status(&session.flush());
        assert!(status.state_bytes <= 100_000, "{status:?}");
    }
    session.evaluate(event(ms, "begin", "new").as_bytes());
    for (key, matches) in [("old", 0), ("new", 1), ("key-1999", 1), ("key-0", 0)] {
        session.evaluate(event(ms + 1, "end", key).as_bytes());
        let outcome = session.flush();
        assert_eq!(outcome.matches.len(), matches, "{key}");
        // Two building blocks and the alert for both.
        assert_eq!(outcome.alerts.lines().count(), 3 * matches);
    }
}

#[test]
fn what_is_held_back_is_bounded_and_hurried_in_order() {
    let limits = Limits { max_held_bytes: 20_000, ..Limits::default() };
    let options = SessionOptions { lateness_ms: None, ..SessionOptions::default() };
    let mut session = session(&[PAIR], limits, options);
    let (mut matches, mut hurried) = (0, 0);
    for n in 0..1_000 {
        for (at, category) in [(0, "start"), (1, "end")] {
            let outcome = session.evaluate(event(2 * n + at, category, "k").as_bytes());
            assert!(status(&outcome).held_bytes <= 20_000);
            matches += outcome.matches.len();
            hurried += status(&outcome).hurried;
        }
    }
    let late = session.evaluate(event(0, "start", "k").as_bytes());
    assert_eq!(status(&late).late, 1);
    matches += session.finish().matches.len();
    assert_eq!(matches, 1_000, "events in order lose nothing");
    assert!(hurried > 1_500, "{hurried}");
}

/// Nothing leaks: when time has passed, nothing is left and nothing is counted as left.
#[test]
fn state_goes_away() {
    let queries = [
        PAIR,
        "sequence by k with maxspan=5s [start where true] ![undo where true] [end where true]",
        "sequence by k with maxspan=5s ![undo where true] [start where true] [end where true]",
        "sequence by k with maxspan=5s [start where true] [end where true] ![undo where true]",
        "sequence by k with maxspan=5s ![undo where true] [start where true] ![undo where true]",
        "sequence by k with maxspan=5s [start where true] with runs=3 [end where true] until [undo where true]",
        "sample by k [start where true] [end where true] [undo where true]",
    ];
    let limits = Limits { max_join_keys: 40, max_partial_matches: 100, max_state_bytes: 60_000, ..Limits::default() };
    let options = SessionOptions { alerts: true, lateness_ms: Some(500), ..SessionOptions::default() };
    let mut session = session(&queries, limits, options);
    let mut random = 7u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % below
    };
    let (mut ms, mut matches) = (1_000_000, 0);
    for _ in 0..20_000 {
        ms += next(40);
        let category = ["start", "end", "undo"][next(3) as usize];
        let key = format!("{}", next(60));
        let outcome = session.evaluate(event(ms - next(400), category, &key).as_bytes());
        matches += outcome.matches.len();
    }
    assert!(matches > 1_000, "{matches}");
    session.evaluate(event(ms + 100_000_000, "other", "k").as_bytes());
    let status = status(&session.idle(10_000));
    let left = (status.held, status.held_bytes, status.join_keys, status.partial_matches, status.state_bytes);
    assert_eq!(left, (0, 0, 0, 0, 0));
}

/// One wrong clock does not make everybody else's events late.
#[test]
fn an_event_from_the_future_does_not_move_time() {
    let mut session = session(&[PAIR], Limits::default(), in_order());
    session.set_ceiling(10_000);
    session.evaluate(event(1_000, "start", "k").as_bytes());
    session.evaluate(event(999_999_999, "start", "wrong").as_bytes());
    let outcome = session.evaluate(event(2_000, "end", "k").as_bytes());
    assert_eq!(status(&outcome).late, 0);
    session.evaluate(event(2_001, "other", "k").as_bytes());
    assert_eq!(status(&session.idle(0)).held, 1, "it waits for its time");
    session.set_ceiling(2_000_000_000);
    let found = session.evaluate(event(1_000_000_000, "other", "k").as_bytes());
    assert_eq!(status(&found).held, 0);
}

#[test]
fn too_many_stages_and_too_many_keys_are_refused() {
    let limits = Limits { max_sequence_stages: 5, ..Limits::default() };
    let long = Source { path: "a.eql".into(), text: "sequence [a where true] with runs=5 [b where true]".into() };
    let (_, report) = compile(&[long], &CompileOptions { limits, ..CompileOptions::default() });
    assert!(report.diagnostics.iter().any(|d| d.code == "too-large"), "{:?}", report.diagnostics);

    let limits = Limits { max_combinations: 10, ..Limits::default() };
    let mut session = session(&["sequence by k, l [a where true] [b where true]"], limits, in_order());
    let list = r#"["1","2","3","4"]"#;
    let outcome =
        session.evaluate(format!(r#"{{"@timestamp":1,"event.category":"a","k":{list},"l":{list}}}"#).as_bytes());
    assert_eq!(outcome.rejected, 1);
    assert!(outcome.rejections[0].message.contains("join key"), "{:?}", outcome.rejections);
}

#[test]
fn state_is_read_back_as_it_was_written() {
    let queries = [
        "sequence by k with maxspan=1h [start where true] [middle where true] [end where true]",
        "sequence by k with maxspan=1m ![middle where true] [start where true] ![end where true]",
        "sample by k [start where true] [middle where true] [end where true]",
    ];
    for alerts in [false, true] {
        let options = SessionOptions { alerts, lateness_ms: Some(5_000), ..SessionOptions::default() };
        let mut first = session(&queries, Limits::default(), options.clone());
        let mut batch = String::new();
        for n in 0..2_000_u64 {
            let category = ["start", "middle", "other", "start", "end"][n as usize % 5];
            // Backwards by up to three seconds.
            let ms = 1_000_000 + n * 50 - n * 7 % 3_000;
            writeln!(batch, "{}", event(ms, category, &format!("key {}", n * n % 97))).expect("a string");
        }
        let now = status(&first.evaluate(batch.as_bytes()));
        assert!(now.held > 0 && now.partial_matches > 0 && now.join_keys > 0, "{now:?}");
        let state = first.snapshot();
        let mut second = session(&queries, Limits::default(), options);
        let restored = second.restore(&state).expect("it was just written");
        assert_eq!((restored.rules, restored.dropped), (3, 0));
        assert!(second.snapshot() == state, "the same state is the same bytes");
        let (first, second) = (first.finish(), second.finish());
        assert!(!first.matches.is_empty());
        assert_eq!(first, second);
    }
}
