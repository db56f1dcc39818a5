//! What several subcommands begin with: reading rules and mappings, and an instance to run them in.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use host_runner::rules::{self, RuleFiles};
use host_runner::{Engine, Handle, Instance};
use rule_core::{CompileOptions, CompileReport, Limits, Source};
use serde_json::Value;

use crate::args::{EngineArgs, RulesArgs};

/// Rule files compiled in an instance.
pub struct Compiled {
    pub instance: Box<dyn Instance>,
    pub rules: Handle,
    pub report: CompileReport,
    /// The files, for showing excerpts of them.
    pub sources: Vec<Source>,
}

/// Reads and compiles the rules.
pub fn compile(rules: &RulesArgs, engine: &EngineArgs, limits: Limits) -> Result<Compiled> {
    let RuleFiles { sources, diagnostics } = rules::read(&rules.rules, limits.max_rule_bytes)?;
    let options = CompileOptions { mapping: mapping(rules.mapping.as_deref())?, limits };
    let mut instance = instance(engine)?;
    let (rules, mut report) = instance.compile(&sources, &options).context("cannot compile the rules")?;
    report.diagnostics.splice(0..0, diagnostics);
    Ok(Compiled { instance, rules, report, sources })
}

/// An instance as the command line asks for it.
pub fn instance(args: &EngineArgs) -> Result<Box<dyn Instance>> {
    let engine = Engine::new(args.kind(), &args.wasm_options())?;
    Ok(engine.instance(args.instance_limits())?)
}

/// Reads a mapping, if one is named.
pub fn mapping(path: Option<&Path>) -> Result<Option<Value>> {
    let read = |path: &Path| rules::read_mapping(path).map_err(|message| anyhow!("{} {message}", path.display()));
    path.map(read).transpose()
}

/// Standard input can be read once.
pub fn check_stdin(events: &[PathBuf], also: Option<&Path>) -> Result<()> {
    let dash = Path::new("-");
    let uses = events.iter().filter(|path| *path == dash).count() + usize::from(also == Some(dash));
    if uses > 1 {
        bail!("standard input (`-`) is named {uses} times, but can be read only once");
    }
    Ok(())
}
