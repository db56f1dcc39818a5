//! The JavaScript face: the functions of `wit/tripline.wit`, with objects where those have records and JSON,
//! and exceptions where those have errors. Numbers of 64 bits are JavaScript numbers.

use rule_core::{Advance, CompileReport, Diagnostic, Source};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::*;

use crate::{handles, service};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("javascript.d.ts");

#[derive(Serialize, Deserialize)]
struct Compiled {
    rules: u32,
    report: CompileReport,
}

/// Version and limits of this build.
#[wasm_bindgen(unchecked_return_type = "About")]
pub fn about() -> Result<JsValue, JsValue> {
    object(&service::about())
}

/// Compiles rule files. Rules with errors are left out of the set and described in the report.
#[wasm_bindgen(unchecked_return_type = "Compiled")]
pub fn compile(
    #[wasm_bindgen(unchecked_param_type = "Source[]")] sources: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "CompileOptions")] options: JsValue,
) -> Result<JsValue, JsValue> {
    let files = sources.dyn_ref::<js_sys::Array>().ok_or_else(|| exception("malformed sources: not an array"))?;
    let sources = files.iter().map(|file| source(&file, "sources")).collect::<Result<Vec<_>, _>>()?;
    let (rules, report) = service::compile(sources, &read(&options)?);
    parse(service::long_json(&Compiled { rules, report }))
}

/// Opens a session on a rule set.
#[wasm_bindgen]
pub fn open(
    rules: u32,
    #[wasm_bindgen(unchecked_optional_param_type = "SessionOptions")] options: JsValue,
) -> Result<u32, JsValue> {
    service::open(rules, read(&options)?).map_err(|error| exception(&error))
}

/// Evaluates a batch: one JSON event per line, whole lines only.
#[wasm_bindgen(unchecked_return_type = "Outcome")]
pub fn evaluate(session: u32, lines: &[u8]) -> Result<JsValue, JsValue> {
    object(&service::evaluate(session, lines).map_err(|error| exception(&error))?)
}

/// Moves the session's event time on: `{ idle: milliseconds }`, `{ ceiling: milliseconds }`, `"flush"` or `"finish"`.
#[wasm_bindgen(unchecked_return_type = "Outcome")]
pub fn advance(
    session: u32,
    #[wasm_bindgen(unchecked_param_type = "Advance")] time: JsValue,
) -> Result<JsValue, JsValue> {
    let json = js_sys::JSON::stringify(&time)?.as_string().unwrap_or_default();
    let time: Advance = service::read(&json).map_err(|error| exception(&format!("malformed time: {error}")))?;
    object(&service::advance(session, time).map_err(|error| exception(&error))?)
}

/// The state of the session's sequences and samples as bytes.
#[wasm_bindgen]
pub fn snapshot(session: u32) -> Result<Vec<u8>, JsValue> {
    service::snapshot(session).map_err(|error| exception(&error))
}

/// Takes over the state that `snapshot` gave, in a session that has seen no events.
#[wasm_bindgen(unchecked_return_type = "Restored")]
pub fn restore(session: u32, state: &[u8]) -> Result<JsValue, JsValue> {
    object(&service::restore(session, state).map_err(|error| exception(&error))?)
}

/// Opens a search with one EQL query. What is wrong with the query is the `diagnostics` of the exception.
#[wasm_bindgen(js_name = openSearch)]
pub fn open_search(
    #[wasm_bindgen(unchecked_param_type = "Source")] query: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "SearchOptions")] options: JsValue,
) -> Result<u32, JsValue> {
    service::open_search(&source(&query, "query")?, read(&options)?).map_err(malformed)
}

/// Gives a search more of its data set; `firstId` is the line number of the first line.
#[wasm_bindgen(js_name = searchAdd, unchecked_return_type = "SearchProgress")]
pub fn search_add(
    search: u32,
    index: &str,
    #[wasm_bindgen(js_name = firstId)] first_id: f64,
    lines: &[u8],
) -> Result<JsValue, JsValue> {
    // The largest integer below which every integer is a number of its own, JavaScript's MAX_SAFE_INTEGER.
    const MAX: f64 = 9_007_199_254_740_991.0;
    if !(0.0..=MAX).contains(&first_id) || first_id.fract() != 0.0 {
        return Err(exception("firstId is not a whole number that JavaScript counts exactly"));
    }
    object(&service::search_add(search, index, first_id as u64, lines).map_err(|error| exception(&error))?)
}

/// Ends a search: JSON, the body that Elasticsearch's EQL search API would answer. Releases the handle.
#[wasm_bindgen(js_name = searchFinish)]
pub fn search_finish(search: u32) -> Result<String, JsValue> {
    service::search_finish(search).map_err(|error| exception(&error))
}

/// Explains the first rule of a file over events, one JSON event per line: which parts of it hold, and why. What is wrong with
/// the rule is the `diagnostics` of the exception.
#[wasm_bindgen(unchecked_return_type = "Explanation")]
pub fn explain(
    #[wasm_bindgen(unchecked_param_type = "Source")] rule: JsValue,
    lines: &[u8],
    #[wasm_bindgen(unchecked_optional_param_type = "ExplainOptions")] options: JsValue,
) -> Result<JsValue, JsValue> {
    let explanation = service::explain(&source(&rule, "rule")?, lines, &read(&options)?).map_err(malformed)?;
    js_sys::JSON::parse(&explanation)
}

/// Writes the EQL query of a rule file in one style. What is wrong, or why the file is left alone, is the `diagnostics` of
/// the exception.
#[wasm_bindgen]
pub fn format(text: &str) -> Result<String, JsValue> {
    service::format(text).map_err(malformed)
}

/// Frees a rule set, session or search. A session keeps its rule set alive.
#[wasm_bindgen]
pub fn release(handle: u32) {
    handles::release(handle);
}

/// A value as plain objects, by way of its JSON. Event data decide how large a number is (a join key, a watermark), and one
/// that JavaScript does not count exactly must not cost a whole outcome: it is rounded, as `JSON.parse` rounds it elsewhere.
fn object(value: &impl Serialize) -> Result<JsValue, JsValue> {
    parse(service::json(value))
}

fn parse(json: serde_json::Result<String>) -> Result<JsValue, JsValue> {
    let json = json.map_err(|error| exception(&error.to_string()))?;
    js_sys::JSON::parse(&json)
}

/// A file, from an object with `path` and `text`. Not by way of its JSON: texts may be long.
fn source(file: &JsValue, what: &str) -> Result<Source, JsValue> {
    let member = |name: &str| js_sys::Reflect::get(file, &name.into()).ok()?.as_string();
    match (member("path"), member("text")) {
        (Some(path), Some(text)) => Ok(Source { path, text }),
        _ => Err(exception(&format!("malformed {what}: a source is an object with the strings `path` and `text`"))),
    }
}

/// Options by way of their JSON, so that an unknown or malformed one is refused in the same words as elsewhere.
fn read<T: DeserializeOwned + Default>(options: &JsValue) -> Result<T, JsValue> {
    if options.is_undefined() || options.is_null() {
        return Ok(T::default());
    }
    let json = js_sys::JSON::stringify(options)?;
    // A function or a symbol has no JSON: `stringify` gives `undefined` for it.
    let json = json.as_string().ok_or_else(|| exception("malformed options: not an object"))?;
    service::options(&json).map_err(|error| exception(&error))
}

/// What is wrong with a rule or query, as an exception with `diagnostics`.
fn malformed(diagnostics: Vec<Diagnostic>) -> JsValue {
    let error = exception(diagnostics.first().map_or("the query is malformed", |first| &first.message));
    match object(&diagnostics) {
        // Setting a property of a fresh error object succeeds; if not, the message is still there.
        Ok(diagnostics) => drop(js_sys::Reflect::set(&error, &"diagnostics".into(), &diagnostics)),
        Err(unserialisable) => return unserialisable,
    }
    error
}

fn exception(message: &str) -> JsValue {
    js_sys::Error::new(message).into()
}
