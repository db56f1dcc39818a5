//! Decoding is projection: one pass over an event's bytes fills slots for the fields that the rules read.
//!
//! No document is built. The fields are a path trie ([`Projection`]); nested objects, dotted keys and every mixture of them are
//! the same field, arrays and arrays of objects are multi-valued fields, and duplicate keys both count. Values are found under
//! their field's number in [`Slots`], which are used again for the next event, so that a warm decoder allocates nothing.
//!
//! All of an event is checked to be JSON as RFC 8259 has it, what is skipped as well: an event that one rule set accepts is
//! accepted by any other. Three things are wider than in most parsers. Numbers have any size; they are converted when a rule asks.
//! A surrogate escape without its other half is U+FFFD. Nesting is bounded by a limit rather than by the host's stack.
//!
//! A search hit (`{"_index": …, "_id": …, "_source": {…}}`) is decoded as its `_source`.
//!
//! ```
//! use rule_core::{Limits, decode::{Projection, Slots, Value}};
//!
//! let fields = Projection::new(&["file.name", "event.category"]);
//! let event = br#"{"file":{"name":"pnsd.service","size":312},"event.category":["file"]}"#;
//! let mut slots = Slots::default();
//! fields.decode(event, &Limits::default(), &mut slots)?;
//! assert_eq!(slots.view(event).values(0).next(), Some(Value::String("pnsd.service")));
//! assert_eq!(slots.view(event).values(1).next(), Some(Value::String("file")));
//! # Ok::<(), rule_core::decode::DecodeError>(())
//! ```
//!
//! # The parts
//!
//! | file | what it does |
//! |---|---|
//! | `project` | takes an event, within the limits and as text |
//! | `pass` | the pass: keeps the place in the trie, fills slots |
//! | `trie`, `name` | from a place and a key to the next place |
//! | `skip` | steps over a container that no rule reads |
//! | `scan` | steps over a token; the fast path |
//! | `stop` | finds where a run of plain bytes ends, sixteen at a time |
//! | `unescape` | the text of a string with escapes |
//! | `slots` | where the values go, and how they are read |

mod error;
mod name;
mod pass;
mod project;
mod scan;
mod skip;
mod slots;
mod stop;
#[cfg(test)]
mod tests;
mod trie;
mod unescape;

pub use error::{DecodeError, DecodeErrorKind};
pub(crate) use project::Line;
pub use slots::{Event, Number, Slots, Value, Values};
pub use trie::Projection;
