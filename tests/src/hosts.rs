//! The hosts that answer a vector: the native library, the component, the C ABI.

use anyhow::{Context as _, Result, ensure};
use host_runner::{Engine, EngineKind, Handle, Instance, InstanceLimits, WasmOptions};
use rule_core::{Advance, Outcome};

use crate::answer::{Answer, read};
use crate::c_abi::CModule;
use crate::vectors::{Case, Step};

/// Something that runs vectors. Every answer is a JSON document.
pub trait Host {
    /// Compiles the case's rule and opens a session on it; a report. `None` when the host's interface has no way to hand
    /// over what the case needs.
    fn start(&mut self, case: &Case) -> Result<Option<String>>;

    /// Evaluates a batch; an outcome.
    fn evaluate(&mut self, batch: &[u8]) -> Result<String>;

    /// Moves event time on; an outcome.
    fn advance(&mut self, time: Advance) -> Result<String>;

    /// Goes on with the session's state in a new one: that state, and what was restored.
    fn restart(&mut self) -> Result<(Vec<u8>, String)>;

    /// Ends the session.
    fn stop(&mut self) -> Result<()>;

    /// Runs a case.
    fn run(&mut self, case: &Case) -> Result<Option<Answer>> {
        let Some(report) = self.start(case)? else { return Ok(None) };
        let mut answer = Answer { report, ..Answer::default() };
        for step in case.steps()? {
            match step {
                Step::Evaluate(batch) => answer.outcomes.push(self.evaluate(&batch)?),
                Step::Advance(time) => answer.outcomes.push(self.advance(time)?),
                Step::Restart => answer.restart = Some(self.restart()?),
            }
        }
        let last = answer.outcomes.last().context("a case makes a call")?;
        if read::<Outcome>(last)?.sequences.is_some() {
            answer.finish = Some(self.advance(Advance::Finish)?);
        }
        self.stop()?;
        Ok(Some(answer))
    }
}

/// An instance of host-runner, native or in the sandbox.
pub struct RunnerHost {
    instance: Box<dyn Instance>,
    rules: Option<Handle>,
    session: Option<Handle>,
    options: rule_core::SessionOptions,
}

impl RunnerHost {
    /// A fresh instance.
    pub fn new(kind: EngineKind) -> Result<Self> {
        let engine = Engine::new(kind, &WasmOptions::default())?;
        let instance = engine.instance(InstanceLimits::default())?;
        Ok(RunnerHost { instance, rules: None, session: None, options: rule_core::SessionOptions::default() })
    }

    fn session(&self) -> Result<Handle> {
        self.session.context("no session is open")
    }

    /// The session's state.
    pub fn snapshot(&mut self) -> Result<Vec<u8>> {
        let session = self.session()?;
        Ok(self.instance.snapshot(session)?)
    }

    /// Goes on with that state in a new session.
    pub fn restore(&mut self, state: &[u8]) -> Result<rule_core::Restored> {
        let old = self.session.take().context("no session is open")?;
        self.instance.release(old)?;
        let session = self.instance.open(self.rules.context("no rules are compiled")?, &self.options)?;
        self.session = Some(session);
        Ok(self.instance.restore(session, state)?)
    }
}

impl Host for RunnerHost {
    fn start(&mut self, case: &Case) -> Result<Option<String>> {
        ensure!(self.session.is_none(), "a session is open");
        let (rules, report) = self.instance.compile(&[case.source()], &case.compile_options()?)?;
        self.options = case.session_options();
        self.session = Some(self.instance.open(rules, &self.options)?);
        self.rules = Some(rules);
        Ok(Some(serde_json::to_string(&report)?))
    }

    fn evaluate(&mut self, batch: &[u8]) -> Result<String> {
        let session = self.session()?;
        Ok(serde_json::to_string(&self.instance.evaluate(session, batch)?)?)
    }

    fn advance(&mut self, time: Advance) -> Result<String> {
        let session = self.session()?;
        Ok(serde_json::to_string(&self.instance.advance(session, time)?)?)
    }

    fn restart(&mut self) -> Result<(Vec<u8>, String)> {
        let state = self.snapshot()?;
        let restored = self.restore(&state)?;
        Ok((state, serde_json::to_string(&restored)?))
    }

    fn stop(&mut self) -> Result<()> {
        for handle in [self.session.take(), self.rules.take()].into_iter().flatten() {
            self.instance.release(handle)?;
        }
        Ok(())
    }
}

/// The C ABI has one kind of session and no snapshots.
impl Host for CModule {
    fn start(&mut self, case: &Case) -> Result<Option<String>> {
        if case.restarts() || !case.is_default_session() {
            return Ok(None);
        }
        let request = serde_json::json!({ "sources": [case.source()], "options": case.compile_options()? });
        self.compile(&serde_json::to_vec(&request)?).context("tripline_compile").map(Some)
    }

    fn evaluate(&mut self, batch: &[u8]) -> Result<String> {
        CModule::evaluate(self, batch).context("tripline_evaluate")
    }

    fn advance(&mut self, time: Advance) -> Result<String> {
        CModule::advance(self, &serde_json::to_vec(&time)?).context("tripline_advance")
    }

    fn restart(&mut self) -> Result<(Vec<u8>, String)> {
        anyhow::bail!("the C ABI has no snapshots")
    }

    fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}
