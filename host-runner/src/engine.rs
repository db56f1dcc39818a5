//! One interface over two hosts of the same core.

use std::time::Duration;

use bytesize::ByteSize;
use rule_core::{
    Advance, CompileOptions, CompileReport, Diagnostic, ExplainOptions, Explanation, Outcome, Restored, SearchOptions,
    SearchProgress, SessionOptions, Source,
};

use crate::native::Native;
use crate::wasm::{WasmEngine, WasmOptions};

/// A rule set, a session or a search inside one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle(pub(crate) u32);

/// Which host runs the core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// The component in wasmtime, under a memory limit and a deadline.
    #[default]
    Wasm,
    /// The core linked into this program: no sandbox, no limits on memory or time.
    Native,
}

/// Makes instances. Cheap to clone; clones share compiled code and the instance pool.
#[derive(Clone, Debug)]
pub enum Engine {
    /// The core linked into this program.
    Native,
    /// The component in wasmtime.
    Wasm(WasmEngine),
}

/// What one instance may take. The native host does not enforce them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceLimits {
    /// Bytes of linear memory.
    pub memory: ByteSize,
    /// Wall-clock time of one call that evaluates events.
    pub deadline: Duration,
    /// Wall-clock time of one call that compiles rules, and of one that writes or reads back a session's state.
    pub compile_deadline: Duration,
}

impl Default for InstanceLimits {
    fn default() -> Self {
        InstanceLimits {
            memory: ByteSize::mib(128),
            deadline: Duration::from_secs(10),
            compile_deadline: Duration::from_secs(60),
        }
    }
}

/// Why a call failed. Other instances are never affected.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The build has no component in it.
    #[error(
        "this build carries no module: run `cargo xtask module` and build again, or use the native engine (`--engine native`)"
    )]
    NoModule,
    /// wasmtime could not be set up, or could not make an instance.
    #[error("cannot start the sandbox: {0}")]
    Sandbox(String),
    /// The instance asked for more memory than it may have.
    #[error("memory limit of {limit} exceeded")]
    Memory {
        /// The limit.
        limit: ByteSize,
    },
    /// A call took longer than it may.
    #[error("deadline of {} exceeded", humantime::format_duration(*.limit))]
    Deadline {
        /// The limit.
        limit: Duration,
    },
    /// The module trapped for another reason: a fault in the module.
    #[error("the module trapped: {0}")]
    Trap(String),
    /// The instance failed before and was thrown away; make a fresh one.
    #[error("the instance was discarded after an earlier failure")]
    Discarded,
    /// The core refused the call; the instance is as it was.
    #[error("{0}")]
    Refused(String),
    /// The query of a search, or a rule to be explained, has errors; the instance is as it was.
    #[error("the query has {} error(s)", .0.len())]
    Query(Vec<Diagnostic>),
    /// The module's answer is not what the contract says.
    #[error("the module's answer is malformed: {0}")]
    Malformed(String),
}

impl From<serde_json::Error> for EngineError {
    fn from(error: serde_json::Error) -> Self {
        EngineError::Malformed(error.to_string())
    }
}

impl EngineError {
    /// Whether the instance is gone and with it every handle.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, EngineError::Refused(_) | EngineError::Query(_) | EngineError::Malformed(_))
    }
}

impl Engine {
    /// The core linked into this program.
    pub fn native() -> Self {
        Engine::Native
    }

    /// The embedded component in wasmtime; compiled once, then loaded from the cache.
    pub fn wasm(options: &WasmOptions) -> Result<Self, EngineError> {
        WasmEngine::embedded(options).map(Engine::Wasm)
    }

    /// The host of the given kind.
    pub fn new(kind: EngineKind, options: &WasmOptions) -> Result<Self, EngineError> {
        match kind {
            EngineKind::Native => Ok(Engine::Native),
            EngineKind::Wasm => Engine::wasm(options),
        }
    }

    /// Which host this is.
    pub fn kind(&self) -> EngineKind {
        match self {
            Engine::Native => EngineKind::Native,
            Engine::Wasm(_) => EngineKind::Wasm,
        }
    }

    /// A fresh instance: nothing is shared with any other.
    pub fn instance(&self, limits: InstanceLimits) -> Result<Box<dyn Instance>, EngineError> {
        Ok(match self {
            Engine::Native => Box::new(Native::default()),
            Engine::Wasm(engine) => Box::new(engine.instance(limits)?),
        })
    }
}

/// One tenant's core. The same inputs give the same results on every host.
///
/// After an error for which [`EngineError::is_fatal`] holds, every further call gives [`EngineError::Discarded`].
pub trait Instance: Send {
    /// Version and limits of the core, as JSON.
    fn about(&mut self) -> Result<String, EngineError>;

    /// Compiles rule files; rules with errors are left out and described in the report.
    fn compile(&mut self, sources: &[Source], options: &CompileOptions)
    -> Result<(Handle, CompileReport), EngineError>;

    /// Opens a session on a rule set.
    fn open(&mut self, rules: Handle, options: &SessionOptions) -> Result<Handle, EngineError>;

    /// Evaluates a batch: one JSON event per line, whole lines only.
    fn evaluate(&mut self, session: Handle, lines: &[u8]) -> Result<Outcome, EngineError>;

    /// Moves the session's event time on, so that sequences are decided that wait for it.
    fn advance(&mut self, session: Handle, time: Advance) -> Result<Outcome, EngineError>;

    /// The state of the session's sequences and samples.
    fn snapshot(&mut self, session: Handle) -> Result<Vec<u8>, EngineError>;

    /// Takes over such state, in a session that has seen no events. What cannot be read is refused, and the session is as it was.
    fn restore(&mut self, session: Handle, state: &[u8]) -> Result<Restored, EngineError>;

    /// Opens a search with one query.
    fn open_search(&mut self, query: &Source, options: &SearchOptions) -> Result<Handle, EngineError>;

    /// Gives a search more of the data set `index`; `first_id` is the line number of the first line.
    fn search_add(
        &mut self,
        search: Handle,
        index: &str,
        first_id: u64,
        lines: &[u8],
    ) -> Result<SearchProgress, EngineError>;

    /// Ends a search: the body that Elasticsearch's EQL search API would answer. The handle is gone.
    fn search_finish(&mut self, search: Handle) -> Result<String, EngineError>;

    /// Bytes of linear memory that the instance has; none outside the sandbox.
    fn memory(&self) -> Option<u64>;

    /// Explains the first rule of a file over events, one JSON event per line: which parts of it hold, and why.
    fn explain(&mut self, rule: &Source, lines: &[u8], options: &ExplainOptions) -> Result<Explanation, EngineError>;

    /// Frees a rule set, session or search. A session keeps its rule set alive.
    fn release(&mut self, handle: Handle) -> Result<(), EngineError>;
}
