//! Elastic's detection-rules TOML: a table `rule`, beside which everything else is ignored.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::query_text::QueryText;
use super::{DEFAULT_RISK_SCORE, DEFAULT_SEVERITY, RuleFile, RuleInfo, Technique, Threat, ThreatEntry, toml_string};
use crate::diagnostic::{Diagnostic, Level, Span, Suggestion, codes};

/// One mistake often breaks the lines after it, so that more errors than these say nothing new.
const MAX_SYNTAX_ERRORS: usize = 3;

/// Reading on after an error takes some hundred bytes of memory per byte of a hopeless file.
const MAX_RECOVERABLE: usize = 64 << 10;

pub(super) fn read(text: &str) -> (RuleFile, Vec<Diagnostic>) {
    let (document, errors) = match DeTable::parse(text) {
        Ok(document) => (document, Vec::new()),
        Err(_) if text.len() <= MAX_RECOVERABLE => DeTable::parse_recoverable(text),
        Err(error) => (Spanned::new(0..0, DeTable::default()), vec![error]),
    };
    let mut reader = Reader { text, diagnostics: Vec::new() };
    let mut rule = match document.get_ref().get("rule") {
        Some(value) => match value.get_ref() {
            DeValue::Table(table) => reader.rule(table, span(value)),
            _ => {
                reader.mismatch("rule", value, "a table");
                RuleFile::default()
            }
        },
        None => {
            let message = "the file has no `[rule]` table";
            let diagnostic = Diagnostic::error(codes::RULE_FILE, message, Span::default());
            reader
                .diagnostics
                .push(diagnostic.help("put the rule's fields (`name`, `type`, `query`, …) below a line `[rule]`"));
            RuleFile::default()
        }
    };
    if !errors.is_empty() {
        // What the rest of a broken file lacks is not worth reporting, and its query may not be the author's.
        reader.diagnostics.clear();
        rule.query = None;
        reader.syntax(&errors);
    }
    rule.failed = reader.diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error);
    (rule, reader.diagnostics)
}

struct Reader<'a> {
    text: &'a str,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn syntax(&mut self, errors: &[toml::de::Error]) {
        let mut line_end = None;
        for error in errors {
            let at = error.span().unwrap_or_default();
            // Behind the first error of a line the parser only finds its consequences.
            if line_end.is_some_and(|end| at.start <= end) {
                continue;
            }
            let rest = self.text.get(at.start..).unwrap_or_default();
            line_end = Some(at.start + rest.find('\n').unwrap_or(rest.len()));
            let message = error.message().trim_end_matches(", expected nothing");
            self.diagnostics.push(Diagnostic::error(
                codes::RULE_FILE,
                format!("the file is not valid TOML: {message}"),
                Span::new(at.start as u32, at.end as u32),
            ));
            if self.diagnostics.len() == MAX_SYNTAX_ERRORS {
                break;
            }
        }
        if let Some(first) = self.diagnostics.first_mut() {
            first.help.push("write queries between ''' and ''', where nothing needs an escape".into());
        }
    }

    fn rule(&mut self, table: &DeTable, whole: Span) -> RuleFile {
        let mut info = RuleInfo {
            id: self.string(table, "rule_id").unwrap_or_default(),
            name: self.required(table, "name", whole, "name = \"what the rule finds\""),
            kind: self.required(table, "type", whole, "type = \"eql\""),
            language: self.string(table, "language").unwrap_or_default(),
            description: self.string(table, "description").unwrap_or_default(),
            severity: self.severity(table),
            risk_score: self.number(table, "risk_score", 100).unwrap_or(DEFAULT_RISK_SCORE),
            tags: self.strings(table, "tags"),
            threat: self.tables(table, "threat").into_iter().map(|table| self.threat(table)).collect(),
            index: self.strings(table, "index"),
            version: self.number(table, "version", u32::MAX),
            references: self.strings(table, "references"),
            interval: self.string(table, "interval"),
            from: self.string(table, "from"),
            max_signals: self.number(table, "max_signals", u32::MAX),
            author: self.strings(table, "author"),
            license: self.string(table, "license"),
            note: self.string(table, "note"),
            event_category_override: self.string(table, "event_category_override"),
            timestamp_override: self.string(table, "timestamp_override"),
            timestamp_field: self.string(table, "timestamp_field"),
            tiebreaker_field: self.string(table, "tiebreaker_field"),
            building_block: table.contains_key("building_block_type"),
            ..RuleInfo::default()
        };
        info.description = info.description.trim().to_owned();
        if info.language.is_empty() {
            info.language = super::language_of(&info.kind).to_owned();
        }
        let query = self.query(table, &info.kind, whole);
        info.query = query.as_ref().map(|query| query.text.clone()).unwrap_or_default();
        if info.id.is_empty() {
            info.id = super::hash(if info.query.is_empty() { &info.name } else { &info.query });
        }
        RuleFile { info, query, failed: false }
    }

    fn query(&mut self, table: &DeTable, kind: &str, whole: Span) -> Option<QueryText> {
        let Some(value) = table.get("query") else {
            if kind != "machine_learning" {
                self.missing(table, "query", whole, "query = '''process where process.name == \"nc\"'''");
            }
            return None;
        };
        let DeValue::String(string) = value.get_ref() else {
            self.mismatch("query", value, "a string");
            return None;
        };
        let query = toml_string::query(self.text, value.span(), string);
        if query.text.is_empty() {
            self.diagnostics.push(Diagnostic::error(codes::RULE_FILE, "the rule's `query` is empty", span(value)));
            return None;
        }
        Some(query)
    }

    fn severity(&mut self, table: &DeTable) -> String {
        const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];
        let Some(severity) = self.string(table, "severity") else { return DEFAULT_SEVERITY.into() };
        if SEVERITIES.contains(&severity.as_str()) {
            return severity;
        }
        let at = table.get("severity").map(span).unwrap_or_default();
        let message = format!("`severity` is {severity:?}, which is no severity");
        let mut diagnostic = Diagnostic::error(codes::RULE_FILE, message, at)
            .help("a severity is `low`, `medium`, `high` or `critical`");
        if let Some(near) = crate::nearest::nearest(&severity, SEVERITIES) {
            diagnostic = diagnostic.suggest(at, format!("{near:?}"), format!("did you mean `{near}`?"));
        }
        self.diagnostics.push(diagnostic);
        DEFAULT_SEVERITY.into()
    }

    fn threat(&mut self, table: &DeTable) -> Threat {
        let tactic = match table.get("tactic").map(|value| (value, value.get_ref())) {
            Some((_, DeValue::Table(tactic))) => self.entry(tactic),
            Some((value, _)) => {
                self.mismatch("tactic", value, "a table");
                ThreatEntry::default()
            }
            None => ThreatEntry::default(),
        };
        let technique = self.tables(table, "technique").into_iter().map(|table| {
            let ThreatEntry { id, name, reference } = self.entry(table);
            let subtechnique = self.tables(table, "subtechnique").into_iter().map(|table| self.entry(table)).collect();
            Technique { id, name, reference, subtechnique }
        });
        let technique = technique.collect();
        Threat { framework: self.string(table, "framework").unwrap_or_default(), tactic, technique }
    }

    fn entry(&mut self, table: &DeTable) -> ThreatEntry {
        ThreatEntry {
            id: self.string(table, "id").unwrap_or_default(),
            name: self.string(table, "name").unwrap_or_default(),
            reference: self.string(table, "reference").unwrap_or_default(),
        }
    }

    fn string(&mut self, table: &DeTable, key: &str) -> Option<String> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(string) => return Some(string.clone().into_owned()),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
                let written = self.text.get(value.span()).unwrap_or_default();
                let diagnostic = self.mismatch(key, value, "a string");
                diagnostic.suggestion = suggestion(value, format!("\"{written}\""), "put it in quotes");
            }
            _ => {
                self.mismatch(key, value, "a string");
            }
        }
        None
    }

    fn required(&mut self, table: &DeTable, key: &str, whole: Span, example: &str) -> String {
        let known = self.string(table, key);
        match known {
            Some(value) if value.trim().is_empty() => {
                let at = table.get(key).map(span).unwrap_or_default();
                let message = format!("the rule's `{key}` is empty");
                self.diagnostics.push(Diagnostic::error(codes::RULE_FILE, message, at));
                String::new()
            }
            Some(value) => value,
            None => {
                if !table.contains_key(key) {
                    self.missing(table, key, whole, example);
                }
                String::new()
            }
        }
    }

    fn missing(&mut self, table: &DeTable, key: &str, whole: Span, example: &str) {
        let message = format!("the rule has no `{key}`");
        // The table's header: its span may hold the whole file.
        let line = self.text.get(whole.range()).map_or(0, |text| text.lines().next().unwrap_or_default().len());
        let at = Span::new(whole.start, whole.start + line as u32);
        let mut diagnostic = Diagnostic::error(codes::RULE_FILE, message, at).help(format!("add a line `{example}`"));
        let mut keys = table.iter().map(|(key, _)| key);
        if let Some(typo) = keys.find(|other| crate::nearest::distance(other.get_ref(), key) == 1) {
            let range = typo.span();
            let at = Span::new(range.start as u32, range.end as u32);
            diagnostic =
                diagnostic.also(at, "not a field of a rule").suggest(at, key, format!("did you mean `{key}`?"));
        }
        self.diagnostics.push(diagnostic);
    }

    fn number(&mut self, table: &DeTable, key: &str, most: u32) -> Option<u32> {
        let value = table.get(key)?;
        let DeValue::Integer(integer) = value.get_ref() else {
            let number = match value.get_ref() {
                DeValue::String(string) => string.trim().parse::<u32>().ok().filter(|number| *number <= most),
                _ => None,
            };
            let diagnostic = self.mismatch(key, value, "an integer");
            diagnostic.suggestion =
                number.and_then(|number| suggestion(value, number.to_string(), "write it without quotes"));
            return None;
        };
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number.and_then(|number| u32::try_from(number).ok()).filter(|number| *number <= most);
        if number.is_none() {
            let message = format!("`{key}` is {integer}, which is out of range");
            let diagnostic = Diagnostic::error(codes::RULE_FILE, message, span(value));
            self.diagnostics.push(diagnostic.help(format!("`{key}` is a whole number from 0 to {most}")));
        }
        number
    }

    fn strings(&mut self, table: &DeTable, key: &str) -> Vec<String> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            let written = self.text.get(value.span()).unwrap_or_default();
            let diagnostic = self.mismatch(key, value, "an array of strings");
            if value.get_ref().is_str() {
                diagnostic.suggestion = suggestion(value, format!("[{written}]"), "put it in brackets");
            }
            return Vec::new();
        };
        let mut strings = Vec::with_capacity(array.len());
        for item in array.iter() {
            match item.get_ref() {
                DeValue::String(string) => strings.push(string.clone().into_owned()),
                _ => {
                    self.mismatch(&format!("an item of `{key}`"), item, "a string");
                }
            }
        }
        strings
    }

    fn tables<'t, 'i>(&mut self, table: &'t DeTable<'i>, key: &str) -> Vec<&'t DeTable<'i>> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            self.mismatch(key, value, "an array of tables");
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(array.len());
        for item in array.iter() {
            match item.get_ref() {
                DeValue::Table(table) => tables.push(table),
                _ => {
                    self.mismatch(&format!("an item of `{key}`"), item, "a table");
                }
            }
        }
        tables
    }

    fn mismatch(&mut self, key: &str, value: &Spanned<DeValue>, wanted: &str) -> &mut Diagnostic {
        let found = match value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        let key = if key.contains('`') { Cow::Borrowed(key) } else { Cow::Owned(format!("`{key}`")) };
        let message = format!("{key} is {found}, not {wanted}");
        let diagnostic = Diagnostic::error(codes::RULE_FILE, message, span(value));
        self.diagnostics.push(diagnostic.label(format!("write {wanted} here")));
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }
}

fn suggestion(value: &Spanned<DeValue>, replacement: String, message: &str) -> Option<Suggestion> {
    Some(Suggestion { span: span(value), replacement, message: message.to_owned() })
}

fn span(value: &Spanned<DeValue>) -> Span {
    let range = value.span();
    Span::new(range.start as u32, range.end as u32)
}
