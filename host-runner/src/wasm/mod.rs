//! The component in wasmtime: compiled once, one store per instance, limits on memory and time.

mod bindings;
mod cache;
mod instance;
#[cfg(test)]
pub(crate) mod tests;
mod ticker;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use crate::engine::{EngineError, InstanceLimits};
use crate::module::Module;
use bindings::TriplinePre;
use instance::State;
pub use instance::WasmInstance;
use ticker::Ticker;

/// How to set up wasmtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasmOptions {
    /// How many instances may live at the same time; address space is reserved for them, memory is not.
    pub instances: u32,
    /// Where compiled code is kept.
    pub cache: Cache,
}

/// Where compiled code is kept between runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// `$XDG_CACHE_HOME/tripline`, else `~/.cache/tripline`.
    #[default]
    Default,
    /// This folder.
    Folder(PathBuf),
    /// Nowhere: compile each time.
    Off,
}

impl Default for WasmOptions {
    fn default() -> Self {
        WasmOptions { instances: 16, cache: Cache::default() }
    }
}

/// Compiled code, the instance pool, and the clock for deadlines. Cheap to clone.
#[derive(Clone)]
pub struct WasmEngine(Arc<Shared>);

struct Shared {
    engine: Engine,
    instantiate: TriplinePre<State>,
    ticker: Ticker,
}

impl fmt::Debug for WasmEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmEngine").finish_non_exhaustive()
    }
}

impl WasmEngine {
    /// The component that this build carries.
    pub fn embedded(options: &WasmOptions) -> Result<Self, EngineError> {
        let module = Module::embedded().ok_or(EngineError::NoModule)?;
        WasmEngine::load(module.component(), module.component_sha256, options)
    }

    /// Another component of the same contract (`rule-wasm/wit/tripline.wit`).
    pub fn from_component(component: &[u8], options: &WasmOptions) -> Result<Self, EngineError> {
        use sha2::Digest as _;
        let sha256 = sha2::Sha256::digest(component).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        WasmEngine::load(component, &sha256, options)
    }

    fn load(component: &[u8], sha256: &str, options: &WasmOptions) -> Result<Self, EngineError> {
        let engine = Engine::new(&config(options)).map_err(sandbox)?;
        let component = match cache::folder(&options.cache) {
            Some(folder) => cache::load_or_compile(&engine, component, sha256, &folder)?,
            None => Component::new(&engine, component).map_err(sandbox)?,
        };
        // The component imports nothing: an empty linker is all it gets, and all it could ever reach.
        let instantiate =
            Linker::new(&engine).instantiate_pre(&component).and_then(TriplinePre::new).map_err(sandbox)?;
        let ticker = Ticker::start(engine.weak()).map_err(|error| EngineError::Sandbox(error.to_string()))?;
        Ok(WasmEngine(Arc::new(Shared { engine, instantiate, ticker })))
    }

    /// A fresh instance with a memory of its own.
    pub fn instance(&self, limits: InstanceLimits) -> Result<WasmInstance, EngineError> {
        WasmInstance::new(self.clone(), limits)
    }
}

fn config(options: &WasmOptions) -> Config {
    let instances = options.instances.max(1);
    let mut pool = PoolingAllocationConfig::new();
    // A component holds the core module, the adapter for JavaScript's imports and wit-component's own shims; only the
    // first has a memory.
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(8))
        .total_memories(instances.saturating_mul(2))
        .total_tables(instances.saturating_mul(8))
        .max_core_instances_per_component(8)
        .max_memories_per_component(2)
        .max_tables_per_component(8);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .consume_fuel(false)
        // The one kind of result that may differ between machines in WebAssembly is the bits of a NaN.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true);
    config
}

/// wasmtime's error with its causes, in one line.
fn sandbox(error: wasmtime::Error) -> EngineError {
    EngineError::Sandbox(format!("{error:#}"))
}
