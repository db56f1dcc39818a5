//! What strangers send: each bad rule or event gives a clear error or a defined result, is counted, and leaves the rest of
//! the input to be evaluated. Through the command, in both engines, which have to agree on every word.

use std::fs;

use anyhow::{Context as _, Result, bail, ensure};
use rule_core::{CompileReport, Match};
use serde::Deserialize;
use serde_json::value::RawValue;
use tempfile::TempDir;
use tripline_tests::command::{ENGINES, Run, tripline};

/// A rule that the good events of these tests match.
const RULE: &str = "any where x == 1";

/// What `tripline eval --output json` prints. Alerts stay text: they hold the events as they came, and a strict reader
/// does not take every event that JSON's grammar allows.
#[derive(Debug, Deserialize)]
struct Document {
    report: CompileReport,
    events: u64,
    matches: Vec<Match>,
    alerts: Vec<Box<RawValue>>,
    rejected: u64,
    rejections: Vec<Rejected>,
}

#[derive(Debug, Deserialize)]
struct Rejected {
    line: u64,
    message: String,
}

/// What both engines answered.
#[derive(Debug)]
struct Answer {
    status: i32,
    stderr: String,
    document: Document,
}

impl Answer {
    /// Events, rejected ones included, and how many were rejected.
    fn counts(&self) -> (u64, u64) {
        (self.document.events, self.document.rejected)
    }

    /// The events that matched, counted from 0; dropped ones are not counted.
    fn matched(&self) -> Vec<u64> {
        self.document.matches.iter().map(|found| found.events[0]).collect()
    }

    /// The codes of all diagnostics.
    fn codes(&self) -> Vec<&str> {
        self.document.report.diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
    }
}

fn eval(rules: &[(&str, &str)], events: &[u8]) -> Result<Answer> {
    let folder = TempDir::new()?;
    let rules_folder = folder.path().join("rules");
    fs::create_dir(&rules_folder)?;
    for (name, text) in rules {
        fs::write(rules_folder.join(name), text)?;
    }
    let events_file = folder.path().join("events.ndjson");
    fs::write(&events_file, events)?;

    let run = |engine: &str| -> Result<Run> {
        let mut arguments = vec!["eval", "--engine", engine, "--output", "json"];
        let (rules, events) = (rules_folder.display().to_string(), events_file.display().to_string());
        arguments.extend(["--rules", &rules, "--events", &events]);
        tripline(arguments)
    };
    let [sandbox, native] = [run(ENGINES[0])?, run(ENGINES[1])?];
    ensure!(sandbox.status == native.status, "{sandbox:?}\n{native:?}");
    ensure!(sandbox.stdout == native.stdout, "the engines differ:\n{}\n{}", sandbox.stdout, native.stdout);
    let document = serde_json::from_str(&sandbox.stdout).with_context(|| sandbox.stdout.clone())?;
    Ok(Answer { status: sandbox.status, stderr: sandbox.stderr, document })
}

/// Good events around a bad one, which is on line 2.
fn around(bad: &[u8]) -> Vec<u8> {
    [b"{\"x\":1}\n", bad, b"\n{\"x\":2}\n{\"x\":1,\"last\":true}\n"].concat()
}

/// One bad event is rejected, on line 2, and the three others are evaluated.
fn is_rejected_alone(bad: &[u8]) -> Result<Answer> {
    let answer = eval(&[("rule.eql", RULE)], &around(bad))?;
    ensure!(answer.status == 0, "exit status {}: {}", answer.status, answer.stderr);
    ensure!(answer.counts() == (4, 1), "{answer:?}");
    let alerts = &answer.document.alerts;
    ensure!(alerts.len() == 2 && alerts[1].get().contains("\"last\":true"), "the rest was not evaluated: {answer:?}");
    let [Rejected { line: 2, message }] = answer.document.rejections.as_slice() else {
        bail!("a rejection of line 2 expected: {answer:?}");
    };
    ensure!(!message.is_empty(), "{answer:?}");
    ensure!(answer.stderr.contains(":2: ") && answer.stderr.contains(message.as_str()), "not told: {}", answer.stderr);
    Ok(answer)
}

#[test]
fn a_broken_rule() -> Result<()> {
    let broken = "any where x == \"unclosed\nand lenght(y) > 3";
    let answer = eval(&[("broken.eql", broken), ("good.eql", RULE)], &around(b"{}"))?;
    assert_eq!(answer.status, 1, "{}", answer.stderr);
    assert_eq!(answer.counts(), (4, 0));
    assert_eq!(answer.matched(), [0, 3], "the good rule still runs");
    assert!(answer.stderr.contains("broken.eql:1:16"), "the place is told: {}", answer.stderr);
    assert!(answer.stderr.contains("1 failed"), "it is counted: {}", answer.stderr);
    Ok(())
}

#[test]
fn a_rule_with_several_errors_tells_them_all() -> Result<()> {
    let broken = "any where nosuch(x) and lenght(y) > 3 and z : 5";
    let answer = eval(&[("broken.eql", broken), ("good.eql", RULE)], b"")?;
    assert_eq!(answer.codes(), ["unknown-function", "unknown-function", "type"]);
    assert!(answer.stderr.contains("length"), "the nearest name is suggested: {}", answer.stderr);
    Ok(())
}

#[test]
fn a_rule_file_that_is_not_text() -> Result<()> {
    let folder = TempDir::new()?;
    fs::write(folder.path().join("bad.eql"), b"any where x == \"\xff\xfe\"")?;
    fs::write(folder.path().join("good.eql"), RULE)?;
    fs::write(folder.path().join("events"), "{\"x\":1}\n")?;
    for engine in ENGINES {
        let path = |name: &str| folder.path().join(name).display().to_string();
        let run = tripline([
            "eval",
            "--engine",
            engine,
            "--rules",
            &path(""),
            "--events",
            &path("events"),
            "--output",
            "ndjson",
        ])?;
        assert_eq!(run.status, 1, "{run:?}");
        assert_eq!(run.ndjson()?.len(), 1, "the good rule still runs: {run:?}");
        assert!(run.stderr.contains("bad.eql"), "{run:?}");
    }
    Ok(())
}

#[test]
fn a_rule_nested_ten_thousand_deep() -> Result<()> {
    let deep = format!("any where {}x == 1{}", "(".repeat(10_000), ")".repeat(10_000));
    let nots = format!("any where {}x == 1", "not ".repeat(10_000));
    let minus = format!("any where x == {}1", "- ".repeat(10_000));
    let rules =
        [("deep.eql", deep.as_str()), ("good.eql", RULE), ("minus.eql", minus.as_str()), ("nots.eql", nots.as_str())];
    let answer = eval(&rules, &around(b"{}"))?;
    assert_eq!(answer.status, 1);
    assert_eq!(answer.matched(), [0, 3], "the good rule still runs");
    let diagnostics = &answer.document.report.diagnostics;
    for file in ["deep.eql", "minus.eql", "nots.eql"] {
        let found =
            diagnostics.iter().any(|diagnostic| diagnostic.code == "too-large" && diagnostic.path.ends_with(file));
        assert!(found, "{file}: {diagnostics:?}");
    }
    Ok(())
}

#[test]
fn an_event_nested_ten_thousand_deep() -> Result<()> {
    for (open, inside, close) in [("[", "", "]"), ("{\"a\":", "1", "}")] {
        let bad = format!("{{\"y\":{}{inside}{}}}", open.repeat(10_000), close.repeat(10_000));
        is_rejected_alone(bad.as_bytes())?;
        let bad = format!("{{\"x\":{}{inside}{}}}", open.repeat(10_000), close.repeat(10_000));
        is_rejected_alone(bad.as_bytes())?;
    }
    Ok(())
}

#[test]
fn an_event_nested_ten_thousand_deep_and_never_closed() -> Result<()> {
    let bad = format!("{{\"y\":{}", "[".repeat(10_000));
    is_rejected_alone(bad.as_bytes())?;
    Ok(())
}

#[test]
fn a_line_of_64_megabytes() -> Result<()> {
    let long = "a".repeat(64 << 20);
    let answer = is_rejected_alone(format!("{{\"x\":1,\"y\":\"{long}\"}}").as_bytes())?;
    let message = &answer.document.rejections[0].message;
    assert!(message.contains("limit") && message.contains("4194304"), "{message}");
    Ok(())
}

#[test]
fn a_line_of_64_megabytes_that_is_no_json() -> Result<()> {
    is_rejected_alone("a".repeat(64 << 20).as_bytes())?;
    Ok(())
}

#[test]
fn the_last_line_has_64_megabytes_and_no_end() -> Result<()> {
    let events = [b"{\"x\":1}\n{\"x\":\"".as_slice(), "a".repeat(64 << 20).as_bytes()].concat();
    let answer = eval(&[("rule.eql", RULE)], &events)?;
    assert_eq!(answer.counts(), (2, 1));
    assert_eq!(answer.matched(), [0]);
    Ok(())
}

#[test]
fn bytes_that_are_not_utf_8() -> Result<()> {
    for bad in [
        b"{\"x\":\"\xff\"}".as_slice(),
        b"{\"x\":\"caf\xe9\"}",
        b"{\"x\":\"\xc0\xaf\"}",
        b"{\"x\":\"\xed\xa0\x80\"}",
        b"{\"x\":\"\xf4\x90\x80\x80\"}",
        b"{\"x\":\"\xe2\x82",
        b"\xff\xfe{\x00}\x00",
    ] {
        is_rejected_alone(bad).with_context(|| format!("{bad:?}"))?;
    }
    Ok(())
}

#[test]
fn bytes_that_are_not_utf_8_where_no_rule_looks() -> Result<()> {
    is_rejected_alone(b"{\"x\":1,\"y\":\"\xff\"}")?;
    is_rejected_alone(b"{\"x\":1,\"\xff\":1}")?;
    Ok(())
}

#[test]
fn lone_surrogates_are_replacement_characters() -> Result<()> {
    let rule = r#"any where x == "a\u{fffd}b""#;
    let events = br#"{"x":"a\ud800b"}
{"x":"a\udc00b"}
{"x":"a\ud83d\ude00b"}
{"x":"a\ud800\u0062"}
{"x":"ab"}
"#;
    let answer = eval(&[("rule.eql", rule)], events)?;
    assert_eq!(answer.counts(), (5, 0));
    assert_eq!(answer.matched(), [0, 1, 3]);
    Ok(())
}

#[test]
fn both_values_of_a_duplicate_key_count() -> Result<()> {
    let events = br#"{"x":1,"x":2}
{"x":2,"x":1}
{"x":2,"x":2}
{"x":{"y":1},"x":1}
{"y":{"x":1},"y":{"x":1}}
"#;
    let answer = eval(&[("rule.eql", RULE)], events)?;
    assert_eq!(answer.counts(), (5, 0));
    assert_eq!(answer.matched(), [0, 1, 3]);
    Ok(())
}

/// A whole number beyond 64 bits is the nearest fraction; beyond the fractions there is only infinity.
#[test]
fn numbers_out_of_range() -> Result<()> {
    let events = br#"{"n":99999999999999999999}
{"n":-99999999999999999999}
{"n":9223372036854775807}
{"n":1e999}
{"n":-1e999}
{"n":1e-999}
{"n":7}
"#;
    let answer = eval(&[("rule.eql", "any where n > 9223372036854775807")], events)?;
    assert_eq!(answer.counts(), (7, 0), "{answer:?}");
    assert_eq!(answer.matched(), [0, 3]);
    let answer = eval(&[("rule.eql", "any where n < -9223372036854775807 or n == 0 or n == 7")], events)?;
    assert_eq!(answer.matched(), [1, 4, 5, 6]);
    Ok(())
}

#[test]
fn a_number_of_a_million_digits() -> Result<()> {
    let digits = "9".repeat(1_000_000);
    let events = format!("{{\"n\":{digits}}}\n{{\"n\":0.{digits}}}\n{{\"n\":1e{digits}}}\n{{\"n\":1}}\n");
    let answer = eval(&[("rule.eql", "any where n >= 1")], events.as_bytes())?;
    assert_eq!(answer.document.events, 4);
    assert!(answer.matched().contains(&3), "the rest is evaluated: {}", answer.stderr);
    Ok(())
}

#[test]
fn a_number_out_of_range_in_a_rule() -> Result<()> {
    let rules = [("a.eql", "any where n == 1e999"), ("good.eql", RULE)];
    let answer = eval(&rules, &around(b"{}"))?;
    assert_eq!(answer.status, 1);
    assert_eq!(answer.matched(), [0, 3]);
    assert_eq!(answer.codes(), ["number"]);
    Ok(())
}

/// Patterns on which a backtracking matcher does not come to an end. In the sandbox the deadline would stop it.
#[test]
fn endless_wildcard_patterns() -> Result<()> {
    let stars = "*a".repeat(60);
    let rules = [
        ("1.eql", format!("any where x like \"{stars}*b\"")),
        ("2.eql", format!("any where x : \"{}b\"", "*a?".repeat(60))),
        ("3.eql", "any where x regex \"(a*)*b\"".to_owned()),
        ("4.eql", "any where x regex~ \"(a|A|aa)+b\"".to_owned()),
        ("5.eql", "any where x regex \"(.*a){20}b\"".to_owned()),
        ("6.eql", format!("any where x like \"{stars}*\"")),
    ];
    let rules: Vec<(&str, &str)> = rules.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let long = "a".repeat(200_000);
    let events = format!("{{\"x\":\"{long}\"}}\n{{\"x\":\"{long}b\"}}\n{{\"x\":\"b\"}}\n");
    let answer = eval(&rules, events.as_bytes())?;
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    assert_eq!(answer.counts(), (3, 0));
    let mut found: Vec<(u64, u32)> =
        answer.document.matches.iter().map(|found| (found.events[0], found.rule)).collect();
    found.sort_unstable();
    // Only the sixth needs no `b` at the end; `(a*)*b` takes a `b` alone.
    assert_eq!(found, [(0, 5), (1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (2, 2)]);
    Ok(())
}

#[test]
fn a_regular_expression_too_large() -> Result<()> {
    let rules = [("a.eql", "any where x regex \"((a{1000}){1000}){1000}\""), ("good.eql", RULE)];
    let answer = eval(&rules, &around(b"{}"))?;
    assert_eq!(answer.status, 1);
    assert_eq!(answer.matched(), [0, 3], "the good rule still runs");
    assert!(["too-large", "pattern"].contains(&answer.codes()[0]), "{answer:?}");
    Ok(())
}

#[test]
fn what_is_no_event() -> Result<()> {
    for bad in [
        "hello",
        "{\"x\":}",
        "{x:1}",
        "{\"x\":1,}",
        "{\"x\":01}",
        "{\"x\":tru}",
        "{\"x\":\"a\\q\"}",
        "{\"x\" 1}",
        "7",
        "\"x\"",
    ] {
        is_rejected_alone(bad.as_bytes()).with_context(|| bad.to_owned())?;
    }
    Ok(())
}

#[test]
fn an_event_with_too_many_values() -> Result<()> {
    let bad = format!("{{\"x\":[{}1]}}", "1,".repeat(300_000));
    is_rejected_alone(bad.as_bytes())?;
    Ok(())
}

/// More rejections than are described are counted all the same.
#[test]
fn many_bad_events() -> Result<()> {
    let events = "oops\n".repeat(5_000) + "{\"x\":1}\n";
    let answer = eval(&[("rule.eql", RULE)], events.as_bytes())?;
    assert_eq!(answer.counts(), (5_001, 5_000));
    assert_eq!(answer.matched(), [5_000]);
    assert!(answer.document.rejections.len() < 5_000, "a flood of messages helps nobody");
    Ok(())
}

#[test]
fn a_search_counts_what_it_rejects() -> Result<()> {
    let folder = TempDir::new()?;
    let file = folder.path().join("events.ndjson").display().to_string();
    fs::write(&file, "{\"@timestamp\":1,\"x\":1}\nnot JSON\n{\"@timestamp\":2,\"x\":1}\n")?;
    for engine in ENGINES {
        let run = tripline(["search", RULE, "--engine", engine, "--events", &file, "--output", "json"])?;
        assert_eq!(run.status, 0, "{run:?}");
        assert_eq!(run.json()?["hits"]["events"].as_array().map(Vec::len), Some(2), "{run:?}");
        assert!(run.stderr.contains(":2:"), "{run:?}");
        let run = tripline(["search", "any where lenght(x) == 1", "--engine", engine, "--events", &file])?;
        assert_eq!(run.status, 1, "{run:?}");
        assert!(run.stderr.contains("length"), "{run:?}");
    }
    Ok(())
}

/// JSON's grammar allows what strict readers refuse. An event of that kind must not hide the alerts after it.
#[test]
fn alerts_of_odd_events_are_shown() -> Result<()> {
    let folder = TempDir::new()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("rule.eql"), RULE)?;
    // Deeper than what reads JSON for the table goes.
    let deep = format!(r#"{{"x":1,"y":{}{}}}"#, "[".repeat(300), "]".repeat(300));
    let odd = [
        r#"{"x":1,"y":"a\ud800b"}"#,
        r#"{"x":1,"y":1e999}"#,
        r#"{"x":1,"@timestamp":"\udc00"}"#,
        &deep,
        r#"{"x":1,"last":true}"#,
    ];
    fs::write(path("events"), odd.join("\n"))?;
    for engine in ENGINES {
        let run = tripline([
            "eval",
            "--engine",
            engine,
            "--rules",
            &path("rule.eql"),
            "--events",
            &path("events"),
            "--output",
            "table",
        ])?;
        assert_eq!(run.status, 0, "{run:?}");
        assert_eq!(run.stdout.lines().filter(|line| line.contains("low")).count(), odd.len(), "{run:?}");
        let run = tripline(["search", RULE, "--engine", engine, "--events", &path("events"), "--output", "table"])?;
        assert_eq!(run.status, 0, "{run:?}");
        assert_eq!(run.stdout.lines().filter(|line| line.contains(" events  ")).count(), odd.len(), "{run:?}");
        let json =
            ["eval", "--engine", engine, "--rules", &path("rule.eql"), "--events", &path("events"), "--output", "json"];
        let run = tripline(json)?;
        assert_eq!(run.status, 0, "{run:?}");
        assert_eq!(run.stdout.matches("kibana.alert.uuid").count(), odd.len(), "{run:?}");
    }
    Ok(())
}
