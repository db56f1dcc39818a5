//! Tripline's one module: three faces on `rule-core`, with no logic of their own.
//!
//! | face | for | by |
//! |---|---|---|
//! | `component` | hosts of the component model (`wit/tripline.wit`) | wit-bindgen |
//! | `javascript` | browsers and Node | wasm-bindgen |
//! | `c_abi` | log shippers that call a C function per record | `extern "C"` |
//!
//! All three are in one core module, so that every host runs the same bytes. The faces translate types;
//! [`service`] does the work and [`handles`] keeps what lives from one call to the next.

pub mod handles;
pub mod service;

// What the generated code exports needs `unsafe`; nothing written by hand in these two does.
#[allow(unsafe_code)]
mod component;
#[allow(unsafe_code)]
mod javascript;

// Raw pointers are what a C ABI is made of.
#[allow(unsafe_code)]
mod c_abi;
