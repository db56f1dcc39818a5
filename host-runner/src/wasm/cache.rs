//! Compiled code, kept between runs.
//!
//! Loading precompiled code is running it: whoever can write the file can run code as this user. So a file is only
//! loaded from a folder that nobody else can write to or replace, and anything amiss means compiling again.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

use super::{Cache, sandbox};
use crate::engine::EngineError;

/// The folder to use, if any.
pub(super) fn folder(cache: &Cache) -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    match cache {
        Cache::Off => None,
        Cache::Folder(folder) => Some(folder.clone()),
        Cache::Default => absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
            .map(|base| base.join("tripline")),
    }
}

/// The component from the cache, or compiled and put there. That the cache cannot be used is never an error.
pub(super) fn load_or_compile(
    engine: &Engine,
    component: &[u8],
    sha256: &str,
    folder: &Path,
) -> Result<Component, EngineError> {
    let path = match prepare(folder) {
        Ok(folder) => folder.join(file_name(engine, sha256)),
        Err(reason) => {
            tracing::warn!(folder = %folder.display(), %reason, "compiled code is not cached");
            return Component::new(engine, component).map_err(sandbox);
        }
    };
    match load(engine, &path) {
        Ok(Some(component)) => return Ok(component),
        Ok(None) => {}
        Err(reason) => tracing::warn!(file = %path.display(), %reason, "cached code is ignored and made again"),
    }
    tracing::info!("compiling the module; the result is kept for the next time");
    let compiled = Component::new(engine, component).map_err(sandbox)?;
    if let Err(reason) = store(&compiled, &path) {
        tracing::warn!(file = %path.display(), %reason, "compiled code could not be cached");
    }
    Ok(compiled)
}

/// Names all that the compiled code depends on: the component; wasmtime's version, the settings and the processor.
fn file_name(engine: &Engine, sha256: &str) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{sha256}-{:016x}.cwasm", hasher.finish())
}

/// Makes the folder and checks that it and the way to it are in safe hands. Gives the path without links, the one
/// that was checked.
fn prepare(folder: &Path) -> Result<PathBuf, String> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| error.to_string())?;
    let folder = folder.canonicalize().map_err(|error| error.to_string())?;
    for ancestor in folder.ancestors() {
        let metadata = fs::symlink_metadata(ancestor).map_err(|error| format!("{}: {error}", ancestor.display()))?;
        // In a folder with the sticky bit, such as /tmp, others cannot replace what is not theirs.
        let sticky = ancestor != folder && metadata.mode() & 0o1000 != 0;
        trusted(&metadata, sticky).map_err(|reason| format!("{} {reason}", ancestor.display()))?;
    }
    Ok(folder)
}

/// Owned by this user (or root) and writable by nobody else.
fn trusted(metadata: &fs::Metadata, sticky: bool) -> Result<(), String> {
    let user = rustix::process::geteuid();
    if metadata.uid() != user.as_raw() && metadata.uid() != 0 {
        return Err(format!("belongs to user {}, not to {}", metadata.uid(), user.as_raw()));
    }
    if metadata.mode() & 0o022 != 0 && !sticky {
        return Err(format!("can be written by others (mode {:o})", metadata.mode() & 0o7777));
    }
    Ok(())
}

#[allow(unsafe_code)]
fn load(engine: &Engine, path: &Path) -> Result<Option<Component>, String> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| error.to_string())?,
    };
    if !metadata.is_file() {
        return Err("is not a plain file".into());
    }
    trusted(&metadata, false)?;
    // SAFETY: the file must be what `Component::serialize` wrote. Only this user (or root) can have written it:
    // `prepare` checked the folder and every folder above it, the lines above checked the file, and nobody else can
    // exchange it in between. It appeared under this name complete, by a rename after a sync. wasmtime itself checks
    // that its version, the settings and the processor's features are the same.
    unsafe { Component::deserialize_file(engine, path) }.map(Some).map_err(|error| format!("{error:#}"))
}

fn store(component: &Component, path: &Path) -> Result<(), String> {
    let code = component.serialize().map_err(|error| format!("{error:#}"))?;
    let write = || -> io::Result<()> {
        // Written beside its place with mode 0600, then moved there: a reader sees all of it or none.
        let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(&code)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn engine() -> Engine {
        Engine::default()
    }

    fn private() -> tempfile::TempDir {
        tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o700)).tempdir().unwrap()
    }

    fn cached(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn code_is_stored_once_and_found_again() {
        let (engine, folder) = (engine(), private());
        let inner = folder.path().join("a/b");
        load_or_compile(&engine, EMPTY, "0", &inner).unwrap();
        let files = cached(&inner);
        assert_eq!(files.len(), 1, "no temporary file is left: {files:?}");
        assert_eq!(fs::metadata(&files[0]).unwrap().mode() & 0o777, 0o600);
        assert!(matches!(load(&engine, &files[0]), Ok(Some(_))));
        load_or_compile(&engine, EMPTY, "0", &inner).unwrap();
        assert_eq!(cached(&inner), files);
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_not_used() {
        let folder = private();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        load_or_compile(&engine(), EMPTY, "0", folder.path()).unwrap();
        assert_eq!(cached(folder.path()), Vec::<PathBuf>::new());
        let inner = folder.path().join("mine");
        load_or_compile(&engine(), EMPTY, "0", &inner).unwrap();
        assert_eq!(cached(&inner), Vec::<PathBuf>::new(), "others could exchange the folder itself");
    }

    #[test]
    fn a_file_that_is_damaged_or_that_others_can_write_is_replaced() {
        let (engine, folder) = (engine(), private());
        let path = folder.path().canonicalize().unwrap().join(file_name(&engine, "0"));
        fs::write(&path, b"not code").unwrap();
        load_or_compile(&engine, EMPTY, "0", folder.path()).unwrap();
        assert!(matches!(load(&engine, &path), Ok(Some(_))));

        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(load(&engine, &path).is_err_and(|reason| reason.contains("written by others")));
        load_or_compile(&engine, EMPTY, "0", folder.path()).unwrap();
        assert!(matches!(load(&engine, &path), Ok(Some(_))));
    }

    #[test]
    fn a_link_is_not_followed() {
        let (engine, folder) = (engine(), private());
        let path = folder.path().canonicalize().unwrap().join(file_name(&engine, "0"));
        std::os::unix::fs::symlink("/etc/hostname", &path).unwrap();
        assert!(load(&engine, &path).is_err_and(|reason| reason.contains("plain file")));
        load_or_compile(&engine, EMPTY, "0", folder.path()).unwrap();
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
    }

    #[test]
    fn without_a_folder_that_can_be_made_compiling_still_works() {
        let folder = private();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        load_or_compile(&engine(), EMPTY, "0", &file.join("below")).unwrap();
    }
}
