//! Which format a rule file is in.

/// The formats that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Nothing but white space.
    Empty,
    /// Kibana's export (one JSON object per line) or other JSON.
    Json,
    /// Elastic's detection-rules TOML.
    Toml,
    /// The documentation page of a prebuilt rule, Markdown.
    Document,
    /// A bare query.
    Query,
}

/// Looks at the first lines that say something. No EQL query begins with `#`, `{`, `[`, `---` or `name =`.
pub(super) fn recognise(text: &str) -> Format {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return Format::Empty };
    if first.starts_with('{') {
        return Format::Json;
    }
    if first == "---" {
        return Format::Document;
    }
    // `#` begins a comment in TOML and a heading in Markdown: the first other line tells.
    let is_heading = first.starts_with('#');
    let telling = if is_heading { lines.find(|line| !line.starts_with('#')) } else { Some(first) };
    match telling {
        Some(line) if is_table_header(line) || is_key(line) => Format::Toml,
        _ if is_heading => Format::Document,
        _ if first.starts_with('[') => Format::Json,
        _ if is_page(text) => Format::Document,
        _ => Format::Query,
    }
}

/// Whether a text has what only the documentation page of a rule has.
pub(super) fn is_page(text: &str) -> bool {
    text.lines().any(is_page_line)
}

/// Whether a bare query is EQL: it begins with a category and `where`, or is a sequence or sample. Everything else is KQL, which
/// has neither; but a file that is named `.eql` has a mistake at its beginning.
pub(super) fn is_eql(query: &str, file_name: &str) -> bool {
    let extension = file_name.rsplit_once('.').map_or("", |(_, extension)| extension);
    begins_as_eql(query) || extension.eq_ignore_ascii_case("eql")
}

fn begins_as_eql(query: &str) -> bool {
    // KQL has no comments.
    if query.starts_with("//") || query.starts_with("/*") {
        return true;
    }
    let (first, rest) = match query.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or_default(),
        None => {
            let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '?' | '`');
            query.split_at(query.find(|c| !is_name(c)).unwrap_or(query.len()))
        }
    };
    let rest = rest.trim_start();
    let word = &rest[..rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())];
    match first {
        "sequence" => rest.starts_with('[') || matches!(word, "by" | "with"),
        "sample" => rest.starts_with('[') || word == "by",
        _ => word == "where" && !rest["where".len()..].trim_start().starts_with(':'),
    }
}

/// `[metadata]`, `[[rule.threat]]`, also with a comment behind.
fn is_table_header(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default().trim_end();
    let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) else { return false };
    let name = name.strip_prefix('[').map_or(Some(name), |name| name.strip_suffix(']'));
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(is_key_byte))
}

/// `name = …`
fn is_key(line: &str) -> bool {
    let Some((name, value)) = line.split_once('=') else { return false };
    let name = name.trim_end();
    // In `"a=b" where true` the sign is part of a category.
    let is_quoted_whole = name.matches('"').count() % 2 == 0;
    is_quoted_whole && !value.starts_with('=') && !name.is_empty() && name.bytes().all(is_key_byte)
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'"')
}

/// A line that only the documentation page of a rule has.
fn is_page_line(line: &str) -> bool {
    line.starts_with("**Rule type**") || line.starts_with("## Rule query")
}
