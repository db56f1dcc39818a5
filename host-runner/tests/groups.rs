//! Sequences in `tripline eval` and `tripline search`: what people read, and what programs do.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use common::collector::PATIENCE;
use common::{Folder, command, tripline, tripline_with};
use serde_json::Value;

const QUERY: &str = r#"sequence by host.name, user.name with maxspan=1d
  [process where process.name == "curl"]
  [file where file.name : "*.service"]"#;

const RULE: &str = r#"
[rule]
name = "Service file after a download"
rule_id = "0b0e7f0c-6f5c-4b3a-9b57-1f5f1f7f2a11"
description = "A download, then a service file."
type = "eql"
language = "eql"
severity = "high"
risk_score = 73
query = '''
QUERY
'''
"#;

const EVENTS: &str = r#"
{"@timestamp":"2026-01-02T23:59:05.678Z","event":{"category":["process"]},"process":{"name":"curl","command_line":"curl -O http://192.0.2.7/x"},"host":{"name":"web-1"},"user":{"name":"root"}}
{"@timestamp":"2026-01-03T00:00:15.700Z","event":{"category":["file"],"action":"creation"},"file":{"name":"x.service","path":"/etc/systemd/system/x.service"},"process":{"name":"tar"},"host":{"name":"web-1"},"user":{"name":"root"}}
{"@timestamp":"2026-01-03T00:00:20.000Z","event":{"category":["process"]},"process":{"name":"curl"},"host":{"name":"web-2"},"user":{"name":"ann"}}
{"@timestamp":"2026-01-03T00:00:20.250Z","event":{"category":["file"],"action":"creation"},"file":{"name":"y.service","path":"/etc/systemd/system/y.service"},"host":{"name":"web-2"},"user":{"name":"ann"}}
"#;

fn files() -> (Folder, String, String) {
    let folder = Folder::new();
    let rule = folder.file("rule.toml", &RULE.replace("QUERY", QUERY));
    let events = folder.file("events.ndjson", EVENTS.trim_start());
    (folder, rule, events)
}

#[test]
fn a_sequence_of_alerts_is_a_row_with_its_events_below() {
    let (_folder, rule, events) = files();
    for engine in ["wasm", "native"] {
        let run = tripline(&["eval", "--engine", engine, "--rules", &rule, "--events", &events, "--output", "table"]);
        run.succeeds();
        let (table, summary) = run.out.trim_end().rsplit_once('\n').unwrap();
        assert_eq!(
            table,
            "\
TIME                  SEVERITY  RULE                           HOST              WHAT HAPPENED
2026-01-02T23:59:05Z  high      Service file after a download  web-1             2 events in 1m 10s, joined by web-1, root
├─ 23:59:05.678Z      curl -O http://192.0.2.7/x (root)
└─ 01-03T00:00:15Z    creation /etc/systemd/system/x.service by tar (root)
2026-01-03T00:00:20Z  high      Service file after a download  web-2             2 events in 250ms, joined by web-2, ann
├─ 00:00:20.000Z      curl (ann)
└─ 00:00:20.250Z      creation /etc/systemd/system/y.service (ann)"
        );
        assert!(summary.starts_with("4 events, 2 matches, 0 rejected"), "{summary}");
    }
}

#[test]
fn events_of_several_hosts_name_theirs() {
    let (folder, _, events) = files();
    let rule =
        folder.file("pair.eql", "sequence [process where user.name == \"root\"] [process where user.name == \"ann\"]");
    let run = tripline(&["eval", "--engine", "native", "--rules", &rule, "--events", &events, "--output", "table"]);
    run.succeeds();
    let rows: Vec<&str> = run.out.lines().collect();
    assert!(rows[1].contains("2 hosts") && rows[1].ends_with("2 events in 1m 14s"), "{}", run.out);
    assert!(rows[2].starts_with("├─ 23:59:05.678Z      web-1: curl -O"), "{}", run.out);
    assert!(rows[3].starts_with("└─ 01-03T00:00:20Z    web-2: curl (ann)"), "{}", run.out);
}

#[test]
fn a_sequence_found_is_a_row_with_its_events_below() {
    let (_folder, _, events) = files();
    let missing = "sequence by host.name with maxspan=1h [process where true] ![registry where true] [file where true]";
    for (query, between) in [(QUERY, false), (missing, true)] {
        let run = tripline(&["search", query, "--engine", "native", "--events", &events, "--output", "table"]);
        run.succeeds();
        let keys = if between { ["web-1", "web-2"] } else { ["web-1, root", "web-2, ann"] };
        let gap = if between { format!("├─{:66}(missing)\n", "") } else { String::new() };
        assert_eq!(
            run.out,
            format!(
                "\
TIME                  INDEX             ID        HOST              WHAT HAPPENED
2026-01-02T23:59:05Z                              web-1             2 events in 1m 10s, joined by {}
├─ 23:59:05.678Z      events            1         web-1             curl -O http://192.0.2.7/x (root)
{gap}└─ 01-03T00:00:15Z    events            2         web-1             creation /etc/systemd/system/x.service by tar (root)
2026-01-03T00:00:20Z                              web-2             2 events in 250ms, joined by {}
├─ 00:00:20.000Z      events            3         web-2             curl (ann)
{gap}└─ 00:00:20.250Z      events            4         web-2             creation /etc/systemd/system/y.service (ann)
2 sequences found
",
                keys[0], keys[1]
            )
        );
    }
}

#[test]
fn times_are_of_the_field_that_orders_events() {
    let folder = Folder::new();
    let events = folder.file("e.ndjson", "{\"seen\":{\"at\":\"2026-01-02T03:04:05Z\"},\"message\":\"hello\"}\n");
    let args = ["--engine", "native", "--events", &events, "--timestamp-field", "seen.at", "--output", "table"];
    let run = tripline(&[&["search", "any where true"][..], &args].concat());
    run.succeeds();
    assert!(run.out.contains("2026-01-02T03:04:05Z  e "), "{}", run.out);
}

#[test]
fn matches_have_their_join_keys() {
    let (_folder, rule, events) = files();
    let [native, wasm] = ["native", "wasm"].map(|engine| {
        let run = tripline(&["eval", "--engine", engine, "--rules", &rule, "--events", &events, "--output", "json"]);
        run.succeeds();
        serde_json::from_str::<Value>(&run.out).unwrap()
    });
    assert_eq!(native, wasm);
    let expected = serde_json::json!([
        {"rule": 0, "events": [0, 1], "join_keys": ["web-1", "root"]},
        {"rule": 0, "events": [2, 3], "join_keys": ["web-2", "ann"]},
    ]);
    assert_eq!(native["matches"], expected);
    assert_eq!(native["alerts"].as_array().unwrap().len(), 6);
}

#[test]
fn deeply_nested_events_of_a_sequence_are_shown() {
    let (folder, rule, _) = files();
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let events: String = EVENTS
        .trim()
        .lines()
        .map(|event| format!("{},\"deep\":{deep}}}\n", event.strip_suffix('}').unwrap()))
        .collect();
    let events = folder.file("deep.ndjson", &events);
    let run = tripline(&["search", QUERY, "--engine", "native", "--events", &events, "--output", "table"]);
    run.succeeds();
    assert!(run.out.contains("└─                    deep              4 "), "{}", run.out);
    assert!(run.out.contains("2 events, joined by web-1, root"), "{}", run.out);
    assert!(run.out.ends_with("2 sequences found\n"), "{}", run.out);

    let run = tripline(&["eval", "--engine", "native", "--rules", &rule, "--events", &events, "--output", "table"]);
    run.succeeds();
    assert!(run.out.contains("2 events in 1m 10s, joined by web-1, root"), "{}", run.out);
}

/// `tripline eval` on a pipe that stays open.
struct Live {
    stdin: ChildStdin,
    lines: Receiver<String>,
    child: std::process::Child,
}

impl Live {
    fn start(rule: &str, lateness: &str, output: &str) -> Live {
        let mut child = command()
            .args(["eval", "--rules", rule, "--events", "-", "--lateness", lateness, "--output", output])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (send, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Live { stdin: child.stdin.take().unwrap(), lines, child }
    }

    fn write(&mut self, lines: &str) {
        self.stdin.write_all(lines.as_bytes()).unwrap();
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line while the input is open")
    }

    fn end(mut self) -> Vec<String> {
        drop(self.stdin);
        assert!(self.child.wait().unwrap().success());
        self.lines.iter().collect()
    }
}

#[test]
fn matches_come_out_while_events_come_in() {
    let (_folder, rule, _) = files();
    let events: Vec<&str> = EVENTS.trim().lines().collect();
    for output in ["ndjson", "table"] {
        let mut live = Live::start(&rule, "10s", output);
        // The second before the first, then one that shows that ten seconds are over.
        live.write(&format!("{}\n{}\n", events[3], events[2]));
        live.write(&format!("{}\n", events[2].replace("00:00:20.000Z", "00:00:31.000Z")));
        let lines: Vec<String> = (0..if output == "table" { 4 } else { 3 }).map(|_| live.line()).collect();
        let last = lines.last().unwrap();
        match output {
            "table" => assert!(last.starts_with("└─ ") && last.contains("y.service"), "{lines:#?}"),
            _ => assert!(last.contains("kibana.alert.group.id"), "{lines:#?}"),
        }
        let rest = live.end();
        assert_eq!(rest.len(), usize::from(output == "table"), "{rest:#?}");
    }
}

#[test]
fn matches_come_out_when_no_more_events_come() {
    let (_folder, rule, _) = files();
    let events: Vec<&str> = EVENTS.trim().lines().collect();
    let mut live = Live::start(&rule, "200ms", "ndjson");
    live.write(&format!("{}\n{}\n", events[0], events[1]));
    assert_eq!([live.line(), live.line(), live.line()].len(), 3);
    assert_eq!(live.end(), [] as [String; 0]);
}

#[test]
fn a_lateness_of_nothing_takes_events_as_they_come() {
    let (_folder, rule, _) = files();
    let events: Vec<&str> = EVENTS.trim().lines().collect();
    let run = |order: [usize; 2], lateness: &str| {
        let input: String = order.iter().map(|number| format!("{}\n", events[*number])).collect();
        let args = ["eval", "--engine", "native", "--rules", &rule, "--events", "-", "--lateness", lateness];
        let run = tripline_with(&args, input.as_bytes());
        run.succeeds();
        (run.out.lines().count(), run.err)
    };
    assert_eq!(run([0, 1], "0s").0, 3);
    let (alerts, err) = run([1, 0], "0s");
    assert_eq!(alerts, 0);
    assert!(err.contains("1 events came too late") && err.contains("--lateness"), "{err}");
    assert_eq!(run([1, 0], "5m").0, 3);
}
