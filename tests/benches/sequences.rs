//! One two-term sequence with a thousand and with a million live join keys, natively and in the sandbox: events per second,
//! bytes per key, and how much dearer an event is among a million keys.
//!
//! `cargo bench -p tripline-tests --bench sequences`. Not criterion: a million keys are made once, not a hundred times.
//! `-- native 1000` runs one line of it. So instructions can be counted, which shows whether more of them or slower memory
//! make an event dearer: `valgrind --tool=callgrind --toggle-collect='*::steady' target/release/deps/sequences-… native 1000`.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytesize::ByteSize;
use host_runner::{Engine, EngineKind, Handle, Instance, InstanceLimits, WasmOptions};
use rule_core::{Advance, CompileOptions, Limits, SessionOptions, Source};

const RULE: &str = "sequence by process.entity_id with maxspan=24h
  [process where event.type == \"start\"]
  [network where destination.port == 4444]";

const BATCH: u64 = 1_000;
const STEADY: u64 = 300;

fn main() -> Result<()> {
    println!("engine   live keys   fill events/s   steady events/s   bytes/key (memory)   bytes/key (counted)");
    let chosen: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let is_chosen = |text: String| chosen.iter().all(|arg| text.split(' ').any(|word| word == arg));
    for kind in [EngineKind::Native, EngineKind::Wasm] {
        let mut costs = Vec::new();
        for keys in [1_000, 1_000_000] {
            if is_chosen(format!("{kind:?} {keys}").to_lowercase()) {
                costs.push(run(kind, keys)?);
            }
        }
        if let [few, many] = costs[..] {
            let ratio = many.as_secs_f64() / few.as_secs_f64();
            println!("{kind:?}: an event among 1,000,000 keys costs {ratio:.2} times what it costs among 1,000");
        }
    }
    Ok(())
}

/// Time of an event in the steady state.
fn run(kind: EngineKind, keys: u64) -> Result<Duration> {
    let limits =
        InstanceLimits { memory: ByteSize::gib(2), deadline: Duration::from_secs(600), ..InstanceLimits::default() };
    let mut instance = Engine::new(kind, &WasmOptions::default())?.instance(limits)?;
    let options = CompileOptions {
        limits: Limits {
            max_join_keys: 2_000_000,
            max_partial_matches: 2_000_000,
            max_state_bytes: u32::MAX,
            ..Limits::default()
        },
        ..CompileOptions::default()
    };
    let source = Source { path: "pair.eql".into(), text: RULE.into() };
    let (rules, report) = instance.compile(&[source], &options)?;
    anyhow::ensure!(!report.has_errors(), "{:?}", report.diagnostics);
    let session = instance.open(rules, &SessionOptions { lateness_ms: Some(1_000), ..SessionOptions::default() })?;

    let before = memory(instance.as_ref())?;
    let mut stream = Stream { ms: 1_700_000_000_000, random: 1 };
    let mut filling = Duration::ZERO;
    for first in (0..keys).step_by(BATCH as usize) {
        let batch = stream.batch(first..first + BATCH, |_| ("process", 0));
        let started = Instant::now();
        instance.evaluate(session, batch.as_bytes())?;
        filling += started.elapsed();
    }
    let status = instance.advance(session, Advance::Flush)?.sequences.context("no sequences")?;
    anyhow::ensure!(status.join_keys == keys, "{status:?}");
    let grown = memory(instance.as_ref())? - before;

    // Half of the events start, a tenth end a sequence of some key, and the others are of no interest.
    let mut steady = Duration::ZERO;
    let mut matches = 0;
    for _ in 0..STEADY {
        let chosen: Vec<u64> = (0..BATCH).map(|_| stream.next() % keys).collect();
        let batch = stream.batch(chosen, |n| match n % 10 {
            0 => ("network", 4444),
            1..=5 => ("process", 0),
            _ => ("network", 53),
        });
        let started = Instant::now();
        matches += self::steady(instance.as_mut(), session, &batch)?;
        steady += started.elapsed();
    }
    anyhow::ensure!(matches > 1_000, "{matches} matches");
    let rate = |events: u64, time: Duration| events as f64 / time.as_secs_f64();
    println!(
        "{:<7}  {keys:>9}   {:>13.0}   {:>15.0}   {:>18}   {:>19}",
        format!("{kind:?}"),
        rate(keys, filling),
        rate(STEADY * BATCH, steady),
        grown / keys,
        status.state_bytes / keys
    );
    Ok(steady / (STEADY * BATCH) as u32)
}

/// Matches of a batch in the steady state; a function of its own, so that a profiler can tell it apart.
#[inline(never)]
fn steady(instance: &mut dyn Instance, session: Handle, batch: &str) -> Result<usize> {
    Ok(instance.evaluate(session, batch.as_bytes())?.matches.len())
}

/// What the instance takes: its linear memory, or natively all of the process.
fn memory(instance: &dyn Instance) -> Result<u64> {
    if let Some(bytes) = instance.memory() {
        return Ok(bytes);
    }
    let pages = fs::read_to_string("/proc/self/statm")?;
    Ok(pages.split(' ').nth(1).context("statm")?.parse::<u64>()? * 4096)
}

struct Stream {
    ms: u64,
    random: u64,
}

impl Stream {
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.random >> 33
    }

    /// One event for each key, a millisecond apart. A process's entity id is about as long as Elastic Defend's.
    fn batch(&mut self, keys: impl IntoIterator<Item = u64>, what: impl Fn(u64) -> (&'static str, u32)) -> String {
        let mut batch = String::new();
        for (n, key) in (0..).zip(keys) {
            self.ms += 1;
            let (category, port) = what(n);
            let _ = writeln!(
                batch,
                r#"{{"@timestamp":{},"event":{{"category":"{category}","type":"start"}},"destination":{{"port":{port}}},"process":{{"entity_id":"{:016x}{key:016x}","name":"bash"}},"host":{{"name":"web-1"}}}}"#,
                self.ms,
                key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            );
        }
        batch
    }
}
