//! Tokens.

use crate::Span;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

/// What a token is. Keywords are lower-case only, as in Elasticsearch.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenKind {
    Identifier(String),
    /// `name~`: only function names and the operators below may carry the tilde.
    TildeIdentifier(String),
    /// Between backquotes.
    QuotedIdentifier(String),
    String(String),
    Integer(i64),
    Decimal(f64),
    And,
    Any,
    By,
    False,
    In,
    InInsensitive,
    Like,
    LikeInsensitive,
    Not,
    Null,
    Of,
    Or,
    Regex,
    RegexInsensitive,
    Sample,
    Sequence,
    True,
    Until,
    Where,
    With,
    Join,
    Maxspan,
    /// `:`
    Colon,
    /// `=`
    Assign,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Dot,
    Comma,
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    /// `![`
    MissingOpen,
    Pipe,
    Question,
    /// A literal that was reported by the lexer; the parser takes it for a value of any type.
    Broken,
    End,
}

impl TokenKind {
    /// The keyword, if the identifier is one.
    pub fn keyword(text: &str) -> Option<TokenKind> {
        use TokenKind::*;
        Some(match text {
            "and" => And,
            "any" => Any,
            "by" => By,
            "false" => False,
            "in" => In,
            "join" => Join,
            "like" => Like,
            "maxspan" => Maxspan,
            "not" => Not,
            "null" => Null,
            "of" => Of,
            "or" => Or,
            "regex" => Regex,
            "sample" => Sample,
            "sequence" => Sequence,
            "true" => True,
            "until" => Until,
            "where" => Where,
            "with" => With,
            _ => return None,
        })
    }

    /// The token as a person would call it.
    pub fn describe(&self) -> String {
        use TokenKind::*;
        match self {
            Identifier(name) | TildeIdentifier(name) | QuotedIdentifier(name) => format!("`{name}`"),
            String(_) => "a string".into(),
            Integer(_) | Decimal(_) => "a number".into(),
            Broken => "a value".into(),
            End => "the end of the query".into(),
            other => format!("`{}`", other.text()),
        }
    }

    fn text(&self) -> &'static str {
        use TokenKind::*;
        match self {
            And => "and",
            Any => "any",
            By => "by",
            False => "false",
            In => "in",
            InInsensitive => "in~",
            Like => "like",
            LikeInsensitive => "like~",
            Not => "not",
            Null => "null",
            Of => "of",
            Or => "or",
            Regex => "regex",
            RegexInsensitive => "regex~",
            Sample => "sample",
            Sequence => "sequence",
            True => "true",
            Until => "until",
            Where => "where",
            With => "with",
            Join => "join",
            Maxspan => "maxspan",
            Colon => ":",
            Assign => "=",
            Equal => "==",
            NotEqual => "!=",
            Less => "<",
            LessEqual => "<=",
            Greater => ">",
            GreaterEqual => ">=",
            Plus => "+",
            Minus => "-",
            Star => "*",
            Slash => "/",
            Percent => "%",
            Dot => ".",
            Comma => ",",
            LeftParen => "(",
            RightParen => ")",
            LeftBracket => "[",
            RightBracket => "]",
            MissingOpen => "![",
            Pipe => "|",
            Question => "?",
            Identifier(_) | TildeIdentifier(_) | QuotedIdentifier(_) | String(_) | Integer(_) | Decimal(_) | Broken
            | End => "",
        }
    }
}
