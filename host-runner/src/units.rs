//! Sizes and durations as people write them: `128MiB`, `1s`.

use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Deserializer};

/// Reads `128MiB`, `64 MB` or a plain number of bytes.
pub fn size(text: &str) -> Result<ByteSize, String> {
    match text.trim().parse::<ByteSize>() {
        Ok(size) if size.as_u64() == 0 => Err("a size above zero is needed".into()),
        Ok(size) => Ok(size),
        Err(_) => Err(format!("`{text}` is not a size: write `128MiB`, `64MB` or a number of bytes")),
    }
}

/// Reads `1s`, `250ms` or `1m 30s`.
pub fn duration(text: &str) -> Result<Duration, String> {
    match any_duration(text) {
        Ok(duration) if duration.is_zero() => Err("a duration above zero is needed".into()),
        result => result,
    }
}

/// As [`duration`], and `0s` too.
pub fn any_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text.trim())
        .map_err(|_| format!("`{text}` is not a duration: write `1s`, `250ms` or `1m 30s`"))
}

/// [`size`] for serde.
pub(crate) fn deserialize_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ByteSize, D::Error> {
    size(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// [`duration`] for serde.
pub(crate) fn deserialize_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    duration(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// [`any_duration`] for serde.
pub(crate) fn deserialize_any_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    any_duration(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("128MiB"), Ok(ByteSize::mib(128)));
        assert_eq!(size("64 MB"), Ok(ByteSize::mb(64)));
        assert_eq!(size("4096"), Ok(ByteSize::b(4096)));
        assert!(size("0").is_err());
        assert!(size("-1").is_err());
        assert!(size("much").is_err_and(|message| message.contains("`much`")));
    }

    #[test]
    fn durations() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert!(duration("0s").is_err());
        assert_eq!(any_duration("0s"), Ok(Duration::ZERO));
        assert!(duration("5").is_err_and(|message| message.contains("`5`")));
    }
}
