//! What people read: alerts and events as rows, and errors.

use std::io::{self, IsTerminal as _, Write};

use anstyle::{AnsiColor, Style};
use host_runner::document::lookup;
use serde_json::Value;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();
pub const RED: Style = BOLD.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
pub const YELLOW: Style = BOLD.fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));

/// Writes an error with its causes to standard error.
pub fn error(error: &anyhow::Error) {
    let text = format!("{error:#}");
    let _ = writeln!(anstream::stderr(), "{RED}error{RED:#}{BOLD}:{BOLD:#} {}", clean(&text));
}

/// Writes a warning to standard error.
pub fn warning(text: &str) {
    let _ = writeln!(anstream::stderr(), "{YELLOW}warning{YELLOW:#}{BOLD}:{BOLD:#} {}", clean(text));
}

/// A table whose rows are written as they come, so its widths are set beforehand.
pub struct Table {
    columns: Vec<Column>,
    /// What the last column may take; without a terminal it is not cut.
    rest: usize,
}

/// A column's heading and width.
pub struct Column(pub &'static str, pub usize);

/// A cell and how it looks.
pub struct Cell(pub String, pub Style);

/// How long a line may be; without a terminal, as long as it gets.
pub fn width() -> usize {
    if io::stdout().is_terminal() {
        terminal_size::terminal_size().map_or(120, |(width, _)| usize::from(width.0))
    } else {
        usize::MAX
    }
}

impl Table {
    /// The last column takes what is left of the line.
    pub fn new(columns: Vec<Column>, width: usize) -> Self {
        let used: usize = columns.iter().map(|column| column.1 + 2).sum();
        Table { columns, rest: width.saturating_sub(used).max(20) }
    }

    pub fn head(&self, out: &mut dyn Write, last: &'static str) -> io::Result<()> {
        for Column(name, width) in &self.columns {
            write!(out, "{DIM}{}{DIM:#}  ", fit(name, *width))?;
        }
        writeln!(out, "{DIM}{last}{DIM:#}")
    }

    /// Writes a row. With fewer cells than columns the last column begins where they end.
    pub fn row(&self, out: &mut dyn Write, cells: &[Cell], last: &str) -> io::Result<()> {
        for (Column(_, width), Cell(text, style)) in self.columns.iter().zip(cells) {
            write!(out, "{style}{}{style:#}  ", fit(&clean(text), *width))?;
        }
        let free: usize = self.columns.iter().skip(cells.len()).map(|column| column.1 + 2).sum();
        writeln!(out, "{}", cut(&clean(last), self.rest.saturating_add(free)))
    }
}

/// Cuts or pads to a width on the screen.
fn fit(text: &str, width: usize) -> String {
    let mut text = cut(text, width);
    let used = text.width();
    text.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
    text
}

/// Cuts to a width on the screen.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > width {
            break;
        }
        short.push(character);
    }
    short.push('…');
    short
}

/// Text from rules and events, made harmless for a terminal: no control sequences, no change of direction. Line
/// breaks of an error message stay.
pub fn clean(text: &str) -> String {
    let hostile = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut cleaned = String::with_capacity(text.len());
    for character in text.chars() {
        if hostile(character) {
            cleaned.extend(character.escape_unicode());
        } else {
            cleaned.push(character);
        }
    }
    cleaned
}

/// How a severity looks.
pub fn severity_style(severity: &str) -> Style {
    match severity {
        "critical" | "high" => RED,
        "medium" => YELLOW,
        _ => Style::new(),
    }
}

/// A field of an event or alert, written nested, dotted or mixed; of several values the first.
pub fn field(document: &Value, path: &str) -> Option<String> {
    let found = match lookup(document, path)? {
        Value::Array(values) => values.first()?,
        value => value,
    };
    match found {
        Value::String(text) if text.is_empty() => None,
        // A row is one line.
        Value::String(text) => Some(text.replace('\n', "\\n")),
        Value::Number(_) | Value::Bool(_) => Some(found.to_string()),
        _ => None,
    }
}

/// When it happened, to the second.
pub fn time(event: &Value) -> String {
    let Some(time) = exact_time(event) else { return "-".into() };
    match time.split_once('.') {
        Some((seconds, fraction)) if time.contains('T') => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{seconds}{zone}")
        }
        _ => time,
    }
}

/// When it happened, as the event says it.
pub fn exact_time(event: &Value) -> Option<String> {
    field(event, "kibana.alert.original_time").or_else(|| field(event, "@timestamp"))
}

/// Where it happened.
pub fn host(event: &Value) -> Option<String> {
    ["host.name", "host.hostname", "cloud.account.name", "cloud.account.id", "agent.name", "host.id"]
        .iter()
        .find_map(|path| field(event, path))
}

/// The sentence that an alert brings.
const REASON: &str = "kibana.alert.reason";

/// What happened, in one line.
pub fn what_happened(event: &Value) -> String {
    let first = |paths: &[&str]| paths.iter().find_map(|path| field(event, path));
    let process = || first(&["process.command_line", "process.executable", "process.name"]);
    let endpoint = || {
        let host = first(&["destination.domain", "destination.ip", "destination.address"])?;
        Some(field(event, "destination.port").map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
    };
    let object =
        || first(&["file.path", "file.name", "registry.path", "dns.question.name", "url.full"]).or_else(endpoint);

    let is_process = field(event, "event.category").is_some_and(|category| category == "process");
    let (what, who) =
        if is_process { (process(), None) } else { (object(), first(&["process.executable", "process.name"])) };
    let Some(what) = what.or_else(object).or_else(process) else {
        if let Some(message) = field(event, "message") {
            return message;
        }
        let Some(action) = field(event, "event.action") else { return field(event, REASON).unwrap_or_default() };
        let from = first(&["source.domain", "source.ip", "source.address"]);
        let from = from.map_or_else(String::new, |source| format!(" from {source}"));
        let user = first(&["user.name", "process.user.name"]).map_or_else(String::new, |user| format!(" ({user})"));
        return format!("{action}{from}{user}");
    };
    let mut line = field(event, "event.action").map_or_else(String::new, |action| format!("{action} "));
    line.push_str(&what);
    if let Some(who) = who.filter(|who| *who != what) {
        line.push_str(" by ");
        line.push_str(&who);
    }
    if let Some(user) = first(&["user.name", "process.user.name"]) {
        line.push_str(&format!(" ({user})"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_found_however_they_are_written() {
        for event in [
            json!({"host": {"os": {"type": "linux"}}}),
            json!({"host.os.type": "linux"}),
            json!({"host.os": {"type": ["linux", "x"]}}),
            json!({"host": [{"os.type": "linux"}]}),
        ] {
            assert_eq!(field(&event, "host.os.type").as_deref(), Some("linux"), "{event}");
        }
        assert_eq!(field(&json!({"host": "x"}), "host.os.type"), None);
        assert_eq!(field(&json!({"a": {}}), "a"), None);
    }

    #[test]
    fn text_from_strangers_cannot_drive_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\r\u{202e}c"), "a\\u{1b}[2Jb\\u{d}\\u{202e}c");
        assert_eq!(clean("größe 漢字\nnext"), "größe 漢字\nnext");
    }

    #[test]
    fn cells_have_their_width_on_the_screen() {
        assert_eq!(fit("abc", 5), "abc  ");
        assert_eq!(fit("abcdef", 5), "abcd…");
        assert_eq!(fit("漢字漢字", 5), "漢字…");
        assert_eq!(fit("漢字", 5), "漢字 ");
    }

    #[test]
    fn what_happened_names_object_and_actor() {
        let file = json!({"event": {"category": ["file"], "action": "creation"}, "file.path": "/etc/x",
            "process": {"name": "sh"}, "user": {"name": "root"}});
        assert_eq!(what_happened(&file), "creation /etc/x by sh (root)");
        let process = json!({"event": {"category": "process"}, "process": {"command_line": "sh -c id", "name": "sh"}});
        assert_eq!(what_happened(&process), "sh -c id");
        let network = json!({"destination": {"ip": "192.0.2.1", "port": 443}, "process.name": "curl"});
        assert_eq!(what_happened(&network), "192.0.2.1:443 by curl");
        assert_eq!(what_happened(&json!({"message": "hello\nworld"})), "hello\\nworld");
        let cloud = json!({"event.action": "StopLogging", "source.ip": "192.0.2.1", "user.name": "ana"});
        assert_eq!(what_happened(&cloud), "StopLogging from 192.0.2.1 (ana)");
        assert_eq!(what_happened(&json!({"kibana.alert.reason": "so"})), "so");
        assert_eq!(what_happened(&json!({})), "");
    }
}
