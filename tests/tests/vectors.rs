//! The conformance vectors on every host: what the vectors expect by hand, and the golden files to the byte.

use std::collections::BTreeSet;
use std::{env, fs};

use anyhow::{Context as _, Result};
use host_runner::EngineKind;
use tripline_tests::c_abi::CModule;
use tripline_tests::hosts::{Host, RunnerHost};
use tripline_tests::vectors::{VectorFile, files_of};
use tripline_tests::{assert_none, in_root};

/// What a host is held to beside the hand-written expectations.
enum Golden {
    Compare,
    Bless,
}

/// Runs every vector; the problems are everything that differs.
fn run(host: &mut dyn Host, name: &str, golden: &Golden) -> Result<()> {
    let mut problems = Vec::new();
    let (mut ran, mut skipped) = (0, 0);
    for file in VectorFile::all()? {
        let theme = file.theme();
        let mut lines = Vec::new();
        let golden_lines = match golden {
            Golden::Compare => file.golden()?,
            Golden::Bless => Vec::new(),
        };
        let before = problems.len();
        for (at, case) in file.cases.iter().enumerate() {
            let answer = host.run(case).with_context(|| format!("{theme}: {}", case.name))?;
            let Some(answer) = answer else {
                skipped += 1;
                continue;
            };
            ran += 1;
            let report = serde_json::from_str(&answer.report).with_context(|| answer.report.clone())?;
            let outcome = serde_json::from_str(&answer.outcome).with_context(|| answer.outcome.clone())?;
            if let Err(problem) = case.check(&report, &outcome) {
                problems.push(format!("{theme}: {} (point {})\n  {problem:#}", case.name, case.point));
            }
            let line = case.line(&answer.report, &answer.outcome)?;
            match golden_lines.get(at) {
                Some(golden) if *golden != line => {
                    let (golden, line) = difference(golden, &line);
                    problems.push(format!(
                        "{theme}: {}: not the golden line\n  golden {golden}\n  {name} {line}",
                        case.name
                    ));
                }
                _ => lines.push(line),
            }
        }
        if matches!(golden, Golden::Bless) && problems.len() == before {
            fs::write(file.golden_path(), lines.join("\n") + "\n")?;
        }
    }
    println!("{name}: {ran} vectors ran, {skipped} need what this host's interface has not");
    assert!(ran > 0);
    assert_none(name, &problems);
    Ok(())
}

/// Both texts from shortly before the first place where they differ.
fn difference<'a>(golden: &'a str, line: &'a str) -> (&'a str, &'a str) {
    let common = golden.bytes().zip(line.bytes()).take_while(|(a, b)| a == b).count();
    let mut start = common.saturating_sub(60);
    while !golden.is_char_boundary(start) || !line.is_char_boundary(start) {
        start -= 1;
    }
    (&golden[start..], &line[start..])
}

#[test]
fn native() -> Result<()> {
    let golden =
        if env::var_os("TRIPLINE_BLESS").is_some_and(|value| value == "1") { Golden::Bless } else { Golden::Compare };
    run(&mut RunnerHost::new(EngineKind::Native)?, "native", &golden)
}

#[test]
fn component() -> Result<()> {
    run(&mut RunnerHost::new(EngineKind::Wasm)?, "component", &Golden::Compare)
}

#[test]
fn c_abi() -> Result<()> {
    run(&mut CModule::embedded()?, "C ABI", &Golden::Compare)
}

/// An event's batch borders are no part of an answer: one batch, or one batch per line, gives the same.
#[test]
fn batches_do_not_matter() -> Result<()> {
    use rule_core::{CompileOptions, Session, SessionOptions, compile};

    let options = SessionOptions { alerts: true, ..SessionOptions::default() };
    let mut problems = Vec::new();
    for file in VectorFile::all()? {
        for case in &file.cases {
            let (rules, _) =
                compile(&[case.source()], &CompileOptions { mapping: case.mapping()?, ..CompileOptions::default() });
            let rules = std::sync::Arc::new(rules);
            let events = case.events()?;
            let whole = Session::open(rules.clone(), options.clone()).evaluate(&events);
            let mut session = Session::open(rules, options.clone());
            let mut sum = rule_core::Outcome::default();
            for line in events.split_inclusive(|byte| *byte == b'\n') {
                let part = session.evaluate(line);
                sum.events += part.events;
                sum.matches.extend(part.matches);
                sum.rejected += part.rejected;
                sum.rejections.extend(part.rejections);
                sum.alerts.push_str(&part.alerts);
            }
            if sum != whole {
                problems.push(format!("{}: {}\n  {whole:?}\n  {sum:?}", file.theme(), case.name));
            }
        }
    }
    assert_none("line by line", &problems);
    Ok(())
}

/// Every point of the semantics that concerns event queries has vectors, and so has the refusal of the others.
#[test]
fn every_point_is_covered() -> Result<()> {
    // 12, 13 and 15 are about what a sequence that runs gives back.
    const POINTS: [&str; 22] = [
        "1a", "1b", "1c", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "14", "16", "17", "18", "19", "20", "21",
        "22", "event",
    ];

    let files = VectorFile::all()?;
    let found: BTreeSet<&str> = files.iter().flat_map(|file| &file.cases).map(|case| case.point.as_str()).collect();
    assert_eq!(found, BTreeSet::from(POINTS));
    Ok(())
}

/// A golden file without vectors proves nothing.
#[test]
fn every_golden_file_has_vectors() -> Result<()> {
    for path in files_of(&in_root("tests/vectors"), "out")? {
        assert!(path.with_extension("toml").is_file(), "{} has no vectors", path.display());
    }
    Ok(())
}
