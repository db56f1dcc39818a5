use std::fs;

use serde_json::json;

use super::*;

/// Reads a test file beside `e.test.ndjson`, which has two events and an empty line between them.
fn read(text: &str) -> Result<TestFile, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.test.yaml");
    fs::write(&path, text).unwrap();
    fs::write(folder.path().join("e.test.ndjson"), "{\"a\":1,\"@timestamp\":\"2026-01-01\"}\n\n{\"a\":{\"b\":2}}\n")
        .unwrap();
    fs::write(folder.path().join("bad.test.ndjson"), "{\"a\":1}\n[]\n").unwrap();
    let strip = |error: FormatError| error.to_string().replace(&format!("{}:", path.display()), "");
    TestFile::read(&path, 2000).map_err(strip)
}

/// A test with these events.
fn events(events: &str) -> Result<Vec<(Value, When)>, String> {
    let file = read(&format!("defaults: {{ d.e: 1 }}\ntests:\n  - name: n\n    expect: none\n    events:\n{events}"))?;
    let event = |step: &Step| match step {
        Step::Event { document, when, .. } => (document.clone(), *when),
        Step::Advance(millis) => (json!({ "advance": millis }), When::Next),
    };
    Ok(file.cases[0].steps.iter().map(event).collect())
}

#[test]
fn events_have_defaults_and_times() {
    assert_eq!(
        events(
            "      - { a.b: yes, at: 1m 30s }\n      - { d: { e: null, f: [1] } }\n      - { advance: 10m }\n      - { '@timestamp': 2026-03-01 }\n"
        ),
        Ok(vec![
            (json!({"a": {"b": "yes"}, "d": {"e": 1}}), When::At(90_000)),
            (json!({"d": {"f": [1]}}), When::Next),
            (json!({"advance": 600_000}), When::Next),
            (json!({"d": {"e": 1}, "@timestamp": "2026-03-01"}), When::Document),
        ])
    );
}

#[test]
fn recorded_events_are_as_they_are() {
    assert_eq!(
        events("      - from: e.test.ndjson\n      - { from: e.test.ndjson, line: 3, at: 0, a.c: 5 }\n"),
        Ok(vec![
            (json!({"a": 1, "@timestamp": "2026-01-01"}), When::Document),
            (json!({"a": {"b": 2}}), When::Next),
            (json!({"a": {"b": 2, "c": 5}}), When::At(0)),
        ])
    );
}

#[test]
fn variants_are_tests_of_their_own() {
    let text = "tests:
  - name: n
    events: [{ a: 1, b: 2 }]
    expect: alert
    variants:
      alert:
        - { a: 3 }
      none:
        - { a: null, b: [x, y] }
";
    let file = read(text).unwrap();
    let told: Vec<_> = file.cases.iter().map(|case| (case.name.as_str(), case.line, case.expect.describe())).collect();
    assert_eq!(
        told,
        [
            ("n", 2, "an alert".to_owned()),
            ("n (a: 3)", 7, "an alert".to_owned()),
            ("n (a: null, b: [\"x\",\"y\"])", 9, "no alert".to_owned())
        ]
    );
    assert!(matches!(&file.cases[2].steps[0], Step::Event { document, .. } if *document == json!({"b": ["x", "y"]})));
}

/// Each mistake with its place, and what to do.
#[test]
fn mistakes_have_a_place() {
    let test = |body: &str| format!("tests:\n  - name: n\n{body}");
    let event = |event: &str| test(&format!("    expect: none\n    events:\n      - {event}\n"));
    for (text, message) in [
        (
            "test: []\n".to_owned(),
            "1:1: there is no key `test` here, only `rule`, `indicators`, `value_lists`, `defaults`, `tests`; did you mean `tests`?",
        ),
        ("tests: []\n".into(), "1:8: there are no tests"),
        ("indicators: [a.csv]\ntests: []\n".into(), "there are no tests"),
        (
            format!("value_lists: [e.test.ndjson, no.txt]\n{}", test("    expect: none\n    events: [{ a: 1 }]\n")),
            "1:30: `no.txt`: cannot be read",
        ),
        ("tests:\n  - name: a\n    expect: none\n".into(), "missing field `events`"),
        (test("    expects: none\n    events: []\n"), "3:5: there is no key `expects` here"),
        (test("    expect: none\n    events: []\n"), "4:13: the test `n` has no events"),
        (test("    expect: alerts\n    events: [{ a: 1 }]\n"), "3:13: `alerts` cannot be expected: write `alert`"),
        (test("    expect: -1\n    events: [{ a: 1 }]\n"), "3:13: expect `alert`, `none`"),
        (test("    expect: [{ field: { a: 1 } }]\n    events: [{ a: 1 }]\n"), "did you mean `fields`?"),
        (test("    expect: [{ events: [x] }]\n    events: [{ a: 1 }]\n"), "`events` is a list of numbers"),
        (
            test("    expect: none\n    fields: { a: 1 }\n    events: [{ a: 1 }]\n"),
            "4:13: the test `n` expects no alert",
        ),
        (
            test("    expect: alert\n    fields: { a: { like: 1 } }\n    events: [{ a: 1 }]\n"),
            "4:13: `a` asks for neither",
        ),
        (
            test("    expect: none\n    events: [{ a: 1 }]\n    exceptions: [{ entires: [] }]\n"),
            "did you mean `entries`?",
        ),
        (
            test("    expect: none\n    events: [{ a: 1 }, { a: 2 }]\n    variants: { none: [{ a: 3 }] }\n"),
            "5:15: `variants` change the event of a test, which must have one event",
        ),
        (test("    expect: none\n    events: [{ a: 1 }]\n    variants: { nones: [] }\n"), "did you mean `none`?"),
        (event("{ a: 1 }\n  - name: n\n    events: [{ a: 1 }]\n    expect: none"), "6:11: there is another test `n`"),
        (event("{ a: 1, a: 2 }"), "5:17"),
        (event("{ a: 1, a.b: 2 }"), "5:9: the field `a.b` is given twice"),
        (event("{ a: 1, at: soon }"), "5:9: `at`: `soon` is not a duration"),
        (event("{ a: 1, at: 9000d }"), "more than a year"),
        (event("{ at: 1s, '@timestamp': 2026-01-01 }"), "5:9: an event has `at` or `@timestamp`, not both"),
        (event("{ a: 1, advance: 1s }"), "5:9: `advance` stands alone"),
        (event("{ line: 1 }"), "5:9: `line` is for `from`"),
        (
            event("{ file: e.test.ndjson }"),
            "5:9: `file` is a field here, and an object: to read events write `from: e.test.ndjson`",
        ),
        (event("{ from: no.ndjson }"), "5:9: `no.ndjson`: cannot be read"),
        (event("{ from: e.test.ndjson, line: 2 }"), "5:9: `e.test.ndjson` has no event on line 2"),
        (event("{ from: e.test.ndjson, line: x }"), "5:9: `line` is the number of a line"),
        (event("{ from: bad.test.ndjson }"), "5:9: line 2 of `bad.test.ndjson` is not a JSON object"),
        ("tests: [\n".into(), "1:"),
        (
            test(&format!(
                "    expect: none\n    events: [{{ a: {} }}]\n    variants: {{ none: [{}] }}\n",
                "x".repeat(1000),
                "{ b: 1 }, ".repeat(40)
            )),
            "the events have more than 32000 bytes together",
        ),
        (format!("# {}\n", "x".repeat(2000)), "more than 2000 bytes (see --max-test-bytes)"),
    ] {
        let error = read(&text).expect_err(&text);
        assert!(error.contains(message), "{text}\n{error}");
    }
}
