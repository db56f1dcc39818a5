//! The normaliser files that come with the program, and people's own.

use std::path::PathBuf;
use std::str::FromStr;

use rule_core::{Limits, Source};
use serde::Deserialize;

use crate::rules::{self, RulesError};

macro_rules! built_in {
    ($($name:literal,)*) => {
        const BUILT_IN: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../normalisers/", $name))),)*];
    };
}

// A test compares them with the folder.
built_in! {
    "auditd-laurel.toml",
    "crowdstrike-fdr.toml",
    "endgame.toml",
    "kubernetes-audit.toml",
    "sentinelone-cloud-funnel.toml",
    "sysmon-linux.toml",
    "sysmon-windows.toml",
    "windows-security.toml",
}

/// What becomes of raw records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Normalise {
    /// Every event is taken as it is.
    Off,
    /// Records of known sources are recognised.
    #[default]
    Auto,
    /// All are records of the source of this normaliser, but for those that are events already.
    Named(String),
}

impl From<&str> for Normalise {
    fn from(text: &str) -> Normalise {
        match text {
            "off" => Normalise::Off,
            "auto" => Normalise::Auto,
            name => Normalise::Named(name.to_owned()),
        }
    }
}

impl From<String> for Normalise {
    fn from(text: String) -> Normalise {
        text.as_str().into()
    }
}

impl FromStr for Normalise {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Normalise, Self::Err> {
        Ok(text.into())
    }
}

/// The files that come with the program; paths say so.
pub fn built_in() -> impl Iterator<Item = Source> {
    BUILT_IN.iter().map(|(name, text)| Source { path: format!("<built in>/{name}"), text: (*text).to_owned() })
}

impl Normalise {
    /// The files to compile rules with, people's own first, and the name of the only one to use, if there is one: for
    /// [`CompileOptions::normalisers`](rule_core::CompileOptions::normalisers) and the option after it.
    pub fn files(&self, own: &[PathBuf], limits: &Limits) -> Result<(Vec<Source>, Option<String>), RulesError> {
        let name = match self {
            Normalise::Off => return Ok((Vec::new(), None)),
            Normalise::Auto => None,
            Normalise::Named(name) => Some(name.clone()),
        };
        let mut files = rules::read_normalisers(own, limits)?;
        files.extend(built_in());
        Ok((files, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_folder_are_built_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../normalisers");
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, BUILT_IN.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn own_files_come_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, "name = \"mine\"").unwrap();
        let limits = Limits::default();
        for named in [path, folder.path().to_owned()] {
            let (files, name) = Normalise::from("mine").files(&[named], &limits).unwrap();
            assert!(files[0].path.ends_with("mine.toml"));
            assert_eq!(files.len(), BUILT_IN.len() + 1);
            assert_eq!(name.as_deref(), Some("mine"));
        }
        assert!(Normalise::Off.files(&[], &limits).unwrap().0.is_empty());
    }

    #[test]
    fn a_folder_without_normalisers_and_a_file_that_is_not_text_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        let error = || Normalise::Auto.files(&[folder.path().to_owned()], &Limits::default()).unwrap_err().to_string();
        assert!(error().contains("no normaliser files"), "{}", error());
        std::fs::write(&path, b"name = \"\xff\"").unwrap();
        assert!(error().contains("not UTF-8"), "{}", error());
    }
}
