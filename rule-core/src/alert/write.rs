//! JSON objects written member by member, and ids.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// An object under construction.
pub(super) struct Fields<'o> {
    pub out: &'o mut String,
    pub first: bool,
}

impl Fields<'_> {
    /// Writes a key that is JSON already.
    pub fn key(&mut self, json: &str) {
        self.out.push(if std::mem::take(&mut self.first) { '{' } else { ',' });
        self.out.push_str(json);
        self.out.push(':');
    }

    /// A member whose value is JSON already.
    pub fn raw(&mut self, key: &str, json: &str) {
        self.key(&to_json(key));
        self.out.push_str(json);
    }

    /// A member that is a string.
    pub fn string(&mut self, key: &str, text: &str) {
        self.raw(key, &to_json(text));
    }
}

/// What an alert consists of (strings, numbers, lists of them) always serialises.
pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The first half of the SHA-256 of all parts, one after the other.
pub(super) fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    half(hasher)
}

pub(super) fn half(hasher: Sha256) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize()[..16]);
    id
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A version 8 UUID (RFC 9562: of the maker's own making) of a hash.
pub(super) fn uuid(hash: &[u8; 16]) -> String {
    let mut bytes = *hash;
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
