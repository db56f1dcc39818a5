//! Writes rules into the core module, for hosts that load a module and can give it nothing but records.
//!
//! Fluent Bit's `filter_wasm` is one: no setting of it reaches the module. So the module is made to carry its rules.
//! The memory gets pages of its own for them behind those that it has, a data segment fills these pages, and a second one
//! writes their address and length into the slot that the module exports as the global `tripline_rules`. The module
//! compiles the rules at its first call.
//!
//! That is sound because Rust's allocator for wasm never takes memory that was there at the start: it calls `memory.grow`
//! and uses what that call added (`dlmalloc`, `src/wasm.rs`).
//!
//! What the module imports for JavaScript's sake becomes functions of its own that trap: no host that loads this module
//! has them, and Fluent Bit would warn of each. They take the imports' places, so that no other index changes.

use rule_core::{CompileOptions, CompileReport, Source};
use serde::Serialize;
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, Function, FunctionSection, MemorySection, MemoryType,
    RawSection,
};
use wasmparser::{
    BinaryReader, CodeSectionReader, ExternalKind, Operator, Parser, Payload, TypeRef, Validator, WasmFeatures,
};

/// Name of the exported global that holds the slot's address.
const SLOT: &str = "tripline_rules";

const PAGE_BYTES: u64 = 1 << 16;

/// Pages of a 32-bit memory.
const MAX_PAGES: u64 = 1 << 16;

/// What the module may use: WebAssembly 2.0 without what Fluent Bit's runtime does not load.
const FEATURES: WasmFeatures = WasmFeatures::WASM2.difference(WasmFeatures::SIMD);

/// Why rules could not be written into a module.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// Some rules have errors; the report says which and why.
    #[error("{} of the rules have errors: run `tripline check` to see them, and mend them first", .0.totals().2)]
    BrokenRules(Box<CompileReport>),
    /// None of the sources holds a rule that would run.
    #[error("there is no rule to embed: none of the {0} rule files given has one that this version evaluates")]
    NoRules(usize),
    /// The module has no place for rules.
    #[error(
        "this module has no place for rules ({0}): give the core module of this version, which `cargo xtask module` builds"
    )]
    NoPlace(&'static str),
    /// The rules do not fit into the memory that a module can have.
    #[error("the rules are too large for a module: {0} bytes")]
    TooLarge(usize),
    /// The module is not valid WebAssembly, or is not after the rules were added.
    #[error("the module is not valid: {0}")]
    Invalid(#[from] wasmparser::Error),
}

/// What the module finds at the slot's address, in JSON.
#[derive(Serialize)]
struct Embedded<'a> {
    sources: &'a [Source],
    options: &'a CompileOptions,
}

/// The module with the rules in it. `options` are those with which the module will compile them.
///
/// Rules that would not compile in the module are refused here, since there nobody reads the diagnostics.
pub fn embed_rules(core_module: &[u8], sources: &[Source], options: &CompileOptions) -> Result<Vec<u8>, EmbedError> {
    let (rules, report) = rule_core::compile(sources, options);
    if report.has_errors() {
        return Err(EmbedError::BrokenRules(Box::new(report)));
    }
    if rules.rules().is_empty() {
        return Err(EmbedError::NoRules(sources.len()));
    }
    let mut rules = Vec::new();
    serde_json::to_writer(&mut rules, &Embedded { sources, options })
        .map_err(|_| EmbedError::NoPlace("the rules cannot be written as JSON"))?;
    add_data(core_module, &rules)
}

/// Adds `rules` on pages of their own, points the slot to them and leaves nothing to import.
fn add_data(module: &[u8], rules: &[u8]) -> Result<Vec<u8>, EmbedError> {
    Validator::new_with_features(FEATURES).validate_all(module)?;
    let place = Place::find(module)?;
    let pages = (rules.len() as u64).div_ceil(PAGE_BYTES);
    let minimum = place.pages + pages;
    if minimum > place.maximum.unwrap_or(MAX_PAGES).min(MAX_PAGES) {
        return Err(EmbedError::TooLarge(rules.len()));
    }
    // Both are below 4 GiB, as the pages are.
    let (address, length) = ((place.pages * PAGE_BYTES) as u32, rules.len() as u32);
    let slot = [address.to_le_bytes(), length.to_le_bytes()].concat();

    let mut out = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::ImportSection(_) => {}
            Payload::FunctionSection(types) => {
                let mut functions = FunctionSection::new();
                for ty in &place.imports {
                    functions.function(*ty);
                }
                for ty in types.clone() {
                    functions.function(ty?);
                }
                out.section(&functions);
            }
            Payload::CodeSectionStart { range, .. } => {
                let mut trap = Function::new([]);
                trap.instructions().unreachable().end();
                let mut code = CodeSection::new();
                for _ in &place.imports {
                    code.function(&trap);
                }
                for body in CodeSectionReader::new(BinaryReader::new(&module[range.clone()], range.start))? {
                    code.raw(body?.as_bytes());
                }
                out.section(&code);
            }
            // They are in the section.
            Payload::CodeSectionEntry(_) => {}
            Payload::MemorySection(_) => {
                let mut memories = MemorySection::new();
                memories.memory(MemoryType {
                    minimum,
                    maximum: place.maximum,
                    memory64: false,
                    shared: false,
                    page_size_log2: None,
                });
                out.section(&memories);
            }
            Payload::DataCountSection { count, .. } => {
                out.section(&DataCountSection { count: count + 2 });
            }
            Payload::DataSection(segments) => {
                let mut data = DataSection::new();
                for segment in segments.clone() {
                    data.raw(&module[segment?.range]);
                }
                data.active(0, &ConstExpr::i32_const(address.cast_signed()), rules.iter().copied());
                data.active(0, &ConstExpr::i32_const(place.slot), slot.iter().copied());
                out.section(&data);
            }
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    out.section(&RawSection { id, data: &module[range] });
                }
            }
        }
    }
    let out = out.finish();
    Validator::new_with_features(FEATURES).validate_all(&out)?;
    Ok(out)
}

/// What of a module changes with the rules.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// The types of the functions that it imports.
    imports: Vec<u32>,
    /// Address of the slot.
    slot: i32,
    /// Pages that the memory starts with.
    pages: u64,
    /// Pages that it may grow to.
    maximum: Option<u64>,
}

impl Place {
    /// Reads a valid module.
    fn find(module: &[u8]) -> Result<Place, EmbedError> {
        let mut functions = Vec::new();
        let mut memories = Vec::new();
        let mut globals = Vec::new();
        let mut slot = None;
        let (mut has_code, mut has_data) = (false, false);
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let TypeRef::Func(ty) = import?.ty else {
                            return Err(EmbedError::NoPlace("it imports more than functions"));
                        };
                        functions.push(ty);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        memories.push(memory?);
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        globals.push(global?.init_expr);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        if export.name == SLOT && export.kind == ExternalKind::Global {
                            slot = globals.get(export.index as usize).cloned();
                        }
                    }
                }
                Payload::CodeSectionStart { .. } => has_code = true,
                Payload::DataSection(_) => has_data = true,
                _ => {}
            }
        }
        let Some(slot) = slot else {
            return Err(EmbedError::NoPlace("it does not export `tripline_rules`"));
        };
        let Operator::I32Const { value: slot } = slot.get_operators_reader().read()? else {
            return Err(EmbedError::NoPlace("`tripline_rules` is not an address"));
        };
        let [memory] = memories[..] else {
            return Err(EmbedError::NoPlace("it has not one memory"));
        };
        if memory.memory64 || memory.shared || memory.page_size_log2.is_some() {
            return Err(EmbedError::NoPlace("its memory is not a plain one"));
        }
        if !has_code || !has_data {
            return Err(EmbedError::NoPlace("it has no code or no data"));
        }
        Ok(Place { imports: functions, slot, pages: memory.initial, maximum: memory.maximum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the embedder needs of a module, and no more.
    const SMALL: &str = r#"(module
        (import "host" "f" (func $f (param i64) (result i32)))
        (memory (export "memory") 3 10)
        (global i32 (i32.const 7))
        (global (export "tripline_rules") i32 (i32.const 4096))
        (func (export "touch") (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 0)))
        (func (export "call") (result i32) (call $f (i64.const 1)))
        (data (i32.const 1024) "own")
        (data "passive"))"#;

    fn wasm(text: &str) -> Vec<u8> {
        wat::parse_str(text).expect("the test's module is well-formed")
    }

    fn source(text: &str) -> Source {
        Source { path: "rule.eql".into(), text: text.into() }
    }

    fn segments(module: &[u8]) -> Vec<(Option<i32>, Vec<u8>)> {
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::DataSection(section) = payload.expect("valid") {
                for data in section {
                    let data = data.expect("valid");
                    let at = match data.kind {
                        wasmparser::DataKind::Passive => None,
                        wasmparser::DataKind::Active { offset_expr, .. } => {
                            match offset_expr.get_operators_reader().read() {
                                Ok(Operator::I32Const { value }) => Some(value),
                                other => panic!("{other:?}"),
                            }
                        }
                    };
                    found.push((at, data.data.to_vec()));
                }
            }
        }
        found
    }

    #[test]
    fn rules_go_behind_the_memory_and_the_slot_points_to_them() {
        let module = wasm(SMALL);
        let rules = vec![b'r'; 70_000];
        let out = add_data(&module, &rules).expect("there is room");
        let end = 3 * 65_536_i32;
        let slot = [end.to_le_bytes(), 70_000_i32.to_le_bytes()].concat();
        assert_eq!(
            segments(&out),
            [(Some(1024), b"own".to_vec()), (None, b"passive".to_vec()), (Some(end), rules), (Some(4096), slot),]
        );
        assert_eq!(
            Place::find(&out).expect("valid"),
            Place { imports: vec![], slot: 4096, pages: 5, maximum: Some(10) }
        );
    }

    #[test]
    fn an_import_becomes_a_function_that_traps_and_no_index_changes() {
        let out = add_data(&wasm(SMALL), b"rules").expect("there is room");
        let engine = wasmtime::Engine::default();
        let module = wasmtime::Module::new(&engine, &out).expect("valid");
        let mut store = wasmtime::Store::new(&engine, ());
        let instance = wasmtime::Instance::new(&mut store, &module, &[]).expect("it imports nothing");
        let call = instance.get_typed_func::<(), i32>(&mut store, "call").expect("exported");
        let trap = call.call(&mut store, ()).expect_err("there is nothing behind it");
        assert_eq!(trap.downcast_ref::<wasmtime::Trap>(), Some(&wasmtime::Trap::UnreachableCodeReached));
        let touch = instance.get_typed_func::<(), ()>(&mut store, "touch").expect("exported");
        touch.call(&mut store, ()).expect("it does what it did");
    }

    #[test]
    fn embedding_again_replaces_the_rules() {
        let once = add_data(&wasm(SMALL), b"first").expect("there is room");
        let twice = add_data(&once, b"second").expect("there is room");
        let (at, slot) = segments(&twice).pop().expect("the slot");
        assert_eq!(at, Some(4096));
        assert_eq!(slot, [(4 * 65_536_i32).to_le_bytes(), 6_i32.to_le_bytes()].concat(), "the last segment wins");
    }

    #[test]
    fn rules_that_do_not_fit_are_refused() {
        let rules = vec![0; 7 * 65_536 + 1];
        assert!(matches!(add_data(&wasm(SMALL), &rules), Err(EmbedError::TooLarge(458_753))));
        assert!(add_data(&wasm(SMALL), &rules[1..]).is_ok());
    }

    #[test]
    fn a_module_without_a_place_for_rules_is_refused() {
        for (from, to) in [
            ("tripline_rules", "other"),
            ("(global (export \"tripline_rules\") i32 (i32.const 4096))", "(func (export \"tripline_rules\"))"),
            ("(memory (export", "(import \"host\" \"g\" (global i32)) (memory (export"),
            ("i32 (i32.const 4096)", "(mut i64) (i64.const 4096)"),
        ] {
            let result = add_data(&wasm(&SMALL.replace(from, to)), b"rules");
            assert!(matches!(result, Err(EmbedError::NoPlace(_))), "{to}: {result:?}");
        }
        let bare = r#"(module (memory 1) (global (export "tripline_rules") i32 (i32.const 0)))"#;
        assert!(matches!(add_data(&wasm(bare), b"rules"), Err(EmbedError::NoPlace("it has no code or no data"))));
    }

    #[test]
    fn what_is_not_a_module_is_refused() {
        let module = wasm(SMALL);
        for bytes in [&b""[..], b"\0asm", b"no module", &module[..module.len() - 1]] {
            assert!(matches!(add_data(bytes, b"rules"), Err(EmbedError::Invalid(_))));
        }
    }

    #[test]
    fn rules_with_errors_are_refused_with_the_report() {
        let sources = [source("process where true"), source("process where name ==")];
        match embed_rules(&wasm(SMALL), &sources, &CompileOptions::default()) {
            Err(EmbedError::BrokenRules(report)) => assert!(report.has_errors()),
            other => panic!("{other:?}"),
        }
        assert!(matches!(embed_rules(&wasm(SMALL), &[], &CompileOptions::default()), Err(EmbedError::NoRules(0))));
    }
}
