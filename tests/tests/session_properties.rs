//! Properties of sequences on a stream: order of arrival, batches, snapshots.

use anyhow::{Result, ensure};
use fastrand::Rng;
use rule_core::{Outcome, Session};
use tripline_tests::reference::engine::Answer;
use tripline_tests::reference::session::{Found, Stream, batches, cuts, found, sort};
use tripline_tests::reference::{Case, Event, Run, Tally, in_order};

const CASES: u64 = 10_000;

fn same(what: &str, found: &[Found], expected: &[Found], stream: &Stream) -> Result<()> {
    let queries = || stream.queries.iter().map(|query| format!("{query}\n")).collect::<String>();
    ensure!(
        found == expected,
        "{what}, lateness {:?}\n{}{}\nexpected {expected:#?}\ngot {found:#?}",
        stream.lateness_ms,
        queries(),
        stream.lines().concat()
    );
    Ok(())
}

fn tally(found: &[Found]) -> Tally {
    Tally { cases: 1, matched: u64::from(!found.is_empty()), sequences: found.len() as u64, ..Tally::default() }
}

fn nothing_between(session: Session) -> Result<(Session, Vec<Outcome>)> {
    Ok((session, Vec::new()))
}

/// Whatever the order of arrival and the batches: what is not late is matched as the reference matches it.
#[test]
fn a_stream_agrees_with_the_reference() -> Result<()> {
    let tally = Run::of(CASES)?.check("stream", |case, rng| {
        let stream = Stream::of(case, rng);
        let expected = stream.expected();
        let late = stream.late().iter().filter(|late| **late).count() as u64;
        let matches = stream.run(&cuts(stream.events.len(), rng), nothing_between)?;
        same(&format!("{late} late"), &matches, &expected, &stream)?;
        Ok(tally(&matches))
    })?;
    assert!(tally.cases < 1_000 || tally.matched * 4 > tally.cases, "{tally:?}");
    Ok(())
}

/// Any order of arrival within the lateness gives the same matches.
#[test]
fn arrival_within_the_lateness_makes_no_difference() -> Result<()> {
    Run::of(CASES)?.check("arrival", |case, rng| {
        let mut stream = Stream::of(case, rng);
        stream.events = in_order(&stream.events).into_iter().cloned().collect();
        let ordered = stream.run(&[], nothing_between)?;
        // For each place of the shuffled stream the place of its event in the ordered one.
        let places = shuffled(&stream, rng);
        let original = std::mem::take(&mut stream.events);
        stream.events = places.iter().map(|place| original[*place].clone()).collect();
        ensure!(!stream.late().contains(&true), "the shuffling makes events late");
        let mut matches = stream.run(&cuts(stream.events.len(), rng), nothing_between)?;
        for (_, answer) in &mut matches {
            for event in answer.events.iter_mut().flatten() {
                *event = places[*event];
            }
        }
        sort(&mut matches);
        same("shuffled", &matches, &ordered, &stream)?;
        Ok(tally(&matches))
    })?;
    Ok(())
}

/// An order of arrival in which each event of an ordered stream is late by no more than the lateness. Events that time and
/// tiebreaker do not tell apart keep their order, since arrival is what orders them.
fn shuffled(stream: &Stream, rng: &mut Rng) -> Vec<usize> {
    let events = &stream.events;
    let most = stream.lateness_ms.map_or(1_000, |lateness| lateness as i64);
    let arrives: Vec<i64> = events.iter().map(|event| event.ts_ms + rng.i64(0..=most)).collect();
    let mut places: Vec<usize> = (0..events.len()).collect();
    rng.shuffle(&mut places);
    places.sort_by_key(|place| arrives[*place]);
    let order = |place: usize| (events[place].ts_ms, events[place].tiebreaker);
    for at in 0..places.len() {
        // Of the events that are like this one the earliest that has not come yet comes here.
        let alike = (at..places.len()).filter(|other| order(places[*other]) == order(places[at]));
        let first = alike.min_by_key(|other| places[*other]).unwrap_or(at);
        places.swap(at, first);
    }
    places
}

/// A session put away and taken up again, at any point and as often as one likes, is the same session.
#[test]
fn a_snapshot_changes_nothing() -> Result<()> {
    Run::of(CASES)?.check("snapshot", |case, rng| {
        let stream = Stream::of(case, rng);
        let (rules, options) = (stream.rules()?, stream.options());
        let mut straight = Session::open(rules.clone(), options.clone());
        let mut broken = Session::open(rules.clone(), options.clone());
        let mut outcomes = Vec::new();
        for batch in batches(&stream.lines(), &cuts(stream.events.len(), rng)) {
            let outcome = straight.evaluate(batch.as_bytes());
            ensure!(broken.evaluate(batch.as_bytes()) == outcome, "the outcome of a batch differs");
            outcomes.push(outcome);
            if rng.bool() {
                let bytes = broken.snapshot();
                broken = restore(&stream, &bytes)?;
                ensure!(broken.snapshot() == bytes, "the snapshot of a restored session differs");
            }
        }
        let outcome = straight.finish();
        ensure!(broken.finish() == outcome, "the outcome of the end differs");
        outcomes.push(outcome);
        Ok(tally(&found(&outcomes)?))
    })?;
    Ok(())
}

fn restore(stream: &Stream, bytes: &[u8]) -> Result<Session> {
    Session::restore(stream.rules()?, stream.options(), bytes)
        .map_err(|error| anyhow::anyhow!("a snapshot is refused: {error}"))
}

/// A snapshot that is cut short or changed is refused or is a session, and never a panic.
#[test]
fn a_broken_snapshot_is_refused() -> Result<()> {
    Run::of(500)?.check("broken snapshot", |case, rng| {
        let stream = Stream::of(case, rng);
        let mut session = Session::open(stream.rules()?, stream.options());
        session.evaluate(stream.lines().concat().as_bytes());
        let bytes = session.snapshot();
        for end in 0..bytes.len() {
            ensure!(restore(&stream, &bytes[..end]).is_err(), "{end} of {} bytes are taken for all", bytes.len());
        }
        for _ in 0..20 {
            let mut changed = bytes.clone();
            let at = rng.usize(..changed.len());
            changed[at] ^= 1 << rng.u8(..8);
            if let Ok(mut session) = restore(&stream, &changed) {
                session.evaluate(stream.lines().concat().as_bytes());
                session.finish();
                session.snapshot();
            }
        }
        Ok(Tally { cases: 1, ..Tally::default() })
    })?;
    Ok(())
}

/// A snapshot belongs to its rules.
#[test]
fn a_snapshot_of_other_rules_is_refused() -> Result<()> {
    let mut rng = Rng::with_seed(1);
    let mut stream = Stream::of(&Case::random(&mut rng), &mut rng);
    let bytes = Session::open(stream.rules()?, stream.options()).snapshot();
    restore(&stream, &bytes)?;
    stream.queries[0].maxspan_ms = Some(123_456);
    ensure!(restore(&stream, &bytes).is_err(), "a snapshot of other rules is taken");
    Ok(())
}

/// A host that knows its events to be in order need not wait.
#[test]
fn flushing_an_ordered_stream_changes_nothing() -> Result<()> {
    Run::of(CASES)?.check("flush", |case, rng| {
        let mut stream = Stream::of(case, rng);
        // What is flushed cannot be put in order with what comes after it, so that ties must have been broken by arrival already.
        stream.events = in_order(&stream.events).into_iter().cloned().collect();
        number(&mut stream.events);
        let expected = stream.expected();
        let cuts = cuts(stream.events.len(), rng);
        let matches = stream.run(&cuts, |mut session| {
            let outcome = session.flush();
            Ok((session, vec![outcome]))
        })?;
        same("flushed after each batch", &matches, &expected, &stream)?;
        Ok(tally(&matches))
    })?;
    Ok(())
}

fn number(events: &mut [Event]) {
    for (arrival, event) in events.iter_mut().enumerate() {
        event.arrival = arrival;
    }
}
