//! The command from the outside: what it prints, where, and how it ends.

mod common;

use std::fs;
use std::io::Write as _;

use common::{Folder, RULE, SERVICE_EVENT, events_of, tripline};
use rule_core::{CompileReport, RuleStatus};
use serde_json::Value;

/// Both engines: what holds for one holds for the other.
const ENGINES: [&str; 2] = ["native", "wasm"];

#[test]
fn version_names_the_module() {
    let run = tripline(&["--version"]);
    run.succeeds();
    let sha256 = host_runner::module_sha256().expect("run `cargo xtask module` before the tests");
    assert_eq!(run.out, format!("tripline {}\nmodule sha256: {sha256}\n", host_runner::VERSION));
}

#[test]
fn every_form_of_input_gives_the_same_alerts() {
    let folder = Folder::new();
    let rule = folder.file("rule.eql", RULE);
    let ndjson = format!("{SERVICE_EVENT}\n{{\"event\":{{\"category\":\"process\"}}}}\n{SERVICE_EVENT}\n");
    let lines: Vec<Value> = ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let pretty: String = lines.iter().map(|event| format!("{event:#}\n")).collect();
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(ndjson.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = ruzstd::encoding::compress_to_vec(ndjson.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    let plain = folder.file("plain.ndjson", &ndjson);
    let array = format!("{:#}", Value::Array(lines));
    let files = [
        plain.clone(),
        folder.file("array.json", &array),
        folder.file("pretty.json", &pretty),
        folder.bytes("events.ndjson.gz", &gzip),
        folder.bytes("events.ndjson.zst", &zstd),
    ];
    for engine in ENGINES {
        let expected = tripline(&["eval", "--engine", engine, "--rules", &rule, "--events", &plain]);
        expected.succeeds();
        assert_eq!(expected.out.lines().count(), 2, "{}", expected.out);
        for file in &files {
            let run = tripline(&["eval", "--engine", engine, "--rules", &rule, "--events", file]);
            run.succeeds();
            let rules_of = |out: &str| -> Vec<Value> {
                let alerts = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
                alerts.map(|alert| alert["kibana.alert.rule.name"].clone()).collect()
            };
            assert_eq!(rules_of(&run.out), rules_of(&expected.out), "{file}");
            assert!(run.err.contains("3 events, 2 matches, 0 rejected"), "{}", run.err);
        }
        for bytes in [ndjson.as_bytes(), &gzip, &zstd] {
            let run = common::tripline_with(&["eval", "--engine", engine, "--rules", &rule, "--events", "-"], bytes);
            run.succeeds();
            assert_eq!(run.out, expected.out);
        }
    }
}

#[test]
fn both_engines_print_the_same_bytes() {
    let folder = Folder::new();
    let rule = folder.file("rules/a.eql", RULE);
    folder.file("rules/b.eql", "any where host.os.type : \"LINUX\" or process.name like \"s*\"");
    folder.file("rules/broken.eql", "any where (");
    let rules = folder.path("rules");
    let events = folder.file("events.ndjson", &format!("{SERVICE_EVENT}\n{{\"a\":\n[1]\n\n{SERVICE_EVENT}\n"));
    let commands = [
        vec!["eval", "--rules", &rules, "--events", &events, "--output", "ndjson"],
        vec!["eval", "--rules", &rules, "--events", &events, "--output", "json"],
        vec!["check", "--rules", &rules, "--output", "json"],
        vec!["check", "--rules", &rules, "--output", "human"],
        vec!["search", "any where true", "--events", &events],
        vec!["search", "any where tru", "--events", &events],
        vec!["search", "-f", &rule, "--events", &events, "--output", "table"],
    ];
    for command in commands {
        let [native, wasm] = ENGINES.map(|engine| tripline(&[&command[..], &["--engine", engine]].concat()));
        assert_eq!(native.out, wasm.out, "{command:?}");
        assert_eq!(native.code, wasm.code, "{command:?}");
        let without_rate = |err: &str| err.rsplit_once("; ").map_or(err.to_owned(), |(rest, _)| rest.to_owned());
        assert_eq!(without_rate(&native.err), without_rate(&wasm.err), "{command:?}");
    }
}

#[test]
fn a_broken_rule_is_shown_and_the_others_run() {
    let folder = Folder::new();
    folder.file("rules/good.eql", RULE);
    folder.file("rules/broken.eql", "file where file.name ==");
    folder.bytes("rules/latin1.eql", b"any where message == \"\xe4\"");
    let events = folder.file("events.ndjson", SERVICE_EVENT);
    let run = tripline(&["eval", "--engine", "native", "--rules", &folder.path("rules"), "--events", &events]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert_eq!(run.out.lines().count(), 1, "{}", run.out);
    assert!(run.err.contains("broken.eql:1:"), "{}", run.err);
    assert!(run.err.contains("latin1.eql") && run.err.contains("not UTF-8"), "{}", run.err);
    assert!(!run.err.contains('\x1b'), "no colour but on a terminal");
}

#[test]
fn check_reports_as_data_and_for_people() {
    let folder = Folder::new();
    folder.file("rules/good.eql", RULE);
    folder.file("rules/broken.eql", "file where file.name ==");
    let rules = folder.path("rules");
    let run = tripline(&["check", "--engine", "native", "--rules", &rules]);
    assert_eq!(run.code, 1);
    let report: CompileReport = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report.totals(), (1, 0, 1));
    assert!(report.rules.iter().any(|rule| rule.status == RuleStatus::Compiled { index: 0 }));

    let run = tripline(&["check", "--engine", "native", "--rules", &rules, "--output", "human"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("2 rules: 1 compiled, 0 skipped, 1 failed"), "{}", run.out);
    assert!(run.out.contains("file.name =="), "an excerpt: {}", run.out);

    let run = tripline(&["check", "--engine", "native", "--rules", &folder.path("rules/good.eql")]);
    run.succeeds();
}

#[test]
fn a_mapping_makes_unknown_fields_errors() {
    let folder = Folder::new();
    let rule = folder.file("rule.eql", "any where file.nam == \"x\"");
    let mapping = folder.file("m.json", r#"{"properties":{"file":{"properties":{"name":{"type":"keyword"}}}}}"#);
    let run = tripline(&["check", "--engine", "native", "--rules", &rule, "--mapping", &mapping, "--output", "human"]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(run.out.contains("file.name"), "it says what was meant: {}", run.out);
}

#[test]
fn mistakes_of_usage_end_with_2() {
    let folder = Folder::new();
    let rule = folder.file("rule.eql", RULE);
    let events = folder.file("events.ndjson", SERVICE_EVENT);
    let missing = folder.path("missing");
    fs::create_dir(folder.path("empty")).unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["eval"], "--rules"),
        (&["eval", "--rules", &rule, "--events", &events, "--engine", "jvm"], "jvm"),
        (&["eval", "--rules", &rule, "--events", &events, "--memory-limit", "much"], "not a size"),
        (&["eval", "--rules", &rule, "--events", &events, "--deadline", "0s"], "above zero"),
        (&["eval", "--engine", "native", "--rules", &missing, "--events", &events], "cannot read"),
        (&["eval", "--engine", "native", "--rules", &rule, "--events", &missing], "cannot read"),
        (&["eval", "--engine", "native", "--rules", &rule, "--events", "-", "-"], "only once"),
        (&["eval", "--engine", "native", "--rules", &folder.path("empty"), "--events", &events], "no rule files"),
        (&["check", "--engine", "native", "--rules", &rule, "--mapping", &rule], "not JSON"),
        (&["search", "any where true", "-f", &rule, "--events", &events], "cannot be used with"),
        (&["run", "--config", &missing], "cannot read"),
    ];
    for (args, message) in cases {
        let run = tripline(args);
        assert_eq!(run.code, 2, "{args:?}: {}", run.err);
        assert!(run.err.contains(message), "{args:?}: {}", run.err);
        assert_eq!(run.out, "", "{args:?}");
        let reason = "No such file or directory";
        assert!(run.err.matches(reason).count() <= 1, "said once: {}", run.err);
    }
}

#[test]
fn a_file_that_is_damaged_half_way_keeps_the_alerts_before() {
    let folder = Folder::new();
    let rule = folder.file("rule.eql", RULE);
    let mut damaged = ruzstd::encoding::compress_to_vec(
        format!("{SERVICE_EVENT}\n").as_bytes(),
        ruzstd::encoding::CompressionLevel::Fastest,
    );
    damaged.extend_from_slice(b"rubbish");
    let events = folder.bytes("events.zst", &damaged);
    let run = tripline(&["eval", "--engine", "native", "--rules", &rule, "--events", &events]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert_eq!(run.out.lines().count(), 1);
    assert!(run.err.contains("events.zst"), "{}", run.err);
}

#[test]
fn bad_events_are_placed_counted_and_skipped() {
    let folder = Folder::new();
    let rule = folder.file("rule.eql", RULE);
    let mut bytes = format!("{SERVICE_EVENT}\n{{\"a\":\"").into_bytes();
    bytes.resize(bytes.len() + (64 << 20), b'x');
    bytes.extend_from_slice(b"\"}\n{\"a\":\"\xff\"}\n\n{\"a\":\n");
    bytes.extend_from_slice(SERVICE_EVENT.as_bytes());
    let events = folder.bytes("events.ndjson", &bytes);
    for engine in ENGINES {
        let run = tripline(&["eval", "--engine", engine, "--rules", &rule, "--events", &events, "--output", "json"]);
        run.succeeds();
        let document: Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(document["events"], 5);
        assert_eq!(document["rejected"], 3);
        assert_eq!(document["alerts"].as_array().unwrap().len(), 2);
        let places: Vec<_> = document["rejections"].as_array().unwrap().iter().map(|r| r["line"].clone()).collect();
        assert_eq!(places, [2, 3, 5]);
        assert_eq!(document["rejections"][0]["offset"], 4 << 20);
        for line in [2, 3, 5] {
            assert!(run.err.contains(&format!("{events}:{line}: ")), "{}", run.err);
        }
        assert!(run.err.contains("5 events, 2 matches, 3 rejected"), "{}", run.err);
    }
}

#[test]
fn the_table_is_for_people() {
    let folder = Folder::new();
    let rule = folder.file("rule.toml", common::TOML_RULE);
    let events = folder.file("events.ndjson", &format!("{SERVICE_EVENT}\n"));
    let run = tripline(&["eval", "--engine", "native", "--rules", &rule, "--events", &events, "--output", "table"]);
    run.succeeds();
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(lines[0].starts_with("TIME") && lines[0].ends_with("WHAT HAPPENED"), "{}", run.out);
    for part in
        ["2026-01-02T03:04:05Z", "medium", "Service of a miner", "web-1", "creation /etc/systemd/system/x.service"]
    {
        assert!(lines[1].contains(part), "{part}: {}", run.out);
    }
    assert!(lines[2].starts_with("1 events, 1 matches, 0 rejected; 1 rules"), "{}", run.out);
}

#[test]
fn searches_answer_as_elasticsearch_does() {
    let folder = Folder::new();
    let first = folder.file("logs-a.ndjson", "{\"@timestamp\":1,\"n\":1}\n\n{\"@timestamp\":3,\"n\":2}\n");
    let second = folder.file("logs-b.json", "[{\"@timestamp\":2,\"n\":3},\n {\"@timestamp\":4,\"n\":4}]");
    let ids = |args: &[&str]| {
        let command = ["search", "any where n > 0", "--engine", "native", "--events", &first, &second];
        let run = tripline(&[&command[..], args].concat());
        run.succeeds();
        let body: Value = serde_json::from_str(&run.out).unwrap();
        events_of(&body)
            .iter()
            .map(|hit| format!("{}/{}", hit["_index"].as_str().unwrap(), hit["_id"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]), ["logs-a/1", "logs-b/1", "logs-a/3", "logs-b/2"]);
    assert_eq!(ids(&["--size", "2"]), ["logs-a/3", "logs-b/2"]);
    assert_eq!(ids(&["--size", "2", "--result-position", "head"]), ["logs-a/1", "logs-b/1"]);
    assert_eq!(ids(&["--timestamp-field", "n", "--size", "1"]), ["logs-b/2"]);

    let run = tripline(&["search", "any where n == 4", "--engine", "native", "--events", &second, "--output", "table"]);
    run.succeeds();
    assert!(run.out.contains("logs-b") && run.out.contains("1 events found"), "{}", run.out);

    let run = tripline(&["search", "any where (", "--engine", "native", "--events", &first]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("any where ("), "{}", run.err);
}

#[test]
fn every_limit_has_a_flag() {
    let folder = Folder::new();
    folder.file("rules/a.eql", "any where (not (a == 1)) and b like \"a*b\" and c regex \"x{50}\"");
    folder.file("rules/b.eql", "any where length(");
    folder.file("rules/c.eql", "any where a == 1");
    let events = folder.file("events.ndjson", "{\"a\":[1,2,3],\"b\":{\"c\":[[[1]]]}}\n{\"a\":\n{\"a\":\n");
    let rules = folder.path("rules");
    let eval = |flag: &str, value: &str| {
        let run = tripline(&[
            "eval", "--engine", "native", "--rules", &rules, "--events", &events, "--output", "json", flag, value,
        ]);
        serde_json::from_str::<Value>(&run.out).unwrap_or_else(|_| panic!("{flag}: {}", run.err))
    };
    let defaults = eval("--max-rules", "100");
    assert_eq!((&defaults["events"], &defaults["rejected"]), (&3.into(), &2.into()));
    assert_eq!(defaults["report"]["rules"].as_array().unwrap().len(), 3);
    // Each of these, set to something tiny, changes the report or rejects an event.
    for flag in ["--max-rules", "--max-rule-bytes", "--max-query-depth", "--max-pattern-bytes", "--max-regex-bytes"] {
        let tiny = eval(flag, "1");
        assert_ne!(tiny["report"]["diagnostics"], defaults["report"]["diagnostics"], "{flag}");
    }
    let none = eval("--max-diagnostics", "0");
    assert_ne!(none["report"]["diagnostics_omitted"], 0);
    for flag in ["--max-event-bytes", "--max-event-depth", "--max-event-values"] {
        assert_eq!(eval(flag, "1")["rejected"], 3, "{flag}");
    }
    let one = eval("--max-rejections", "1");
    assert_eq!((&one["rejected"], one["rejections"].as_array().unwrap().len()), (&2.into(), 1));
    let run =
        tripline(&["eval", "--engine", "native", "--rules", &rules, "--events", &events, "--max-rejections", "1"]);
    assert!(run.err.contains("and 1 more events"), "{}", run.err);

    let pairs = folder.file("pairs.eql", "any where startsWith(a, b)");
    let lists = folder.file("lists.ndjson", r#"{"a":["p","q"],"b":["x","y"]}"#);
    for (most, message) in [("4", "0 rejected"), ("3", "more than 3 combinations")] {
        let run = tripline(&["eval", "--rules", &pairs, "--events", &lists, "--max-combinations", most]);
        assert!(run.err.contains(message), "{}", run.err);
    }

    let run = tripline(&[
        "search",
        "any where true",
        "--engine",
        "native",
        "--events",
        &events,
        "--size",
        "3",
        "--max-search-size",
        "2",
    ]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
}

#[test]
fn memory_and_time_are_limited_by_flags() {
    let folder = Folder::new();
    let rule = folder.file("rule.eql", RULE);
    let events = folder.file("events.ndjson", SERVICE_EVENT);
    let run = tripline(&["eval", "--rules", &rule, "--events", &events, "--memory-limit", "64KiB"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("memory limit of 64.0 KiB exceeded"), "{}", run.err);

    // A batch that cannot fit, by an event that is within its own limit.
    let mut big = b"{\"a\":\"".to_vec();
    big.resize(32 << 20, b'x');
    big.extend_from_slice(b"\"}\n");
    let big = folder.bytes("big.ndjson", &big);
    let run = tripline(&[
        "eval",
        "--rules",
        &rule,
        "--events",
        &big,
        "--memory-limit",
        "16MiB",
        "--max-event-bytes",
        "100000000",
    ]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("big.ndjson:1: evaluation stopped: memory limit of 16.0 MiB"), "{}", run.err);
}

#[test]
fn a_cache_that_others_can_write_to_is_said_and_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let rule = folder.file("rule.eql", RULE);
    let cache = folder.path("cache");
    fs::create_dir(&cache).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    let output = common::command().env("XDG_CACHE_HOME", &cache).args(["check", "--rules", &rule]).output().unwrap();
    assert!(output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("compiled code is not cached") && log.contains("can be written by others"), "{log}");
    assert_eq!(fs::read_dir(format!("{cache}/tripline")).unwrap().count(), 0);
}

#[test]
fn completions_are_written_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = tripline(&["completions", shell]);
        run.succeeds();
        assert!(run.out.contains("memory-limit"), "{shell}");
    }
}

#[test]
fn every_subcommand_has_examples() {
    for command in ["eval", "search", "check", "bench", "fmt", "rules", "run", "playground", "embed", "completions"] {
        let run = tripline(&[command, "--help"]);
        run.succeeds();
        assert!(run.out.contains(&format!("tripline {command} ")) && run.out.contains("Examples:"), "{}", run.out);
    }
}
