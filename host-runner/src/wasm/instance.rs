//! One tenant's store.

use std::time::Duration;

use bytesize::ByteSize;
use rule_core::{
    Advance, CompileOptions, CompileReport, ExplainOptions, Explanation, Outcome, Restored, SearchOptions,
    SearchProgress, SessionOptions, Source,
};
use serde::Serialize;
use wasmtime::{ResourceLimiter, Store, Trap};

use super::bindings::{Compiled, Guest, Tripline};
use super::ticker::Ticker;
use super::{WasmEngine, sandbox};
use crate::engine::{EngineError, Handle, Instance, InstanceLimits};

/// An instance of the component.
pub struct WasmInstance {
    engine: WasmEngine,
    limits: InstanceLimits,
    /// `None` after a failure: whatever the module was doing, its memory is not to be trusted any more.
    live: Option<Live>,
}

struct Live {
    store: Store<State>,
    world: Tripline,
}

/// What a store carries: its share of memory.
pub(super) struct State {
    memory: usize,
    /// What it has now.
    grown: usize,
}

/// The module's table holds its own functions and does not grow; this is far above what it has.
const MAX_TABLE_ELEMENTS: usize = 100_000;

impl ResourceLimiter for State {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        // An error traps at once. Refusing would let the module's allocator abort, which looks like any other trap.
        if desired > self.memory {
            return Err(wasmtime::Error::new(OverMemory));
        }
        self.grown = desired;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("memory limit exceeded")]
struct OverMemory;

impl WasmInstance {
    pub(super) fn new(engine: WasmEngine, limits: InstanceLimits) -> Result<Self, EngineError> {
        let memory = usize::try_from(limits.memory.as_u64()).unwrap_or(usize::MAX);
        let mut store = Store::new(&engine.0.engine, State { memory, grown: 0 });
        store.limiter(|state| state);
        store.epoch_deadline_trap();
        store.set_epoch_deadline(Ticker::ticks(limits.compile_deadline));
        let running = engine.0.ticker.running();
        let world = engine.0.instantiate.instantiate(&mut store);
        drop(running);
        let world = world.map_err(|error| match typed(&error, limits.memory, limits.compile_deadline) {
            Some(typed) => typed,
            None => sandbox(error),
        })?;
        Ok(WasmInstance { engine, limits, live: Some(Live { store, world }) })
    }

    fn call<T>(
        &mut self,
        deadline: Duration,
        function: impl FnOnce(&Guest, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, EngineError> {
        let live = self.live.as_mut().ok_or(EngineError::Discarded)?;
        live.store.set_epoch_deadline(Ticker::ticks(deadline));
        let running = self.engine.0.ticker.running();
        let result = function(live.world.tripline_engine_engine(), &mut live.store);
        drop(running);
        result.map_err(|error| {
            self.live = None;
            typed(&error, self.limits.memory, deadline).unwrap_or_else(|| EngineError::Trap(in_words(&error)))
        })
    }
}

/// The error's own type, where a limit is behind it.
fn typed(error: &wasmtime::Error, memory: ByteSize, deadline: Duration) -> Option<EngineError> {
    if error.downcast_ref::<OverMemory>().is_some() {
        return Some(EngineError::Memory { limit: memory });
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => Some(EngineError::Deadline { limit: deadline }),
        _ => None,
    }
}

/// The trap without the backtrace through the module, which says nothing to its reader.
fn in_words(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    }
}

fn json(options: &impl Serialize) -> Result<String, EngineError> {
    Ok(serde_json::to_string(options)?)
}

impl Instance for WasmInstance {
    fn about(&mut self) -> Result<String, EngineError> {
        self.call(self.limits.deadline, |guest, store| guest.call_about(store))
    }

    fn compile(
        &mut self,
        sources: &[Source],
        options: &CompileOptions,
    ) -> Result<(Handle, CompileReport), EngineError> {
        let sources: Vec<_> = sources.iter().map(Into::into).collect();
        let options = json(options)?;
        let Compiled { rules, report } = self
            .call(self.limits.compile_deadline, |guest, store| guest.call_compile(store, &sources, &options))?
            .map_err(EngineError::Refused)?;
        Ok((Handle(rules), serde_json::from_str(&report)?))
    }

    fn open(&mut self, rules: Handle, options: &SessionOptions) -> Result<Handle, EngineError> {
        let options = json(options)?;
        self.call(self.limits.compile_deadline, |guest, store| guest.call_open(store, rules.0, &options))?
            .map(Handle)
            .map_err(EngineError::Refused)
    }

    fn evaluate(&mut self, session: Handle, lines: &[u8]) -> Result<Outcome, EngineError> {
        self.call(self.limits.deadline, |guest, store| guest.call_evaluate(store, session.0, lines))?
            .map(Into::into)
            .map_err(EngineError::Refused)
    }

    fn advance(&mut self, session: Handle, time: Advance) -> Result<Outcome, EngineError> {
        self.call(self.limits.deadline, |guest, store| guest.call_advance(store, session.0, time.into()))?
            .map(Into::into)
            .map_err(EngineError::Refused)
    }

    fn snapshot(&mut self, session: Handle) -> Result<Vec<u8>, EngineError> {
        // All state at once, which is no batch of events.
        self.call(self.limits.compile_deadline, |guest, store| guest.call_snapshot(store, session.0))?
            .map_err(EngineError::Refused)
    }

    fn restore(&mut self, session: Handle, state: &[u8]) -> Result<Restored, EngineError> {
        let restored = self
            .call(self.limits.compile_deadline, |guest, store| guest.call_restore(store, session.0, state))?
            .map_err(EngineError::Refused)?;
        Ok(serde_json::from_str(&restored)?)
    }

    fn open_search(&mut self, query: &Source, options: &SearchOptions) -> Result<Handle, EngineError> {
        let (query, options) = (query.into(), json(options)?);
        match self.call(self.limits.compile_deadline, |guest, store| guest.call_open_search(store, &query, &options))? {
            Ok(handle) => Ok(Handle(handle)),
            Err(diagnostics) => Err(EngineError::Query(serde_json::from_str(&diagnostics)?)),
        }
    }

    fn search_add(
        &mut self,
        search: Handle,
        index: &str,
        first_id: u64,
        lines: &[u8],
    ) -> Result<SearchProgress, EngineError> {
        self.call(self.limits.deadline, |guest, store| guest.call_search_add(store, search.0, index, first_id, lines))?
            .map(Into::into)
            .map_err(EngineError::Refused)
    }

    fn search_finish(&mut self, search: Handle) -> Result<String, EngineError> {
        self.call(self.limits.deadline, |guest, store| guest.call_search_finish(store, search.0))?
            .map_err(EngineError::Refused)
    }

    fn memory(&self) -> Option<u64> {
        self.live.as_ref().map(|live| live.store.data().grown as u64)
    }

    fn explain(&mut self, rule: &Source, lines: &[u8], options: &ExplainOptions) -> Result<Explanation, EngineError> {
        let (rule, options) = (rule.into(), json(options)?);
        // It compiles and evaluates.
        let deadline = self.limits.compile_deadline.max(self.limits.deadline);
        match self.call(deadline, |guest, store| guest.call_explain(store, &rule, lines, &options))? {
            Ok(explanation) => Ok(serde_json::from_str(&explanation)?),
            Err(diagnostics) => Err(EngineError::Query(serde_json::from_str(&diagnostics)?)),
        }
    }

    fn release(&mut self, handle: Handle) -> Result<(), EngineError> {
        self.call(self.limits.deadline, |guest, store| guest.call_release(store, handle.0))
    }
}
