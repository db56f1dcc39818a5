//! `tripline fmt` from the outside.

mod common;

use std::fs;

use common::{Folder, Run, TOML_RULE, tripline, tripline_with};
use serde_json::Value;

const MESSY: &str = "any   where a==1 // why\n  and (b : \"x\")\n";
const TIDY: &str = "any where\n  a == 1 and // why\n  b : \"x\"\n";
const PAGE: &str = "# A rule\n\n**Rule type**: eql\n\n## Rule query\n\n```js\nany   where true\n```\n";

/// A folder with a rule of each fate.
fn rules() -> Folder {
    let folder = Folder::new();
    folder.file("rules/a.eql", MESSY);
    folder.file("rules/b.toml", &TOML_RULE.replace(" == ", "=="));
    folder.file("rules/c.toml", TOML_RULE);
    folder.file("rules/d.md", PAGE);
    folder.file("rules/e.toml", &TOML_RULE.replace("\"eql\"", "\"esql\""));
    folder
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}{}", run.out, run.err))
}

#[test]
fn files_are_written_again_and_named() {
    let folder = rules();
    let read = |name: &str| fs::read_to_string(folder.path(name)).unwrap();
    let run = tripline(&["fmt", &folder.path("rules")]);
    run.succeeds();
    let expected = format!("formatted {}\nformatted {}\n", folder.path("rules/a.eql"), folder.path("rules/b.toml"));
    assert_eq!(run.out, expected);
    assert!(run.err.starts_with("5 files: 2 formatted, 1 unchanged, 2 left alone\n"), "{}", run.err);
    assert!(run.err.contains("1 left alone: queries in esql are left alone"), "{}", run.err);
    assert_eq!(read("rules/a.eql"), TIDY);
    assert_eq!(read("rules/b.toml"), TOML_RULE);
    assert_eq!(read("rules/d.md"), PAGE);

    let again = tripline(&["fmt", &folder.path("rules")]);
    again.succeeds();
    assert_eq!(again.out, "");
    assert!(again.err.starts_with("5 files: 3 unchanged, 2 left alone\n"), "{}", again.err);
}

#[test]
fn check_changes_nothing_and_fails_with_a_diff() {
    let folder = rules();
    let path = folder.path("rules/a.eql");
    let run = tripline(&["fmt", "--check", &folder.path("rules")]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.starts_with("5 files: 2 to format, 1 unchanged, 2 left alone\n"), "{}", run.err);
    assert_eq!(fs::read_to_string(&path).unwrap(), MESSY);
    let expected = format!(
        "--- {path}\n+++ {path}\n@@ -1,2 +1,3 @@\n-any   where a==1 // why\n-  and (b : \"x\")\n+any where\n+  a == 1 and // why\n+  b : \"x\"\n"
    );
    assert!(run.out.starts_with(&expected), "{}", run.out);
    assert!(run.out.contains("\n query = '''\n-file where event.type==\"creation\""), "{}", run.out);

    tripline(&["fmt", &folder.path("rules")]).succeeds();
    let run = tripline(&["fmt", "--check", &folder.path("rules")]);
    run.succeeds();
    assert_eq!(run.out, "");
}

#[test]
fn standard_input_goes_to_standard_output() {
    let run = tripline_with(&["fmt", "-"], MESSY.as_bytes());
    run.succeeds();
    assert_eq!((run.out.as_str(), run.err.as_str()), (TIDY, ""));
    let run = tripline_with(&["fmt", "-"], PAGE.as_bytes());
    run.succeeds();
    assert_eq!(run.out, PAGE);
    let run = tripline_with(&["fmt", "--check", "-"], MESSY.as_bytes());
    assert_eq!(run.code, 1);
    assert!(run.out.starts_with("--- <stdin>\n"), "{}", run.out);
    let run = tripline_with(&["fmt", "-"], b"any where a ==");
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("<stdin>:1:"), "{}", run.err);
    let run = tripline_with(&["fmt", "--output", "json", "-"], MESSY.as_bytes());
    run.succeeds();
    assert_eq!(json(&run)["files"][0]["text"], TIDY);
}

#[test]
fn files_with_errors_are_shown_and_left_alone() {
    let folder = rules();
    folder.file("rules/broken.eql", "any   where a == // no value\n");
    folder.bytes("rules/latin1.eql", b"any   where a == \"\xe4\"");
    let run = tripline(&["fmt", &folder.path("rules")]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("broken.eql:1:") && run.err.contains("latin1.eql"), "{}", run.err);
    assert!(run.err.contains("7 files: 2 formatted, 1 unchanged, 2 left alone, 2 failed"), "{}", run.err);
    assert!(!run.err.contains('\x1b'), "no colour but on a terminal");
    assert_eq!(fs::read_to_string(folder.path("rules/broken.eql")).unwrap(), "any   where a == // no value\n");
}

#[test]
fn the_document_says_what_became_of_each_file() {
    let folder = rules();
    folder.file("rules/broken.eql", "any where a ==");
    let run = tripline(&["fmt", "--check", "--output", "json", &folder.path("rules")]);
    assert_eq!((run.code, run.err.as_str()), (1, ""));
    let document = json(&run);
    let of = |name: &str| {
        let path = folder.path(name);
        let files = document["files"].as_array().unwrap();
        files.iter().find(|file| file["path"] == path.as_str()).unwrap_or_else(|| panic!("{document:#}"))
    };
    assert_eq!(of("rules/a.eql")["status"], "different");
    assert!(of("rules/a.eql")["diff"].as_str().unwrap().contains("+any where\n"));
    assert_eq!(of("rules/c.toml")["status"], "unchanged");
    assert_eq!(of("rules/d.md")["status"], "left-alone");
    assert_eq!(of("rules/d.md")["reason"], "documentation pages of rules are left alone");
    assert_eq!(of("rules/broken.eql")["status"], "failed");
    assert_eq!(document["diagnostics"][0]["path"], folder.path("rules/broken.eql"));

    let run = tripline(&["fmt", "--output", "json", &folder.path("rules/a.eql")]);
    run.succeeds();
    assert_eq!(json(&run)["files"][0]["status"], "formatted");
    assert_eq!(fs::read_to_string(folder.path("rules/a.eql")).unwrap(), TIDY);
}

#[test]
fn limits_and_usage() {
    let folder = rules();
    let file = folder.path("rules/a.eql");
    for (flag, value) in [("--max-rule-bytes", "5"), ("--max-query-depth", "0")] {
        let run = tripline(&["fmt", flag, value, &file]);
        assert_eq!(run.code, 1, "{flag}: {}", run.err);
        assert!(run.err.contains("error[too-large]"), "{flag}: {}", run.err);
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), MESSY);
    for (args, message) in [
        (vec!["fmt"], "PATH"),
        (vec!["fmt", "-", &file], "cannot be named beside files"),
        (vec!["fmt", "missing.eql"], "cannot read missing.eql"),
    ] {
        let run = tripline(&args);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.err);
        assert!(run.err.contains(message), "{}", run.err);
    }
}

#[test]
fn a_file_keeps_its_permissions_and_links() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = Folder::new();
    let file = folder.file("a.eql", MESSY);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&file, folder.path("link.eql")).unwrap();
    tripline(&["fmt", &folder.path("link.eql")]).succeeds();
    assert!(fs::symlink_metadata(folder.path("link.eql")).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&file).unwrap(), TIDY);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}
