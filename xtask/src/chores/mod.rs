//! The subcommands, beside `module`.

pub mod bench;
pub mod build;
pub mod demo;
pub mod fuzz;
pub mod js;
mod suite;
pub mod test;
