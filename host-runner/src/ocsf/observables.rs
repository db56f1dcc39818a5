//! What an analyst may look for elsewhere: the evidence's names, addresses and hashes, each with where it is.

use serde_json::{Value, json};

/// Paths within an evidence, and the observable type of what is there: `type_id` and its caption in OCSF 1.5.0's dictionary.
const OBSERVED: &[(&str, u32, &str)] = &[
    ("device.hostname", 1, "Hostname"),
    ("device.ip", 2, "IP Address"),
    ("device.mac", 3, "MAC Address"),
    ("src_endpoint.ip", 2, "IP Address"),
    ("src_endpoint.hostname", 1, "Hostname"),
    ("dst_endpoint.ip", 2, "IP Address"),
    ("dst_endpoint.hostname", 1, "Hostname"),
    ("query.hostname", 1, "Hostname"),
    ("url.url_string", 6, "URL String"),
    ("user.name", 4, "User Name"),
    ("process.name", 9, "Process Name"),
    ("process.cmd_line", 13, "Command Line"),
    ("process.file.name", 7, "File Name"),
    ("process.file.hashes.value", 8, "Hash"),
    ("actor.process.name", 9, "Process Name"),
    ("actor.process.cmd_line", 13, "Command Line"),
    ("actor.process.file.hashes.value", 8, "Hash"),
    ("file.name", 7, "File Name"),
    ("file.hashes.value", 8, "Hash"),
];

/// The observables of the first evidence.
pub(super) fn observables(evidence: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    for (path, type_id, kind) in OBSERVED {
        let mut values = Vec::new();
        collect(evidence, path, &mut values);
        for value in values {
            let name = format!("evidences[0].{path}");
            found.push(json!({"name": name, "type_id": type_id, "type": kind, "value": value}));
        }
    }
    found
}

fn collect<'v>(value: &'v Value, path: &str, found: &mut Vec<&'v str>) {
    let (name, below) = path.split_once('.').map_or((path, None), |(name, below)| (name, Some(below)));
    let members: &[Value] = match value.get(name) {
        Some(Value::Array(items)) => items,
        Some(item) => std::slice::from_ref(item),
        None => &[],
    };
    for member in members {
        match below {
            Some(below) => collect(member, below, found),
            None => found.extend(member.as_str()),
        }
    }
}
