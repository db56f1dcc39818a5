//! `tripline rules` as it looks, and as data. `TRIPLINE_BLESS=1` writes the pictures anew; look at them before you keep them.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use common::{Folder, Run, command, tripline};
use rule_core::inspect::{Inspector, Verdict};
use rule_core::{CompileOptions, Session, SessionOptions, Source};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Runs `tripline rules` in the project's folder, as a page of the documentation has it.
fn rules(args: &[&str]) -> Run {
    let output = command().current_dir(root()).arg("rules").args(args).stdin(Stdio::null()).output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn is_blessing() -> bool {
    std::env::var_os("TRIPLINE_BLESS").is_some_and(|value| value == "1")
}

/// Compares with, or writes, a picture.
fn golden(name: &str, run: &Run) {
    let path = root().join("host-runner/tests/rules").join(name);
    if is_blessing() {
        std::fs::write(&path, &run.out).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(run.out, expected, "{name} is not as it was; TRIPLINE_BLESS=1 makes it anew");
}

const SET: &str = "host-runner/tests/rules/set";
const OLD: &str = "host-runner/tests/rules/old";
const NEW: &str = "host-runner/tests/rules/new";

#[test]
fn lists_have_totals_and_name_what_is_skipped() {
    let run = rules(&["list", "--engine", "native", "--rules", SET, "--output", "human"]);
    assert_eq!(run.code, 1, "a rule has an error");
    assert!(run.err.contains("the rules have 1 error") && run.err.contains("tripline check"), "{}", run.err);
    golden("list.txt", &run);
    let one =
        rules(&["list", "--engine", "native", "--rules", SET, "--source", "okta", "--output", "human", "--skipped"]);
    assert_eq!(one.code, 0, "none of those that are listed has an error");
    golden("list-okta.txt", &one);
    let none = rules(&["list", "--engine", "native", "--rules", SET, "--tag", "nothing", "--output", "human"]);
    none.succeeds();
    assert!(none.out.starts_with("no rule of 4 is like that"), "{}", none.out);
}

#[test]
fn lists_are_the_same_as_data_from_both_engines() {
    let run = rules(&["list", "--engine", "native", "--rules", SET, "--sort", "risk"]);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(document["totals"]["rules"], 4);
    let names: Vec<&Value> = document["rules"].as_array().unwrap().iter().map(|rule| &rule["name"]).collect();
    assert_eq!(names, ["Program Written by a Downloader", "broken", "Failed Logins by User", "windows"]);
    assert_eq!(document["rules"][0]["sources"], serde_json::json!(["endgame", "endpoint.events.file", "linux"]));
    assert_eq!(document["skipped"][0]["rules"], serde_json::json!(["Failed Logins by User"]));
    let lines = rules(&["list", "--engine", "native", "--rules", SET, "--sort", "risk", "--output", "ndjson"]);
    let rows: Vec<Value> = lines.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(document["rules"], Value::Array(rows));
    if host_runner::module_sha256().is_some() {
        assert_eq!(rules(&["list", "--rules", SET, "--sort", "risk"]).out, run.out);
    }
}

#[test]
fn a_rule_is_shown_by_path_id_name_or_a_part_of_it() {
    let run = rules(&["show", "host-runner/tests/rules/set/dropper.toml", "--output", "human"]);
    run.succeeds();
    golden("show.txt", &run);
    for which in
        ["3c3a1e51-0f61-4b0e-9a3f-2d3d5a1d0002", "program written by a downloader", "written-by", "dropper.toml"]
    {
        let same = rules(&["show", which, "--rules", SET, "--output", "human"]);
        assert_eq!(same.out, run.out, "{which}");
    }
    golden("show-sequence.txt", &rules(&["show", "host-runner/tests/rules/old/sequence.eql", "--output", "human"]));
    let failed = rules(&["show", "broken", "--rules", SET, "--output", "human"]);
    assert_eq!(failed.code, 1);
    assert!(failed.out.contains("broken.eql:1:"), "an excerpt: {}", failed.out);
    let unknown = rules(&["show", "zzz", "--rules", SET]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("tripline rules list"), "{}", unknown.err);
    let several = rules(&["show", "o", "--rules", SET]);
    assert_eq!(several.code, 2);
    assert!(several.err.contains("3c3a1e51-0f61-4b0e-9a3f-2d3d5a1d0003  Failed Logins by User"), "{}", several.err);
    let document: Value = serde_json::from_str(&rules(&["show", "windows", "--rules", SET]).out).unwrap();
    assert_eq!(document["fields"][2]["field"], "registry.path");
    assert_eq!(document["fields"][2]["required"], true);
}

#[test]
fn fields_tell_which_rules_could_never_fire() {
    let events = "host-runner/tests/rules/set/events.json";
    let run = rules(&["fields", "--rules", SET, "--events", events, "--output", "human"]);
    run.succeeds();
    golden("fields.txt", &run);
    let document: Value = serde_json::from_str(&rules(&["fields", "--rules", SET, "--events", events]).out).unwrap();
    assert_eq!((&document["could_fire"], &document["could_never_fire"]), (&1.into(), &1.into()));
    assert_eq!(document["rules"][1]["could_fire"], false);
    golden("fields-only.txt", &rules(&["fields", "--rules", SET, "--output", "human"]));
    let folder = Folder::new();
    let none = folder.file("none.ndjson", "");
    let empty = rules(&["fields", "--rules", SET, "--events", &none]);
    assert_eq!(empty.code, 2);
    assert!(empty.err.contains("no events to look at"), "{}", empty.err);
}

#[test]
fn a_rule_that_fires_could_fire() {
    let events = ["aws-cloudtrail", "crowdstrike-fdr", "elastic-defend", "endgame", "sentinelone", "system-auth"];
    let events: Vec<String> = events.iter().map(|name| format!("examples/events/{name}.ndjson")).collect();
    let with = |args: &[&str]| -> Vec<String> {
        args.iter().map(|arg| (*arg).to_owned()).chain(["--events".into()]).chain(events.clone()).collect()
    };
    let indicators = "examples/indicators.csv";
    let eval =
        ["eval", "--engine", "native", "--rules", "examples/rules", "--indicators", indicators, "--output", "ndjson"];
    let eval = with(&eval);
    let fired = command().current_dir(root()).args(&eval).output().unwrap();
    let fired: BTreeSet<String> = String::from_utf8(fired.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["kibana.alert.rule.rule_id"].as_str().unwrap().to_owned()
        })
        .collect();
    let fields = with(&["fields", "--rules", "examples/rules", "--indicators", indicators]);
    let document: Value =
        serde_json::from_str(&rules(&fields.iter().map(String::as_str).collect::<Vec<_>>()).out).unwrap();
    let could = document["rules"].as_array().unwrap().iter().filter(|rule| rule["could_fire"] == true);
    let could: BTreeSet<String> = could.map(|rule| rule["id"].as_str().unwrap().to_owned()).collect();
    assert!(!fired.is_empty() && fired.is_subset(&could), "{:?}", fired.difference(&could));
}

#[test]
fn two_versions_are_compared() {
    let run = rules(&["diff", OLD, NEW, "--output", "human"]);
    run.succeeds();
    golden("diff.txt", &run);
    let document: Value = serde_json::from_str(&rules(&["diff", OLD, NEW]).out).unwrap();
    let count = |name: &str| document[name].as_array().unwrap().len();
    assert_eq!((count("added"), count("removed"), count("changed")), (1, 1, 2));
    assert_eq!((&document["unchanged"], &document["states_started_anew"]), (&1.into(), &1.into()));
    let same: Value = serde_json::from_str(&rules(&["diff", OLD, OLD]).out).unwrap();
    assert_eq!((&same["unchanged"], &same["changed"]), (&4.into(), &Value::Array(Vec::new())));
    assert_eq!(rules(&["diff", OLD, SET]).code, 1, "the new version has an error");
    assert_eq!(rules(&["diff", OLD, "missing"]).code, 2);
}

#[test]
fn a_layer_is_written_to_a_file_or_standard_output() {
    let folder = Folder::new();
    let path = folder.path("layer.json");
    let args = ["navigator", "--engine", "native", "--rules", "examples/rules"];
    let run = rules(&[&args[..], &["--out", &path]].concat());
    run.succeeds();
    assert!(run.err.starts_with("23 rules; ") && run.out.is_empty(), "{}", run.err);
    let layer = std::fs::read_to_string(&path).unwrap();
    assert_eq!(rules(&args).out, layer);
    let layer: Value = serde_json::from_str(&layer).unwrap();
    assert_eq!(layer["versions"]["layer"], "4.5");
    assert!(!layer["techniques"].as_array().unwrap().is_empty());
    assert_eq!(rules(&[&args[..], &["--out", "/nowhere/at/all"]].concat()).code, 2);
}

/// Elastic's rules, if the third-party data is beside the checkout.
fn elastic() -> Option<String> {
    let shared = std::env::var_os("TRIPLINE_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let path = shared.join("data/rules/elastic");
    if path.is_dir() {
        return Some(path.display().to_string());
    }
    println!("SKIPPED: no third-party data in {} (TRIPLINE_SHARED names another folder)", shared.display());
    None
}

/// What TOML files say, read without the reader under test: `type` of each, and each `id = "T…"`.
fn facts(folder: &str) -> (BTreeMap<String, u64>, BTreeSet<String>) {
    let (mut types, mut techniques) = (BTreeMap::new(), BTreeSet::new());
    let files = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    for file in files.filter(|file| file.path().extension().is_some_and(|extension| extension == "toml")) {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let is_attack = |block: &str| block.contains("framework = \"MITRE ATT&CK\"");
        for block in text.split("[[rule.threat]]").skip(1).filter(|block| is_attack(block)) {
            let ids = block.lines().filter_map(|line| line.trim().strip_prefix("id = \"T")?.strip_suffix('"'));
            techniques.extend(ids.filter(|id| !id.starts_with('A')).map(|id| format!("T{id}")));
        }
        let mut lines = text.lines().skip_while(|line| line.trim() != "[rule]");
        if let Some(kind) = lines.find_map(|line| line.strip_prefix("type = \"")?.strip_suffix('"')) {
            *types.entry(kind.to_owned()).or_default() += 1;
        }
    }
    (types, techniques)
}

#[test]
fn elastics_rules_are_counted_as_their_files_say() {
    let Some(folder) = elastic() else { return };
    let (types, techniques) = facts(&folder);
    let run = rules(&["list", "--engine", "native", "--rules", &folder]);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    let counted: BTreeMap<String, u64> = document["types"]
        .as_array()
        .unwrap()
        .iter()
        .map(|totals| (totals["type"].as_str().unwrap().to_owned(), totals["rules"].as_u64().unwrap()))
        .collect();
    assert_eq!(counted, types);
    let skipped: u64 =
        document["skipped"].as_array().unwrap().iter().map(|group| group["count"].as_u64().unwrap()).sum();
    assert_eq!(document["totals"]["skipped"], skipped, "each that is skipped has a reason");
    assert_eq!(document["totals"]["failed"], 0);

    let layer = rules(&["navigator", "--engine", "native", "--all", "--rules", &folder]);
    layer.succeeds();
    let layer: Value = serde_json::from_str(&layer.out).unwrap();
    let cells = layer["techniques"].as_array().unwrap();
    let found: BTreeSet<String> = cells.iter().map(|cell| cell["techniqueID"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found, techniques);
    assert!(cells.iter().all(|cell| cell["tactic"].is_string()), "all tactics are known");
}

/// On events on which a rule fires it could fire.
#[test]
fn elastics_rules_could_fire_where_they_do() {
    let Some(folder) = elastic() else { return };
    let documents = std::fs::read_to_string(Path::new(&folder).join("../../rule-documents.ndjson")).unwrap();
    let mut fired = 0;
    for line in documents.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let path = Path::new(&folder).join(entry["path"].as_str().unwrap().trim_start_matches("rules/"));
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let source = [Source { path: path.display().to_string(), text }];
        let options = CompileOptions::default();
        let rule_set = Arc::new(rule_core::compile(&source, &options).0);
        if rule_set.rules().is_empty() {
            continue;
        }
        for documents in entry["matches"].as_array().unwrap() {
            let mut batch = String::new();
            for (time, document) in documents.as_array().unwrap().iter().enumerate() {
                let mut document = document.clone();
                document["@timestamp"] = time.into();
                batch.push_str(&format!("{document}\n"));
            }
            let mut session = Session::open(Arc::clone(&rule_set), SessionOptions::default());
            let found = session.evaluate(batch.as_bytes()).matches.len() + session.finish().matches.len();
            let mut inspector = Inspector::compile(&source, &options, 100).0;
            inspector.observe(batch.as_bytes());
            if found > 0 {
                assert_eq!(inspector.verdict(0), Verdict::Could, "{}: {documents}", source[0].path);
                fired += 1;
            }
        }
    }
    assert!(fired > 500, "{fired}");
}

/// The commands of the page, with what they print on a terminal.
#[test]
fn the_page_about_rule_sets_is_true() {
    let path = root().join("docs/rule-sets.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (mut made, mut commands) = (String::new(), 0);
    let mut rest = page.as_str();
    while let Some((before, after)) = rest.split_once("```console\n$ tripline ") {
        let (block, after) = after.split_once("```\n").unwrap();
        let line = block.lines().next().unwrap();
        let mut args = vec!["--output", "human"];
        args.splice(0..0, line.split(' ').skip(1));
        if line.starts_with("rules list") {
            args.extend(["--engine", "native"]);
        }
        let run = rules(&args);
        run.succeeds();
        made.push_str(&format!("{before}```console\n$ tripline {line}\n{}```\n", run.out));
        rest = after;
        commands += 1;
    }
    made.push_str(rest);
    assert!(commands >= 4);
    if is_blessing() {
        std::fs::write(&path, made).unwrap();
        return;
    }
    assert_eq!(made, page, "docs/rule-sets.md is not what the commands print; TRIPLINE_BLESS=1 makes it anew");
}

#[test]
fn help_has_examples() {
    for command in ["list", "show", "fields", "navigator", "diff"] {
        let run = tripline(&["rules", command, "--help"]);
        run.succeeds();
        assert!(run.out.contains("Examples:") && run.out.contains(&format!("tripline rules {command}")), "{command}");
    }
    let script = tripline(&["completions", "bash"]);
    assert!(script.out.contains("navigator"), "completions know the subcommands");
}
