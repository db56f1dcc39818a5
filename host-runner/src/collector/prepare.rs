//! A tenant's rules, read and compiled in an instance of its own.

use std::path::PathBuf;
use std::sync::Arc;

use rule_core::{CompileOptions, CompileReport, SessionOptions, Source};

use super::config::Tenant;
use crate::engine::{Engine, EngineError, Handle, Instance};
use crate::rules::{self, RuleFiles, RulesError};

/// A rule set compiled in an instance, ready for events.
pub(super) struct Prepared {
    pub instance: Box<dyn Instance>,
    pub session: Handle,
    /// How many rules compiled.
    pub rules: usize,
    /// For a fresh instance after a failure.
    pub sources: Arc<Vec<Source>>,
    pub options: CompileOptions,
}

/// Why a rule set is not used.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The rule files cannot be read.
    #[error(transparent)]
    Read(#[from] RulesError),
    /// The mapping cannot be read.
    #[error("{} {message}", .path.display())]
    Mapping {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// Rules have errors.
    #[error("{} of {} rules have errors", .0.report.totals().2, .0.report.rules.len())]
    Rules(Box<Refused>),
    /// The instance failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A rule set with errors.
#[derive(Debug)]
pub struct Refused {
    /// What is wrong.
    pub report: CompileReport,
    /// The rule files, for excerpts.
    pub sources: Vec<Source>,
}

/// Reads and compiles a tenant's rules in a fresh instance.
pub(super) fn prepare(engine: &Engine, config: &Tenant) -> Result<Prepared, PrepareError> {
    let mut files = rules::read(&config.rules, &config.limits)?;
    config.deployment.leave_out(&mut files);
    let RuleFiles { sources, diagnostics } = files;
    let mapping = config
        .mapping
        .as_ref()
        .map(|path| rules::read_mapping(path).map_err(|message| PrepareError::Mapping { path: path.clone(), message }));
    let mapping = mapping.transpose()?;
    let options = CompileOptions { limits: config.limits.clone(), mapping, ..CompileOptions::default() };
    let options = config.deployment.read(options)?;
    let (mut prepared, mut report) = start(engine, config, Arc::new(sources), options)?;
    report.diagnostics.splice(0..0, diagnostics);
    if report.has_errors() {
        let mut sources = std::mem::take(Arc::make_mut(&mut prepared.sources));
        sources.extend(prepared.options.overrides);
        sources.extend(prepared.options.normalisers);
        return Err(PrepareError::Rules(Box::new(Refused { report, sources })));
    }
    Ok(prepared)
}

/// Compiles rules that were read before.
pub(super) fn start(
    engine: &Engine,
    config: &Tenant,
    sources: Arc<Vec<Source>>,
    options: CompileOptions,
) -> Result<(Prepared, CompileReport), EngineError> {
    let mut instance = engine.instance(config.instance)?;
    let (rules, report) = instance.compile(&sources, &options)?;
    let session = SessionOptions {
        index: config.index.clone(),
        alerts: true,
        notes: config.notes,
        lateness_ms: Some(u64::try_from(config.allowed_lateness.as_millis()).unwrap_or(u64::MAX)),
        learning_ms: u64::try_from(config.new_terms_learning.as_millis()).unwrap_or(u64::MAX),
        hash_seed: Some(crate::hash_seed()),
        ..SessionOptions::default()
    };
    let session = instance.open(rules, &session)?;
    let rules = report.totals().0;
    Ok((Prepared { instance, session, rules, sources, options }, report))
}
