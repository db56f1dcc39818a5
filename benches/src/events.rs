//! Events to measure with, beside the generated ones.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::value::RawValue;

/// The real events beside the checkout, one per line, or none where they are absent.
///
/// Indented documents are put on one line. The events of an array, or of an `expected` or `events` array, are events of their own.
pub fn real() -> io::Result<Option<Vec<u8>>> {
    let folder = crate::root().join("../shared/data/events");
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut lines = Vec::new();
    read(&folder, &mut lines)?;
    Ok(Some(lines))
}

/// The bytes again and again, until there are at least so many.
pub fn repeat(lines: &[u8], least: usize) -> Vec<u8> {
    lines.repeat(least.div_ceil(lines.len().max(1)))
}

/// Batches of whole lines of about this size.
pub fn batches(lines: &[u8], size: usize) -> Vec<&[u8]> {
    let mut batches = Vec::new();
    let mut rest = lines;
    while !rest.is_empty() {
        let least = size.min(rest.len());
        let end = rest[least..].iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| least + at + 1);
        let (batch, after) = rest.split_at(end);
        batches.push(batch);
        rest = after;
    }
    batches
}

/// The lines that are not blank.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

fn read(folder: &Path, lines: &mut Vec<u8>) -> io::Result<()> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read(&path, lines)?;
        } else if path.extension().is_some_and(|extension| extension == "json" || extension == "ndjson") {
            let text = minify(&fs::read_to_string(&path)?);
            for document in serde_json::Deserializer::from_str(&text).into_iter::<&RawValue>() {
                unwrap(document?.get(), lines);
            }
        }
    }
    Ok(())
}

fn unwrap(document: &str, lines: &mut Vec<u8>) {
    let events: Option<Vec<&RawValue>> = if document.starts_with('[') {
        serde_json::from_str(document).ok()
    } else {
        serde_json::from_str::<std::collections::HashMap<String, Vec<&RawValue>>>(document)
            .ok()
            .and_then(|mut members| members.remove("expected").or_else(|| members.remove("events")))
    };
    match events {
        Some(events) => events.iter().for_each(|event| unwrap(event.get(), lines)),
        None if document.starts_with('{') => {
            lines.extend_from_slice(document.as_bytes());
            lines.push(b'\n');
        }
        None => {}
    }
}

/// JSON without the white space between its tokens.
fn minify(text: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let mut keep = |c: char| {
        let was = inside;
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
        was || !c.is_ascii_whitespace()
    };
    text.chars().filter(|c| keep(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_become_lines() {
        let mut lines = Vec::new();
        unwrap(&minify(r#"{ "expected": [ {"a b": "c \" d"}, [{"e": [1, 2]}] ] }"#), &mut lines);
        assert_eq!(String::from_utf8_lossy(&lines), "{\"a b\":\"c \\\" d\"}\n{\"e\":[1,2]}\n");
    }

    #[test]
    fn batches_hold_whole_lines() {
        assert_eq!(batches(b"abc\nde\nf\n", 2), [&b"abc\n"[..], b"de\n", b"f\n"]);
        assert_eq!(batches(b"abc\nde\nf\n", 5), [&b"abc\nde\n"[..], b"f\n"]);
    }
}
