//! Properties of sequences on a stream: order of arrival, batches, snapshots.

use std::sync::Arc;

use anyhow::{Result, ensure};
use fastrand::Rng;
use rule_core::{Session, Source, compile};
use tripline_tests::reference::session::{Found, Rule, Stream, cuts, sort};
use tripline_tests::reference::{Case, MS, Run, Tally, in_order};

const CASES: u64 = 5_000;

fn same(what: &str, found: &[Found], expected: &[Found], stream: &Stream) -> Result<()> {
    let rules = || stream.rules.iter().map(|rule| format!("{}: {}\n", rule.id, rule.query)).collect::<String>();
    ensure!(
        found == expected,
        "{what}, lateness {:?}\n{}{}\nexpected {expected:#?}\ngot {found:#?}",
        stream.lateness_ms,
        rules(),
        stream.lines().concat()
    );
    Ok(())
}

fn tally(found: &[Found]) -> Tally {
    Tally { cases: 1, matched: u64::from(!found.is_empty()), sequences: found.len() as u64, ..Tally::default() }
}

/// Puts the events of a stream in order, and numbers them so.
fn put_in_order(stream: &mut Stream) {
    stream.events = in_order(&stream.events).into_iter().cloned().collect();
    number(stream);
}

fn number(stream: &mut Stream) {
    for (arrival, event) in stream.events.iter_mut().enumerate() {
        event.arrival = arrival;
    }
}

/// Whatever the order of arrival and the batches: what is not late is matched as the reference matches it.
#[test]
fn a_stream_agrees_with_the_reference() -> Result<()> {
    let tally = Run::of(CASES)?.check("stream", |case, rng| {
        let stream = Stream::of(case, rng);
        let expected = stream.expected();
        let late = stream.late().iter().filter(|late| **late).count();
        let matches = stream.run(&cuts(stream.events.len(), rng), |_| None)?;
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
        put_in_order(&mut stream);
        let ordered = stream.run(&[], |_| None)?;
        // For each place of the shuffled stream the place of its event in the ordered one.
        let places = shuffled(&stream, rng);
        stream.events = places.iter().map(|place| stream.events[*place].clone()).collect();
        number(&mut stream);
        ensure!(!stream.late().contains(&true), "the shuffling makes events late");
        let mut matches = stream.run(&cuts(stream.events.len(), rng), |_| None)?;
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
    let arrives: Vec<i64> = events.iter().map(|event| event.ts_ns + rng.i64(0..=most) * MS).collect();
    let mut places: Vec<usize> = (0..events.len()).collect();
    rng.shuffle(&mut places);
    places.sort_by_key(|place| arrives[*place]);
    let order = |place: usize| (events[place].ts_ns, events[place].tiebreaker);
    for at in 0..places.len() {
        // Of the events that are like this one the earliest that has not come yet comes here.
        let alike = (at..places.len()).filter(|other| order(places[*other]) == order(places[at]));
        let first = alike.min_by_key(|other| places[*other]).unwrap_or(at);
        places.swap(at, first);
    }
    places
}

/// A host that knows its events to be in order need not wait.
#[test]
fn flushing_an_ordered_stream_changes_nothing() -> Result<()> {
    Run::of(CASES)?.check("flush", |case, rng| {
        let mut stream = Stream::of(case, rng);
        put_in_order(&mut stream);
        let expected = stream.expected();
        let matches = stream.run(&cuts(stream.events.len(), rng), |session| Some(session.flush()))?;
        same("flushed after each batch", &matches, &expected, &stream)?;
        Ok(tally(&matches))
    })?;
    Ok(())
}

/// Pauses within the lateness make nothing late.
#[test]
fn pauses_change_nothing() -> Result<()> {
    Run::of(CASES)?.check("pause", |case, rng| {
        let mut stream = Stream::of(case, rng);
        put_in_order(&mut stream);
        let expected = stream.expected();
        let longest = stream.lateness_ms.unwrap_or(1_000);
        let cuts = cuts(stream.events.len(), rng);
        let matches = stream.run(&cuts, |session| rng.bool().then(|| session.idle(rng.u64(0..=longest))))?;
        same("with pauses", &matches, &expected, &stream)?;
        Ok(tally(&matches))
    })?;
    Ok(())
}

/// Event rules match at once, late events too.
#[test]
fn event_rules_do_not_wait() -> Result<()> {
    Run::of(CASES)?.check("event rule", |case, rng| {
        let stream = Stream::of(case, rng);
        let filter = case.query.terms[0].filter;
        let mut sources = stream.sources();
        sources.push(Source { path: "event.eql".into(), text: filter.to_string() });
        let rules = Arc::new(compile(&sources, &stream.compile_options()).0);
        let rule = rules.rules().len() as u32 - 1;
        let mut session = Session::open(rules, stream.options());
        let mut events = stream.events.iter().enumerate();
        for batch in stream.batches(&cuts(stream.events.len(), rng)) {
            let arrived = events.by_ref().take(batch.lines().count());
            let expected: Vec<u64> =
                arrived.filter(|(_, event)| filter.passes(event)).map(|(number, _)| number as u64).collect();
            let outcome = session.evaluate(batch.as_bytes());
            let matches = outcome.matches.iter().filter(|found| found.rule == rule);
            let found: Vec<u64> = matches.flat_map(|found| found.events.iter().copied()).collect();
            ensure!(found == expected, "{filter}: expected {expected:?}, got {found:?}, after\n{batch}");
        }
        let end = session.finish();
        ensure!(end.matches.iter().all(|found| found.rule != rule), "an event rule waited for the end");
        Ok(Tally { cases: 1, ..Tally::default() })
    })?;
    Ok(())
}

/// A session put away and taken up again, at any point and as often as one likes, is the same session.
#[test]
fn a_snapshot_changes_nothing() -> Result<()> {
    Run::of(CASES)?.check("snapshot", |case, rng| {
        let stream = Stream::of(case, rng);
        let rules = stream.compiled()?;
        let (mut straight, mut broken) = (stream.open()?, stream.open()?);
        let mut outcomes = Vec::new();
        for batch in stream.batches(&cuts(stream.events.len(), rng)) {
            let outcome = straight.evaluate(batch.as_bytes());
            let other = broken.evaluate(batch.as_bytes());
            ensure!(other == outcome, "after {batch}\n{outcome:#?}\nrestored: {other:#?}");
            outcomes.push(outcome);
            if rng.bool() {
                let state = broken.snapshot();
                broken = stream.restore(&rules, &state)?;
                ensure!(broken.snapshot() == state, "the snapshot of a restored session differs");
                ensure!(straight.snapshot() == state, "the snapshot of the session that was never put away differs");
            }
        }
        let (outcome, other) = (straight.finish(), broken.finish());
        ensure!(other == outcome, "at the end\n{outcome:#?}\nrestored: {other:#?}");
        outcomes.push(outcome);
        Ok(tally(&stream.found(&outcomes)?))
    })?;
    Ok(())
}

/// Rules that a rule set keeps go on where they were when it is replaced; others begin anew.
#[test]
fn a_reload_keeps_the_rules_that_stay() -> Result<()> {
    Run::of(CASES)?.check("reload", |case, rng| {
        let stream = Stream::of(case, rng);
        let straight = stream.run(&[], |_| None)?;
        let mut reloaded = stream.clone();
        reloaded.rules.retain(|_| rng.f64() < 0.7);
        reloaded.rules.push(Rule { id: 100, query: Case::random(rng).query });
        rng.shuffle(&mut reloaded.rules);

        let at = rng.usize(..=stream.events.len());
        let batches = stream.batches(&[at]);
        let mut session = stream.open()?;
        let mut matches = stream.found([&session.evaluate(batches[0].as_bytes())])?;
        let mut session = reloaded.restore(&reloaded.compiled()?, &session.snapshot())?;
        matches.extend(reloaded.found([&session.evaluate(batches[1].as_bytes()), &session.finish()])?);

        let stays = |(id, _): &Found| reloaded.rules.iter().any(|rule| rule.id == *id) && *id != 100;
        matches.retain(stays);
        sort(&mut matches);
        let expected: Vec<Found> = straight.into_iter().filter(stays).collect();
        same(&format!("reloaded before event {at}"), &matches, &expected, &stream)?;
        Ok(tally(&matches))
    })?;
    Ok(())
}

/// A snapshot that is cut short is refused; one that is changed is refused or is a session, and never a panic.
#[test]
fn a_broken_snapshot_does_no_harm() -> Result<()> {
    Run::of(300)?.check("broken snapshot", |case, rng| {
        let stream = Stream::of(case, rng);
        let (rules, batch) = (stream.compiled()?, stream.lines().concat());
        let mut session = stream.open()?;
        session.evaluate(batch.as_bytes());
        let state = session.snapshot();
        stream.restore(&rules, &state)?;
        for end in 0..state.len() {
            ensure!(stream.restore(&rules, &state[..end]).is_err(), "{end} of {} bytes are taken for all", state.len());
        }
        for _ in 0..50 {
            let mut changed = state.clone();
            for _ in 0..rng.usize(1..=3) {
                let at = rng.usize(..changed.len());
                changed[at] = if rng.bool() { rng.u8(..) } else { changed[at] ^ (1 << rng.u8(..8)) };
            }
            if let Ok(mut session) = stream.restore(&rules, &changed) {
                session.evaluate(batch.as_bytes());
                session.snapshot();
                session.finish();
            }
        }
        Ok(Tally { cases: 1, ..Tally::default() })
    })?;
    Ok(())
}

/// State goes into a session that has none.
#[test]
fn a_session_at_work_takes_no_snapshot() -> Result<()> {
    let mut rng = Rng::with_seed(1);
    let mut case = Case::random(&mut rng);
    while case.events.is_empty() {
        case = Case::random(&mut rng);
    }
    let stream = Stream::of(&case, &mut rng);
    let mut session = stream.open()?;
    session.evaluate(stream.lines()[0].as_bytes());
    let state = session.snapshot();
    ensure!(session.restore(&state).is_err(), "state is put into a session that has some");
    Ok(())
}
