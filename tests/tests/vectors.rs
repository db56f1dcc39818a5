//! The conformance vectors on every host: what the vectors expect by hand, and the golden files to the byte.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::{env, fs};

use anyhow::{Context as _, Result, anyhow};
use host_runner::EngineKind;
use rule_core::{Advance, CompileOptions, Outcome, Search, SearchOptions, SequenceStatus, Session, compile};
use tripline_tests::c_abi::CModule;
use tripline_tests::hosts::{Host, RunnerHost};
use tripline_tests::vectors::{Case, Step, VectorFile, files_of};
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
            if let Err(problem) = answer.check(case) {
                problems.push(format!("{theme}: {} (point {})\n  {problem:#}", case.name, case.point));
            }
            let line = answer.line(case)?;
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

/// The borders between batches are no part of an answer: events one by one give the same as together.
#[test]
fn batches_do_not_matter() -> Result<()> {
    let mut problems = Vec::new();
    for file in VectorFile::all()? {
        for case in &file.cases {
            let (together, apart) = (evaluated(case, false)?, evaluated(case, true)?);
            if together != apart {
                problems.push(format!("{}: {}\n  {together:?}\n  {apart:?}", file.theme(), case.name));
            }
        }
    }
    assert_none("one by one", &problems);
    Ok(())
}

/// The sum of what a case leads to: counts added up, sizes as they are at the end.
fn evaluated(case: &Case, one_by_one: bool) -> Result<Outcome> {
    let rules = Arc::new(compile(&[case.source()], &case.compile_options()?).0);
    let open = || Session::open(rules.clone(), case.session_options());
    let mut session = open();
    let mut sum = Outcome::default();
    for step in case.steps_in(one_by_one)?.into_iter().chain([Step::Advance(Advance::Finish)]) {
        let part = match step {
            Step::Evaluate(batch) => session.evaluate(&batch),
            Step::Advance(time) => session.advance(time),
            Step::Restart => {
                let state = session.snapshot();
                session = open();
                session.restore(&state).map_err(|error| anyhow!(error))?;
                continue;
            }
        };
        sum.events += part.events;
        sum.matches.extend(part.matches);
        sum.rejected += part.rejected;
        sum.rejections.extend(part.rejections);
        sum.alerts.push_str(&part.alerts);
        let before = sum.sequences.unwrap_or_default();
        sum.sequences = part.sequences.map(|now| SequenceStatus {
            late: before.late + now.late,
            undated: before.undated + now.undated,
            hurried: before.hurried + now.hurried,
            evicted_keys: before.evicted_keys + now.evicted_keys,
            evicted_partials: before.evicted_partials + now.evicted_partials,
            ..now
        });
    }
    Ok(sum)
}

/// A search over the events, which has all of them before it decides anything, finds the sequences that the stream finds.
#[test]
fn a_search_finds_the_same_sequences() -> Result<()> {
    let mut problems = Vec::new();
    let mut ran = 0;
    for file in VectorFile::all()? {
        for case in file.cases.iter().filter(|case| case.is_plain() && case.is_sequence()) {
            let CompileOptions { mapping, .. } = case.compile_options()?;
            let options = SearchOptions { mapping, size: 1_000, ..SearchOptions::default() };
            let mut search = Search::open(&case.source(), options).map_err(|errors| anyhow!("{errors:?}"))?;
            search.add("events", 0, &case.lines()?.concat());
            let answer: serde_json::Value = serde_json::from_str(&search.finish())?;
            let found = answer["hits"]["sequences"].as_array().with_context(|| answer.to_string())?;
            ran += 1;
            let hits = |sequence: &serde_json::Value| {
                let hits = sequence["events"].as_array().into_iter().flatten();
                let present = hits.filter(|hit| hit["missing"] != true);
                present.filter_map(|hit| hit["_id"].as_str()?.parse().ok()).collect::<Vec<u64>>()
            };
            let found: BTreeSet<Vec<u64>> = found.iter().map(hits).collect();
            let streamed = evaluated(case, false)?.matches.into_iter().map(|found| found.events);
            let streamed: BTreeSet<Vec<u64>> = streamed.collect();
            if found != streamed {
                problems.push(format!("{}: {}\n  {found:?}\n  {streamed:?}", file.theme(), case.name));
            }
        }
    }
    println!("{ran} vectors searched");
    assert!(ran > 0);
    assert_none("search", &problems);
    Ok(())
}

/// Every point of the semantics has vectors.
#[test]
fn every_point_is_covered() -> Result<()> {
    const POINTS: [&str; 66] = [
        "1a",
        "1b",
        "1c",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "9",
        "10",
        "11",
        "12",
        "13",
        "14",
        "15",
        "16",
        "17",
        "18",
        "19",
        "20",
        "21",
        "22",
        "event",
        "records",
        "stream",
        // The rules of Kibana's grammar.
        "kql:start",
        "kql:OrQuery",
        "kql:AndQuery",
        "kql:NotQuery",
        "kql:Or",
        "kql:Not",
        "kql:SubQuery",
        "kql:NestedQuery",
        "kql:RangeOperator",
        "kql:FieldRangeExpression",
        "kql:FieldValueExpression",
        "kql:ValueExpression",
        "kql:Field",
        "kql:OrListOfValues",
        "kql:AndListOfValues",
        "kql:NotListOfValues",
        "kql:ListOfValues",
        "kql:Wildcard",
        "kql:QuotedString",
        "kql:EscapedSpecialCharacter",
        "kql:UnquotedLiteral",
        "kql:UnquotedCharacter",
        "kql:EscapedKeyword",
        "kql:Value",
        "kql:SpecialCharacter",
        "kql:EscapedWhitespace",
        "kql:EscapedUnicodeSequence",
        "kql:QuotedCharacter",
        "kql:text",
        // The sections of the page about Lucene's.
        "lucene:operators",
        "lucene:grouping",
        "lucene:terms",
        "lucene:wildcards",
        "lucene:reserved",
        "lucene:field names",
        "lucene:ranges",
        "lucene:regular expressions",
        "lucene:boosting",
        "lucene:fuzziness",
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
