//! What hosts rely on.

use anyhow::{Context, Result, ensure};
use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use super::{component, sections};

/// No page should load a larger one. One that no optimiser went over may be.
pub const MAX_CORE_BYTES: usize = 1_500_000;

/// Checks the core module and the component against what hosts rely on.
pub fn check(core: &[u8], component: &[u8], is_shrunk: bool) -> Result<()> {
    let size = core.len();
    ensure!(
        !is_shrunk || size <= MAX_CORE_BYTES,
        "the core module has {size} bytes; {MAX_CORE_BYTES} is the most it may have"
    );
    let contained = component::core_module(component)?;
    ensure!(contained == core, "the component's core module is not the core module");
    let imports = component_imports(component)?;
    ensure!(imports.is_empty(), "the component imports {}; it must import nothing", imports.join(", "));
    // wit-component puts a short `producers` back.
    let unneeded: Vec<_> = sections::customs(core)?.into_iter().filter(|name| name != "producers").collect();
    ensure!(unneeded.is_empty(), "the core module has custom sections that no host needs: {}", unneeded.join(", "));
    validate_for_small_runtimes(core)
}

/// The names of what the component imports.
pub fn component_imports(component: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            // Modules and components inside import from the component, which is not the host's business.
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    names.push(import?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

/// Fluent Bit's runtime rejects modules with simd128, tail calls, exceptions, memory64, several memories or extended
/// constants; what is allowed here is less than what it knows.
pub fn validate_for_small_runtimes(core: &[u8]) -> Result<()> {
    let known = WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::FLOATS;
    Validator::new_with_features(known)
        .validate_all(core)
        .context("the core module uses a WebAssembly feature that Fluent Bit's runtime may lack")?;
    Ok(())
}
