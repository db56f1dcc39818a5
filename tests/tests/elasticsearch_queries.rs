//! All queries of Elasticsearch's EQL test suite: through `tripline search` in both engines, and event by event through the core.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use tripline_tests::assert_none;
use tripline_tests::elasticsearch::{Case, Kind, cases};

/// How many cases of each kind there are at least.
const AT_LEAST: [(Kind, usize); 3] = [(Kind::Event, 99), (Kind::Sequence, 71), (Kind::Sample, 22)];

fn all_queries(how: &str, run: impl Fn(&Case, &std::path::Path) -> Result<()>) -> Result<()> {
    let Some((cases, folder)) = cases()? else { return Ok(()) };
    let mut problems = Vec::new();
    let mut counts: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    for case in &cases {
        let (right, all) = counts.entry(case.kind()).or_default();
        *all += 1;
        match run(case, &folder) {
            Ok(()) => *right += 1,
            Err(problem) => {
                let query = case.query()?;
                problems.push(format!("{}: {}\n  {}\n  {problem:#}", case.suite, case.name, query.trim()));
            }
        }
    }
    let counts_shown = counts.iter().map(|(kind, (right, all))| format!("{kind:?} {right} of {all}"));
    println!(
        "{how}: {} of {} queries give Elasticsearch's answer ({})",
        cases.len() - problems.len(),
        cases.len(),
        counts_shown.collect::<Vec<_>>().join(", "),
    );
    for (kind, least) in AT_LEAST {
        let all = counts.get(&kind).map_or(0, |(_, all)| *all);
        ensure!(all >= least, "the suite has shrunk to {all} cases of {kind:?}");
    }
    assert_none("queries", &problems);
    Ok(())
}

#[test]
fn queries_in_the_sandbox() -> Result<()> {
    all_queries("wasm", |case, folder| case.run_command(folder, "wasm"))
}

#[test]
fn queries_natively() -> Result<()> {
    all_queries("native", |case, folder| case.run_command(folder, "native"))
}

#[test]
fn queries_event_by_event() -> Result<()> {
    all_queries("event by event", Case::run_single)
}
