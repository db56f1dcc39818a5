//! The documentation page of a prebuilt rule, Markdown: fields as bold names, the query in a code block, ATT&CK as a list.

use std::ops::Range;

use super::api::SEVERITIES;
use super::kinds::rule_kind;
use super::query_text::QueryText;
use super::{DEFAULT_RISK_SCORE, DEFAULT_SEVERITY, RuleFile, RuleInfo, Technique, Threat, ThreatEntry};
use crate::diagnostic::{Diagnostic, Level, Span, codes};

pub(super) fn read(text: &str) -> (RuleFile, Vec<Diagnostic>) {
    let mut page = Page { text, ..Page::default() };
    for line in lines(text) {
        page.line(line);
    }
    page.finish()
}

/// A line of the page without its line break.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    start: usize,
}

impl Line<'_> {
    fn span(&self) -> Span {
        Span::new(self.start as u32, (self.start + self.text.len()) as u32)
    }
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        Line { text: line.trim_end_matches(['\r', '\n']), start: at }
    })
}

/// The part of the page that a line belongs to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    /// Before the title.
    #[default]
    Start,
    /// Between `---` and `---` at the very beginning.
    FrontMatter,
    /// Title, description and fields.
    Head,
    Guide,
    Query,
    /// A section that says nothing about the rule.
    Other,
}

/// A list of the page that is being read.
#[derive(Clone, Copy, Default)]
enum List {
    #[default]
    None,
    Index,
    References,
    Tags,
    Authors,
    Threat,
}

/// Whose name, id and page come next.
#[derive(Clone, Copy, Default)]
enum Entry {
    #[default]
    Tactic,
    Technique,
    Subtechnique,
}

#[derive(Default)]
struct Page<'a> {
    text: &'a str,
    info: RuleInfo,
    part: Part,
    list: List,
    entry: Entry,
    /// The code block that the line is in: what opened it.
    fence: Option<&'a str>,
    /// Where the first code block below "Rule query" stands.
    query: Option<Range<usize>>,
    query_heading: Option<Span>,
    title: Option<Span>,
    guide: Option<Range<usize>>,
    seen_risk_score: bool,
    in_description: bool,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Page<'a> {
    fn line(&mut self, line: Line<'a>) {
        let trimmed = line.text.trim();
        if self.part == Part::Start && trimmed.trim_start_matches('\u{feff}') == "---" {
            self.part = Part::FrontMatter;
            return;
        }
        if self.part == Part::FrontMatter {
            if trimmed == "---" {
                self.part = Part::Head;
            }
            return;
        }
        if self.code(line, trimmed) {
            return;
        }
        let heading = trimmed.trim_start_matches('\u{feff}').trim_start_matches('#');
        let level = trimmed.trim_start_matches('\u{feff}').len() - heading.len();
        if (1..=6).contains(&level) && heading.starts_with(' ') {
            self.heading(level, heading.trim(), line);
            return;
        }
        // Other sections have bold text of their own.
        let has_fields = match self.part {
            Part::Start | Part::Head => true,
            _ => self.query.is_some() && trimmed.starts_with("**Framework**"),
        };
        if has_fields && let Some((name, value)) = bold_field(trimmed) {
            self.field(name, value, line);
            return;
        }
        if let Some(item) = list_item(trimmed) {
            self.item(item);
        } else if self.in_description && !trimmed.is_empty() {
            let description = &mut self.info.description;
            if !description.is_empty() {
                description.push(' ');
            }
            description.push_str(&plain(trimmed));
        }
    }

    /// Whether the line opens, closes or lies in a code block.
    fn code(&mut self, line: Line<'a>, trimmed: &'a str) -> bool {
        match self.fence {
            None => {
                let Some(fence) = fence(trimmed) else { return false };
                self.fence = Some(fence);
                if self.part == Part::Query && self.query.is_none() {
                    let start = (line.start + line.text.len() + 1).min(self.text.len());
                    // A carriage return is part of the line break.
                    let crlf = self.text[line.start + line.text.len()..].starts_with("\r\n");
                    let start = (start + usize::from(crlf)).min(self.text.len());
                    self.query = Some(start..self.text.len());
                }
                true
            }
            Some(open) => {
                let closes = fence(trimmed).is_some_and(|close| close.len() >= open.len() && close.starts_with(open));
                if closes && fence(trimmed).map(str::len) == Some(trimmed.len()) {
                    self.fence = None;
                    if let Some(query) = self.query.as_mut().filter(|query| query.end == self.text.len()) {
                        query.end = line.start.max(query.start);
                        self.part = Part::Other;
                    }
                }
                true
            }
        }
    }

    fn heading(&mut self, level: usize, heading: &'a str, line: Line<'a>) {
        let (name, anchor) = split_anchor(heading);
        (self.list, self.in_description) = (List::None, false);
        if self.title.is_none() && level == 1 {
            self.title = Some(line.span());
            self.info.name = plain(name);
            self.info.id = anchor.unwrap_or_default().to_owned();
            (self.part, self.in_description) = (Part::Head, true);
            return;
        }
        // The guide has headings of its own, one level below.
        if self.part == Part::Guide && level > 2 {
            return;
        }
        if let Some(guide) = self.guide.as_mut().filter(|_| self.part == Part::Guide) {
            guide.end = line.start;
        }
        let after = (line.start + line.text.len()).min(self.text.len());
        self.part = match name.to_ascii_lowercase().as_str() {
            "investigation guide" => {
                self.guide = Some(after..self.text.len());
                Part::Guide
            }
            "rule query" => {
                self.query_heading = Some(line.span());
                Part::Query
            }
            _ => Part::Other,
        };
    }

    fn field(&mut self, name: &str, value: &'a str, line: Line<'a>) {
        (self.list, self.in_description) = (List::None, false);
        let word = || value.split_whitespace().next().map(str::to_owned);
        match name.to_ascii_lowercase().as_str() {
            "rule type" => self.kind(word().unwrap_or_default(), line),
            "rule indices" => self.list = List::Index,
            "severity" => self.severity(value, line),
            "risk score" => self.risk_score(value, line),
            "runs every" => self.info.interval = word(),
            "searches indices from" => self.info.from = word(),
            "maximum alerts per execution" => self.info.max_signals = value.parse().ok(),
            "references" => self.list = List::References,
            "tags" => self.list = List::Tags,
            "version" => self.info.version = value.parse().ok(),
            "rule authors" => self.list = List::Authors,
            "rule license" => self.info.license = Some(plain(value)),
            "framework" => {
                // The page writes a trademark sign behind the name.
                let framework = if value.starts_with("MITRE ATT&CK") { "MITRE ATT&CK" } else { value };
                self.info.threat.push(Threat { framework: framework.to_owned(), ..Threat::default() });
                self.list = List::Threat;
            }
            _ => {}
        }
    }

    fn kind(&mut self, kind: String, line: Line<'a>) {
        if !kind.is_empty() && rule_kind(&kind).is_none() {
            self.diagnostics.push(super::kinds::unknown(&kind, line.span()));
        }
        self.info.kind = kind;
    }

    fn severity(&mut self, value: &str, line: Line<'a>) {
        let severity = value.to_ascii_lowercase();
        if !SEVERITIES.contains(&severity.as_str()) {
            let message = format!("the severity is {value:?}, which is no severity");
            let diagnostic = Diagnostic::error(codes::RULE_FILE, message, line.span());
            self.diagnostics.push(diagnostic.help("a severity is `low`, `medium`, `high` or `critical`"));
        }
        self.info.severity = severity;
    }

    fn risk_score(&mut self, value: &str, line: Line<'a>) {
        match value.parse::<u32>() {
            Ok(score) if score <= 100 => (self.info.risk_score, self.seen_risk_score) = (score, true),
            _ => {
                let message = format!("the risk score is {value:?}, which is out of range");
                let diagnostic = Diagnostic::error(codes::RULE_FILE, message, line.span());
                self.diagnostics.push(diagnostic.help("a risk score is a whole number from 0 to 100"));
            }
        }
    }

    fn item(&mut self, item: &str) {
        match self.list {
            List::None => {}
            List::Index => self.info.index.push(plain(item)),
            List::References => self.info.references.push(link(item)),
            List::Tags => self.info.tags.push(plain(item)),
            List::Authors => self.info.author.push(plain(item)),
            List::Threat => self.threat(item),
        }
    }

    /// `Tactic:`, `Technique:` and `Sub-technique:` announce an entry; its name, id and page follow.
    fn threat(&mut self, item: &str) {
        let (name, value) = item.split_once(':').unwrap_or((item, ""));
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let Some(threat) = self.info.threat.last_mut() else { return };
        match name.as_str() {
            "tactic" => {
                self.entry = Entry::Tactic;
                // A second tactic under one heading is a threat of its own.
                if threat.tactic != ThreatEntry::default() {
                    let framework = threat.framework.clone();
                    self.info.threat.push(Threat { framework, ..Threat::default() });
                }
                return;
            }
            "technique" => {
                self.entry = Entry::Technique;
                threat.technique.push(Technique::default());
                return;
            }
            "sub-technique" => {
                self.entry = Entry::Subtechnique;
                if let Some(technique) = threat.technique.last_mut() {
                    technique.subtechnique.push(ThreatEntry::default());
                }
                return;
            }
            _ => {}
        }
        let technique = threat.technique.last_mut();
        let place = match self.entry {
            Entry::Tactic => Some((&mut threat.tactic.id, &mut threat.tactic.name, &mut threat.tactic.reference)),
            Entry::Technique => technique.map(|entry| (&mut entry.id, &mut entry.name, &mut entry.reference)),
            Entry::Subtechnique => technique
                .and_then(|technique| technique.subtechnique.last_mut())
                .map(|entry| (&mut entry.id, &mut entry.name, &mut entry.reference)),
        };
        let Some((id, entry_name, reference)) = place else { return };
        match name.as_str() {
            "name" => *entry_name = plain(value),
            "id" => *id = value.to_owned(),
            "reference url" => *reference = link(value),
            _ => {}
        }
    }

    fn finish(mut self) -> (RuleFile, Vec<Diagnostic>) {
        let top = self.title.unwrap_or_default();
        let mut missing = |message: &str, at: Span, help: &str| {
            self.diagnostics.push(Diagnostic::error(codes::RULE_FILE, message, at).help(help));
        };
        if self.info.name.is_empty() {
            missing("the page has no title", top, "begin it with a line `# Name of the rule`");
        }
        if self.info.kind.is_empty() {
            missing("the page does not say what type of rule it is", top, "add a line `**Rule type**: eql`");
        }
        let query = self.query.take().map(|range| QueryText::verbatim(self.text, range));
        let query = query.filter(|query| !query.text.is_empty());
        if query.is_none() && self.info.kind != "machine_learning" {
            let at = self.query_heading.unwrap_or(top);
            missing("the page has no query", at, "put it in a code block below a line `## Rule query`");
        }
        let mut info = self.info;
        info.language = super::language_of(&info.kind).to_owned();
        info.query = query.as_ref().map(|query| query.text.clone()).unwrap_or_default();
        if info.id.is_empty() {
            info.id = super::hash(if info.query.is_empty() { &info.name } else { &info.query });
        }
        if info.severity.is_empty() {
            info.severity = DEFAULT_SEVERITY.into();
        }
        if !self.seen_risk_score {
            info.risk_score = DEFAULT_RISK_SCORE;
        }
        let guide = self.guide.and_then(|range| self.text.get(range)).map(str::trim);
        info.note = guide.filter(|guide| !guide.is_empty()).map(str::to_owned);
        let failed = self.diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error);
        (RuleFile { info, query, failed, at: Span::default() }, self.diagnostics)
    }
}

/// `**Name**: value`
fn bold_field(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("**")?.split_once("**")?;
    Some((name.trim_end_matches(':'), rest.trim_start_matches(':').trim()))
}

/// `* item` or `- item`
fn list_item(line: &str) -> Option<&str> {
    line.strip_prefix("* ").or_else(|| line.strip_prefix("- ")).map(str::trim)
}

/// The backticks or tildes that open or close a code block.
fn fence(line: &str) -> Option<&str> {
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let len = line.len() - line.trim_start_matches(mark).len();
    (len >= 3).then(|| &line[..len])
}

/// `Name [anchor]`
fn split_anchor(heading: &str) -> (&str, Option<&str>) {
    match heading.strip_suffix(']').and_then(|heading| heading.rsplit_once(" [")) {
        Some((name, anchor)) => (name.trim(), Some(anchor)),
        None => (heading, None),
    }
}

/// The address of `[text](address)`, or the text as it is.
fn link(text: &str) -> String {
    let address = text.strip_prefix('[').and_then(|rest| rest.split_once("](")?.1.strip_suffix(')'));
    address.unwrap_or(text).trim_matches(['<', '>']).to_owned()
}

/// Without the backslashes that Markdown puts before punctuation.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '\\' && chars.peek().is_some_and(char::is_ascii_punctuation) {
            plain.extend(chars.next());
        } else {
            plain.push(char);
        }
    }
    plain
}
