//! The module that this build carries.

include!(concat!(env!("OUT_DIR"), "/module.rs"));

/// The component and what is known of it at build time.
#[derive(Clone, Copy, Debug)]
pub struct Module {
    /// The component's bytes.
    pub(crate) component: &'static [u8],
    /// Where in it the core module lies: first byte, one past the last.
    pub(crate) core: (usize, usize),
    /// SHA-256 of the component, in hexadecimal.
    pub(crate) component_sha256: &'static str,
    /// SHA-256 of the core module, in hexadecimal.
    pub(crate) core_sha256: &'static str,
}

impl Module {
    /// The module embedded in this build, if one was there when it was built.
    pub fn embedded() -> Option<Module> {
        EMBEDDED
    }

    /// The component's bytes.
    pub fn component(&self) -> &'static [u8] {
        self.component
    }
}

/// SHA-256 of the core module, in hexadecimal: the same as the playground and the Fluent Bit filter show.
/// `None` when this build carries no module.
pub fn module_sha256() -> Option<&'static str> {
    EMBEDDED.map(|module| module.core_sha256)
}

/// SHA-256 of the component around the core module, in hexadecimal.
pub fn component_sha256() -> Option<&'static str> {
    EMBEDDED.map(|module| module.component_sha256)
}

/// The core module's bytes: what a browser and Fluent Bit load.
pub fn core_module() -> Option<&'static [u8]> {
    EMBEDDED.map(|module| &module.component[module.core.0..module.core.1])
}
