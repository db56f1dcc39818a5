//! `tripline schema`: JSON Schemas of what Tripline writes, from this binary.

use std::io::{self, Write as _};

use anyhow::Result;

use crate::Outcome;
use crate::args::{Described, SchemaArgs};

pub fn run(args: &SchemaArgs) -> Result<Outcome> {
    let schema = match args.of {
        Described::Alert => include_str!("../../../../schemas/alert.schema.json"),
    };
    io::stdout().write_all(schema.as_bytes())?;
    Ok(Outcome::Done)
}
