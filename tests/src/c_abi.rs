//! The core module as a C host sees it: exported functions over buffers in the module's memory.

use anyhow::{Context as _, Result, anyhow, ensure};
use wasmtime::{Engine, Linker, Memory, Module, Store, TypedFunc};

/// An instance of the core module, with nothing behind its imports: they are JavaScript's, and no C host has them.
pub struct CModule {
    store: Store<()>,
    memory: Memory,
    malloc: TypedFunc<i32, i32>,
    free: TypedFunc<i32, ()>,
    compile: TypedFunc<(i32, i32), i32>,
    evaluate: TypedFunc<(i32, i32), i32>,
    advance: TypedFunc<(i32, i32), i32>,
    filter: TypedFunc<(i32, i32, i32, i32, i32, i32), i32>,
}

impl CModule {
    /// The core module that this build carries: the one that browsers and Fluent Bit load.
    pub fn embedded() -> Result<Self> {
        let bytes = host_runner::core_module().context("this build carries no module: run `cargo xtask module`")?;
        CModule::load(bytes)
    }

    /// Any module with these exports.
    pub fn load(bytes: &[u8]) -> Result<Self> {
        let engine = Engine::default();
        let module = Module::new(&engine, bytes).map_err(told)?;
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&module).map_err(told)?;
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).map_err(told)?;
        Ok(CModule {
            memory: instance.get_memory(&mut store, "memory").context("no memory is exported")?,
            malloc: instance.get_typed_func(&mut store, "malloc").map_err(told)?,
            free: instance.get_typed_func(&mut store, "free").map_err(told)?,
            compile: instance.get_typed_func(&mut store, "tripline_compile").map_err(told)?,
            evaluate: instance.get_typed_func(&mut store, "tripline_evaluate").map_err(told)?,
            advance: instance.get_typed_func(&mut store, "tripline_advance").map_err(told)?,
            filter: instance.get_typed_func(&mut store, "tripline_filter").map_err(told)?,
            store,
        })
    }

    /// Compiles a JSON array of sources; the answer is a report.
    pub fn compile(&mut self, sources: &[u8]) -> Result<String> {
        self.call(self.compile.clone(), sources)
    }

    /// Evaluates a batch of events; the answer is an outcome.
    pub fn evaluate(&mut self, lines: &[u8]) -> Result<String> {
        self.call(self.evaluate.clone(), lines)
    }

    /// Moves the event time of the batches on; `time` is a `rule_core::Advance` in JSON, the answer an outcome.
    pub fn advance(&mut self, time: &[u8]) -> Result<String> {
        self.call(self.advance.clone(), time)
    }

    /// Filters one record as Fluent Bit does.
    pub fn filter(&mut self, tag: &str, record: &[u8]) -> Result<String> {
        let tag_address = self.put(tag.as_bytes())?;
        let address = self.put(record)?;
        let arguments = (tag_address, length(tag.as_bytes())?, 1_700_000_000, 0, address, length(record)?);
        let answer = self.filter.call(&mut self.store, arguments).map_err(told)?;
        let answer = self.c_string(answer)?;
        self.free.call(&mut self.store, tag_address).map_err(told)?;
        self.free.call(&mut self.store, address).map_err(told)?;
        Ok(answer)
    }

    fn call(&mut self, function: TypedFunc<(i32, i32), i32>, bytes: &[u8]) -> Result<String> {
        let address = self.put(bytes)?;
        let answer = function.call(&mut self.store, (address, length(bytes)?)).map_err(told)?;
        let answer = self.c_string(answer)?;
        self.free.call(&mut self.store, address).map_err(told)?;
        Ok(answer)
    }

    /// Puts bytes and a NUL into a buffer of the module's.
    fn put(&mut self, bytes: &[u8]) -> Result<i32> {
        let address = self.malloc.call(&mut self.store, length(bytes)? + 1).map_err(told)?;
        ensure!(address != 0, "malloc found no memory for {} bytes", bytes.len());
        let at = place(address);
        self.memory.write(&mut self.store, at, bytes)?;
        self.memory.write(&mut self.store, at + bytes.len(), &[0])?;
        Ok(address)
    }

    fn c_string(&self, address: i32) -> Result<String> {
        ensure!(address != 0, "the answer is a null pointer");
        let bytes =
            self.memory.data(&self.store).get(place(address)..).context("the answer lies outside the memory")?;
        let end = bytes.iter().position(|byte| *byte == 0).context("the answer has no end")?;
        Ok(std::str::from_utf8(&bytes[..end]).context("the answer is not UTF-8")?.to_owned())
    }
}

/// wasmtime's error with its causes, in one line.
fn told(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

fn length(bytes: &[u8]) -> Result<i32> {
    i32::try_from(bytes.len()).context("larger than the module's memory")
}

/// An address is unsigned, however WebAssembly's types are called.
fn place(address: i32) -> usize {
    address.cast_unsigned() as usize
}
