//! The calls that the component and the JavaScript face share, in the core's own types.

use std::io::{self, Write};

use rule_core::{
    Advance, CompileOptions, CompileReport, Diagnostic, ExplainOptions, Limits, Outcome, Restored, Search,
    SearchOptions, SearchProgress, Session, SessionOptions, Source,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::handles::{self, Item};

/// What this build is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The version of the core, the same as the command's.
    pub version: String,
    /// The limits that hold unless options say otherwise.
    pub limits: Limits,
}

/// What this build is.
pub fn about() -> About {
    About { version: rule_core::VERSION.to_owned(), limits: Limits::default() }
}

/// Reads options written in JSON; nothing is the defaults.
pub fn options<T: DeserializeOwned + Default>(json: &str) -> Result<T, String> {
    if json.trim().is_empty() {
        return Ok(T::default());
    }
    read(json).map_err(|error| format!("malformed options: {error}"))
}

/// Reads JSON. All faces read strings: each kind of reader has code of its own for every type in the module.
#[inline(never)]
pub fn read<T: DeserializeOwned>(json: &str) -> serde_json::Result<T> {
    serde_json::from_str(json)
}

/// Compiles rule files.
pub fn compile(sources: impl IntoIterator<Item = Source>, options: &CompileOptions) -> (u32, CompileReport) {
    let (rules, report) = rule_core::compile_each(sources, options);
    (handles::insert(Item::Rules(rules.into())), report)
}

/// A value with much text, such as the report on a thousand rules, as JSON. It is written twice, at first only to see how long it
/// is: a text that grows is there twice when it moves, and the module's memory never becomes smaller again.
pub fn long_json(value: &impl Serialize) -> serde_json::Result<String> {
    let mut text = Text { bytes: Vec::new(), len: 0, counts: true };
    write(value, &mut text)?;
    string(value, Text { bytes: Vec::with_capacity(text.len), len: 0, counts: false })
}

/// A value as JSON.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    string(value, Text::default())
}

/// A value as JSON, after what the buffer holds.
pub fn json_into(value: &impl Serialize, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut text = Text { bytes: std::mem::take(out), ..Text::default() };
    let written = write(value, &mut text);
    *out = text.bytes;
    written
}

fn string(value: &impl Serialize, mut text: Text) -> serde_json::Result<String> {
    write(value, &mut text)?;
    // It is what was written: JSON in UTF-8.
    Ok(String::from_utf8(text.bytes).unwrap_or_default())
}

/// All faces write to a [`Text`]: each kind of writer has code of its own for every type in the module.
#[inline(never)]
fn write(value: &impl Serialize, text: &mut Text) -> serde_json::Result<()> {
    serde_json::to_writer(text, value)
}

/// Counts what is written, and keeps it unless it only counts.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    len: usize,
    counts: bool,
}

impl Write for Text {
    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.len += bytes.len();
        if !self.counts {
            self.bytes.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes).map(drop)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Opens a session on a rule set.
pub fn open(rules: u32, options: SessionOptions) -> Result<u32, String> {
    let session = Session::open(handles::rules(rules)?, options);
    Ok(handles::insert(Item::Session(session.into())))
}

/// Evaluates a batch of events, one JSON document per line.
pub fn evaluate(session: u32, lines: &[u8]) -> Result<Outcome, String> {
    handles::with_session(session, |session| session.evaluate(lines))
}

/// Moves a session's event time on.
pub fn advance(session: u32, how: Advance) -> Result<Outcome, String> {
    handles::with_session(session, |session| session.advance(how))
}

/// The state of a session's sequences and samples.
pub fn snapshot(session: u32) -> Result<Vec<u8>, String> {
    handles::with_session(session, |session| session.snapshot())
}

/// Takes over state.
pub fn restore(session: u32, state: &[u8]) -> Result<Restored, String> {
    handles::with_session(session, |session| session.restore(state))?.map_err(|error| error.to_string())
}

/// Opens a search.
pub fn open_search(query: &Source, options: SearchOptions) -> Result<u32, Vec<Diagnostic>> {
    Search::open(query, options).map(|search| handles::insert(Item::Search(search.into())))
}

/// Gives a search more of its data set.
pub fn search_add(search: u32, index: &str, first_id: u64, lines: &[u8]) -> Result<SearchProgress, String> {
    handles::with_search(search, |search| search.add(index, first_id, lines))
}

/// Explains a rule over events. The answer is JSON, a [`rule_core::Explanation`]: for both faces, since ways of writing it
/// are a large part of what it adds to the module.
pub fn explain(rule: &Source, lines: &[u8], options: &ExplainOptions) -> Result<String, Vec<Diagnostic>> {
    let explanation = rule_core::explain(rule, lines, options)?;
    // Plain data without maps always serialises.
    Ok(json(&explanation).unwrap_or_default())
}

/// Formats the query of a rule file.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let source = Source { path: String::new(), text: text.to_owned() };
    rule_core::format_rule(&source, &Limits::default())
}

/// Ends a search and gives its answer.
pub fn search_finish(search: u32) -> Result<String, String> {
    handles::take_search(search).map(|search| search.finish())
}
