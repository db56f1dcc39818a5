//! A report as JUnit XML, which CI systems read.
//!
//! There is no one schema; this keeps to what they have in common: `testsuites`, `testsuite`, `testcase`, `failure`, `error`.
//! Times are left out: the same files give the same report.

use super::report::{FileReport, Report, TestReport};

/// The report as a document.
pub fn junit(report: &Report) -> String {
    let mut xml = Xml { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".into() };
    let totals = &report.totals;
    let count = |number: usize| number.to_string();
    xml.open(
        0,
        "testsuites",
        &[
            ("name", "tripline"),
            ("tests", &count(totals.passed + totals.failed + totals.errors)),
            ("failures", &count(totals.failed)),
            ("errors", &count(totals.errors)),
        ],
        true,
    );
    for file in &report.files {
        suite(&mut xml, file);
    }
    xml.close(0, "testsuites");
    xml.text
}

fn suite(xml: &mut Xml, file: &FileReport) {
    let errors = usize::from(file.error.is_some());
    let attributes = [
        ("name", file.path.as_str()),
        ("tests", &(file.tests.len() + errors).to_string()),
        ("failures", &(file.tests.len() - file.passed()).to_string()),
        ("errors", &errors.to_string()),
    ];
    xml.open(1, "testsuite", &attributes, true);
    // What the suite is called where test cases are listed: the rule.
    let class = file.rule.as_ref().map_or(file.path.as_str(), |rule| rule.name.as_str());
    for test in &file.tests {
        let line = test.line.to_string();
        let attributes = [("name", test.name.as_str()), ("classname", class), ("file", &file.path), ("line", &line)];
        if test.passed() {
            xml.open(2, "testcase", &attributes, false);
            continue;
        }
        xml.open(2, "testcase", &attributes, true);
        let first = test.failures.first().map_or("", |failure| failure.message.as_str());
        xml.element(3, "failure", &[("message", first), ("type", "failure")], &text(file, test));
        xml.close(2, "testcase");
    }
    if let Some(error) = &file.error {
        let line = error.line.to_string();
        let attributes = [("name", "the file"), ("classname", class), ("file", &file.path), ("line", &line)];
        xml.open(2, "testcase", &attributes, true);
        let mut body = format!("{}:{}: {}\n", file.path, error.line, error.message);
        for diagnostic in &error.diagnostics {
            let text = file.source.as_ref().filter(|source| source.path == diagnostic.path);
            body.push_str(&rule_core::render(diagnostic, text.map_or("", |source| &source.text), false));
            body.push('\n');
        }
        xml.element(3, "error", &[("message", &error.message), ("type", "error")], &body);
        xml.close(2, "testcase");
    }
    xml.close(1, "testsuite");
}

fn text(file: &FileReport, test: &TestReport) -> String {
    let mut text = format!("{}:{}\n", file.path, test.line);
    for failure in &test.failures {
        text.push_str(&failure.message);
        if failure.alert.is_some() {
            text.push_str(&format!(": expected {}, got {}", failure.expected, failure.found));
        }
        text.push('\n');
    }
    for alert in &test.alerts {
        text.push_str(&format!("alert: {alert}\n"));
    }
    for why in &test.why {
        let term = why.term.map_or_else(String::new, |term| format!(", term {term}"));
        text.push_str(&format!("event {} (line {}){term}: {}\n", why.event, why.line, why.reason));
    }
    for note in &test.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}

struct Xml {
    text: String,
}

impl Xml {
    fn open(&mut self, depth: usize, name: &str, attributes: &[(&str, &str)], has_content: bool) {
        self.start(depth, name, attributes);
        self.text.push_str(if has_content { ">\n" } else { "/>\n" });
    }

    fn start(&mut self, depth: usize, name: &str, attributes: &[(&str, &str)]) {
        self.text.push_str(&"  ".repeat(depth));
        self.text.push('<');
        self.text.push_str(name);
        for (key, value) in attributes {
            self.text.push_str(&format!(" {key}=\"{}\"", escaped(value, true)));
        }
    }

    fn element(&mut self, depth: usize, name: &str, attributes: &[(&str, &str)], content: &str) {
        self.start(depth, name, attributes);
        self.text.push_str(&format!(">{}</{name}>\n", escaped(content, false)));
    }

    fn close(&mut self, depth: usize, name: &str) {
        self.text.push_str(&format!("{}</{name}>\n", "  ".repeat(depth)));
    }
}

/// Text for XML 1.0. Characters that it cannot have at all are shown as their code.
fn escaped(text: &str, in_attribute: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' if in_attribute => escaped.push_str("&quot;"),
            '\n' | '\t' if in_attribute => escaped.push_str(&format!("&#{};", character as u32)),
            '\n' | '\t' => escaped.push(character),
            // https://www.w3.org/TR/xml/#charsets
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.extend(character.escape_unicode())
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_have_is_shown_otherwise() {
        assert_eq!(escaped("a<b> & \"c\"\n\u{0}\u{1b}é", true), "a&lt;b&gt; &amp; &quot;c&quot;&#10;\\u{0}\\u{1b}é");
        assert_eq!(escaped("]]>\n\"", false), "]]&gt;\n\"");
    }
}
