//! The hosts that answer a vector: the native library, the component, the C ABI.

use anyhow::{Context as _, Result};
use host_runner::{Engine, EngineKind, Instance, InstanceLimits, WasmOptions};
use rule_core::{CompileOptions, SessionOptions};

use crate::c_abi::CModule;
use crate::vectors::Case;

/// An answer as the host gives it: two JSON documents.
#[derive(Debug)]
pub struct Answer {
    /// A `rule_core::CompileReport`.
    pub report: String,
    /// A `rule_core::Outcome`.
    pub outcome: String,
}

/// Something that runs vectors.
pub trait Host {
    /// Compiles the case's rule and evaluates its events in a new session. `None` when the host's interface has no
    /// way to hand over what the case needs.
    fn run(&mut self, case: &Case) -> Result<Option<Answer>>;
}

/// An instance of host-runner, native or in the sandbox.
pub struct RunnerHost(Box<dyn Instance>);

impl RunnerHost {
    /// A fresh instance.
    pub fn new(kind: EngineKind) -> Result<Self> {
        let engine = Engine::new(kind, &WasmOptions::default())?;
        Ok(RunnerHost(engine.instance(InstanceLimits::default())?))
    }
}

impl Host for RunnerHost {
    fn run(&mut self, case: &Case) -> Result<Option<Answer>> {
        let options = CompileOptions { mapping: case.mapping()?, ..CompileOptions::default() };
        let (rules, report) = self.0.compile(&[case.source()], &options)?;
        let session = self.0.open(rules, &SessionOptions { alerts: true, ..SessionOptions::default() })?;
        let outcome = self.0.evaluate(session, &case.events()?)?;
        self.0.release(session)?;
        self.0.release(rules)?;
        let report = serde_json::to_string(&report)?;
        let outcome = serde_json::to_string(&outcome)?;
        Ok(Some(Answer { report, outcome }))
    }
}

impl Host for CModule {
    fn run(&mut self, case: &Case) -> Result<Option<Answer>> {
        let options = CompileOptions { mapping: case.mapping()?, ..CompileOptions::default() };
        let request = serde_json::to_vec(&serde_json::json!({ "sources": [case.source()], "options": options }))?;
        let report = self.compile(&request).context("tripline_compile")?;
        let outcome = self.evaluate(&case.events()?).context("tripline_evaluate")?;
        Ok(Some(Answer { report, outcome }))
    }
}
