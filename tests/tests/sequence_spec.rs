//! Elasticsearch's specification of the sequence state machine, through the reference and through the engine.

use std::fs;

use anyhow::{Result, ensure};
use tripline_tests::reference::engine::{Answer, Feeding, search};
use tripline_tests::reference::sequences;
use tripline_tests::series_spec::{Spec, read};
use tripline_tests::{assert_none, shared};

fn specs() -> Result<Option<Vec<Spec>>> {
    let Some(data) = shared::data() else { return Ok(None) };
    let specs = read(&fs::read_to_string(data.join("eql/sequences.series-spec"))?)?;
    ensure!(specs.len() >= 24, "the data has shrunk to {} specifications", specs.len());
    Ok(Some(specs))
}

#[test]
fn the_reference_follows_the_specification() -> Result<()> {
    let Some(specs) = specs()? else { return Ok(()) };
    let mut problems = Vec::new();
    for Spec { name, case, expected } in &specs {
        let found = sequences(&case.query, &case.visible());
        if found != *expected {
            problems.push(format!("{name}: expected {expected:?}\n  got {found:?}\n{case}"));
        }
    }
    println!("{} of {} specifications hold for the reference", specs.len() - problems.len(), specs.len());
    assert_none("specifications", &problems);
    Ok(())
}

#[test]
fn the_engine_follows_the_specification() -> Result<()> {
    let Some(specs) = specs()? else { return Ok(()) };
    let mut problems = Vec::new();
    for Spec { name, case, expected } in &specs {
        let expected: Vec<Answer> = expected.iter().map(Answer::from).collect();
        for feeding in [Feeding::Whole, Feeding::Single] {
            let found = search(case, feeding);
            if found.as_ref().ok() != Some(&expected) {
                problems.push(format!("{name}, {feeding:?}: expected {expected:?}\n  got {found:?}\n{case}"));
            }
        }
    }
    println!(
        "{} of {} specifications hold for the engine, fed both ways",
        specs.len() * 2 - problems.len(),
        specs.len() * 2
    );
    assert_none("specifications", &problems);
    Ok(())
}
