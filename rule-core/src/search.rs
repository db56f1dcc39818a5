//! One query over a finite data set.
use crate::*;

/// A search under way.
#[derive(Debug)]
pub struct Search {}

impl Search {
    /// Compiles the query. The errors are all that are wrong with it.
    pub fn open(_query: &Source, _options: SearchOptions) -> Result<Search, Vec<Diagnostic>> {
        Ok(Search {})
    }

    /// Adds lines of the data set `index`; `first_id` is the line number of the first.
    pub fn add(&mut self, _index: &str, _first_id: u64, _lines: &[u8]) -> SearchProgress {
        SearchProgress::default()
    }

    /// The answer, as Elasticsearch's EQL search API gives it.
    pub fn finish(self) -> String {
        String::new()
    }
}
