//! Indicators, as they are given: NDJSON with ECS documents (`threat.indicator.*`), search hits (`_index`, `_id`, `_source`) too, or CSV
//! whose header names the fields.

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Span, codes};
use crate::{Limits, Source};

/// An indicator.
#[derive(Debug)]
pub struct Indicator {
    /// Its document: JSON in one line.
    pub document: Box<str>,
    /// The file that it is of.
    pub file: u32,
}

/// The indicators of a rule set.
#[derive(Debug, Default)]
pub struct Indicators {
    /// In the order of their files and lines.
    pub list: Vec<Indicator>,
    /// Names of the files.
    pub files: Vec<String>,
}

/// Reads files of indicators. What cannot be read is told, by file, and left out.
pub fn read(sources: &[Source], limits: &Limits, found: &mut Vec<Diagnostic>) -> Indicators {
    let mut indicators = Indicators::default();
    let mut left_out = 0u64;
    for source in sources {
        let warn = |message: String, line: u32| Diagnostic {
            path: source.path.clone(),
            line,
            column: 1,
            ..Diagnostic::warning(codes::RULE_FILE, message, Span::default())
        };
        if source.text.len() > limits.max_indicator_bytes as usize {
            let most = limits.max_indicator_bytes;
            let message =
                format!("the file has {} bytes, more than the {most} allowed for indicators", source.text.len());
            found.push(warn(message, 1).help("split the file, or raise --max-indicator-bytes"));
            continue;
        }
        let file = indicators.files.len() as u32;
        indicators.files.push(source.path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned());
        let (mut bad, mut first) = (0u64, None);
        let mut add = |document: Option<String>, line: u32| match document {
            Some(_) if indicators.list.len() >= limits.max_indicators as usize => left_out += 1,
            Some(document) => indicators.list.push(Indicator { document: document.into(), file }),
            None => {
                bad += 1;
                first.get_or_insert(line);
            }
        };
        let text = source.text.trim_start_matches('\u{feff}');
        if text.trim_start().starts_with('{') {
            for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
                let is_object = serde_json::from_str::<Map<String, Value>>(text).is_ok();
                add(is_object.then(|| text.trim().to_owned()), line);
            }
        } else {
            let mut records = Records { text, line: 1 };
            let header = records.next().map(|(_, fields)| fields).unwrap_or_default();
            for (line, record) in records {
                let is_one = record.len() == header.len();
                let fields = header.iter().zip(record).filter(|(_, value)| !value.is_empty());
                let mut document = Map::new();
                for (name, value) in fields {
                    document.insert(name.trim().to_owned(), Value::String(value));
                }
                add(is_one.then(|| Value::Object(document).to_string()), line);
            }
        }
        if let Some(line) = first {
            let message = format!("{bad} indicators cannot be read, the first on line {line}");
            found.push(warn(message, line).help("a line is a JSON object, or has as many fields as the header"));
        }
    }
    if left_out > 0 {
        let message = format!("{left_out} indicators are left out: there are more than {}", limits.max_indicators);
        let warning = Diagnostic::warning(codes::TOO_LARGE, message, Span::default());
        found.push(warning.help("raise --max-indicators"));
    }
    indicators
}

/// The records of a CSV file (RFC 4180), with the lines that they begin on; blank lines are none.
struct Records<'a> {
    text: &'a str,
    line: u32,
}

impl Iterator for Records<'_> {
    type Item = (u32, Vec<String>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.text.is_empty() {
                return None;
            }
            let line = self.line;
            let fields = self.record();
            if fields.iter().any(|field| !field.is_empty()) {
                return Some((line, fields));
            }
        }
    }
}

impl Records<'_> {
    fn record(&mut self) -> Vec<String> {
        let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
        let mut chars = self.text.char_indices().peekable();
        let end = loop {
            let Some((at, c)) = chars.next() else { break self.text.len() };
            match c {
                '"' if quoted && chars.peek().is_some_and(|(_, c)| *c == '"') => {
                    chars.next();
                    field.push('"');
                }
                '"' if quoted || field.is_empty() => quoted = !quoted,
                ',' if !quoted => fields.push(std::mem::take(&mut field)),
                '\n' => {
                    self.line += 1;
                    if !quoted {
                        break at + 1;
                    }
                    field.push(c);
                }
                '\r' if !quoted => {}
                c => field.push(c),
            }
        };
        self.text = self.text.get(end..).unwrap_or_default();
        fields.push(field);
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> (Vec<String>, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let source = Source { path: "feeds/iocs.csv".into(), text: text.into() };
        let read = read(&[source], &Limits { max_indicators: 3, ..Limits::default() }, &mut found);
        assert_eq!(read.files, ["iocs.csv"]);
        (read.list.into_iter().map(|indicator| indicator.document.into()).collect(), found)
    }

    #[test]
    fn csv_has_fields_by_its_header() {
        let (found, wrong) = documents("threat.indicator.ip,x\r\n\"10.0.0.1\",\"a \"\"b\"\",\nc\"\r\n\n10.0.0.2,\n");
        assert_eq!(
            found,
            [r#"{"threat.indicator.ip":"10.0.0.1","x":"a \"b\",\nc"}"#, r#"{"threat.indicator.ip":"10.0.0.2"}"#]
        );
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn what_cannot_be_read_or_is_too_much_is_told() {
        let (found, wrong) = documents("{\"a\":1}\n[2]\n{\"a\":3}\n{\"a\":4}\n{\"a\":5}\n{");
        assert_eq!(found.len(), 3);
        let told: Vec<_> = wrong.iter().map(|diagnostic| (diagnostic.line, diagnostic.message.as_str())).collect();
        assert_eq!(told[0], (2, "2 indicators cannot be read, the first on line 2"));
        assert_eq!(told[1].1, "1 indicators are left out: there are more than 3");
        let (found, wrong) = documents("a,b\n1\n1,2\n");
        assert_eq!((found.len(), wrong.len(), wrong[0].line), (1, 1, 2));
    }
}
