//! A module's sections, copied without what is not wanted.

use anyhow::{Context, Result, bail};
use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{BinaryReader, Parser, Payload};

/// The module without some of its custom sections.
pub fn drop_custom(module: &[u8], names: &[&str]) -> Result<Vec<u8>> {
    rewrite(module, |name, data| (!names.contains(&name)).then(|| data.to_vec()))
}

/// The module without some names in `target_features`, the list of features that its compiler was allowed to use.
pub fn drop_target_features(module: &[u8], features: &[&str]) -> Result<Vec<u8>> {
    rewrite(module, |name, data| {
        if name != "target_features" {
            return Some(data.to_vec());
        }
        // A list that cannot be read is left as it is; wasm-bindgen says what is wrong with it.
        Some(without_features(data, features).unwrap_or_else(|_| data.to_vec()))
    })
}

/// The names of a module's imports, with the module they come from, and of what kind each is.
pub fn imports(module: &[u8]) -> Result<Vec<(String, String, wasmparser::TypeRef)>> {
    let mut imports = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(section) = payload? {
            for import in section.into_imports() {
                let import = import?;
                imports.push((import.module.to_owned(), import.name.to_owned(), import.ty));
            }
        }
    }
    Ok(imports)
}

/// The names of a module's exports.
#[cfg(test)]
pub fn exports(module: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(section) = payload? {
            for export in section {
                names.push(export?.name.to_owned());
            }
        }
    }
    Ok(names)
}

/// A module's function types, by index.
pub fn function_types(module: &[u8]) -> Result<Vec<wasmparser::FuncType>> {
    let mut types = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::TypeSection(section) = payload? {
            for ty in section.into_iter_err_on_gc_types() {
                types.push(ty.context("the module uses garbage-collected types")?);
            }
        }
    }
    Ok(types)
}

/// A module's custom sections by name.
pub fn customs(module: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(section) = payload? {
            names.push(section.name().to_owned());
        }
    }
    Ok(names)
}

/// Copies a module, its custom sections as `keep` says.
fn rewrite(module: &[u8], keep: impl Fn(&str, &[u8]) -> Option<Vec<u8>>) -> Result<Vec<u8>> {
    let mut copy = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.context("malformed module")?;
        if let Payload::CustomSection(section) = &payload {
            if let Some(data) = keep(section.name(), section.data()) {
                copy.section(&CustomSection { name: section.name().into(), data: data.into() });
            }
        } else if let Some((id, range)) = payload.as_section() {
            copy.section(&RawSection { id, data: &module[range] });
        }
    }
    Ok(copy.finish())
}

/// The format: a count, then for each feature a prefix byte and its name.
fn without_features(data: &[u8], features: &[&str]) -> Result<Vec<u8>> {
    let mut reader = BinaryReader::new(data, 0);
    let mut kept = Vec::new();
    for _ in 0..reader.read_var_u32()? {
        let prefix = reader.read_u8()?;
        let name = reader.read_string()?;
        if !features.contains(&name) {
            kept.push((prefix, name));
        }
    }
    if !reader.eof() {
        bail!("bytes are left over");
    }
    let mut list = Vec::new();
    leb128(&mut list, kept.len());
    for (prefix, name) in kept {
        list.push(prefix);
        leb128(&mut list, name.len());
        list.extend_from_slice(name.as_bytes());
    }
    Ok(list)
}

fn leb128(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}
