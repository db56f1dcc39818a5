//! The C face: plain functions over bytes in the module's memory, for log shippers and other C hosts.
//!
//! | export | what it does |
//! |---|---|
//! | `malloc(size)`, `free(address)` | buffers in which the host puts what it passes in |
//! | `tripline_filter(tag, tag_len, sec, nsec, record, record_len)` | one record in, the record out; Fluent Bit's `filter_wasm` calls it |
//! | `tripline_compile(sources, length)` | a JSON array of `rule_core::Source`, or an object of `sources` and `options` (`rule_core::CompileOptions`); answers a `rule_core::CompileReport` in JSON |
//! | `tripline_evaluate(lines, length)` | a batch of events, one JSON document per line; answers a `rule_core::Outcome` in JSON, with alerts |
//! | `tripline_advance(time, length)` | a `rule_core::Advance` in JSON, such as `"finish"`: moves the event time of the batches on; answers an outcome |
//! | `tripline_rules` (a global) | the address of the slot through which `tripline embed` puts rules into the module |
//!
//! Every answer ends in NUL, belongs to the module and is good until the next call. What a host passes in must lie in
//! a buffer that `malloc` gave: anything else is refused in words, as nothing that a host passes may trap.
//! `tripline_compile`, `tripline_evaluate` and `tripline_advance` answer `{"error": "…"}` to what they cannot read.
//!
//! Only this file has `unsafe` code: the export names, and the two places where an address becomes a slice.
//! The names are exported on wasm alone, since a native `malloc` of that name would replace the C library's.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "natively nobody but the tests calls the C face"))]

mod annotate;
mod buffers;
mod engine;

use std::borrow::Cow;
use std::cell::Cell;
use std::io::Write as _;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::buffers::Buffers;
use self::engine::Engine;
use crate::service;

/// Where `tripline embed` puts rules: the address and length of a JSON object with `sources` (`rule_core::Source`) and
/// `options` (`rule_core::CompileOptions`).
///
/// The exported symbol is a global that holds this slot's address. The embedder adds two data segments to the module:
/// the rules, on memory pages of their own, and their address and length, here. Atomics, because the compiler must not
/// assume that a static which nothing writes keeps its first value.
#[cfg_attr(target_arch = "wasm32", unsafe(export_name = "tripline_rules"))]
pub static RULES: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

thread_local! {
    // Each is taken out for the time of its use and put back afterwards. A host that goes on after a trap, as Fluent Bit
    // does, then finds an empty place that is filled again, and not a lock that nobody will open.
    static BUFFERS: Cell<Buffers> = const { Cell::new(Buffers::new()) };
    static ENGINE: Cell<Option<Box<Engine>>> = const { Cell::new(None) };
    static ANSWER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    // Whether the module's own rules are being compiled, or a trap cut that off.
    static COMPILING: Cell<bool> = const { Cell::new(false) };
}

/// An answer's buffer larger than this is given back instead of kept for the next call.
const ANSWER_KEPT: usize = 1 << 20;

/// A buffer of `size` bytes for the host, or 0 when memory is at its end. It is aligned as bytes are.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn malloc(size: usize) -> usize {
    with_buffers(|buffers| buffers.allocate(size))
}

/// Gives a buffer of [`malloc`] back. What is not one is left alone.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn free(address: usize) {
    with_buffers(|buffers| buffers.release(address));
}

/// Evaluates one record. Returns `record` itself when no rule matches, and the record with `tripline.rule` and
/// `tripline.severity` when one does.
///
/// A record that could not be evaluated comes back with `tripline.error`. So does one that never came: the host calls
/// with `record` 0 and the true length when [`malloc`] gave it no memory, and would drop the record on an empty answer
/// without a word.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn tripline_filter(
    _tag: usize,
    _tag_len: usize,
    _sec: u32,
    _nsec: u32,
    record: usize,
    record_len: usize,
) -> usize {
    if record == 0 {
        return answer(|out| {
            annotate::lone_error(out, &format!("a record of {record_len} bytes did not fit into the module's memory"));
        });
    }
    let Some(bytes) = host_bytes(record, record_len) else {
        return answer(|out| annotate::lone_error(out, "the record is not in a buffer that malloc gave"));
    };
    // The C string ends at its NUL, wherever the host thinks that it ends.
    let bytes = memchr::memchr(0, bytes).map_or(bytes, |end| &bytes[..end]);
    let line = one_line(bytes);
    match with_engine(|engine| engine.filter(&line)) {
        Some(verdict) => answer(|out| verdict.write(&line, out)),
        None if is_c_string(record, bytes.len()) => record,
        None => answer(|out| out.extend_from_slice(bytes)),
    }
}

/// Compiles rules and uses them from now on.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn tripline_compile(sources: usize, length: usize) -> usize {
    let Some(sources) = host_bytes(sources, length) else {
        return refuse("the sources are not in a buffer that malloc gave");
    };
    match Engine::compile(sources) {
        Ok((engine, report)) => {
            ENGINE.set(Some(Box::new(engine)));
            COMPILING.set(false);
            answer_json(&report)
        }
        Err(error) => refuse(&error),
    }
}

/// Evaluates a batch of events with the rules that were compiled last, or else with those in the module.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn tripline_evaluate(lines: usize, length: usize) -> usize {
    match host_bytes(lines, length) {
        Some(lines) => answer_json(&with_engine(|engine| engine.evaluate(lines))),
        None => refuse("the lines are not in a buffer that malloc gave"),
    }
}

/// Moves the event time of the batches on, so that sequences are decided that wait for it.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn tripline_advance(time: usize, length: usize) -> usize {
    let Some(time) = host_bytes(time, length) else {
        return refuse("the time is not in a buffer that malloc gave");
    };
    match engine::read(time) {
        Ok(time) => answer_json(&with_engine(|engine| engine.advance(time))),
        Err(error) => refuse(&format!("the time is malformed: {error}")),
    }
}

/// A record is one event, and to the core a line is one. Line ends in JSON are white space.
fn one_line(record: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr(b'\n', record) {
        None => Cow::from(record),
        Some(_) => record.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect(),
    }
}

fn with_buffers<T>(work: impl FnOnce(&mut Buffers) -> T) -> T {
    let mut buffers = BUFFERS.take();
    let result = work(&mut buffers);
    BUFFERS.set(buffers);
    result
}

/// The first use compiles the rules in the module.
fn with_engine<T>(work: impl FnOnce(&mut Engine) -> T) -> T {
    let mut engine = ENGINE.take().unwrap_or_else(|| Box::new(embedded_engine()));
    let result = work(&mut engine);
    ENGINE.set(Some(engine));
    result
}

/// Compiles the rules in the module, once: where the host's stack is too small for that, each further attempt would
/// trap as well, lose its record and leave its memory behind.
fn embedded_engine() -> Engine {
    if COMPILING.replace(true) {
        return Engine::cut_off();
    }
    let engine = Engine::embedded(embedded_rules());
    COMPILING.set(false);
    engine
}

/// The bytes `address..address + length`, if they lie in a live buffer of [`malloc`].
fn host_bytes<'a>(address: usize, length: usize) -> Option<&'a [u8]> {
    let found = with_buffers(|buffers| buffers.contains(address, length));
    // SAFETY: the bytes are initialised and lie in one live allocation whose address was exposed by `Buffers`. The
    // module has one thread, the host waits for the exported function to return, and no exported function that reads
    // a buffer frees one, so that the slice outlives its use and nobody writes to it meanwhile.
    found.then(|| unsafe { slice::from_raw_parts(ptr::with_exposed_provenance(address), length) })
}

/// Whether the byte after `length` bytes is there and ends a C string.
fn is_c_string(address: usize, length: usize) -> bool {
    length.checked_add(1).and_then(|length| host_bytes(address, length)).is_some_and(|bytes| bytes.ends_with(b"\0"))
}

/// The rules that [`RULES`] points to.
fn embedded_rules() -> Option<&'static [u8]> {
    let [address, length] = [0, 1].map(|at| RULES[at].load(Ordering::Relaxed));
    if address == 0 {
        return None;
    }
    // SAFETY: only the embedder sets the slot. It puts the rules on memory pages that it adds behind the module's own,
    // which Rust's allocator never hands out (it grows the memory and takes only what it grew by), and validates that the
    // data segment is inside the memory; instantiation fails otherwise. Nothing writes to those pages.
    Some(unsafe { slice::from_raw_parts(ptr::with_exposed_provenance(address), length) })
}

/// Writes an answer, ends it with NUL and gives its address.
fn answer(write: impl FnOnce(&mut Vec<u8>)) -> usize {
    let mut answer = ANSWER.take();
    answer.clear();
    if answer.capacity() > ANSWER_KEPT {
        answer = Vec::new();
    }
    write(&mut answer);
    answer.push(0);
    let address = answer.as_ptr().expose_provenance();
    ANSWER.set(answer);
    address
}

fn answer_json(value: &impl serde::Serialize) -> usize {
    answer(|out| {
        // The core's types have string keys and no failing serializers, and a vector takes what it is given.
        if let Err(error) = service::json_into(value, out) {
            out.clear();
            let _infallible = write!(out, r#"{{"error":"{}"}}"#, error.to_string().escape_default());
        }
    })
}

fn refuse(error: &str) -> usize {
    answer_json(&serde_json::json!({ "error": error }))
}

#[cfg(test)]
mod tests;
