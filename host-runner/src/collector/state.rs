//! State that outlives the process: a snapshot of a tenant's session in a file.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// `TENANT.state` in the state folder. It holds events, so that nobody but its owner may read it.
#[derive(Debug)]
pub(super) struct StateFile {
    folder: PathBuf,
    path: PathBuf,
    max_bytes: u64,
    /// Locked for as long as it is open: two collectors would overwrite each other's state.
    _lock: File,
}

impl StateFile {
    /// Makes the folder when it is not there. What is longer than `max_bytes` is not read.
    pub fn open(folder: &Path, tenant: &str, max_bytes: u64) -> io::Result<StateFile> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let path = folder.join(format!("{tenant}.state"));
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.with_extension("state.lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(io::ErrorKind::ResourceBusy, "another collector is using it"),
            TryLockError::Error(error) => error,
        })?;
        Ok(StateFile { folder: folder.to_owned(), path, max_bytes, _lock: lock })
    }

    /// The file's name, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last snapshot, if there is one.
    pub fn read(&self) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        // More than the tenant's memory can never be restored.
        file.take(self.max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > self.max_bytes {
            let message = format!("it has more than the {} bytes of memory_limit", self.max_bytes);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        Ok(Some(bytes))
    }

    /// Replaces the snapshot. Whatever happens meanwhile, the file is the old one or the new one.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.path.with_extension("state.tmp");
        let result = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, &self.path));
        if result.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        result?;
        // The rename is on disk when the folder is.
        File::open(&self.folder)?.sync_all()
    }

    /// Renames the snapshot, so that it is not used and can be looked at. Where it is then.
    pub fn set_aside(&self) -> io::Result<PathBuf> {
        let aside = self.path.with_extension("state.refused");
        fs::rename(&self.path, &aside)?;
        Ok(aside)
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // One that was left behind by a crash, or put there by somebody else, is not written to.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_snapshot_is_replaced_as_a_whole_and_set_aside() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/state");
        let file = StateFile::open(&folder, "we.b", 10).unwrap();
        assert_eq!(file.path(), folder.join("we.b.state"));
        assert_eq!(file.read().unwrap(), None);
        // Left behind by a crash.
        fs::write(folder.join("we.b.state.tmp"), "half").unwrap();
        for bytes in ["one", "another"] {
            file.write(bytes.as_bytes()).unwrap();
            assert_eq!(file.read().unwrap().unwrap(), bytes.as_bytes());
        }
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(file.path())), (0o700, 0o600));

        let aside = file.set_aside().unwrap();
        assert_eq!((fs::read(&aside).unwrap(), file.read().unwrap()), (b"another".to_vec(), None));
        let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["we.b.state.lock", "we.b.state.refused"]);
    }

    #[test]
    fn a_file_larger_than_the_memory_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::open(folder.path(), "web", 10).unwrap();
        file.write(&[0; 10]).unwrap();
        assert!(file.read().is_ok());
        file.write(&[0; 11]).unwrap();
        assert!(file.read().unwrap_err().to_string().contains("memory_limit"));
    }

    #[test]
    fn one_collector_uses_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let first = StateFile::open(folder.path(), "web", 10).unwrap();
        assert!(StateFile::open(folder.path(), "web", 10).unwrap_err().to_string().contains("another collector"));
        StateFile::open(folder.path(), "db", 10).unwrap();
        drop(first);
        StateFile::open(folder.path(), "web", 10).unwrap();
    }
}
