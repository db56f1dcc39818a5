//! What the tests of the command share.
#![allow(dead_code, clippy::unwrap_used)]

pub mod collector;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

pub const RULE: &str = r#"file where event.type == "creation" and host.os.type == "linux" and file.name : "*.service""#;

pub const TOML_RULE: &str = r#"
[rule]
name = "Service of a miner"
rule_id = "5e0c7c2e-3c0c-4e52-a6de-0d1f5c1c9f11"
description = "A service file appears."
type = "eql"
language = "eql"
severity = "medium"
risk_score = 47
query = '''
file where event.type == "creation" and file.name : "*.service"
'''
"#;

pub const SERVICE_EVENT: &str = concat!(
    r#"{"@timestamp":"2026-01-02T03:04:05.678Z","event":{"category":["file"],"type":["creation"],"action":"creation"},"#,
    r#""host":{"name":"web-1","os":{"type":"linux"}},"#,
    r#""file":{"name":"x.service","path":"/etc/systemd/system/x.service"}}"#
);

/// A folder of the test's own.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        self.bytes(name, text.as_bytes())
    }

    pub fn bytes(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        self.path(name)
    }
}

/// How a command ended.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    pub fn succeeds(&self) {
        assert_eq!(self.code, 0, "{}", self.err);
    }
}

pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tripline"));
    // One cache for all tests, apart from the user's: compiling the module takes seconds.
    command.env("XDG_CACHE_HOME", PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cache"));
    command.env_remove("NO_COLOR").env_remove("TRIPLINE_LOG");
    command
}

pub fn tripline(args: &[&str]) -> Run {
    tripline_with(args, b"")
}

pub fn tripline_with(args: &[&str], input: &[u8]) -> Run {
    let mut command = command();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A command that does not read its input closes it; that is its right.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn events_of(body: &Value) -> Vec<Value> {
    body["hits"]["events"].as_array().unwrap().clone()
}
