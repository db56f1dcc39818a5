//! Snapshots across hosts: the same session has the same bytes in the native engine and in the sandbox, at every moment, and
//! each goes on from the other's.

use anyhow::{Context as _, Result};
use host_runner::EngineKind;
use rule_core::{Advance, Outcome};
use tripline_tests::answer::read;
use tripline_tests::assert_none;
use tripline_tests::hosts::{Host, RunnerHost};
use tripline_tests::vectors::{Case, Step, VectorFile};

/// What a session told: matches and alerts, in order.
type Told = (Vec<rule_core::Match>, String);

fn steps(case: &Case) -> Result<Vec<Step>> {
    let steps = case.steps_in(true)?.into_iter().filter(|step| *step != Step::Restart);
    Ok(steps.chain([Step::Advance(Advance::Finish)]).collect())
}

fn step(host: &mut RunnerHost, step: &Step, told: &mut Told) -> Result<()> {
    let answer = match step {
        Step::Evaluate(batch) => host.evaluate(batch)?,
        Step::Advance(time) => host.advance(*time)?,
        Step::Restart => return Ok(()),
    };
    let outcome: Outcome = read(&answer)?;
    told.0.extend(outcome.matches);
    told.1.push_str(&outcome.alerts);
    Ok(())
}

/// Runs a case on both hosts; after each step they swap their states, so that each goes on from the other's.
fn swap(case: &Case, native: &mut RunnerHost, wasm: &mut RunnerHost) -> Result<Result<(), String>> {
    for host in [&mut *native, &mut *wasm] {
        host.start(case)?;
    }
    let (mut by_native, mut by_wasm) = (Told::default(), Told::default());
    let mut bytes = Ok(());
    for (at, now) in steps(case)?.iter().enumerate() {
        step(native, now, &mut by_native)?;
        step(wasm, now, &mut by_wasm)?;
        let (of_native, of_wasm) = (native.snapshot()?, wasm.snapshot()?);
        if of_native != of_wasm && bytes.is_ok() {
            bytes = Err(format!("after step {at}: {} and {} bytes", of_native.len(), of_wasm.len()));
        }
        native.restore(&of_wasm)?;
        wasm.restore(&of_native)?;
        if native.snapshot()? != of_wasm && bytes.is_ok() {
            bytes = Err(format!("after step {at}: what is restored is not what was written"));
        }
    }
    for host in [&mut *native, &mut *wasm] {
        host.stop()?;
    }
    let mut alone = Told::default();
    native.start(case)?;
    for now in steps(case)? {
        step(native, &now, &mut alone)?;
    }
    native.stop()?;
    if by_native != alone || by_wasm != alone {
        return Ok(Err(format!("undisturbed {alone:?}\n  native {by_native:?}\n  wasm {by_wasm:?}")));
    }
    Ok(bytes)
}

#[test]
fn both_hosts_write_the_same_bytes_and_go_on_from_each_others() -> Result<()> {
    let mut native = RunnerHost::new(EngineKind::Native)?;
    let mut wasm = RunnerHost::new(EngineKind::Wasm)?;
    let mut problems = Vec::new();
    let mut ran = 0;
    for file in VectorFile::all()? {
        for case in file.cases.iter().filter(|case| case.is_sequence() || case.is_sample()) {
            ran += 1;
            let name = format!("{}: {}", file.theme(), case.name);
            if let Err(problem) = swap(case, &mut native, &mut wasm).with_context(|| name.clone())? {
                problems.push(format!("{name}\n  {problem}"));
            }
        }
    }
    println!("{ran} vectors, a snapshot after each event");
    assert!(ran > 100);
    assert_none("snapshots", &problems);
    Ok(())
}
