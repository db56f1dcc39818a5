//! Text to tokens. Never fails: what is not a token becomes a diagnostic and is stepped over.

use super::string;
use super::token::{Token, TokenKind};
use crate::Span;
use crate::diagnostic::{Diagnostic, codes};

/// All tokens of the text, ending with [`TokenKind::End`].
pub fn tokens(text: &str, errors: &mut Vec<Diagnostic>) -> Vec<Token> {
    read(text, None, errors)
}

/// All tokens, and where the comments stand, for who prints the text again. The span of a `//` comment ends before its
/// line break.
pub fn tokens_and_comments(text: &str, errors: &mut Vec<Diagnostic>) -> (Vec<Token>, Vec<Span>) {
    let mut comments = Vec::new();
    (read(text, Some(&mut comments), errors), comments)
}

fn read(text: &str, comments: Option<&mut Vec<Span>>, errors: &mut Vec<Diagnostic>) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new(), comments, errors };
    while lexer.next() {}
    let end = text.trim_end().len();
    lexer.push(TokenKind::End, end, end);
    lexer.tokens
}

const CURLY_QUOTES: &[char] = &['“', '”', '„', '‟', '«', '»'];

struct Lexer<'t, 'e> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token>,
    /// Filled only when somebody wants them.
    comments: Option<&'e mut Vec<Span>>,
    errors: &'e mut Vec<Diagnostic>,
}

impl Lexer<'_, '_> {
    fn push(&mut self, kind: TokenKind, start: usize, end: usize) {
        self.tokens.push(Token { kind, span: Span::new(start as u32, end as u32) });
        self.at = end;
    }

    fn error(&mut self, code: &str, message: impl Into<String>, start: usize, end: usize) -> &mut Diagnostic {
        let at = self.errors.len();
        self.errors.push(Diagnostic::error(code, message, Span::new(start as u32, end as u32)));
        &mut self.errors[at]
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Reads one token, comment or blank; false at the end.
    fn next(&mut self) -> bool {
        use TokenKind::*;
        let start = self.at;
        if start >= self.text.len() {
            return false;
        }
        let rest = &self.text[start..];
        let (kind, len) = match (self.peek(0), self.peek(1)) {
            (b' ' | b'\t' | b'\n' | b'\r', _) => {
                self.at += 1;
                return true;
            }
            (b'/', b'/') => {
                self.at += memchr::memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
                self.comment_ended(start);
                return true;
            }
            (b'/', b'*') => {
                self.comment();
                self.comment_ended(start);
                return true;
            }
            (b'"', _) => return self.string(start),
            (b'?', b'"' | b'\'') | (b'\'', _) => return self.old_string(start),
            (b'`', _) => return self.quoted_identifier(start),
            (b'0'..=b'9', _) | (b'.', b'0'..=b'9') => return self.number(start),
            (b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'@', _) => return self.identifier(start),
            (b'=', b'=') => (Equal, 2),
            (b'!', b'=') => (NotEqual, 2),
            (b'!', b'[') => (MissingOpen, 2),
            (b'<', b'=') => (LessEqual, 2),
            (b'>', b'=') => (GreaterEqual, 2),
            (b'=', _) => (Assign, 1),
            (b'<', _) => (Less, 1),
            (b'>', _) => (Greater, 1),
            (b':', _) => (Colon, 1),
            (b'+', _) => (Plus, 1),
            (b'-', _) => (Minus, 1),
            (b'*', _) => (Star, 1),
            (b'/', _) => (Slash, 1),
            (b'%', _) => (Percent, 1),
            (b'.', _) => (Dot, 1),
            (b',', _) => (Comma, 1),
            (b'(', _) => (LeftParen, 1),
            (b')', _) => (RightParen, 1),
            (b'[', _) => (LeftBracket, 1),
            (b']', _) => (RightBracket, 1),
            (b'|', _) => (Pipe, 1),
            (b'?', _) => (Question, 1),
            _ if rest.starts_with(CURLY_QUOTES) => return self.curly_string(start),
            _ => {
                self.unknown(start);
                return true;
            }
        };
        self.push(kind, start, start + len);
        true
    }

    fn unknown(&mut self, start: usize) {
        let c = self.text[start..].chars().next().unwrap_or('?');
        let end = start + c.len_utf8();
        self.at = end;
        let error = self.error(codes::SYNTAX, format!("`{c}` has no meaning here"), start, end);
        match c {
            '!' => *error = error.clone().suggest(error.labels[0].span, "not ", "write `not`"),
            '&' => *error = error.clone().suggest(error.labels[0].span, "and", "write `and`"),
            '#' => error.help.push("comments start with `//` or stand between `/*` and `*/`".into()),
            _ => {}
        }
    }

    fn comment_ended(&mut self, start: usize) {
        if let Some(comments) = &mut self.comments {
            comments.push(Span::new(start as u32, self.at as u32));
        }
    }

    /// `/* … */`, nested.
    fn comment(&mut self) {
        let start = self.at;
        let mut depth = 0u32;
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.error(codes::SYNTAX, "comment without its end", start, start + 2).help.push("close it with `*/`".into());
    }

    fn string(&mut self, start: usize) -> bool {
        let (value, end) = if self.text[start..].starts_with("\"\"\"") {
            string::raw(self.text, start, self.errors)
        } else {
            string::escaped(self.text, start, self.errors)
        };
        self.push(value.map_or(TokenKind::Broken, TokenKind::String), start, end);
        true
    }

    /// Quotes of the older dialect: `'…'`, `?'…'`, `?"…"`.
    fn old_string(&mut self, start: usize) -> bool {
        let quote_at = start + usize::from(self.peek(0) == b'?');
        let quote = self.text.as_bytes()[quote_at];
        let body = quote_at + 1;
        let line = memchr::memchr(b'\n', &self.text.as_bytes()[body..]).map_or(self.text.len(), |at| body + at);
        let close = memchr::memchr(quote, &self.text.as_bytes()[body..line]).map(|at| body + at);
        let end = close.map_or(line, |at| at + 1);
        let opening = &self.text[start..body];
        let (message, replacement) = if opening == "'" {
            ("use double quotes [\"] to define string literals, not single quotes [']".to_owned(), "\"")
        } else {
            (
                format!("use triple double quotes [\"\"\"] to define unescaped string literals, not [{opening}]"),
                "\"\"\"",
            )
        };
        let content = self.text[body..close.unwrap_or(line)].to_owned();
        let error = self.error(codes::STRING, message, start, end);
        if close.is_some() && !content.contains('"') {
            let replacement = format!("{replacement}{content}{replacement}");
            *error = error.clone().suggest(error.labels[0].span, replacement, "write it like this");
        }
        self.push(TokenKind::Broken, start, end);
        true
    }

    /// A string in the quotes that word processors make of straight ones.
    fn curly_string(&mut self, start: usize) -> bool {
        let line = self.text[start..].lines().next().unwrap_or_default();
        let mut quotes = line.char_indices().filter(|(_, c)| CURLY_QUOTES.contains(c));
        let open = quotes.next().map_or(0, |(at, c)| at + c.len_utf8());
        let close = quotes.next();
        let end = start + close.map_or(line.trim_end().len(), |(at, c)| at + c.len_utf8());
        let content = &line[open..close.map_or(line.len(), |(at, _)| at)];
        let replacement = format!("\"{content}\"");
        let error = self.error(codes::STRING, "curly quotes do not make a string literal", start, end);
        if close.is_some() {
            *error = error.clone().suggest(error.labels[0].span, replacement, "use straight double quotes");
        }
        self.push(TokenKind::Broken, start, end);
        true
    }

    /// Between backquotes; a doubled backquote is one.
    fn quoted_identifier(&mut self, start: usize) -> bool {
        let bytes = self.text.as_bytes();
        let mut name = String::new();
        let mut at = start + 1;
        while let Some(found) = memchr::memchr2(b'`', b'\n', &bytes[at..]) {
            name.push_str(&self.text[at..at + found]);
            at += found;
            if bytes[at] == b'\n' {
                break;
            }
            if bytes.get(at + 1) != Some(&b'`') {
                self.push(TokenKind::QuotedIdentifier(name), start, at + 1);
                return true;
            }
            name.push('`');
            at += 2;
        }
        self.error(codes::SYNTAX, "field name without its closing backquote", start, start + 1);
        self.push(TokenKind::Broken, start, self.text[start..].lines().next().map_or(start + 1, |l| start + l.len()));
        true
    }

    fn number(&mut self, start: usize) -> bool {
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let mut end = digits(start);
        let mut decimal = false;
        if bytes.get(end) == Some(&b'.') {
            decimal = true;
            end = digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if bytes.get(sign).is_some_and(u8::is_ascii_digit) {
                decimal = true;
                end = digits(sign);
            }
        }
        let text = &self.text[start..end];
        let kind = match (decimal, text.parse::<i64>(), text.parse::<f64>()) {
            (false, Ok(value), _) => TokenKind::Integer(value),
            // `9223372036854775808` may follow a minus; as a float it compares the same.
            (_, _, Ok(value)) if value.is_finite() => TokenKind::Decimal(value),
            _ => {
                self.error(codes::NUMBER, format!("number [{text}] is out of range"), start, end);
                TokenKind::Broken
            }
        };
        self.push(kind, start, end);
        true
    }

    fn identifier(&mut self, start: usize) -> bool {
        let len =
            self.text[start..].bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'@')).count();
        let end = start + len;
        let name = &self.text[start..end];
        if self.text.as_bytes().get(end) == Some(&b'~') {
            let kind = match name {
                "in" => TokenKind::InInsensitive,
                "like" => TokenKind::LikeInsensitive,
                "regex" => TokenKind::RegexInsensitive,
                _ => TokenKind::TildeIdentifier(name.to_owned()),
            };
            self.push(kind, start, end + 1);
        } else {
            let kind = TokenKind::keyword(name).unwrap_or_else(|| TokenKind::Identifier(name.to_owned()));
            self.push(kind, start, end);
        }
        true
    }
}
