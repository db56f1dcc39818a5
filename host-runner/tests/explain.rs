//! `tripline explain` as it looks. `TRIPLINE_BLESS=1` writes the pictures anew; look at them before you keep them.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};

use common::{Folder, Run, command, tripline, tripline_with};
use rule_core::Explanation;

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain").join(name).to_str().unwrap().to_owned()
}

/// Compares with, or writes, a picture.
fn golden(name: &str, run: &Run) {
    let path = PathBuf::from(data(name));
    // Where the checkout lies is not part of the picture.
    let folder = data("");
    let out = run.out.replace(folder.as_str(), "");
    if std::env::var_os("TRIPLINE_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, out).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(out, expected, "{name} is not as it was; TRIPLINE_BLESS=1 makes it anew");
}

fn explain(rule: &str, events: &str, more: &[&str]) -> Run {
    let (rule, events) = (data(rule), data(events));
    let fixed = ["explain", "--engine", "native", "--output", "tree", "--rule", &rule, "--event", &events];
    tripline(&[&fixed[..], more].concat())
}

#[test]
fn trees_for_a_wide_and_a_narrow_terminal() {
    for (name, more) in [
        ("miner-100.txt", &["--width", "100"][..]),
        ("miner-60.txt", &["--width", "60"]),
        ("miner-full.txt", &["--width", "120", "--full", "--only", "2"]),
    ] {
        let run = explain("miner.toml", "events.ndjson", more);
        run.succeeds();
        let width = more[1].parse::<usize>().unwrap();
        let too_wide = run.out.lines().find(|line| line.chars().count() > width && !line.contains("tests/explain"));
        assert_eq!(too_wide, None, "{name}");
        golden(name, &run);
    }
}

#[test]
fn sequences_are_shown_term_by_term() {
    let run = explain("beacon.eql", "beacon.ndjson", &["--width", "100"]);
    run.succeeds();
    golden("beacon.txt", &run);
}

/// Every key with what became of it; of some events of a data set nothing is said.
#[test]
fn what_became_of_each_key_is_told() {
    let run = explain("steps.eql", "steps.ndjson", &["--width", "100"]);
    run.succeeds();
    golden("steps.txt", &run);
    let run = explain("steps.eql", "steps.ndjson", &["--only", "1"]);
    run.succeeds();
    assert!(!run.out.contains("in all events"), "{}", run.out);
}

/// Index patterns, filters, exceptions, and what the rule's type asks: what holds an event back that the query takes.
#[test]
fn what_holds_an_event_back_is_told() {
    for (name, more) in [
        ("held-100.txt", &["--width", "100"][..]),
        ("held-60.txt", &["--width", "60", "--only", "3,4,5"]),
        ("held-full.txt", &["--width", "120", "--full", "--only", "1"]),
    ] {
        let run = explain("held.ndjson", "held-events.ndjson", more);
        run.succeeds();
        golden(name, &run);
    }
    // Where events do not say theirs, the command does.
    let run = explain("held.ndjson", "held-events.ndjson", &["--only", "8", "--index", "logs-x"]);
    assert!(run.out.contains("✗ index        the event's data stream logs-x is not among"), "{}", run.out);
}

#[test]
fn exceptions_may_be_in_another_file_and_a_disabled_rule_says_so() {
    let folder = Folder::new();
    let text = std::fs::read_to_string(data("held.ndjson")).unwrap();
    let (rule, items) = text.split_once('\n').unwrap();
    let rule = folder.file("rule.ndjson", &rule.replacen('{', "{\"enabled\":false,", 1));
    let (items, events) = (folder.file("list.ndjson", items), data("held-events.ndjson"));
    let fixed = ["explain", "--engine", "native", "--output", "tree", "--rule", &rule, "--event", &events];
    let run = tripline(&fixed);
    assert!(run.err.contains("no file has the rule's exception list build"), "{}", run.err);
    assert!(run.out.contains("the rule does not run: disabled in its file"), "{}", run.out);
    let run = tripline(&[&fixed[..], &["--exceptions", &items]].concat());
    assert_eq!(run.err, "");
    assert!(run.out.contains("the exception \"build machines\" takes it away"), "{}", run.out);
    let run = tripline(&[&fixed[..], &["--exceptions", "/nowhere"]].concat());
    assert_eq!(run.code, 2, "{}", run.err);
}

#[test]
fn colour_marks_what_decides() {
    for (name, rule, events, only) in [
        ("miner-colour.ansi", "miner.toml", "events.ndjson", "2"),
        ("held-colour.ansi", "held.ndjson", "held-events.ndjson", "4"),
    ] {
        let output = command()
            .args(["explain", "--engine", "native", "--output", "tree", "--width", "90", "--only", only])
            .args(["--rule", &data(rule), "--event", &data(events)])
            .env("CLICOLOR_FORCE", "1")
            .output()
            .unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(out.contains('\x1b'), "{out}");
        golden(name, &Run { code: output.status.code().unwrap(), out, err: String::new() });
    }
}

#[test]
fn many_events_are_listed() {
    let folder = Folder::new();
    let event = |n: usize| format!(r#"{{"@timestamp":"2026-03-01T10:00:{n:02}Z","n":{n},"name":"x{n}"}}"#);
    let events: Vec<String> = (0..12).map(event).collect();
    let events = folder.file("events.json", &format!("[{}]", events.join(",\n")));
    let explain = |more: &[&str]| {
        let query = "any where n == 3 or n == 40 and name == \"X4\"";
        let run = tripline(
            &[&["explain", query, "--event", &events, "--output", "tree", "--engine", "native"], more].concat(),
        );
        run.succeeds();
        run.out.replace(&folder.path("events.json"), "events.json")
    };
    let listed = explain(&[]);
    golden("listed.txt", &Run { code: 0, out: listed, err: String::new() });
    let chosen = explain(&["--only", "4,12"]);
    assert!(
        chosen.contains("✓ event 4") && chosen.contains("✗ event 12") && chosen.contains("events.json:12"),
        "{chosen}"
    );
    let limited = explain(&["--max-explained-events", "2"]);
    assert!(limited.contains("✗ event 2") && !limited.contains("event 3"), "{limited}");
    assert!(
        limited.contains("there are more events, which are not explained (see --max-explained-events)"),
        "{limited}"
    );
}

#[test]
fn data_is_the_same_from_both_engines_and_any_input() {
    let (rule, events) = (data("miner.toml"), data("events.ndjson"));
    let run = |engine: &str| {
        let run = tripline(&["explain", "--engine", engine, "--rule", &rule, "--event", &events]);
        run.succeeds();
        run.out
    };
    let native = run("native");
    assert_eq!(run("wasm"), native);
    let held = |engine: &str| {
        tripline(&[
            "explain",
            "--engine",
            engine,
            "--rule",
            &data("held.ndjson"),
            "--event",
            &data("held-events.ndjson"),
        ])
    };
    assert_eq!(held("wasm").out, held("native").out);
    let explanation: Explanation = serde_json::from_str(&native).unwrap();
    let matched: Vec<_> =
        explanation.events.iter().map(|event| event.terms.first().is_some_and(|t| t.matched)).collect();
    assert_eq!(matched, [true, false, false, false, false]);
    assert!(explanation.events[4].rejected.is_some());

    let text = std::fs::read(&events).unwrap();
    let piped = tripline_with(&["explain", "--engine", "native", "--rule", &rule, "--event", "-"], &text);
    assert_eq!(piped.out, native);
    let rule_text = std::fs::read(&rule).unwrap();
    let only = ["explain", "--engine", "native", "--rule", "-", "--event", &events, "--only", "3"];
    let explanation: Explanation = serde_json::from_str(&tripline_with(&only, &rule_text).out).unwrap();
    assert_eq!(explanation.events.iter().map(|event| event.event).collect::<Vec<_>>(), [2]);
}

#[test]
fn mistakes_are_told() {
    let events = data("events.ndjson");
    for engine in ["native", "wasm"] {
        let run = tripline(&["explain", "any where process.nam ==", "--event", &events, "--engine", engine]);
        assert_eq!((run.code, run.out.as_str()), (1, ""));
        assert!(run.err.contains("error[syntax]") && run.err.contains("<query>:1:"), "{}", run.err);
    }
    let run = tripline(&["explain", "any where proces.name == \"a\"", "--event", &events, "--engine", "native"]);
    run.succeeds();
    assert!(run.err.contains("did you mean `process.name`?"), "{}", run.err);
    for (args, message) in [
        (&["explain", "any where true"][..], "--event"),
        (&["explain", "--event", &events], "QUERY"),
        (&["explain", "any where true", "--event", &events, "--only", "0"], "0"),
        (
            &["explain", "any where true", "--event", &events, "--only", "9", "--engine", "native"],
            "there is no event 9",
        ),
        (&["explain", "any where true", "--event", "/nowhere"], "cannot read"),
        (&["explain", "--rule", "-", "--event", "-"], "only once"),
    ] {
        let run = tripline(args);
        assert_eq!(run.code, 2, "{args:?}: {}", run.err);
        assert!(run.err.contains(message), "{args:?}: {}", run.err);
    }
}
