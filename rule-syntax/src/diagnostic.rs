//! Diagnostics as data: what is wrong with a rule, where, and what to do about it.
//!
//! A diagnostic never carries rendered text. The command renders it with source excerpts (`render`,
//! behind the `render` feature), the playground draws it at its spans, a machine reads it as JSON.

use serde::{Deserialize, Serialize};

/// A half-open range of byte offsets into the text of one rule file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span `start..end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Span { start, end }
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// The span as a range, for slicing.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The rule cannot run.
    Error,
    /// The rule runs, or is skipped for a reason that is not its author's fault.
    Warning,
}

/// A place in the rule file and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Where, in bytes of the file's text.
    pub span: Span,
    /// What; may be empty for the primary label, whose message is the diagnostic's.
    pub message: String,
}

/// A replacement that would mend the rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The bytes to replace.
    pub span: Span,
    /// What to put there.
    pub replacement: String,
    /// The suggestion in words: "did you mean `file.name`?".
    pub message: String,
}

/// One thing wrong with one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad.
    pub level: Level,
    /// A stable name from [`codes`] that documentation links to.
    pub code: String,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// The rule file's path, as given in [`Source::path`](crate::Source::path).
    pub path: String,
    /// The rule's name, where it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// 1-based line of the first label, 0 when there is none.
    pub line: u32,
    /// 1-based column of the first label in characters, 0 when there is none.
    pub column: u32,
    /// The first label is the primary one.
    pub labels: Vec<Label>,
    /// What to do next, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub help: Vec<String>,
    /// A mend that a tool may apply.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub suggestion: Option<Suggestion>,
}

impl Diagnostic {
    /// An error at `span`. The path is filled in by the compiler, which knows the file.
    pub fn error(code: &str, message: impl Into<String>, span: Span) -> Self {
        Diagnostic {
            level: Level::Error,
            code: code.to_owned(),
            message: message.into(),
            path: String::new(),
            rule: None,
            line: 0,
            column: 0,
            labels: vec![Label { span, message: String::new() }],
            help: Vec::new(),
            suggestion: None,
        }
    }

    /// A warning at `span`.
    pub fn warning(code: &str, message: impl Into<String>, span: Span) -> Self {
        Diagnostic { level: Level::Warning, ..Diagnostic::error(code, message, span) }
    }

    /// The words under the primary span.
    pub fn label(mut self, message: impl Into<String>) -> Self {
        self.labels[0].message = message.into();
        self
    }

    /// A second place that explains the first.
    pub fn also(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// What to do next.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// A mend.
    pub fn suggest(mut self, span: Span, replacement: impl Into<String>, message: impl Into<String>) -> Self {
        self.suggestion = Some(Suggestion { span, replacement: replacement.into(), message: message.into() });
        self
    }

    /// Fills in `line` and `column` from the file's text.
    pub fn locate(&mut self, text: &str) {
        if let Some(label) = self.labels.first() {
            let (line, column) = line_column(text, label.span.start as usize);
            (self.line, self.column) = (line, column);
        }
    }
}

/// 1-based line and column (in characters) of a byte offset.
pub fn line_column(text: &str, offset: usize) -> (u32, u32) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    (line as u32, before[line_start..].chars().count() as u32 + 1)
}

/// Every code, with what it means. Documentation has a heading for each.
pub mod codes {
    macro_rules! codes {
        ($($name:ident = $code:literal, $meaning:literal;)*) => {
            $(#[doc = $meaning] pub const $name: &str = $code;)*
            /// All codes and their meanings, for documentation and tests.
            pub const ALL: &[(&str, &str)] = &[$(($code, $meaning)),*];
        };
    }
    codes! {
        SYNTAX = "syntax", "The text is not EQL at this place.";
        STRING = "string", "A string literal is malformed.";
        NUMBER = "number", "A number literal is malformed or out of range.";
        TOO_LARGE = "too-large", "A limit on the size or nesting of rules is exceeded.";
        TYPE = "type", "An operand or argument has the wrong type.";
        CONDITION = "condition", "A condition is not a boolean.";
        UNKNOWN_FIELD = "unknown-field", "The field is not in the mapping.";
        SIMILAR_FIELD = "similar-field", "The field is unknown but close to a field of the Elastic Common Schema.";
        UNKNOWN_FUNCTION = "unknown-function", "There is no such function.";
        ARGUMENTS = "arguments", "A function has the wrong number of arguments.";
        CONSTANT = "constant", "This place needs a constant.";
        FIELD_COMPARISON = "field-comparison", "Two fields are compared with each other.";
        PATTERN = "pattern", "A wildcard, regular expression or address range is malformed.";
        NOT_SUPPORTED = "not-supported", "Elasticsearch rejects this construct, and so does Tripline.";
        SEQUENCE = "sequence", "A sequence or sample is malformed.";
        PIPE = "pipe", "A pipe is malformed, or has no meaning here.";
        CONSTANT_CONDITION = "constant-condition", "The condition has the same truth for every event.";
        RULE_FILE = "rule-file", "The rule file is malformed.";
        NORMALISER = "normaliser", "The normaliser file is malformed.";
        RULE_TYPE = "rule-type", "The rule's type or language is not evaluated by this version.";
        DUPLICATE = "duplicate", "Two rules have the same id, or two exception items.";
        EXCEPTION_LIST = "exception-list", "A rule mentions an exception list that no file has.";
        OVERRIDE = "override", "An override is for no rule.";
    }
}
