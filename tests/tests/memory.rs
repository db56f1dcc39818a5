//! How much memory the module needs for all of Elastic's EQL rules.

use anyhow::{Context as _, Result, ensure};
use host_runner::{Engine, EngineKind, InstanceLimits, WasmOptions};
use rule_core::{CompileOptions, SessionOptions, Source};
use tripline_tests::elastic_rules;

/// What the module's memory may come to, in bytes: what was measured, rounded up. It never becomes smaller again, so that this is the
/// most that was ever in use, the rule files included on their way in, and the report on its way out.
///
/// The aim is 20 MB. What the files say, which the rule set and the report share, is 9 MB, the report's text as much again, and all
/// else that a rule set has 3 MB.
const MOST: u64 = 25_000_000;

#[test]
fn elastics_rules_fit_into_25_megabytes() -> Result<()> {
    let Some(data) = elastic_rules::data()? else { return Ok(()) };
    let rules: Vec<Source> = data.of_type("eql").cloned().collect();
    let engine = Engine::new(EngineKind::Wasm, &WasmOptions::default())?;
    let mut instance = engine.instance(InstanceLimits::default())?;
    let empty = instance.memory().context("an instance in the sandbox has a memory")?;
    let (set, report) = instance.compile(&rules, &CompileOptions::default())?;
    let compiled = instance.memory().context("it still has")?;
    instance.open(set, &SessionOptions::default())?;
    let open = instance.memory().context("it still has")?;
    ensure!(report.totals().0 == rules.len(), "{:?}", report.diagnostics);

    let text: usize = rules.iter().map(|rule| rule.text.len()).sum();
    println!("{} rules of {:.1} MB of text", rules.len(), text as f64 / 1e6);
    for (when, bytes) in [("before", empty), ("compiled", compiled), ("with a session", open)] {
        println!("{when:>16}: {:.1} MB", bytes as f64 / 1e6);
    }
    ensure!(open <= MOST, "{open} bytes of memory for {} rules; {MOST} is the most", rules.len());
    Ok(())
}
