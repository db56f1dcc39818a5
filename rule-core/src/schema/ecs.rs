//! The Elastic Common Schema, kept as a compact text (`ecs.txt`, which explains its form) and unpacked once.

use std::sync::{Arc, LazyLock};

use super::{Field, FieldType, Fields};

static ECS: LazyLock<Arc<Fields>> = LazyLock::new(|| Arc::new(unpack(include_str!("ecs.txt"))));

pub(super) fn fields() -> Arc<Fields> {
    ECS.clone()
}

fn unpack(text: &str) -> Fields {
    let mut fields: Vec<(String, Field)> = Vec::with_capacity(3200);
    let (mut nested, mut flattened) = (Vec::new(), Vec::new());
    // The names of the objects that the current line lies in.
    let mut path: Vec<&str> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let inner = line.trim_start_matches(' ');
        path.truncate(line.len() - inner.len());
        let mut words = inner.split(' ');
        let first = words.next().unwrap_or_default();
        if let Some((kind, is_flattened)) = kind(first).filter(|_| inner.len() > 1) {
            for word in words {
                let name = word.strip_suffix('+');
                let full = join(&path, name.unwrap_or(word));
                if is_flattened {
                    flattened.push(full.clone());
                }
                if name.is_some() {
                    fields.push((format!("{full}.text"), field(FieldType::Text, &full)));
                }
                let value = field(kind, &full);
                fields.push((full, value));
            }
            continue;
        }
        let name = first.strip_suffix('!');
        path.push(name.unwrap_or(first));
        let object = join(&path, "");
        if name.is_some() {
            nested.push(object.trim_end_matches('.').to_owned());
        }
        if let Some(same) = words.next().and_then(|word| word.strip_prefix('=')) {
            copy(&mut fields, &mut nested, &mut flattened, &format!("{same}."), &object);
        }
    }
    Fields::new(fields, nested, flattened)
}

/// Gives the object `to` the fields of the object `from`; both names end in a dot.
fn copy(
    fields: &mut Vec<(String, Field)>,
    nested: &mut Vec<String>,
    flattened: &mut Vec<String>,
    from: &str,
    to: &str,
) {
    let moved = |name: &str| name.strip_prefix(from).map(|rest| format!("{to}{rest}"));
    for at in 0..fields.len() {
        if let (Some(name), Some(path)) = (moved(&fields[at].0), moved(&fields[at].1.path)) {
            let copy = field(fields[at].1.kind, &path);
            fields.push((name, copy));
        }
    }
    for list in [nested, flattened] {
        let copies: Vec<String> = list.iter().filter_map(|name| moved(name)).collect();
        list.extend(copies);
    }
}

fn kind(letter: &str) -> Option<(FieldType, bool)> {
    Some(match letter {
        "k" => (FieldType::Keyword, false),
        "t" => (FieldType::Text, false),
        "l" => (FieldType::Long, false),
        "f" => (FieldType::Double, false),
        "b" => (FieldType::Boolean, false),
        "d" => (FieldType::Date, false),
        "i" => (FieldType::Ip, false),
        "o" => (FieldType::Other, false),
        "~" => (FieldType::Keyword, true),
        _ => return None,
    })
}

fn join(path: &[&str], name: &str) -> String {
    let mut full = path.join(".");
    if !full.is_empty() {
        full.push('.');
    }
    full.push_str(name);
    full
}

fn field(kind: FieldType, path: &str) -> Field {
    Field { kind, null_value: None, path: path.to_owned(), format: None, nested: false }
}
