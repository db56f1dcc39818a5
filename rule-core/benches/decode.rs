//! Decoding one event of 1 KiB, against what `serde_json` takes for the same bytes.
//!
//! `cargo bench -p rule-core`; the ratio to `serde_json/value` is what counts, not the time.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rule_core::Limits;
use rule_core::decode::{Projection, Slots};

/// As Elastic Defend sends it.
const EVENT: &str = include_str!("event.json");

/// What the mining-service rule reads, and an alert besides.
const FIELDS: [&str; 12] = [
    "@timestamp",
    "event.category",
    "event.type",
    "event.action",
    "event.dataset",
    "host.os.type",
    "host.id",
    "file.name",
    "file.path",
    "process.executable",
    "process.args",
    "user.name",
];

const GROUPS: [&str; 10] =
    ["dll", "dns", "event", "file", "host", "network", "process", "process.parent", "registry", "user"];

const NAMES: [&str; 20] = [
    "action",
    "args",
    "args_count",
    "category",
    "code_signature.subject_name",
    "code_signature.trusted",
    "command_line",
    "direction",
    "domain",
    "entity_id",
    "executable",
    "extension",
    "hash.sha256",
    "id",
    "name",
    "os.type",
    "path",
    "pid",
    "size",
    "type",
];

fn decode(c: &mut Criterion) {
    let event = EVENT.trim_end().as_bytes();
    let dotted = flat(&serde_json::from_slice(event).expect("the event is JSON")).into_bytes();
    // As many fields as a set of some hundred rules reads, most of which the event does not have.
    let many: Vec<String> = GROUPS.iter().flat_map(|group| NAMES.map(|name| format!("{group}.{name}"))).collect();
    let limits = Limits::default();
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Bytes(event.len() as u64));
    let mut slots = Slots::default();
    let mut bench = |name: &str, fields: Projection, event: &[u8]| {
        group.bench_function(name, |b| {
            b.iter(|| fields.decode(black_box(event), &limits, &mut slots).expect("the event is JSON"));
        });
    };
    bench("12 fields", Projection::new(&FIELDS), event);
    bench("1 field", Projection::new(&["file.name"]), event);
    bench("0 fields", Projection::new::<&str>(&[]), event);
    bench("200 fields", Projection::new(&many), event);
    bench("12 fields, dotted keys", Projection::new(&FIELDS), &dotted);
    group.finish();

    let mut group = c.benchmark_group("serde_json");
    group.throughput(Throughput::Bytes(event.len() as u64));
    group.bench_function("value", |b| {
        b.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(event)).expect("the event is JSON"));
    });
    group.bench_function("ignored", |b| {
        b.iter(|| serde_json::from_slice::<serde::de::IgnoredAny>(black_box(event)).expect("the event is JSON"));
    });
    group.finish();
}

/// The same event with one level of keys.
fn flat(event: &serde_json::Value) -> String {
    fn walk(value: &serde_json::Value, path: String, out: &mut serde_json::Map<String, serde_json::Value>) {
        match value {
            serde_json::Value::Object(members) => {
                for (key, value) in members {
                    walk(value, if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, out);
                }
            }
            _ => _ = out.insert(path, value.clone()),
        }
    }
    let mut out = serde_json::Map::new();
    walk(event, String::new(), &mut out);
    serde_json::Value::Object(out).to_string()
}

criterion_group!(benches, decode);
criterion_main!(benches);
