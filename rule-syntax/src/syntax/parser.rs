//! Tokens to tree, by recursive descent. Nesting is bounded by the caller's limit.

use super::ast::*;
use super::lexer;
use super::token::{Token, TokenKind};
use crate::Span;
use crate::diagnostic::{Diagnostic, codes};

mod expression;
mod sequence;

/// Parses a whole query. The tree is there even when there are errors, as far as it could be understood.
pub fn parse_query(text: &str, max_depth: u32, errors: &mut Vec<Diagnostic>) -> Option<Query> {
    Parser::new(text, max_depth, errors).query()
}

/// Parses a single expression, such as a condition without its category.
pub fn parse_expression(text: &str, max_depth: u32, errors: &mut Vec<Diagnostic>) -> Expr {
    let mut parser = Parser::new(text, max_depth, errors);
    let expr = parser.expression();
    parser.expect_end();
    expr
}

/// What is wanted where a field stands.
const FIELD_NAME: &str = "a field name";

struct Parser<'t, 'e> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    max_depth: u32,
    errors: &'e mut Vec<Diagnostic>,
    /// Token at which the last error was reported: one error per place.
    failed_at: Option<usize>,
}

impl<'t, 'e> Parser<'t, 'e> {
    fn new(text: &'t str, max_depth: u32, errors: &'e mut Vec<Diagnostic>) -> Self {
        let tokens = lexer::tokens(text, errors);
        Parser { text, tokens, at: 0, depth: 0, max_depth, errors, failed_at: None }
    }

    fn kind(&self) -> &TokenKind {
        &self.tokens[self.at].kind
    }

    fn span(&self) -> Span {
        self.tokens[self.at].span
    }

    /// The token `ahead` of the current one; the end repeats.
    fn peek(&self, ahead: usize) -> &TokenKind {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)].kind
    }

    fn advance(&mut self) -> Token {
        let token = self.tokens[self.at].clone();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    fn eat(&mut self, kind: &TokenKind) -> bool {
        let found = self.kind() == kind;
        if found {
            self.advance();
        }
        found
    }

    /// Where the token before the current one ends.
    fn last_end(&self) -> u32 {
        self.at.checked_sub(1).map_or(0, |at| self.tokens[at].span.end)
    }

    /// The span from `start` to the last token read.
    fn since(&self, start: Span) -> Span {
        Span::new(start.start, self.last_end().max(start.end))
    }

    /// Reports, unless something was reported at this token already.
    fn report(&mut self, error: Diagnostic) {
        if self.failed_at != Some(self.at) {
            self.failed_at = Some(self.at);
            self.errors.push(error);
        }
    }

    fn unexpected(&mut self, wanted: &str) {
        // A literal that the lexer reported needs no second error.
        if *self.kind() == TokenKind::Broken {
            self.failed_at = Some(self.at);
            return;
        }
        let mut error = Diagnostic::error(
            codes::SYNTAX,
            format!("expected {wanted}, found {}", self.kind().describe()),
            self.span(),
        )
        .label(format!("expected {wanted}"));
        if let (Some(word), true) = (self.reserved_word(), wanted == FIELD_NAME) {
            error = error.help(format!("`{word}` is a keyword; as part of a field name it needs backquotes")).suggest(
                self.span(),
                format!("`{word}`"),
                "quote it",
            );
        }
        self.report(error);
    }

    fn reserved_word(&self) -> Option<&str> {
        let text = &self.text[self.span().range()];
        TokenKind::keyword(text).map(|_| text)
    }

    fn expect(&mut self, kind: &TokenKind, wanted: &str) -> bool {
        let found = self.eat(kind);
        if !found {
            self.unexpected(wanted);
        }
        found
    }

    fn expect_end(&mut self) {
        if *self.kind() != TokenKind::End {
            self.unexpected("`and`, `or` or the end of the query");
        }
    }

    /// Skips to a place from which parsing can go on, over whole brackets.
    fn recover(&mut self) {
        use TokenKind::*;
        let mut open = 0u32;
        loop {
            match self.kind() {
                End => return,
                And | Or | Comma | Pipe if open == 0 => return,
                LeftParen | LeftBracket | MissingOpen => open += 1,
                RightParen | RightBracket if open == 0 => return,
                RightParen | RightBracket => open -= 1,
                _ => {}
            }
            self.advance();
        }
    }

    /// Runs `parse` one level deeper, or reports that the query is nested too deeply and skips it.
    fn nested(&mut self, parse: impl FnOnce(&mut Self) -> Expr) -> Expr {
        if self.depth >= self.max_depth {
            let span = self.span();
            let message = format!("the query is nested deeper than {} levels", self.max_depth);
            self.report(
                Diagnostic::error(codes::TOO_LARGE, message, span)
                    .help("flatten the condition, or raise --max-query-depth"),
            );
            self.at = self.tokens.len() - 1;
            return Expr { kind: ExprKind::Error, span };
        }
        self.depth += 1;
        let expr = parse(self);
        self.depth -= 1;
        expr
    }

    fn query(mut self) -> Option<Query> {
        let kind = match self.kind() {
            TokenKind::Sequence => QueryKind::Sequence(self.sequence()),
            TokenKind::Sample => QueryKind::Sample(self.sample()),
            TokenKind::Join => {
                let span = self.span();
                self.report(
                    Diagnostic::error(codes::NOT_SUPPORTED, "`join` is not supported", span)
                        .help("use `sequence by …` for events in order, or `sample by …` for events in any order"),
                );
                return None;
            }
            TokenKind::End => {
                let span = self.span();
                self.report(
                    Diagnostic::error(codes::SYNTAX, "the query is empty", span)
                        .help("an event query looks like `process where process.name == \"bash\"`"),
                );
                return None;
            }
            _ => QueryKind::Event(self.event_filter()?),
        };
        let mut pipes = Vec::new();
        while *self.kind() != TokenKind::End {
            if self.eat(&TokenKind::Pipe) {
                pipes.extend(self.pipe());
            } else {
                self.unexpected("`and`, `or`, `|` or the end of the query");
                self.advance();
                while !matches!(self.kind(), TokenKind::End | TokenKind::Pipe) {
                    self.advance();
                }
            }
        }
        Some(Query { kind, pipes })
    }

    /// `category where condition`
    fn event_filter(&mut self) -> Option<EventFilter> {
        let start = self.span();
        let category = match self.advance() {
            Token { kind: TokenKind::Any, span } => Category::Any(span),
            Token { kind: TokenKind::Identifier(name) | TokenKind::String(name), span } => Category::Name(name, span),
            Token { kind, .. } => {
                if kind != TokenKind::End {
                    self.at -= 1;
                }
                if kind != TokenKind::Broken {
                    let message = format!("expected an event category, found {}", kind.describe());
                    self.report(
                        Diagnostic::error(codes::SYNTAX, message, start)
                            .label("expected an event category")
                            .help("an event query looks like `process where …`, or `any where …` for every category"),
                    );
                }
                // A missing category does not hide what is wrong with the condition.
                while !matches!(self.kind(), TokenKind::Where | TokenKind::End | TokenKind::RightBracket) {
                    self.advance();
                }
                if *self.kind() != TokenKind::Where {
                    return None;
                }
                Category::Any(start)
            }
        };
        if !self.expect(&TokenKind::Where, "`where`") {
            self.recover();
            return None;
        }
        let condition = self.expression();
        Some(EventFilter { category, condition, span: self.since(start) })
    }

    /// What follows a `|`.
    fn pipe(&mut self) -> Option<Pipe> {
        let start = self.span();
        let name = match self.kind() {
            TokenKind::Identifier(name) => name.clone(),
            _ => {
                self.unexpected("`head` or `tail`");
                return None;
            }
        };
        self.advance();
        let kind = match name.as_str() {
            "head" => PipeKind::Head,
            "tail" => PipeKind::Tail,
            _ => {
                self.at -= 1;
                // The pipes of the older dialect are known, and known not to be here.
                let known = ["count", "filter", "sort", "unique", "unique_count"].contains(&name.as_str());
                let code = if known { codes::NOT_SUPPORTED } else { codes::PIPE };
                let mut error = Diagnostic::error(code, format!("pipe [{name}] is not supported"), start)
                    .help("the pipes are `head` and `tail`");
                let near = ["head", "tail"].into_iter().find(|p| crate::nearest::distance(p, &name) <= 1);
                if let Some(near) = near {
                    error = error.suggest(start, near, format!("did you mean `{near}`?"));
                }
                self.report(error);
                self.advance();
                while !matches!(self.kind(), TokenKind::Pipe | TokenKind::End) {
                    self.advance();
                }
                return None;
            }
        };
        let mut arguments = Vec::new();
        while !matches!(self.kind(), TokenKind::Pipe | TokenKind::End) {
            let before = self.at;
            arguments.push(self.expression());
            if !self.eat(&TokenKind::Comma) && self.at == before {
                self.advance();
            }
        }
        let span = self.since(start);
        let count = match arguments.as_slice() {
            [Expr { kind: ExprKind::Literal(Literal::Int(n)), .. }] if *n > 0 => u32::try_from(*n).unwrap_or(u32::MAX),
            [Expr { span: argument, .. }] => {
                let found = self.text[argument.range()].to_owned();
                let message = format!("pipe [{name}] expects a positive integer but found [{found}]");
                self.report(Diagnostic::error(codes::PIPE, message, *argument));
                return None;
            }
            other => {
                let message = format!("pipe [{name}] expects exactly one argument but found [{}]", other.len());
                self.report(Diagnostic::error(codes::PIPE, message, span).help(format!("write `| {name} 10`")));
                return None;
            }
        };
        Some(Pipe { kind, count, span })
    }
}
