//! What several subcommands begin with: reading rules and mappings, and an instance to run them in.

use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context as _, Result, anyhow, bail};
use host_runner::rules::{self, RuleFiles};
use host_runner::{Engine, EngineKind, Handle, Instance};
use rule_core::{CompileOptions, CompileReport, Limits, RuleReport, RuleStatus, Source};
use serde_json::Value;

use crate::args::{EngineArgs, RulesArgs, SandboxArgs};
use crate::output;

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
    let (RuleFiles { mut sources, diagnostics }, options) = read(rules, limits)?;
    let mut instance = instance(engine)?;
    let (rules, mut report) = instance.compile(&sources, &options).context("cannot compile the rules")?;
    report.diagnostics.splice(0..0, diagnostics);
    sources.extend(options.overrides);
    sources.extend(options.normalisers);
    Ok(Compiled { instance, rules, report, sources })
}

/// Reads the rules and all that they are compiled with.
pub fn read(args: &RulesArgs, limits: Limits) -> Result<(RuleFiles, CompileOptions)> {
    let mut files = rules::read(&args.rules, &limits)?;
    let deployment = args.deployment.files();
    deployment.leave_out(&mut files);
    let options = CompileOptions { mapping: mapping(args.mapping.as_deref())?, limits, ..CompileOptions::default() };
    Ok((files, deployment.read(options)?))
}

/// Says it when rules compare events with indicators and there are none: nothing else would.
pub fn warn_of_missing_indicators(args: &RulesArgs, report: &CompileReport) {
    let compares =
        |rule: &&RuleReport| rule.rule.kind == "threat_match" && matches!(rule.status, RuleStatus::Compiled { .. });
    let what = match report.rules.iter().filter(compares).count() {
        _ if !args.deployment.files().indicators.is_empty() => return,
        0 => return,
        1 => "a rule compares".to_owned(),
        many => format!("{many} rules compare"),
    };
    output::warning(&format!("{what} events with indicators, and none are given (see --indicators)"));
}

/// All files that diagnostics point into.
pub fn shown(sources: &[Source], options: &CompileOptions) -> Vec<Source> {
    sources.iter().chain(&options.overrides).chain(&options.normalisers).cloned().collect()
}

/// An instance as the command line asks for it.
pub fn instance(args: &EngineArgs) -> Result<Box<dyn Instance>> {
    instance_of(args.kind(), &args.sandbox)
}

/// An instance of an engine.
pub fn instance_of(kind: EngineKind, args: &SandboxArgs) -> Result<Box<dyn Instance>> {
    Ok(engine_of(kind, args)?.instance(args.instance_limits())?)
}

/// An engine, for commands that make several instances.
pub fn engine_of(kind: EngineKind, args: &SandboxArgs) -> Result<Engine> {
    Ok(Engine::new(kind, &args.wasm_options())?)
}

/// Reads a mapping, if one is named.
pub fn mapping(path: Option<&Path>) -> Result<Option<Value>> {
    let read = |path: &Path| rules::read_mapping(path).map_err(|message| anyhow!("{} {message}", path.display()));
    path.map(read).transpose()
}

/// A query or rule: the text given on the command line, or a file's (`-` is standard input). `what` names it in errors.
pub fn source(inline: Option<&str>, file: Option<&Path>, what: &str) -> Result<Source> {
    let Some(path) = file else {
        return Ok(Source { path: "<query>".into(), text: inline.unwrap_or_default().to_owned() });
    };
    let text = if path == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
    let name = path.display().to_string();
    Ok(Source { text: text.with_context(|| format!("cannot read the {what} from {name}"))?, path: name })
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
