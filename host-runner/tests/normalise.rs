//! `tripline normalise`, and raw records in the commands that evaluate rules.

use std::fs;
use std::process::{Command, Output};

const RECORD: &str = r#"{"event_simpleName":"ProcessRollup2","aid":"a","cid":"c","id":"i","event_platform":"Lin","timestamp":"1743508799999","ImageFileName":"/usr/bin/nc","CommandLine":"nc -l 1"}"#;
const EVENT: &str = r#"{"ecs":{"version":"8.11.0"},"event":{"category":"process"},"process":{"name":"nc"}}"#;
const RULE: &str = r#"process where event.type == "start" and process.name == "nc" and process.args == "-l""#;

fn tripline(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tripline")).args(args).output().expect("the command runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Files {
        let files = Files { folder: tempfile::tempdir().expect("a folder") };
        fs::write(files.path("records.ndjson"), format!("{RECORD}\n{EVENT}\n")).expect("a file");
        fs::write(files.path("rule.eql"), RULE).expect("a file");
        files
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

#[test]
fn records_are_shown_as_events() {
    let files = Files::new();
    let output = tripline(&["normalise", "--events", &files.path("records.ndjson")]);
    assert!(output.status.success());
    let event: serde_json::Value = serde_json::from_str(stdout(&output).trim()).expect("one event");
    assert_eq!(event["process.name"], "nc");
    assert_eq!(event["crowdstrike"]["aid"], "a");
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 of 2 events are no records of a known source"));

    let shown = |more: &[&str]| {
        let records = files.path("records.ndjson");
        let output = tripline(&[&["normalise", "--events", &records], more].concat());
        stdout(&output).trim().to_owned()
    };
    let rule = files.path("rule.eql");
    assert_eq!(
        shown(&["--rules", &rule]),
        r#"{"event.category":"process","event.type":"start","process.args":["nc","-l","1"],"process.name":"nc"}"#
    );
    assert_eq!(shown(&["--fields", "host.os.type,user.name"]), r#"{"host.os.type":"linux"}"#);
    let list = stdout(&tripline(&["normalise", "--list"]));
    assert!(list.contains("crowdstrike-fdr") && list.contains("kubernetes-audit"), "{list}");
}

#[test]
fn rules_match_records_unless_told_not_to() {
    let files = Files::new();
    let eval = |more: &[&str]| {
        let (rule, records) = (files.path("rule.eql"), files.path("records.ndjson"));
        let args = ["eval", "--rules", &rule, "--events", &records, "--output", "ndjson"];
        tripline(&[&args[..], more].concat())
    };
    let output = eval(&["--engine", "native"]);
    assert_eq!(stdout(&output), stdout(&eval(&["--engine", "wasm"])), "natively and in the sandbox");
    let alert: serde_json::Value = serde_json::from_str(stdout(&output).trim()).expect("one alert");
    assert_eq!(alert["process.executable"], "/usr/bin/nc");
    assert_eq!(alert["event.kind"], "signal");
    assert_eq!(stdout(&eval(&["--normalise", "off"])), "");
    assert_eq!(stdout(&eval(&["--normalise", "endgame"])), "");
    let unknown = eval(&["--normalise", "crowdstrike"]);
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(said.contains("there is no normaliser `crowdstrike`"), "{said}");
}

#[test]
fn own_files_come_first_and_their_mistakes_are_shown() {
    let files = Files::new();
    let (own, records) = (files.path("own.toml"), files.path("records.ndjson"));
    fs::write(&own, "name = \"own\"\nrecognise = { cid = true }\n[fields]\n\"process.name\" = { value = \"own\" }\n")
        .expect("a file");
    let output = tripline(&["normalise", "--events", &records, "--normalisers", &own, "--fields", "process.name"]);
    assert_eq!(stdout(&output).trim(), r#"{"process.name":"own"}"#);
    fs::write(&own, "name = \"own\"\nrecognise = { cid = true }\n[fields]\n\"a\" = { form = \"b\" }\n")
        .expect("a file");
    let output = tripline(&["normalise", "--events", &records, "--normalisers", &own]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("`form` is not known here; did you mean `from`?") && said.contains("own.toml:4"), "{said}");
}
