//! The events, in memory: what is measured does not wait for a disk.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use host_runner::input::{Batches, Input};
use rule_core::Limits;

use crate::progress::Progress;

/// Events as the engines get them.
#[derive(Debug, Default)]
pub struct Data {
    /// A line each, in batches as `eval` has them.
    pub batches: Vec<Vec<u8>>,
    pub events: u64,
    /// Bytes of the batches.
    pub bytes: u64,
    /// Events that are no part of them for their size.
    pub too_large: u64,
    /// Whether there are more events than were to be read.
    pub is_cut: bool,
}

impl Data {
    pub fn read(files: &[PathBuf], limits: &Limits, most: u64) -> Result<Data> {
        let progress = Progress::new();
        let inputs: Vec<Input> = files.iter().map(|path| Input::from(path.as_path())).collect();
        progress.start(inputs.iter().map(Input::size).sum());
        let mut data = Data::default();
        'inputs: for input in &inputs {
            let what = || format!("cannot read {}", input.name());
            let reader = input.open(|raw| progress.watch(raw)).with_context(what)?;
            for batch in Batches::new(reader, limits) {
                if data.bytes >= most {
                    data.is_cut = true;
                    break 'inputs;
                }
                progress.suspend(|| ());
                let batch = batch.with_context(what)?;
                data.too_large += batch.too_large.len() as u64;
                data.events += batch.numbers.len() as u64;
                data.bytes += batch.lines.len() as u64;
                data.batches.push(batch.lines);
            }
        }
        if data.events == 0 {
            let names: Vec<String> = inputs.iter().map(Input::name).collect();
            let names = names.join(", ");
            match data.too_large {
                0 => bail!("there are no events in {names}: give NDJSON or JSON"),
                count => bail!("all {count} events in {names} are too large: raise --max-event-bytes"),
            }
        }
        Ok(data)
    }
}
