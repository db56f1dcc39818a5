//! `tripline test` as it looks. `TRIPLINE_BLESS=1` writes the pictures anew; look at them before you keep them.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use common::{Folder, Run, command, tripline};
use serde_json::Value;

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testing").join(name).to_str().unwrap().to_owned()
}

/// Compares with, or writes, a picture.
fn golden(name: &str, run: &Run) {
    let path = PathBuf::from(data(name));
    // Where the checkout lies is not part of the picture.
    let out = run.out.replace(&data(""), "");
    if std::env::var_os("TRIPLINE_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, out).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(out, expected, "{name} is not as it was; TRIPLINE_BLESS=1 makes it anew");
}

/// Runs the tests of a folder, or of a file in it.
fn test(what: &str, more: &[&str]) -> Run {
    let path = data(what);
    tripline(&[&["test", &path, "--engine", "native"], more].concat())
}

#[test]
fn little_is_said_when_all_is_well() {
    let run = test("passing", &["--coverage"]);
    run.succeeds();
    assert_eq!(run.err, "");
    golden("passing.txt", &run);
    let run = test("passing", &["--output", "json"]);
    run.succeeds();
    golden("passing.json", &run);
}

/// Why an alert did not come may be an exception.
#[test]
fn an_exception_that_keeps_an_alert_away_is_why() {
    let folder = Folder::new();
    folder.file("nc.eql", "process where process.name == \"nc\"");
    let test = "tests:\n  - name: it fires\n    events:\n      - { event.category: process, process.name: nc, host.name: ci-7 }\n    exceptions:\n      - name: the build machines\n        entries: [{ field: host.name, type: wildcard, value: \"ci-*\" }]\n    expect: alert\n";
    let path = folder.file("nc.test.yaml", test);
    let run = tripline(&["test", &path, "--engine", "native"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let why = "the query matches, but the exception \"the build machines\" takes it away: host.name is";
    assert!(run.out.contains(why) && run.out.contains("✓ host.name:ci-*  \"ci-7\""), "{}", run.out);
}

#[test]
fn what_is_broken_is_told_to_people_and_machines() {
    for (name, more) in [
        ("broken.txt", &["--width", "100"][..]),
        ("broken.json", &["--output", "json"]),
        ("broken.xml", &["--output", "junit"]),
    ] {
        let run = test("broken", &[more, &["--max-event-bytes", "250"]].concat());
        assert_eq!((run.code, run.err.as_str()), (1, ""), "{name}");
        golden(name, &run);
    }
}

/// A picture of text alone would not show that XML is well-formed.
#[test]
fn junit_is_well_formed() {
    let run = test("broken", &["--output", "junit", "--max-event-bytes", "250"]);
    let mut open: Vec<&str> = Vec::new();
    let body = run.out.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    let mut rest = body;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "{}", &rest[..start]);
        let end = start + rest[start..].find('>').unwrap();
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<'), "{tag}");
        match (tag.strip_prefix('/'), tag.ends_with('/')) {
            (Some(name), _) => assert_eq!(open.pop(), Some(name)),
            (None, true) => {}
            (None, false) => open.push(tag.split(' ').next().unwrap()),
        }
        rest = &rest[end + 1..];
    }
    assert_eq!(open, Vec::<&str>::new());
    let count = |what: &str| body.matches(what).count();
    assert_eq!((count("<testcase "), count("<failure "), count("<error ")), (12, 9, 3));
}

#[test]
fn a_part_can_be_run() {
    let run = test("broken", &["--filter", "LATER start"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("1 of 1 test failed") && !run.out.contains("unit.test.yaml"), "{}", run.out);
    let run = test("passing", &["--filter", "miner's service", "--output", "json"]);
    run.succeeds();
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["totals"]["passed"], 8);
    let run = test("passing", &["--filter", "no such test"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("no test and no rule has `no such test` in its name"), "{}", run.err);
    let run = test("broken/steps.eql", &["--fail-fast"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("1 of 1 test failed") && run.out.contains("(--fail-fast)"), "{}", run.out);
}

#[test]
fn what_no_test_reaches_is_shown() {
    let folder = Folder::new();
    let rule = "any where (a == 1 or b == 2) and c != 3";
    folder.file("x.eql", rule);
    folder.file("x.test.yaml", "tests:\n  - name: one\n    events: [{ a: 1 }]\n    expect: alert\n");
    folder.file("y.eql", rule);
    let (all, json) = (folder.path(""), folder.path("coverage.json"));
    let run = tripline(&["test", &all, "--engine", "native", &format!("--coverage={json}")]);
    run.succeeds();
    golden("coverage.txt", &Run { out: run.out.replace(&all, ""), ..run });
    let written: Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!((&written[0]["conditions"], &written[0]["reached"]), (&3.into(), &1.into()));
    assert_eq!(written[0]["unreached"][1]["text"], "c != 3");
    assert_eq!(written[0]["unreached"][1]["missing"], "keeps-out");
}

/// A rule that is not in use yet is what tests are for most of all.
#[test]
fn a_disabled_rule_can_be_tested() {
    let folder = Folder::new();
    folder.file("x.toml", &common::TOML_RULE.replace("severity", "enabled = false\nseverity"));
    let test = format!("tests:\n  - name: one\n    events:\n      - {}\n    expect: alert\n", common::SERVICE_EVENT);
    folder.file("x.test.yaml", &test);
    let run = tripline(&["test", &folder.path(""), "--engine", "native"]);
    run.succeeds();
    assert!(run.out.ends_with("1 file, 1 test, 1 passed\n"), "{}", run.out);
}

#[test]
fn the_sandbox_and_the_native_engine_agree() {
    let run = |engine: &str| tripline(&["test", &data("broken"), "--engine", engine, "--output", "json"]);
    let (native, wasm) = (run("native"), run("wasm"));
    if wasm.code == 2 && wasm.err.contains("this build carries no module") {
        println!("skipped: there is no module in this build");
        return;
    }
    assert_eq!(wasm.out, native.out);
}

#[test]
fn mistakes_of_usage_are_told() {
    let folder = Folder::new();
    folder.file("rules/a.eql", "any where true");
    let (rules, rule) = (folder.path("rules"), folder.path("rules/a.eql"));
    for (args, message) in [
        (&["test"][..], "PATH"),
        (&["test", "/nowhere"], "cannot read /nowhere"),
        (&["test", &rules], "no tests in "),
        (&["test", &rule], "has no tests: there is no "),
        (&["test", &rules, "--watch", "--output", "json"], "--watch"),
    ] {
        let run = tripline(&[args, &["--engine", "native"]].concat());
        assert_eq!(run.code, 2, "{args:?}: {}", run.err);
        assert!(run.err.contains(message), "{args:?}: {}", run.err);
    }
}

#[test]
fn changes_are_seen() {
    let folder = Folder::new();
    let rule = folder.file("x.eql", "any where a == 1");
    folder.file("x.test.yaml", "tests:\n  - name: one\n    events: [{ a: 1 }]\n    expect: alert\n");
    let mut child = command()
        .args(["test", &folder.path(""), "--engine", "native", "--watch"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    // So that a change that is not seen fails the test and does not hang it.
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let guard = std::thread::spawn(move || {
        let _ = is_done.recv_timeout(std::time::Duration::from_secs(120));
        child.kill().unwrap();
        child.wait().unwrap();
    });
    let mut lines = BufReader::new(stdout).lines();
    // Until the command waits again: what it said of all files.
    let mut turn = || {
        let mut said = Vec::new();
        for line in lines.by_ref() {
            let line = line.unwrap();
            if line.starts_with("waiting for changes") {
                break;
            }
            said.push(line);
        }
        said
    };
    assert_eq!(turn().last().unwrap(), "1 file, 1 test, 1 passed");
    std::fs::write(&rule, "any where a == 10").unwrap();
    assert_eq!(turn().last().unwrap(), "1 file, 1 test, 0 passed, 1 failed");
    folder.file("y.eql", "any where b == 1");
    folder.file("y.test.yaml", "tests:\n  - name: two\n    events: [{ b: 1 }]\n    expect: alert\n");
    while turn().last().unwrap() != "2 files, 2 tests, 1 passed, 1 failed" {}
    drop(done);
    guard.join().unwrap();
}

/// Why there is no alert although the query holds.
#[test]
fn what_a_rule_wants_beside_its_query_is_told() {
    let folder = Folder::new();
    let rule = |kind: &str, more: &str| {
        format!(
            "[rule]\nname = \"r\"\nrule_id = \"r\"\ntype = \"{kind}\"\nlanguage = \"kuery\"\nquery = \"a: 1\"\n\
             severity = \"low\"\nrisk_score = 1\n{more}"
        )
    };
    let mapping = "threat_query = \"*:*\"\nthreat_mapping = [{ entries = [{ field = \"b\", type = \"mapping\", value = \"c\" }] }]\n";
    let list =
        "[[rule.exceptions_list]]\nid = \"l\"\nlist_id = \"l\"\nnamespace_type = \"single\"\ntype = \"detection\"\n";
    folder.file("lists/c.csv", "c\n2\n");
    folder.file(
        "exceptions.ndjson",
        "{\"list_id\":\"l\",\"name\":\"l\",\"type\":\"detection\",\"description\":\"\"}\n\
         {\"list_id\":\"l\",\"item_id\":\"i\",\"name\":\"i\",\"type\":\"simple\",\"entries\":[{\"field\":\"b\",\"operator\":\"included\",\"type\":\"match\",\"value\":\"1\"}]}\n",
    );
    let threshold = "threshold = { field = [\"b\"], value = 3, cardinality = [{ field = \"d\", value = 2 }] }\n";
    for (kind, more, head, note) in [
        (
            "threshold",
            threshold,
            "",
            "events 1, 2 pass the query; the rule wants 3 in one run with the same b, and 2 values of d",
        ),
        (
            "threat_match",
            mapping,
            "",
            "the rule compares with indicators, and there are none: name their files with `indicators`",
        ),
        (
            "threat_match",
            mapping,
            "indicators: [lists/c.csv]\n",
            "events 1, 2 pass the query; no indicator has what the rule compares",
        ),
        (
            "query",
            list,
            "",
            "events 1, 2 pass the query; what leaves it out is an index pattern, a filter or an exception",
        ),
    ] {
        folder.file("r.toml", &rule(kind, more));
        let events = "[{ a: 1, b: 1 }, { a: 1, b: 1 }, { a: 2, b: 1 }]";
        folder.file("r.test.yaml", &format!("{head}tests:\n  - {{ name: n, events: {events}, expect: alert }}\n"));
        let run = tripline(&["test", &folder.path(""), "--engine", "native", "--output", "json"]);
        let report: Value = serde_json::from_str(&run.out).unwrap();
        let test = &report["files"][0]["tests"][0];
        assert!(test["notes"][0].as_str().unwrap_or_default().ends_with(note), "{kind}: {}", run.out);
        // A file of exceptions alone is no rule without tests.
        assert_eq!(report["untested"], serde_json::json!([]));
    }
}

/// The examples are tested, all of them, and nothing of them is left untested.
#[test]
fn the_tests_of_the_examples_pass() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/rules");
    let run = tripline(&["test", folder, "--engine", "native", "--coverage", "--output", "json"]);
    run.succeeds();
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let totals = &report["totals"];
    assert_eq!(report["untested"], serde_json::json!([]));
    assert_eq!(totals["conditions"], totals["reached"], "{:?}", report["coverage"]);
    for file in report["files"].as_array().unwrap() {
        let expected = |what: &str| file["tests"].as_array().unwrap().iter().any(|test| test["expected"] == what);
        assert!(expected("no alert"), "{} has no look-alike", file["path"]);
        assert!(expected("an alert") || expected("1 alert"), "{} has no alert", file["path"]);
    }
}
