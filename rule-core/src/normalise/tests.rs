use rule_syntax::normaliser::{Kind, Step, Unit};

use super::{Normaliser, steps};
use crate::{CompileOptions, Limits, Session, SessionOptions, Source, compile};

fn run(list: &[Step], text: &str) -> Vec<(String, Kind)> {
    let mut out = Vec::new();
    steps::run(list, text, Kind::String, &mut |text, kind| out.push((text.to_owned(), kind)));
    out
}

fn texts(step: Step, text: &str) -> Vec<String> {
    run(&[step], text).into_iter().map(|(text, _)| text).collect()
}

#[test]
fn each_step() {
    let s = |text: &str| text.to_owned();
    let cases: Vec<(Step, &str, &[&str])> = vec![
        (Step::Basename, r"C:\Windows\a.exe", &["a.exe"]),
        (Step::Basename, "/usr/bin/nc", &["nc"]),
        (Step::Basename, "nc", &["nc"]),
        (Step::Dirname, r"C:\Windows\a.exe", &[r"C:\Windows"]),
        (Step::Dirname, "/init", &["/"]),
        (Step::Dirname, "nc", &[]),
        (Step::Extension, "/a.d/b.tar.gz", &["gz"]),
        (Step::Extension, "/a.d/b", &[]),
        (Step::Lowercase, "ÄB", &["äb"]),
        (Step::Uppercase, "äb", &["ÄB"]),
        (Step::Trim, " a b ", &["a b"]),
        (Step::Unquote, "\"a b\"", &["a b"]),
        (Step::Unquote, "\"", &["\""]),
        (
            Step::Args,
            r#""C:\a b\c.exe" -x  "" "d\"e" f\\"g h" i"#,
            &[r"C:\a b\c.exe", "-x", "", r#"d"e"#, r"f\g h", "i"],
        ),
        (Step::Args, "sh\t-c 'a'", &["sh", "-c", "'a'"]),
        (Step::Args, "  ", &[]),
        (Step::Integer, "0x1F", &["31"]),
        (Step::Integer, " 12 ", &["12"]),
        (Step::Integer, "18446744073709551615", &["18446744073709551615"]),
        (Step::Integer, "99999999999999999999", &[]),
        (Step::Integer, "a", &[]),
        (Step::Hex, "1f", &["31"]),
        (Step::Hex, "0x1f", &["31"]),
        (Step::Boolean, "Yes", &["true"]),
        (Step::Boolean, "0", &["false"]),
        (Step::Boolean, "maybe", &[]),
        (Step::Unhex, "6E63002D6C", &["nc -l"]),
        (Step::Unhex, "nc", &["nc"]),
        (Step::Unhex, "ff", &["ff"]),
        (Step::Before(s("\\")), r"NT AUTHORITY\SYSTEM", &["NT AUTHORITY"]),
        (Step::After(s("\\")), r"NT AUTHORITY\SYSTEM", &["SYSTEM"]),
        (Step::After(s("\\")), "SYSTEM", &[]),
        (Step::Prefix(s("::ffff:")), "::ffff:10.0.0.1", &["10.0.0.1"]),
        (Step::Suffix(s(".")), "example.com.", &["example.com"]),
        (Step::Device(s("C:")), r"\Device\HarddiskVolume12\Windows\a.exe", &[r"C:\Windows\a.exe"]),
        (Step::Device(s("C:")), r"\Device\Mup\a.exe", &[r"\Device\Mup\a.exe"]),
        (Step::Device(s("C:")), "\\Device\\Harddiskä", &["\\Device\\Harddiskä"]),
        (Step::Split(s(",")), "25, 27", &["25", "27"]),
        (Step::Pair(s("MD5")), "SHA1=aa,MD5=bb", &["bb"]),
        (Step::Pair(s("SHA256")), "SHA1=aa,MD5=bb", &[]),
        (Step::Drop(vec![s("-"), s("")]), "-", &[]),
        (Step::Drop(vec![s("-")]), "a", &["a"]),
    ];
    for (step, text, wanted) in cases {
        assert_eq!(texts(step.clone(), text), wanted, "{step:?} of {text}");
    }
    assert_eq!(run(&[Step::Integer], "7"), [(s("7"), Kind::Number)]);
    assert_eq!(run(&[Step::Integer, Step::String], "7"), [(s("7"), Kind::String)]);
}

#[test]
fn dates() {
    for (unit, text, wanted) in [
        (Unit::Seconds, "1604829512.519", Some("2020-11-08T09:58:32.519Z")),
        (Unit::Millis, "1604855242091", Some("2020-11-08T17:07:22.091Z")),
        (Unit::Micros, "1604855242091234", Some("2020-11-08T17:07:22.091234000Z")),
        (Unit::Nanos, "1604855242091000000", Some("2020-11-08T17:07:22.091Z")),
        (Unit::Filetime, "131485996510000000", Some("2017-08-30T20:47:31.000Z")),
        (Unit::Auto, "131485996510000000", Some("2017-08-30T20:47:31.000Z")),
        (Unit::Auto, "1604829512", Some("2020-11-08T09:58:32.000Z")),
        (Unit::Millis, "2020-05-24 23:50:06.989", Some("2020-05-24T23:50:06.989Z")),
        (Unit::Date, "2022-12-08T00:48:58+01:00", Some("2022-12-07T23:48:58.000Z")),
        (Unit::Date, "1604829512", None),
        (Unit::Seconds, "18:32:29.470", None),
        (Unit::Seconds, "99999999999999999999", None),
        (Unit::Seconds, "", None),
        (Unit::Filetime, "0", Some("1601-01-01T00:00:00.000Z")),
    ] {
        let found = texts(Step::Time(unit), text);
        assert_eq!(found.first().map(String::as_str), wanted, "{unit:?} of {text}");
    }
}

const FILE: &str = r#"
name = "sensor"
title = "A sensor"
within = ["payload"]
record = "sensor"
recognise = [{ sensor = true, kind = ["exec", "net*"] }]

[when]
exec = { kind = ["*xe*"] }
other = { kind = ["net*"] }

[fields]
"event.category" = { from = "kind", map = { exec = ["process", "host"] }, otherwise = "network" }
"event.type" = [{ value = "start", when = "exec" }, { value = ["connection", "start"], when = ["other"] }]
"process.name" = { from = ["name", "image"], steps = ["basename"] }
"process.pid" = { from = "pid", steps = ["integer"] }
"process.args" = { from = "cmd", steps = ["args"] }
"process.args_count" = { from = "cmd", steps = ["args"], count = true }
"url.full" = { from = ["host", "path"], join = "/" }
"_index" = { value = "sensor-1" }
"raw.*" = { from = "extra.*" }
"#;

fn normaliser(text: &str) -> Normaliser {
    let file = Source { path: "sensor.toml".into(), text: text.into() };
    Normaliser::new(&[file], None, Limits::default()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn shown(text: &str, record: &str) -> Option<serde_json::Value> {
    let found = normaliser(text).normalise(record.as_bytes()).expect("the record is JSON");
    found.map(|found| serde_json::from_str(&found.event).expect("JSON"))
}

#[test]
fn a_record_becomes_an_event() {
    let record = r#"{"sensor":1,"payload":{"kind":"exec","image":"/bin/sh","cmd":"sh -c \"a b\"","pid":"0x10"},
        "host":"h","path":"p","name":"","extra":{"a":[1]}}"#;
    let mut event = shown(FILE, record).expect("it is recognised");
    assert_eq!(event["_index"], "sensor-1");
    let event = event["_source"].take();
    assert_eq!(event["event.category"], serde_json::json!(["process", "host"]));
    assert_eq!(event["event.type"], "start");
    assert_eq!(event["process.name"], "sh");
    assert_eq!(event["process.pid"], 16);
    assert_eq!(event["process.args"], serde_json::json!(["sh", "-c", "a b"]));
    assert_eq!(event["process.args_count"], 3);
    assert_eq!(event["url.full"], "h/p");
    assert_eq!(event["raw"], serde_json::json!({"a": [1]}));
    assert_eq!(event["sensor"]["payload"]["pid"], "0x10");
}

#[test]
fn what_is_no_record_is_left_alone() {
    for record in [
        r#"{"sensor":1,"kind":"other"}"#,
        r#"{"sensor":null,"kind":"exec"}"#,
        r#"{"sensor":1,"kind":"exec","event":{"category":"process"}}"#,
        r#"{"sensor":1,"kind":"exec","ecs.version":"8.11.0"}"#,
        "{}",
    ] {
        assert_eq!(shown(FILE, record), None, "{record}");
    }
    assert!(shown(FILE, r#"{"sensor":1,"kind":"network"}"#).is_some());
}

#[test]
fn rules_see_what_is_shown() {
    let rule = r#"any where event.category == "process" and process.pid == 16 and process.args_count > 2 and
        process.args : "a B" and sensor.payload.pid == "0x10" and raw.a == 1 and kind == null"#;
    let rule = Source { path: "rule.eql".into(), text: rule.into() };
    let file = Source { path: "sensor.toml".into(), text: FILE.into() };
    let options = CompileOptions { normalisers: vec![file], ..CompileOptions::default() };
    let (rules, report) = compile(&[rule], &options);
    assert!(!report.has_errors(), "{report:?}");
    let mut session = Session::open(rules.into(), SessionOptions { alerts: true, ..SessionOptions::default() });
    let record = r#"{"sensor":1,"payload":{"kind":"exec","cmd":"sh -c \"a b\"","pid":"0x10"},"extra":{"a":[1]}}"#;
    let outcome = session.evaluate(record.as_bytes());
    assert_eq!(outcome.matches.len(), 1, "{outcome:?}");
    let alert: serde_json::Value = serde_json::from_str(outcome.alerts.trim()).expect("an alert");
    assert_eq!(alert["process.pid"], 16);
    assert_eq!(alert["event.kind"], "signal");
    assert_eq!(alert["sensor"]["payload"]["kind"], "exec");
    assert_eq!(alert["kibana.alert.ancestors"][0]["index"], "sensor-1");
}

#[test]
fn limits_are_kept() {
    let record = r#"{"sensor":1,"kind":"exec","cmd":"a b c d e f g h"}"#;
    let file = Source { path: String::new(), text: FILE.into() };
    let limits = Limits { max_derived_bytes: 10, ..Limits::default() };
    let mut few = Normaliser::new(std::slice::from_ref(&file), None, limits).expect("the file has no errors");
    let (_, message) = few.normalise(record.as_bytes()).expect_err("more than ten bytes");
    assert_eq!(message, "a normalised event has more than 10 bytes of derived text");
    let limits = Limits { max_event_values: 7, ..Limits::default() };
    let mut few = Normaliser::new(std::slice::from_ref(&file), None, limits).expect("the file has no errors");
    let (_, message) = few.normalise(record.as_bytes()).expect_err("eight arguments");
    assert_eq!(message, "a normalised event has more than 7 values");
    let limits = Limits { max_normaliser_fields: 3, ..Limits::default() };
    let errors = Normaliser::new(std::slice::from_ref(&file), None, limits).expect_err("too many fields");
    assert_eq!(errors[0].message, "the file has more than 3 ways to find fields");
    let limits = Limits { max_normalisers: 0, ..Limits::default() };
    let errors = Normaliser::new(&[file], None, limits).expect_err("too many files");
    assert_eq!(errors[0].message, "more than 0 normalisers");
}
