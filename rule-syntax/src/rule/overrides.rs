//! What one deployment changes of rules that it does not write itself: a small TOML file beside them, which an update of the
//! rules leaves alone.
//!
//! ```toml
//! [[rule]]
//! id = "9f1c4ca3-44b5-481d-ba42-32dc215a2769"  # or `name = "Suspicious *"`, or `tag = "OS: Linux"`
//! enabled = false                              # and `severity`, `risk_score`, `tags_add`, `max_signals`, `alert_suppression`
//!
//! [[rule.exception]]
//! name = "the build machines"
//! entries = [{ field = "host.name", type = "wildcard", value = "ci-*" }]
//! ```

use super::api::SEVERITIES;
use super::fields::{Reader, one_of};
use super::glob::glob;
use super::node::{Node, Notation, Table};
use super::{AlertSuppression, ExceptionListRef, Namespace, ReadException, RuleInfo, elastic_toml};
use crate::diagnostic::{Diagnostic, Span, codes};
use crate::{Limits, Source, nearest};

/// The keys of `[[rule]]`.
const KEYS: &[&str] = &[
    "id",
    "name",
    "tag",
    "enabled",
    "severity",
    "risk_score",
    "tags_add",
    "max_signals",
    "alert_suppression",
    "exception",
];
/// The keys of `[[rule.exception]]`.
const EXCEPTION_KEYS: &[&str] = &["name", "entries", "os_types", "expire_time"];

/// The overrides of a deployment.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The file.
    path: String,
    /// In the order of the file: a later one has the last word.
    entries: Vec<Override>,
    /// The items of their exceptions, each in the list that its override adds to the rules.
    pub exceptions: Vec<ReadException>,
}

/// One `[[rule]]`.
#[derive(Clone, Debug, Default)]
struct Override {
    selectors: Vec<Selector>,
    enabled: Option<bool>,
    severity: Option<&'static str>,
    risk_score: Option<u32>,
    tags_add: Vec<String>,
    max_signals: Option<u32>,
    suppression: Option<AlertSuppression>,
    suppression_at: Span,
    /// It was said that a rule cannot have the suppression; once is enough.
    was_refused: bool,
    exceptions: Option<ExceptionListRef>,
}

/// What a rule must be like.
#[derive(Clone, Debug)]
struct Selector {
    by: By,
    patterns: Vec<Pattern>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Id,
    Name,
    Tag,
}

#[derive(Clone, Debug)]
struct Pattern {
    text: String,
    at: Span,
    /// A rule was found.
    is_used: bool,
}

impl Overrides {
    /// Reads the file. Diagnostics come with path and position.
    pub fn read(source: &Source, limits: &Limits) -> (Overrides, Vec<Diagnostic>) {
        let mut overrides = Overrides { path: source.path.clone(), ..Overrides::default() };
        let text = &source.text;
        let mut diagnostics = if text.len() > limits.max_rule_bytes as usize {
            vec![super::too_large(text.len(), limits)]
        } else {
            let (table, errors) = elastic_toml::table(text);
            if errors.is_empty() { overrides.entries(text, &table) } else { errors }
        };
        for diagnostic in diagnostics.iter_mut().take(limits.max_diagnostics as usize) {
            diagnostic.path.clone_from(&source.path);
            diagnostic.locate(text);
        }
        diagnostics.truncate(limits.max_diagnostics as usize);
        (overrides, diagnostics)
    }

    fn entries(&mut self, text: &str, table: &Table) -> Vec<Diagnostic> {
        let mut reader = Reader::new(text, Notation::Toml);
        reader.known(table, &["rule"], "the file of overrides");
        for (number, (table, at)) in reader.tables(table, "rule").into_iter().enumerate() {
            let at = elastic_toml::header(text, at);
            reader.known(table, KEYS, "an override");
            let selectors = [("id", By::Id), ("name", By::Name), ("tag", By::Tag)];
            let selectors: Vec<Selector> =
                selectors.into_iter().filter_map(|(key, by)| reader.selector(table, key, by)).collect();
            if !["id", "name", "tag"].iter().any(|key| table.get(key).is_some()) {
                let help = "say which rules are meant: `id`, or a pattern for `name` or `tag`";
                reader.error("the override has no `id`", at, help);
            }
            let is_alone = table.get("alert_suppression").and_then(Node::as_table);
            let is_alone = is_alone.is_some_and(|suppression| suppression.get("group_by").is_none());
            let mut entry = Override {
                selectors,
                enabled: reader.boolean(table, "enabled"),
                severity: reader.choice(table, "severity", "severity", SEVERITIES),
                risk_score: reader.number(table, "risk_score", 0, 100),
                tags_add: reader.strings(table, "tags_add"),
                max_signals: reader.number(table, "max_signals", 1, u32::MAX),
                suppression: reader.suppression(table, is_alone),
                suppression_at: table.get("alert_suppression").map_or(at, |node| node.span),
                was_refused: false,
                exceptions: None,
            };
            // No name of Kibana's looks like it.
            let list_id = format!("{}#{}", self.path, number + 1);
            for (number, (table, at)) in reader.tables(table, "exception").into_iter().enumerate() {
                let at = elastic_toml::header(text, at);
                reader.known(table, EXCEPTION_KEYS, "an exception");
                let Some(mut item) = reader.exception_item(table, at) else { continue };
                item.list_id.clone_from(&list_id);
                item.item_id = format!("{list_id}.{}", number + 1);
                self.exceptions.push(ReadException { item, at });
                entry.exceptions = Some(ExceptionListRef {
                    id: String::new(),
                    list_id: list_id.clone(),
                    namespace_type: Namespace::Single,
                    kind: "rule_default".to_owned(),
                });
            }
            self.entries.push(entry);
        }
        reader.diagnostics
    }

    /// Changes a rule as the file has it. Tells the file if it says whether the rule is enabled.
    pub fn apply(&mut self, info: &mut RuleInfo, found: &mut Vec<Diagnostic>) -> Option<&str> {
        let mut says_enabled = false;
        for entry in &mut self.entries {
            if !entry.is_for(info) {
                continue;
            }
            if let Some(enabled) = entry.enabled {
                info.disabled = !enabled;
                says_enabled = true;
            }
            if let Some(severity) = entry.severity {
                info.severity = severity.to_owned();
            }
            info.risk_score = entry.risk_score.unwrap_or(info.risk_score);
            info.max_signals = entry.max_signals.or(info.max_signals);
            for tag in &entry.tags_add {
                if !info.tags.contains(tag) {
                    info.tags.push(tag.clone());
                }
            }
            info.exceptions_list.extend(entry.exceptions.clone());
            found.extend(entry.suppress(info).map(|error| Diagnostic { path: self.path.clone(), ..error }));
        }
        says_enabled.then_some(self.path.as_str())
    }

    /// Warnings for what no rule is like.
    pub fn unused(&self) -> impl Iterator<Item = Diagnostic> {
        let selectors = self.entries.iter().flat_map(|entry| &entry.selectors);
        let patterns = selectors.flat_map(|selector| selector.patterns.iter().map(|pattern| (selector.by, pattern)));
        patterns.filter(|(_, pattern)| !pattern.is_used).map(|(by, pattern)| {
            let what = match by {
                By::Id => "the id",
                By::Name => "a name like",
                By::Tag => "a tag like",
            };
            let message = format!("no rule has {what} {:?}", pattern.text);
            let warning = Diagnostic::warning(codes::OVERRIDE, message, pattern.at);
            Diagnostic { path: self.path.clone(), ..warning.help("the override changes nothing") }
        })
    }
}

impl Override {
    /// Gives the rule the suppression. One that names no fields leaves those of the rule.
    fn suppress(&mut self, info: &mut RuleInfo) -> Option<Diagnostic> {
        let mut suppression = self.suppression.clone()?;
        let is_threshold = info.kind == "threshold";
        if is_threshold {
            suppression.group_by.clear();
        } else if suppression.group_by.is_empty() {
            let own = info.alert_suppression.as_ref();
            suppression.group_by = own.map(|own| own.group_by.clone()).unwrap_or_default();
        }
        if is_threshold || !suppression.group_by.is_empty() {
            info.alert_suppression = Some(suppression);
            return None;
        }
        if std::mem::replace(&mut self.was_refused, true) {
            return None;
        }
        let message = format!("the suppression has no `group_by`, and neither has the rule {:?}", info.name);
        Some(Diagnostic::error(codes::RULE_FILE, message, self.suppression_at).help("name one to five fields"))
    }

    /// Whether the rule is meant: it is like one of the patterns of each selector.
    fn is_for(&mut self, info: &RuleInfo) -> bool {
        let mut is_meant = !self.selectors.is_empty();
        for selector in &mut self.selectors {
            let mut is_like = false;
            for pattern in &mut selector.patterns {
                let fits = match selector.by {
                    By::Id => pattern.text == info.id,
                    By::Name => glob(&pattern.text, &info.name),
                    By::Tag => info.tags.iter().any(|tag| glob(&pattern.text, tag)),
                };
                pattern.is_used |= fits;
                is_like |= fits;
            }
            is_meant &= is_like;
        }
        is_meant
    }
}

impl Reader<'_> {
    /// Reports keys that are not known, which would otherwise change nothing unnoticed.
    fn known(&mut self, table: &Table, known: &[&str], of: &str) {
        for member in &table.members {
            if known.contains(&member.key.as_ref()) {
                continue;
            }
            let message = format!("`{}` is no key of {of}", member.key);
            let mut diagnostic = Diagnostic::error(codes::RULE_FILE, message, member.key_span);
            diagnostic = diagnostic.help(format!("write {}", one_of(known)));
            if let Some(near) = nearest::nearest(&member.key, known.iter().copied()) {
                diagnostic = diagnostic.suggest(member.key_span, near, format!("did you mean `{near}`?"));
            }
            self.diagnostics.push(diagnostic);
        }
    }

    /// One pattern or several.
    fn selector(&mut self, table: &Table, key: &str, by: By) -> Option<Selector> {
        let node = table.get(key)?;
        let pattern = |text: &str, at: Span| Pattern { text: text.to_owned(), at, is_used: false };
        let patterns = match &node.data {
            super::node::Data::Array(items) => {
                self.strings(table, key);
                items.iter().filter_map(|item| Some(pattern(item.as_str()?, item.span))).collect()
            }
            _ => vec![pattern(&self.string(table, key)?, node.span)],
        };
        Some(Selector { by, patterns })
    }
}
