//! What hosts rely on, checked on the files that they load. They need `cargo xtask build` to have run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::*;
use crate::process;

fn built(name: &str) -> Result<Vec<u8>> {
    read(&paths::module().join(name))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} is missing: run `cargo xtask build` first", path.display()))
}

#[test]
fn every_host_loads_the_same_core_module() -> Result<()> {
    let core = sha256(&built(CORE)?);
    let stated = String::from_utf8(built(SHA256)?)?;
    let in_component = sha256(&component::core_module(&built(COMPONENT)?)?);
    let package = paths::root().join("js/engine/dist/module");
    let in_package = sha256(&read(&package.join(CORE))?);
    let stated_by_package = String::from_utf8(read(&package.join(SHA256))?)?;
    assert_eq!(
        [&stated, &in_component, &in_package, &stated_by_package],
        [&core; 4],
        "stated, inside the component, in the npm package, stated by the npm package"
    );
    Ok(())
}

#[test]
fn the_command_embeds_that_module_and_says_so() -> Result<()> {
    let core = sha256(&built(CORE)?);
    // `cargo xtask test` names the binary that it built; on its own this test looks where `cargo xtask build` puts it.
    let binary = std::env::var_os("TRIPLINE_BIN").unwrap_or_else(|| "target/debug/tripline".into());
    let binary = paths::root().join(binary);
    let version = process::output(std::process::Command::new(&binary).arg("--version"))
        .with_context(|| format!("{} does not run: run `cargo xtask build` first", binary.display()))?;
    ensure!(version.contains(&core), "{core} is the module's SHA-256, but `tripline --version` says: {version}");
    Ok(())
}

#[test]
fn the_component_imports_nothing() -> Result<()> {
    assert_eq!(facts::component_imports(&built(COMPONENT)?)?, Vec::<String>::new());
    Ok(())
}

#[test]
fn the_core_module_imports_nothing_but_javascript_glue() -> Result<()> {
    for (module, name, _) in sections::imports(&built(CORE)?)? {
        assert_eq!(module, "./tripline_bg.js", "{name}");
    }
    Ok(())
}

#[test]
fn small_runtimes_know_every_feature_of_the_core_module() -> Result<()> {
    facts::validate_for_small_runtimes(&built(CORE)?)
}

#[test]
fn the_core_module_is_small_and_carries_the_version() -> Result<()> {
    let core = built(CORE)?;
    assert!(core.len() <= facts::MAX_CORE_BYTES, "{} bytes", core.len());
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    assert!(core.windows(version.len()).any(|window| window == version));
    Ok(())
}

#[test]
fn the_three_faces_are_exported() -> Result<()> {
    let exports = sections::exports(&built(CORE)?)?;
    for name in ["tripline:engine/engine@0.1.0#evaluate", "evaluate", "searchFinish", "malloc", "free", "memory"] {
        assert!(exports.iter().any(|export| export == name), "`{name}` is not exported");
    }
    Ok(())
}

#[test]
fn a_feature_that_small_runtimes_lack_is_found() {
    let mut module = wasm_encoder::Module::new();
    let mut types = wasm_encoder::TypeSection::new();
    types.ty().function([wasm_encoder::ValType::V128], []);
    module.section(&types);
    assert!(facts::validate_for_small_runtimes(&module.finish()).is_err());
}

#[test]
fn target_features_lose_the_unwanted_names_only() -> Result<()> {
    let list = |names: &[&str]| {
        let mut data = vec![names.len() as u8];
        for name in names {
            data.extend([b'+', name.len() as u8]);
            data.extend(name.as_bytes());
        }
        data
    };
    let module = |names: &[&str]| {
        let mut module = wasm_encoder::Module::new();
        module.section(&wasm_encoder::CustomSection { name: "target_features".into(), data: list(names).into() });
        module.section(&wasm_encoder::CustomSection { name: "other".into(), data: (&b"kept"[..]).into() });
        module.finish()
    };
    let before = module(&["bulk-memory", "multivalue", "sign-ext"]);
    assert_eq!(sections::drop_target_features(&before, &["multivalue"])?, module(&["bulk-memory", "sign-ext"]));
    assert_eq!(sections::customs(&sections::drop_custom(&before, &["target_features"])?)?, ["other"]);
    Ok(())
}
