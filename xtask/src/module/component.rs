//! Steps 4 and 5: the component around the core module, and the core module out of it again.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{CodeSection, ExportKind, ExportSection, Function, FunctionSection, Module, TypeSection};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};
use wit_component::ComponentEncoder;

use super::sections;

/// Makes a component of the core module.
///
/// What the module imports for JavaScript's sake is satisfied inside the component by functions that trap. The
/// component's own functions never call them.
pub fn encode(core: &[u8]) -> Result<Vec<u8>> {
    let mut encoder =
        ComponentEncoder::default().validate(true).module(core).context("not a module for a component")?;
    for (name, adapter) in adapters(core)? {
        encoder = encoder.adapter(&name, &adapter)?;
    }
    encoder.encode().context("cannot make a component of the module")
}

/// The component's core module: of the modules in it, the one with a memory of its own.
pub fn core_module(component: &[u8]) -> Result<Vec<u8>> {
    let mut modules = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ModuleSection { unchecked_range, .. } = payload? {
            modules.push(&component[unchecked_range]);
        }
    }
    let mut with_memory = Vec::new();
    for module in modules {
        if exports_memory(module)? {
            with_memory.push(module);
        }
    }
    match with_memory.as_slice() {
        [module] => Ok(module.to_vec()),
        modules => bail!("{} modules of the component have a memory, not one", modules.len()),
    }
}

/// For each module imported from, a module whose functions trap.
fn adapters(core: &[u8]) -> Result<BTreeMap<String, Vec<u8>>> {
    let types = sections::function_types(core)?;
    let mut wanted: BTreeMap<String, Vec<(String, wasmparser::FuncType)>> = BTreeMap::new();
    for (module, name, kind) in sections::imports(core)? {
        let TypeRef::Func(index) = kind else {
            bail!("the module imports `{name}` of `{module}`, which is no function")
        };
        let ty = types.get(index as usize).with_context(|| format!("`{name}` has no type"))?;
        wanted.entry(module).or_default().push((name, ty.clone()));
    }
    wanted.into_iter().map(|(module, functions)| Ok((module, trapping(&functions)?))).collect()
}

fn trapping(functions: &[(String, wasmparser::FuncType)]) -> Result<Vec<u8>> {
    let mut types = TypeSection::new();
    let mut declared = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    for (index, (name, ty)) in (0..).zip(functions) {
        types.ty().func_type(&RoundtripReencoder.func_type(ty.clone())?);
        declared.function(index);
        exports.export(name, ExportKind::Func, index);
        let mut body = Function::new([]);
        body.instructions().unreachable().end();
        code.function(&body);
    }
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&exports).section(&code);
    Ok(module.finish())
}

fn exports_memory(module: &[u8]) -> Result<bool> {
    let mut defines = false;
    let mut exports = false;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::MemorySection(section) => defines |= section.count() > 0,
            Payload::ExportSection(section) => {
                for export in section {
                    exports |= export?.kind == ExternalKind::Memory;
                }
            }
            _ => {}
        }
    }
    Ok(defines && exports)
}
