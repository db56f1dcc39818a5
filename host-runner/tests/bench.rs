//! `tripline bench` from the outside. How long anything takes is never asked.

mod common;

use common::{Folder, Run, TOML_RULE, tripline, tripline_with};
use serde_json::Value;

/// A rule that the index finds, one that it cannot and that never holds, and a sequence with a term that everything is.
fn rules() -> Folder {
    let folder = Folder::new();
    folder.file("rules/a.toml", TOML_RULE);
    folder.file(
        "rules/b.eql",
        "process where not process.command_line regex \"[a-z]+ [0-9]+\" and\n  // a comment\n  length(process.name) > 9",
    );
    folder.file("rules/c.eql", "sequence by host.name [any where true] [file where file.size > 100]");
    folder.file("rules/skipped.toml", &TOML_RULE.replace("\"eql\"", "\"esql\""));
    folder.file("events.ndjson", &events(90));
    folder
}

/// One in three is a process, one a file that is found, and one is nothing to any single rule.
fn events(count: usize) -> String {
    let event = |n: usize| {
        let what = match n % 3 {
            0 => r#""event":{"category":"process"},"process":{"name":"bash","command_line":"bash -c id"}"#,
            1 => r#""event":{"category":"file","type":"creation"},"file":{"name":"x.service","size":200}"#,
            _ => r#""event":{"category":"network"}"#,
        };
        format!(
            "{{\"@timestamp\":\"2026-01-02T03:04:{:02}.{:03}Z\",\"host\":{{\"name\":\"h\"}},{what}}}\n",
            n / 9,
            n % 9
        )
    };
    (0..count).map(event).collect()
}

fn bench(folder: &Folder, more: &[&str]) -> Run {
    let (rules, events) = (folder.path("rules"), folder.path("events.ndjson"));
    tripline(&[&["bench", "--seconds", "0.05", "--rules", &rules, "--events", &events], more].concat())
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
}

/// The document with its measurements, and what depends on this build and machine, taken out: what is left is always the same.
fn shape(value: &Value, name: &str) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value, name))).collect(),
        Value::Array(items) => items.iter().map(|item| shape(item, name)).collect(),
        Value::Number(number) if number.is_f64() => "a measurement".into(),
        Value::Null => Value::Null,
        _ if ["passes", "memory_bytes", "version", "module_sha256"].contains(&name) => "of this run".into(),
        Value::String(text) if name == "path" || name == "name" => text.rsplit('/').next().unwrap_or_default().into(),
        other => other.clone(),
    }
}

#[test]
fn the_document_has_all_figures() {
    let folder = rules();
    let run = bench(&folder, &["--output", "json"]);
    run.succeeds();
    let mut document = shape(&json(&run), "");
    // Which costs more is up to the machine.
    for (list, key) in [("costliest_rules", "path"), ("costliest_predicates", "text")] {
        let rows = document[list].as_array_mut().unwrap();
        rows.sort_by_key(|row| row[key].as_str().unwrap_or_default().to_owned());
        for row in rows {
            // The identifier of a bare query is a hash, and names of rules without one are paths of this run.
            row.as_object_mut().unwrap().retain(|name, _| !["id", "rules"].contains(&name.as_str()));
            // So is whether it is alerts that cost most of those that match.
            if row["matches"].as_u64() > Some(0) {
                row["hint"] = Value::Null;
            }
        }
    }
    // So is which term of a sequence does.
    let sequence = document["costliest_rules"].as_array_mut().unwrap().iter_mut().find(|row| row["path"] == "c.eql");
    let sequence = sequence.unwrap();
    assert!(sequence["reached_by"].as_str().unwrap().contains("(term "));
    sequence["reached_by"] = "a term".into();

    let expected: Value = serde_json::from_str(include_str!("bench/document.json")).unwrap();
    let written = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/document.json");
    if std::env::var_os("TRIPLINE_BLESS").is_some() {
        std::fs::write(written, format!("{document:#}\n")).unwrap();
    } else {
        assert_eq!(document, expected, "TRIPLINE_BLESS=1 makes it anew: {document:#}");
    }
}

#[test]
fn figures_belong_together() {
    let document = json(&bench(&rules(), &["--output", "json"]));
    let number = |value: &Value| value.as_f64().unwrap();
    let shares: f64 = document["stages"].as_array().unwrap().iter().map(|row| number(&row["share"])).sum();
    assert!((shares - 1.0).abs() < 1e-6, "{document:#}");
    let sum =
        |list: &str, key: &str| -> f64 { document[list].as_array().unwrap().iter().map(|row| number(&row[key])).sum() };
    let stage = |name: &str| {
        let stages = document["stages"].as_array().unwrap();
        number(&stages.iter().find(|row| row["stage"] == name).unwrap()["ns_per_event"])
    };
    // Few enough rules that all of them are listed.
    let conditions = stage("predicates") + stage("rules");
    assert!((sum("costliest_rules", "conditions_ns") - conditions).abs() <= conditions * 1e-6 + 1e-6, "{document:#}");
    let sequences = stage("sequences");
    assert!((sum("costliest_rules", "sequences_ns") - sequences).abs() <= sequences * 1e-6 + 1e-6, "{document:#}");
    let alerts = stage("alerts");
    assert!((sum("costliest_rules", "alerts_ns") - alerts).abs() <= alerts * 1e-6 + 1e-6, "{document:#}");
    for engine in document["engines"].as_array().unwrap() {
        let (rate, time) = (number(&engine["events_per_second"]), number(&engine["ns_per_event"]));
        assert!((rate * time / 1e9 - 1.0).abs() < 1e-6 && number(&engine["best_ns_per_event"]) <= time, "{engine}");
        assert!(engine["passes"].as_u64() >= Some(1) && number(&engine["compile_ms"]) > 0.0, "{engine}");
    }
    assert_eq!(document["engines"][0]["memory_bytes"], Value::Null);
    assert!(document["engines"][1]["memory_bytes"].as_u64() > Some(1 << 16));
}

#[test]
fn people_get_sections_and_hints() {
    let folder = rules();
    let run = bench(&folder, &["--output", "human"]);
    run.succeeds();
    let out = &run.out;
    assert!(out.starts_with("3 rules, 1 skipped, 0 failed; 90 events, 0.0 MB, 0 rejected\n"), "{out}");
    for section in ["ENGINE", "WHERE THE TIME GOES", "COSTLIEST RULES", "COSTLIEST PREDICATES"] {
        assert!(out.lines().any(|line| line.starts_with(section)), "{section}: {out}");
    }
    for stage in ["decode", "find", "predicates", "rules", "sequences", "alerts"] {
        assert!(out.lines().any(|line| line.starts_with(stage)), "{stage}: {out}");
    }
    for line in ["native ", "wasm takes ", "both find the same matches", "Service of a miner", "(term "] {
        assert!(out.contains(line), "{line}: {out}");
    }
    for hint in [
        "found by every event of category process",
        "↳ only the category rules events out",
        "↳ the index cannot look for a regular expression",
        "↳ computed for each event",
    ] {
        assert!(out.contains(hint), "{hint}: {out}");
    }
    assert!(!out.contains('\x1b'), "no colour but on a terminal");
}

#[test]
fn one_engine_alone() {
    let folder = rules();
    let wasm = bench(&folder, &["--engine", "wasm", "--output", "json"]);
    wasm.succeeds();
    let document = json(&wasm);
    assert_eq!(document["engines"].as_array().map(Vec::len), Some(1));
    for absent in ["engines_agree", "stages", "costliest_rules", "costliest_predicates"] {
        assert_eq!(document[absent], Value::Null, "{absent}");
    }
    let native = bench(&folder, &["--engine", "native", "--top", "1", "--output", "json"]);
    native.succeeds();
    let document = json(&native);
    assert_eq!((document["engines"][0]["engine"].as_str(), &document["engines_agree"]), (Some("native"), &Value::Null));
    assert_eq!(document["costliest_rules"].as_array().map(Vec::len), Some(1));
    assert_eq!(document["costliest_predicates"].as_array().map(Vec::len), Some(1));
}

/// A pass is the same work as `eval`, however often it is repeated.
#[test]
fn matches_are_those_of_eval() {
    let folder = rules();
    let (rules, events) = (folder.path("rules"), folder.path("events.ndjson"));
    for lateness in [&[][..], &["--lateness", "0s"]] {
        let args = ["eval", "--engine", "native", "--output", "json", "--rules", &rules, "--events", &events];
        let eval = json(&tripline(&[&args[..], lateness].concat()));
        let matches = eval["matches"].as_array().unwrap().len() as u64;
        let document = json(&bench(&folder, &[&["--output", "json"], lateness].concat()));
        for engine in document["engines"].as_array().unwrap() {
            assert_eq!(engine["matches"].as_u64(), Some(matches), "{lateness:?}");
        }
    }
}

#[test]
fn what_is_left_out_is_told() {
    let folder = rules();
    let events = folder.file("odd.ndjson", &format!("{}{{\"broken\n{{\"a\":\"{}\"}}\n", events(3), "x".repeat(500)));
    let rules = folder.path("rules/b.eql");
    let args = ["bench", "--seconds", "0.01", "--engine", "native", "--output", "json", "--rules", &rules, "--events"];
    let run = tripline(&[&args[..], &[&events, "--max-event-bytes", "400"]].concat());
    run.succeeds();
    let totals = &json(&run)["events"];
    assert_eq!((totals["count"].as_u64(), totals["rejected"].as_u64()), (Some(4), Some(1)), "{totals}");
    assert_eq!((totals["too_large"].as_u64(), totals["cut"].as_bool()), (Some(1), Some(false)), "{totals}");
    assert!(run.err.contains("1 of 4 events were rejected; `tripline eval` says why"), "{}", run.err);
    assert!(run.err.contains("--max-event-bytes"), "{}", run.err);

    let many = folder.file("many.ndjson", &crate::events(30_000));
    let run = tripline(&[&args[..], &[&many, "--max-input", "1MiB"]].concat());
    run.succeeds();
    let totals = &json(&run)["events"];
    assert!(totals["cut"] == true && totals["count"].as_u64() < Some(30_000), "{totals}");
    assert!(run.err.contains("--max-input"), "{}", run.err);
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    let folder = rules();
    let rules = folder.path("rules");
    let events = folder.path("events.ndjson");
    let empty = folder.file("empty.ndjson", "\n\n");
    let run = tripline(&["bench", "--engine", "native", "--rules", &rules, "--events", &empty]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("there are no events in") && run.err.contains("NDJSON"), "{}", run.err);

    let broken = folder.file("broken.eql", "file where file.name ==");
    let run = tripline(&["bench", "--engine", "native", "--rules", &broken, "--events", &events]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("error[syntax]") && run.err.contains("tripline check"), "{}", run.err);

    // The others are measured, but the broken one makes it fail, as `eval`.
    let good = folder.path("rules/a.toml");
    let args = ["bench", "--engine", "native", "--seconds", "0.01", "--rules", &broken, &good, "--events", &events];
    let run = tripline(&args);
    assert_eq!(run.code, 1, "{}", run.err);
    assert_eq!(json(&run)["rules"]["failed"], 1);

    for (args, message) in [
        (&["bench", "--rules", &rules][..], "--events"),
        (&["bench", "--rules", &rules, "--events", &events, "--seconds", "0"], "is not a number of seconds"),
        (&["bench", "--rules", &rules, "--events", "-", "-"], "only once"),
        (&["bench", "--rules", &rules, "--events", "/nowhere"], "cannot read /nowhere"),
        (&["bench", "--rules", &rules, "--events", &events, "--memory-limit", "1MiB"], "raise --memory-limit"),
    ] {
        let run = tripline(args);
        assert_ne!(run.code, 0, "{args:?}");
        assert!(run.err.contains(message), "{args:?}: {}", run.err);
    }

    let piped = tripline_with(
        &["bench", "--engine", "native", "--seconds", "0.01", "--rules", &good, "--events", "-"],
        crate::events(6).as_bytes(),
    );
    piped.succeeds();
    assert_eq!(json(&piped)["events"]["count"], 6);
}
