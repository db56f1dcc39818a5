//! Files that belong to a deployment and not to the rules: an update of the rules leaves them alone.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rule_core::{CompileOptions, Source};

use crate::input::Input;
use crate::normalisers::Normalise;
use crate::rules::{RuleFiles, RulesError};

/// Where a deployment keeps what it adds to the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// What it changes of the rules; see [`CompileOptions::overrides`].
    pub overrides: Option<PathBuf>,
    /// Value lists, one value per line; see [`CompileOptions::value_lists`].
    pub value_lists: Vec<PathBuf>,
    /// Indicators; see [`CompileOptions::indicators`].
    pub indicators: Vec<PathBuf>,
    /// What becomes of raw records among the events.
    pub normalise: Normalise,
    /// Normaliser files of its own, and folders of them; see [`CompileOptions::normalisers`].
    pub normalisers: Vec<PathBuf>,
}

impl Deployment {
    /// The files' texts in the options' places. Compressed files are read as they are.
    pub fn read(&self, options: CompileOptions) -> Result<CompileOptions, RulesError> {
        let (normalisers, normaliser) = self.normalise.files(&self.normalisers, &options.limits)?;
        let all = |paths: &[PathBuf]| paths.iter().map(|path| text(path)).collect::<Result<Vec<Source>, _>>();
        Ok(CompileOptions {
            overrides: self.overrides.as_deref().map(text).transpose()?,
            value_lists: all(&self.value_lists)?,
            indicators: all(&self.indicators)?,
            normalisers,
            normaliser,
            ..options
        })
    }

    /// Takes the deployment's own files out of a folder of rules that they lie in.
    pub fn leave_out(&self, files: &mut RuleFiles) {
        let paths = self.overrides.iter().chain(&self.value_lists).chain(&self.indicators).chain(&self.normalisers);
        let own: Vec<PathBuf> = paths.filter_map(|path| path.canonicalize().ok()).collect();
        files.sources.retain(|source| {
            let path = Path::new(&source.path);
            let mut likely = own.iter().filter(|own| own.is_dir() || own.file_name() == path.file_name());
            !likely.any(|own| path.canonicalize().is_ok_and(|path| path.starts_with(own)))
        });
    }
}

fn text(path: &Path) -> Result<Source, RulesError> {
    read_source(path).map_err(|reason| RulesError::Io { path: path.to_owned(), reason })
}

/// A file as it is given to the engine, uncompressed.
pub(crate) fn read_source(path: &Path) -> io::Result<Source> {
    let mut text = String::new();
    Input::File(path.to_owned()).open(|raw| raw)?.read_to_string(&mut text)?;
    Ok(Source { path: path.display().to_string(), text })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rule_core::Limits;

    use super::*;
    use crate::rules;

    #[test]
    fn the_files_of_a_deployment_may_lie_beside_its_rules() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("lists")).unwrap();
        fs::create_dir(at("sensors")).unwrap();
        for name in ["a.eql", "overrides.toml", "lists/overrides.toml", "lists/indicators.ndjson", "sensors/a.toml"] {
            fs::write(at(name), format!("{{\"rule_id\": \"{name}\"}}")).unwrap();
        }
        let deployment = Deployment {
            overrides: Some(at("lists/../overrides.toml")),
            value_lists: Vec::new(),
            indicators: vec![at("lists/indicators.ndjson")],
            normalisers: vec![at("sensors")],
            ..Deployment::default()
        };
        let mut files = rules::read(&[folder.path().to_owned()], &Limits::default()).unwrap();
        deployment.leave_out(&mut files);
        let names: Vec<_> = files.sources.iter().map(|source| Path::new(&source.path).to_owned()).collect();
        assert_eq!(names, [at("a.eql"), at("lists/overrides.toml")]);

        let options = deployment.read(CompileOptions::default()).unwrap();
        assert_eq!(options.overrides.map(|source| source.text).as_deref(), Some("{\"rule_id\": \"overrides.toml\"}"));
        assert_eq!((options.value_lists.len(), options.indicators.len()), (0, 1));
        assert!(options.normalisers[0].path.ends_with("a.toml") && options.normalisers.len() > 1);
        let missing = Deployment { overrides: Some(at("no.toml")), ..Deployment::default() };
        let error = missing.read(CompileOptions::default()).unwrap_err().to_string();
        assert!(error.contains("no.toml"), "{error}");
    }
}
