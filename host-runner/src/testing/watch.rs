//! What changed since tests were run. Times and sizes of files are compared again and again: that needs no help from the
//! system, works on every file system, and a few hundred files cost a millisecond.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::report::FileReport;

/// Files as they were last seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched(BTreeMap<PathBuf, Option<(SystemTime, u64)>>);

impl Watched {
    /// The files as they are now; one that is not there is remembered as such.
    pub fn look<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Watched {
        let state = |path: &Path| {
            let metadata = path.metadata().ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        Watched(paths.into_iter().map(|path| (path.to_owned(), state(path))).collect())
    }

    /// These, and of `others` those that are not among them.
    pub fn or(mut self, others: Watched) -> Watched {
        for (path, state) in others.0 {
            self.0.entry(path).or_insert(state);
        }
        self
    }

    /// Whether a file is as it was: one that was not looked at is not.
    fn is_same(&self, before: &Watched, path: &Path) -> bool {
        before.0.get(path).is_some_and(|state| self.0.get(path) == Some(state))
    }

    /// Which of the test files have to be run again: they or what they read changed, or they were not run yet.
    pub fn stale<'t>(&self, before: &Watched, tests: &'t [PathBuf], reports: &[FileReport]) -> Vec<&'t Path> {
        let is_stale = |test: &&PathBuf| {
            let report = reports.iter().find(|report| report.inputs.first() == Some(*test));
            report.is_none_or(|report| !report.inputs.iter().all(|input| self.is_same(before, input)))
        };
        tests.iter().filter(is_stale).map(PathBuf::as_path).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_test_is_run_again_when_something_that_it_reads_changed() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> =
            ["a.test.yaml", "a.eql", "b.test.yaml", "b.eql"].iter().map(|name| folder.path().join(name)).collect();
        for path in &paths {
            fs::write(path, "x").unwrap();
        }
        let look = || Watched::look(paths.iter().map(PathBuf::as_path));
        let report = |inputs: &[PathBuf]| FileReport { inputs: inputs.to_vec(), ..FileReport::default() };
        let reports = [report(&paths[..2]), report(&paths[2..])];
        let tests = [paths[0].clone(), paths[2].clone()];
        let before = look();
        assert_eq!(before.stale(&before, &tests, &reports), Vec::<&Path>::new());
        assert_eq!(before.stale(&before, &tests, &reports[..1]), [paths[2].as_path()]);
        // A file of another length has changed, however coarse the clock of the file system is.
        fs::write(&paths[1], "xy").unwrap();
        assert_eq!(look().stale(&before, &tests, &reports), [paths[0].as_path()]);
        fs::remove_file(&paths[3]).unwrap();
        assert_eq!(look().stale(&before, &tests, &reports), [paths[0].as_path(), paths[2].as_path()]);
    }
}
