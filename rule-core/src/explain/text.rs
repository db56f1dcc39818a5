//! Source text and values, short enough to be shown.

use serde_json::Value as Json;

use crate::decode::Value;
use crate::diagnostic::Span;
use crate::syntax::lexer;
use crate::syntax::token::{Token, TokenKind};
use crate::value;

/// Longest text of a node, longest string of a value, in characters.
pub const MAX_TEXT: usize = 500;
/// Longest quotation within a sentence.
const MAX_QUOTE: usize = 60;
/// Integers up to here are exact as doubles, which is what JavaScript has.
const MAX_EXACT: u64 = 1 << 53;

/// A query's tokens, from which the text of an expression is put on one line.
pub struct OneLine<'t> {
    text: &'t str,
    /// None of a text that is not EQL.
    tokens: Option<Vec<Token>>,
}

impl<'t> OneLine<'t> {
    pub fn new(text: &'t str) -> OneLine<'t> {
        let mut errors = Vec::new();
        let tokens = lexer::tokens(text, &mut errors);
        OneLine { text, tokens: errors.is_empty().then_some(tokens) }
    }

    /// The source of a span: without comments, a single space for white space and none inside parentheses' ends.
    pub fn of(&self, span: Span) -> String {
        let Some(tokens) = &self.tokens else {
            let text = self.text.get(span.range()).unwrap_or_default();
            return cut(&text.split_whitespace().collect::<Vec<_>>().join(" "), MAX_TEXT);
        };
        let mut line = String::new();
        let mut length = 0;
        let mut before: Option<&Token> = None;
        let first = tokens.partition_point(|token| token.span.start < span.start);
        for token in &tokens[first..] {
            if token.span.end > span.end || token.kind == TokenKind::End {
                break;
            }
            let spaced = before.is_some_and(|before| {
                before.span.end < token.span.start
                    && !matches!(before.kind, TokenKind::LeftParen | TokenKind::LeftBracket | TokenKind::MissingOpen)
                    && !matches!(token.kind, TokenKind::RightParen | TokenKind::RightBracket)
            });
            if spaced {
                line.push(' ');
            }
            let text = self.text.get(token.span.range()).unwrap_or_default();
            line.push_str(text);
            length += text.len();
            if length > MAX_TEXT * 4 {
                break;
            }
            before = Some(token);
        }
        cut(&line, MAX_TEXT)
    }

    /// The source of a span as a sentence quotes it.
    pub fn quote(&self, span: Span) -> String {
        cut(&self.of(span), MAX_QUOTE)
    }
}

/// The text, with an ellipsis for what is beyond `most` characters.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A value of an event.
pub fn json(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::String(text) => cut(text, MAX_TEXT).into(),
        Value::Number(number) => {
            let digits = || cut(number.text(), MAX_TEXT).into();
            match number.text().parse::<i64>() {
                Ok(n) if n.unsigned_abs() <= MAX_EXACT => n.into(),
                Ok(_) => digits(),
                // An integer beyond 64 bits is not exact either.
                Err(_) if !number.text().contains(['.', 'e', 'E']) => digits(),
                Err(_) => serde_json::Number::from_f64(number.as_f64()).map_or_else(digits, Json::Number),
            }
        }
    }
}

/// A value as text without quotes.
pub fn plain(value: &Value<'_>) -> String {
    cut(crate::plan::test::text(value), MAX_TEXT)
}

/// A value that the rule computes.
pub fn computed(value: &value::Value<'_>) -> Json {
    match value {
        value::Value::Int(n) if n.unsigned_abs() > MAX_EXACT => n.to_string().into(),
        value::Value::Float(n) if !n.is_finite() => value.text().unwrap_or_default().into(),
        value::Value::Str(text) => cut(text, MAX_TEXT).into(),
        other => other.to_json(),
    }
}

/// A value as a sentence quotes it: `"bash"`, `17`.
pub fn quoted(value: &Json) -> String {
    match value {
        Json::String(text) => Json::from(cut(text, MAX_QUOTE)).to_string(),
        other => other.to_string(),
    }
}
