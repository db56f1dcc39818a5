//! Embeds what other build steps make: the component (`cargo xtask module`) and the playground (`cargo xtask js`).
//!
//! Neither is needed to build. What is absent is left out with a warning, and the command says so when asked for it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned();

    let module = target_folder(&out).unwrap_or_else(|| root.join("target")).join("module");
    fs::write(out.join("module.rs"), embed_module(&module, &out)).expect("cannot write to OUT_DIR");
    fs::write(out.join("playground.rs"), embed_playground(&root.join("js/playground"), &out))
        .expect("cannot write to OUT_DIR");
}

/// Cargo's target folder, wherever it was moved to: the nearest ancestor of `OUT_DIR` that cargo tagged.
fn target_folder(out: &Path) -> Option<PathBuf> {
    out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file()).map(Path::to_owned)
}

fn embed_module(folder: &Path, out: &Path) -> String {
    let path = folder.join("tripline.component.wasm");
    // Cargo takes a watched path that does not exist for changed, always. So the folder is made and watched instead.
    let _ = fs::create_dir_all(folder);
    println!("cargo::rerun-if-changed={}", if path.is_file() { &path } else { folder }.display());
    let absent = "const EMBEDDED: Option<Module> = None;\n".to_owned();
    let Ok(component) = fs::read(&path) else {
        println!(
            "cargo::warning=no {}: building without the sandboxed engine (run `cargo xtask module` first)",
            path.display()
        );
        return absent;
    };
    let Some(core) = core_module(&component) else {
        println!("cargo::warning={} is not a component: building without the sandboxed engine", path.display());
        return absent;
    };
    let path = keep(out, "tripline.component.wasm", &component);
    format!(
        "const EMBEDDED: Option<Module> = Some(Module {{\n    component: include_bytes!({path:?}),\n    core: ({}, {}),\n    \
         component_sha256: {:?},\n    core_sha256: {:?},\n}});\n",
        core.start,
        core.end,
        hex(&Sha256::digest(&component)),
        hex(&Sha256::digest(&component[core.clone()])),
    )
}

/// Where the core module lies in the component: the largest core module section, for beside it there are only the
/// adapters that wit-component adds.
fn core_module(component: &[u8]) -> Option<std::ops::Range<usize>> {
    const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";
    const CORE_MODULE_SECTION: u8 = 1;
    let mut at = component.starts_with(HEADER).then_some(HEADER.len())?;
    let mut largest: Option<std::ops::Range<usize>> = None;
    while at < component.len() {
        let id = component[at];
        at += 1;
        let mut size = 0usize;
        for shift in (0..35).step_by(7) {
            let byte = *component.get(at)?;
            at += 1;
            size |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let section = at..at.checked_add(size).filter(|end| *end <= component.len())?;
        at = section.end;
        if id == CORE_MODULE_SECTION && largest.as_ref().is_none_or(|best| section.len() > best.len()) {
            largest = Some(section);
        }
    }
    largest
}

fn embed_playground(folder: &Path, out: &Path) -> String {
    let dist = folder.join("dist");
    if folder.is_dir() {
        // As above: watched, so it has to exist. The folder is ignored by git and emptied by its own build.
        let _ = fs::create_dir_all(&dist);
        println!("cargo::rerun-if-changed={}", dist.display());
    }
    let mut files = Vec::new();
    collect(&dist, &mut files);
    files.sort();
    if files.is_empty() {
        println!("cargo::warning=no {}: building without the playground (run `cargo xtask js` first)", dist.display());
    }
    let mut code = String::from("const FILES: &[(&str, &[u8])] = &[\n");
    for file in &files {
        // Gone since it was listed: the playground is being built at this moment, and cargo will come back.
        let Ok(bytes) = fs::read(file) else { continue };
        let name = file.strip_prefix(&dist).expect("collected below dist").to_string_lossy().replace('\\', "/");
        let kept = keep(out, &format!("playground/{name}"), &bytes);
        writeln!(code, "    ({name:?}, include_bytes!({kept:?})),").expect("writing to a String");
    }
    code.push_str("];\n");
    code
}

/// A copy that nobody changes between this script and the compiler.
fn keep(out: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = out.join(name);
    fs::create_dir_all(path.parent().expect("below OUT_DIR")).expect("cannot write to OUT_DIR");
    fs::write(&path, bytes).expect("cannot write to OUT_DIR");
    path
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_none_or(|ext| ext != "map") {
            files.push(path);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String");
        text
    })
}
