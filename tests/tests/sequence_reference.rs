//! The engine against the reference, on random sequence queries over random streams.

use anyhow::{Result, ensure};
use rule_core::ResultPosition;
use tripline_tests::reference::engine::{Answer, Feeding, search, search_some};
use tripline_tests::reference::{Run, Tally, sequences};

/// Tens of thousands, in a few seconds.
const CASES: u64 = 20_000;

#[test]
fn the_engine_agrees_with_the_reference() -> Result<()> {
    let tally = Run::of(CASES)?.check("search", |case, rng| {
        let found = sequences(&case.query, &case.visible());
        let expected: Vec<Answer> = found.iter().map(Answer::from).collect();
        for feeding in [Feeding::Whole, Feeding::Single] {
            let answer = search(case, feeding)?;
            ensure!(answer == expected, "expected {expected:#?}\n{feeding:?}: {answer:#?}");
        }
        // Fewer results than there are: the first ones or the last ones.
        let size = rng.usize(..=expected.len());
        let (position, part) = match rng.bool() {
            true => (ResultPosition::Head, &expected[..size]),
            false => (ResultPosition::Tail, &expected[expected.len() - size..]),
        };
        let answer = search_some(case, Feeding::Whole, size as u32, position)?;
        ensure!(answer == part, "{size} from the {position:?}: expected {part:#?}\ngot {answer:#?}");
        Ok(Tally::of(case, &found))
    })?;
    assert_something_happened(tally);
    Ok(())
}

/// The random cases are worth their time.
fn assert_something_happened(tally: Tally) {
    if tally.cases >= 1_000 {
        assert!(tally.matched * 4 > tally.cases, "{tally:?}");
        assert!(tally.missing * 20 > tally.cases, "{tally:?}");
        assert!(tally.until * 50 > tally.cases, "{tally:?}");
        assert!(tally.maxspan * 50 > tally.cases, "{tally:?}");
    }
}

/// The reference by itself, without the engine, so that the cases can be judged.
#[test]
fn the_random_cases_are_worth_their_time() -> Result<()> {
    let tally = Run::of(CASES)?.check("reference", |case, _| {
        let found = sequences(&case.query, &case.visible());
        for (a, b) in found.iter().zip(&found[1.min(found.len())..]) {
            ensure!(a != b, "{a:?} twice");
        }
        Ok(Tally::of(case, &found))
    })?;
    assert_something_happened(tally);
    Ok(())
}
