//! Reading events: from files and standard input, compressed or not, in batches of whole lines.

mod batch;
mod compressed;

pub use batch::{BATCH_BYTES, Batch, Batcher, Batches, too_large_message};

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A data set's file, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// `-`.
    Stdin,
    /// A file, perhaps compressed.
    File(PathBuf),
}

impl From<&Path> for Input {
    fn from(path: &Path) -> Self {
        if path == Path::new("-") { Input::Stdin } else { Input::File(path.to_owned()) }
    }
}

impl Input {
    /// Shown in messages.
    pub fn name(&self) -> String {
        match self {
            Input::Stdin => "<stdin>".into(),
            Input::File(path) => path.display().to_string(),
        }
    }

    /// What a search calls the data set (`_index`): the file's name without its extensions.
    pub fn index(&self) -> String {
        let Input::File(path) = self else { return "stdin".into() };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
        let stem = [".ndjson", ".jsonl", ".json"].iter().find_map(|extension| name.strip_suffix(extension));
        stem.filter(|stem| !stem.is_empty()).unwrap_or(name).to_owned()
    }

    /// How many bytes there are to read, where that is known.
    pub fn size(&self) -> Option<u64> {
        match self {
            Input::Stdin => None,
            Input::File(path) => path.metadata().ok().filter(|metadata| metadata.is_file()).map(|found| found.len()),
        }
    }

    /// Opens it. `watch` wraps the raw bytes, before decompression; progress is counted there.
    pub fn open<R: Read + Send + 'static>(
        &self,
        watch: impl FnOnce(Box<dyn Read + Send>) -> R,
    ) -> io::Result<Box<dyn Read + Send>> {
        let raw: Box<dyn Read + Send> = match self {
            Input::Stdin => Box::new(io::stdin()),
            Input::File(path) => Box::new(File::open(path)?),
        };
        compressed::plain(watch(raw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_the_name_without_extensions() {
        let index = |name: &str| Input::from(Path::new(name)).index();
        assert_eq!(index("data/logs.ndjson"), "logs");
        assert_eq!(index("logs.json.gz"), "logs");
        assert_eq!(index("logs.jsonl.zst"), "logs");
        assert_eq!(index("endgame-140.log"), "endgame-140.log");
        assert_eq!(index(".ndjson"), ".ndjson");
        assert_eq!(index("-"), "stdin");
    }
}
