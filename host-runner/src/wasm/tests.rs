//! Limits, with a component that breaks them on demand.

use std::time::Duration;

use bytesize::ByteSize;
use rule_core::{Advance, CompileOptions, ExplainOptions, SearchOptions, SessionOptions, Source};

use super::*;
use crate::engine::{Handle, Instance};

/// A component that loops, takes memory or traps when told to.
pub(crate) fn misbehaving(instances: u32) -> WasmEngine {
    let component = wat::parse_str(include_str!("../../tests/misbehaving.wat")).unwrap();
    WasmEngine::from_component(&component, &WasmOptions { instances, cache: Cache::Off }).unwrap()
}

fn limits() -> InstanceLimits {
    // Nothing here takes this long but what never ends.
    InstanceLimits { memory: ByteSize::mib(4), deadline: Duration::from_secs(1), ..InstanceLimits::default() }
}

fn open(instance: &mut WasmInstance) -> Handle {
    let (rules, report) = instance.compile(&[Source::default()], &CompileOptions::default()).unwrap();
    assert!(!report.has_errors());
    instance.open(rules, &SessionOptions::default()).unwrap()
}

#[test]
fn a_failure_is_typed_and_concerns_one_instance() {
    let engine = misbehaving(2);
    let mut good = engine.instance(limits()).unwrap();
    let session = open(&mut good);
    for (events, is_expected) in [
        (
            &b"L"[..],
            (|error| matches!(error, EngineError::Deadline { limit } if *limit == limits().deadline)) as fn(&_) -> bool,
        ),
        (b"M", |error| matches!(error, EngineError::Memory { limit } if *limit == limits().memory)),
        (b"T", |error| matches!(error, EngineError::Trap(words) if words.contains("unreachable"))),
        (b"S", |error| matches!(error, EngineError::Trap(words) if words.contains("stack"))),
    ] {
        let mut bad = engine.instance(limits()).unwrap();
        let bad_session = open(&mut bad);
        let error = bad.evaluate(bad_session, events).unwrap_err();
        assert!(is_expected(&error), "{}: {error:?}", String::from_utf8_lossy(events));
        assert!(error.is_fatal());
        assert!(matches!(bad.evaluate(bad_session, b"fine"), Err(EngineError::Discarded)));
        assert!(matches!(bad.about(), Err(EngineError::Discarded)));
        assert_eq!(good.evaluate(session, b"fine").unwrap(), rule_core::Outcome::default());
        // The place of the failed instance is free although it is still held: there are only two.
        drop(engine.instance(limits()).unwrap());
    }
}

#[test]
fn a_batch_larger_than_the_memory_is_an_error_of_that_instance() {
    let engine = misbehaving(1);
    let mut instance = engine.instance(limits()).unwrap();
    let session = open(&mut instance);
    assert!(instance.evaluate(session, &vec![b'x'; 3 << 20]).is_ok());
    assert!(matches!(instance.evaluate(session, &vec![b'x'; 5 << 20]), Err(EngineError::Memory { .. })));
}

#[test]
fn an_instance_that_does_not_fit_its_memory_is_not_made() {
    let engine = misbehaving(1);
    let tiny = InstanceLimits { memory: ByteSize::kib(32), ..limits() };
    assert!(matches!(engine.instance(tiny), Err(EngineError::Memory { .. })));
    assert!(engine.instance(limits()).is_ok());
}

#[test]
fn more_instances_than_there_is_room_for_are_refused() {
    let engine = misbehaving(1);
    let first = engine.instance(limits()).unwrap();
    assert!(matches!(engine.instance(limits()), Err(EngineError::Sandbox(_))));
    drop(first);
    assert!(engine.instance(limits()).is_ok());
}

#[test]
fn every_function_of_the_contract_is_called_by_its_name() {
    let mut instance = misbehaving(1).instance(limits()).unwrap();
    assert_eq!(instance.about().unwrap(), "{}");
    let search = instance.open_search(&Source::default(), &SearchOptions::default()).unwrap();
    assert_eq!(instance.search_add(search, "logs", 1, b"{}").unwrap(), rule_core::SearchProgress::default());
    assert_eq!(instance.search_finish(search).unwrap(), "{}");
    let session = open(&mut instance);
    for time in [Advance::Idle(1), Advance::Ceiling(-1), Advance::Flush, Advance::Finish] {
        assert_eq!(instance.advance(session, time).unwrap(), rule_core::Outcome::default());
    }
    assert_eq!(instance.snapshot(session).unwrap(), b"");
    let restored = instance.restore(session, b"state");
    assert!(matches!(restored, Err(EngineError::Malformed(_))), "it answers `{{}}`, which says nothing of rules");
    let explained = instance.explain(&Source::default(), b"{}", &ExplainOptions::default());
    assert!(matches!(explained, Err(EngineError::Malformed(_))), "it answers `{{}}`, which explains nothing");
    instance.release(search).unwrap();
}

#[test]
fn what_is_not_the_contract_is_refused() {
    let options = WasmOptions { instances: 1, cache: Cache::Off };
    let other = wat::parse_str("(component)").unwrap();
    assert!(matches!(WasmEngine::from_component(&other, &options), Err(EngineError::Sandbox(_))));
    let importing = wat::parse_str(r#"(component (import "clock" (func)))"#).unwrap();
    assert!(matches!(WasmEngine::from_component(&importing, &options), Err(EngineError::Sandbox(_))));
    assert!(matches!(WasmEngine::from_component(b"not wasm", &options), Err(EngineError::Sandbox(_))));
}
