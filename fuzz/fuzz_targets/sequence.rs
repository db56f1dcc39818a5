//! The whole path of a sequence or sample: the rule's text, a stream of events in any order, time that passes, a restart in between.
//!
//! The bytes choose from a small vocabulary, so that most inputs are rules that run and events that match; a part of the
//! query may be any text. What must hold: nothing panics, state stays within its limits, what is seen does not depend on
//! batches or on a snapshot and its restoration, and a snapshot that was changed is refused.
#![no_main]

use std::fmt::Write as _;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rule_core::{
    CompileOptions, Limits, Match, Outcome, RuleSet, Search, SearchOptions, Session, SessionOptions, Source, compile,
};

/// Choices made by the input's bytes; when they end, always the first.
struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    fn below(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % n
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn text(&mut self) -> String {
        let len = self.below(24).min(self.0.len());
        let (text, rest) = self.0.split_at(len);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }
}

fn term(c: &mut Choices<'_>, out: &mut String, plain: bool) {
    if !plain && c.below(5) == 0 {
        out.push('!');
    }
    let category = c.of(&["a", "b", "any", "c", "\"a\""]);
    let condition = match c.below(8) {
        0 => c.text(),
        n => ["true", "v == 1", "v > 1", "?v != null", "k : \"x*\"", "v in (1, 2)", "not v == 2"][n - 1].to_owned(),
    };
    let by = c.of(&["", "", "", " by k", " by ?k", " by v", " by k, v"]);
    let runs = if plain { "" } else { c.of(&["", "", "", " with runs=2", " with runs=3"]) };
    let _ = write!(out, " [{category} where {condition}]{by}{runs}");
}

fn query(c: &mut Choices<'_>) -> String {
    let sample = c.below(6) == 0;
    let mut out = String::from(if sample { "sample" } else { "sequence" });
    out.push_str(c.of(&["", " by k", " by ?k", " by k, v", " by k, ?v"]));
    if !sample {
        out.push_str(c.of(&["", " with maxspan=5ms", " with maxspan=20ms", " with maxspan=1s"]));
    }
    for _ in 0..2 + c.below(3) {
        term(c, &mut out, sample);
    }
    if !sample && c.below(3) == 0 {
        out.push_str(" until");
        term(c, &mut out, true);
    }
    out
}

fn events(c: &mut Choices<'_>) -> Vec<String> {
    let mut events = Vec::new();
    let mut ms: u64 = 1_000;
    while !c.0.is_empty() && events.len() < 300 {
        ms += c.of(&[0, 0, 1, 1, 2, 5, 20, 30]);
        let at = ms.saturating_sub(c.of(&[0, 0, 0, 1, 3, 10]));
        let category = c.of(&["a", "b", "c"]);
        let k = c.of(&[r#""x""#, r#""y""#, r#"["x","y"]"#, "null", r#"["y",null,"y"]"#, "7", r#""7""#]);
        let v = c.of(&["1", "2", "[1,2]", "null", "1.0", "3"]);
        let mut event = format!(r#"{{"@timestamp":{at},"event.category":"{category}","k":{k},"v":{v},"t":{}}}"#, ms % 3);
        match c.below(20) {
            0 => event = event.replace("@timestamp", "when"),
            1 => event.truncate(event.len() / 2),
            _ => {}
        }
        events.push(event);
    }
    events
}

/// What a session tells, in order.
#[derive(Debug, Default, PartialEq)]
struct Told {
    matches: Vec<Match>,
    alerts: String,
    rejected: u64,
}

impl Told {
    fn add(&mut self, outcome: Outcome, limits: &Limits) {
        if let Some(status) = outcome.sequences {
            assert!(status.join_keys <= u64::from(limits.max_join_keys), "{status:?}");
            assert!(status.partial_matches <= u64::from(limits.max_partial_matches), "{status:?}");
            assert!(status.state_bytes <= u64::from(limits.max_state_bytes), "{status:?}");
            assert!(status.held_bytes <= u64::from(limits.max_held_bytes), "{status:?}");
        }
        self.matches.extend(outcome.matches);
        self.alerts.push_str(&outcome.alerts);
        self.rejected += outcome.rejected;
    }
}

fn run(rules: &Arc<RuleSet>, options: &SessionOptions, limits: &Limits, events: &[String], restart: Option<usize>) -> Told {
    let mut session = Session::open(rules.clone(), options.clone());
    let mut told = Told::default();
    for (at, event) in events.iter().enumerate() {
        if restart == Some(at) {
            let bytes = session.snapshot();
            let mut next = Session::open(rules.clone(), options.clone());
            let restored = next.restore(&bytes).expect("a session's own snapshot");
            assert_eq!(restored.dropped, 0);
            assert_eq!(next.snapshot(), bytes, "a snapshot of what was restored");
            let mut broken = bytes;
            let middle = broken.len() / 2;
            broken[middle] ^= 1;
            assert!(Session::open(rules.clone(), options.clone()).restore(&broken).is_err());
            session = next;
        }
        told.add(session.evaluate(event.as_bytes()), limits);
    }
    told.add(session.finish(), limits);
    session.idle(0);
    told
}

fuzz_target!(|bytes: &[u8]| {
    let mut c = Choices(bytes);
    let lateness_ms = c.of(&[None, Some(0), Some(3), Some(10)]);
    let tight = c.below(3) == 0;
    let restart = c.below(40);
    let text = query(&mut c);
    let limits = if tight {
        Limits {
            max_join_keys: 2,
            max_partial_matches: 3,
            max_state_bytes: 1_500,
            max_held_bytes: 2_000,
            ..Limits::default()
        }
    } else {
        Limits::default()
    };
    let source = Source { path: "fuzz.eql".into(), text };
    let (rules, report) = compile(&[source.clone()], &CompileOptions { limits: limits.clone(), ..CompileOptions::default() });
    if report.has_errors() {
        return;
    }
    let rules = Arc::new(rules);
    let events = events(&mut c);
    let options = SessionOptions { alerts: true, lateness_ms, ..SessionOptions::default() };
    let whole = run(&rules, &options, &limits, &events, None);
    assert_eq!(whole, run(&rules, &options, &limits, &events, Some(restart)), "a restart changed something: {source:?}");

    // One batch tells the same as one event at a time.
    let mut session = Session::open(rules, options);
    let mut batched = Told::default();
    batched.add(session.evaluate(events.join("\n").as_bytes()), &limits);
    batched.add(session.finish(), &limits);
    if !tight {
        assert_eq!(whole, batched, "batches matter: {source:?}");
    }

    let search = Search::open(&source, SearchOptions { limits, size: 50, ..SearchOptions::default() });
    let mut search = search.expect("what compiles as a rule is a query");
    search.add("fuzz", 1, events.join("\n").as_bytes());
    let answer: serde_json::Value = serde_json::from_str(&search.finish()).expect("JSON");
    assert!(answer["hits"]["sequences"].is_array());
});
