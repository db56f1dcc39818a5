//! Expressions. From loose to tight: `or`, `and`, `not`, comparison, `+ -`, `* / %`, sign and predicate.

use super::*;

impl Parser<'_, '_> {
    pub(super) fn expression(&mut self) -> Expr {
        self.nested(Self::or)
    }

    fn or(&mut self) -> Expr {
        self.list_of(TokenKind::Or, Self::and, ExprKind::Or)
    }

    fn and(&mut self) -> Expr {
        self.list_of(TokenKind::And, Self::not, ExprKind::And)
    }

    fn list_of(
        &mut self,
        separator: TokenKind,
        operand: fn(&mut Self) -> Expr,
        make: fn(Vec<Expr>) -> ExprKind,
    ) -> Expr {
        let start = self.span();
        let first = operand(self);
        if *self.kind() != separator {
            return first;
        }
        let mut operands = vec![first];
        while self.eat(&separator) {
            operands.push(operand(self));
        }
        Expr { kind: make(operands), span: self.since(start) }
    }

    fn not(&mut self) -> Expr {
        let start = self.span();
        if !self.eat(&TokenKind::Not) {
            return self.comparison();
        }
        let operand = self.nested(Self::not);
        Expr { kind: ExprKind::Not(Box::new(operand)), span: self.since(start) }
    }

    fn comparison(&mut self) -> Expr {
        let start = self.span();
        let left = self.additive();
        let Some(op) = self.compare_op() else { return left };
        let right = self.additive();
        let span = self.since(start);
        if let Some(chained) = self.compare_op_at(0) {
            let error = Diagnostic::error(codes::SYNTAX, "comparisons cannot be chained", self.span())
                .label(format!("a second `{}`", chained.text()))
                .also(span, "the first comparison")
                .help("join two comparisons with `and`");
            self.report(error);
            self.recover();
        }
        Expr { kind: ExprKind::Compare { op, left: Box::new(left), right: Box::new(right) }, span }
    }

    fn compare_op_at(&self, ahead: usize) -> Option<CompareOp> {
        Some(match self.peek(ahead) {
            TokenKind::Equal => CompareOp::Equal,
            TokenKind::NotEqual => CompareOp::NotEqual,
            TokenKind::Less => CompareOp::Less,
            TokenKind::LessEqual => CompareOp::LessEqual,
            TokenKind::Greater => CompareOp::Greater,
            TokenKind::GreaterEqual => CompareOp::GreaterEqual,
            _ => return None,
        })
    }

    fn compare_op(&mut self) -> Option<CompareOp> {
        if *self.kind() == TokenKind::Assign {
            let span = self.span();
            let error = Diagnostic::error(codes::SYNTAX, "`=` is not an operator", span)
                .help("`==` compares exactly; `:` compares without regard to case and takes wildcards")
                .suggest(span, "==", "did you mean `==`?");
            self.report(error);
            self.advance();
            return Some(CompareOp::Equal);
        }
        let op = self.compare_op_at(0)?;
        self.advance();
        Some(op)
    }

    fn additive(&mut self) -> Expr {
        self.chain(Self::multiplicative, |kind| match kind {
            TokenKind::Plus => Some(ArithmeticOp::Add),
            TokenKind::Minus => Some(ArithmeticOp::Subtract),
            _ => None,
        })
    }

    fn multiplicative(&mut self) -> Expr {
        self.chain(Self::unary, |kind| match kind {
            TokenKind::Star => Some(ArithmeticOp::Multiply),
            TokenKind::Slash => Some(ArithmeticOp::Divide),
            TokenKind::Percent => Some(ArithmeticOp::Modulo),
            _ => None,
        })
    }

    /// Left-associative operators. A long chain is a deep tree, so it counts towards the nesting.
    fn chain(&mut self, operand: fn(&mut Self) -> Expr, op: fn(&TokenKind) -> Option<ArithmeticOp>) -> Expr {
        let start = self.span();
        let depth = self.depth;
        let mut left = operand(self);
        while let Some(op) = op(self.kind()) {
            self.advance();
            let right = self.nested(operand);
            self.depth += 1;
            let kind = ExprKind::Arithmetic { op, left: Box::new(left), right: Box::new(right) };
            left = Expr { kind, span: self.since(start) };
        }
        self.depth = depth;
        left
    }

    fn unary(&mut self) -> Expr {
        let start = self.span();
        match self.kind() {
            TokenKind::Minus => {
                self.advance();
                let operand = self.nested(Self::unary);
                let span = self.since(start);
                let kind = match operand.kind {
                    // 2^63 is no i64, but its negative is.
                    ExprKind::Literal(Literal::Int(n)) => {
                        let negative = n.checked_neg().map(Literal::Int);
                        ExprKind::Literal(negative.unwrap_or(Literal::Float(9_223_372_036_854_775_808.0)))
                    }
                    ExprKind::Literal(Literal::Float(9_223_372_036_854_775_808.0)) => {
                        ExprKind::Literal(Literal::Int(i64::MIN))
                    }
                    ExprKind::Literal(Literal::Float(n)) => ExprKind::Literal(Literal::Float(-n)),
                    _ => ExprKind::Negate(Box::new(operand)),
                };
                Expr { kind, span }
            }
            TokenKind::Plus => {
                self.advance();
                self.nested(Self::unary)
            }
            _ => {
                let value = self.primary();
                self.predicate(value)
            }
        }
    }

    fn predicate(&mut self, value: Expr) -> Expr {
        use TokenKind::*;
        let start = value.span;
        let negated = *self.kind() == Not
            && matches!(self.peek(1), In | InInsensitive | Like | LikeInsensitive | Regex | RegexInsensitive | Colon);
        if negated {
            let not = self.span();
            self.advance();
            if !matches!(self.kind(), In | InInsensitive) {
                let operator = self.kind().describe();
                let error = Diagnostic::error(codes::SYNTAX, format!("`not` cannot stand before {operator}"), not)
                    .help(format!("put `not` before the whole condition: `not {} …`", &self.text[start.range()]));
                self.report(error);
            }
        }
        let (op, insensitive) = match self.kind() {
            In | InInsensitive => {
                let insensitive = *self.kind() == InInsensitive;
                self.advance();
                let list = self.in_list();
                let span = self.since(start);
                return Expr { kind: ExprKind::In { negated, insensitive, value: Box::new(value), list }, span };
            }
            Colon => (MatchOp::Colon, true),
            Like => (MatchOp::Like, false),
            LikeInsensitive => (MatchOp::Like, true),
            Regex => (MatchOp::Regex, false),
            RegexInsensitive => (MatchOp::Regex, true),
            _ => return value,
        };
        self.advance();
        if let (Identifier(name), LeftParen) = (self.kind().clone(), self.peek(1)) {
            let error = Diagnostic::error(codes::SYNTAX, "method calls are not supported", self.span())
                .help(format!("write the value as the first argument: `{name}({})`", self.receiver(start)));
            self.report(error);
            self.primary();
            return Expr { kind: ExprKind::Error, span: self.since(start) };
        }
        let patterns = if *self.kind() == LeftParen { self.in_list() } else { vec![self.nested(Self::constant)] };
        let span = self.since(start);
        Expr { kind: ExprKind::Match { op, insensitive, value: Box::new(value), patterns }, span }
    }

    /// The value of a method call as the first argument, before what stands in the parentheses.
    fn receiver(&self, value: Span) -> String {
        let value = &self.text[value.range()];
        if *self.peek(2) == TokenKind::RightParen { value.to_owned() } else { format!("{value}, …") }
    }

    /// `(a, b, …)`, at least one.
    fn in_list(&mut self) -> Vec<Expr> {
        let open = self.span();
        if !self.expect(&TokenKind::LeftParen, "`(` and a list of values") {
            self.recover();
            return Vec::new();
        }
        if *self.kind() == TokenKind::RightParen {
            self.unexpected("a value");
            self.advance();
            return Vec::new();
        }
        self.arguments(open)
    }

    /// Comma-separated expressions up to the closing parenthesis.
    fn arguments(&mut self, open: Span) -> Vec<Expr> {
        let mut items = Vec::new();
        loop {
            items.push(self.expression());
            if self.eat(&TokenKind::RightParen) {
                return items;
            }
            if self.eat(&TokenKind::Comma) {
                // A comma before the closing parenthesis is the commonest slip in long lists.
                if *self.kind() == TokenKind::RightParen {
                    let comma = self.tokens[self.at - 1].span;
                    let error = Diagnostic::error(codes::SYNTAX, "a list cannot end with a comma", comma).suggest(
                        comma,
                        "",
                        "remove the comma",
                    );
                    self.report(error);
                    self.advance();
                    return items;
                }
                continue;
            }
            if !self.close(open) {
                return items;
            }
            // What stood between the item and the comma was reported and skipped.
            if !self.eat(&TokenKind::Comma) {
                self.eat(&TokenKind::RightParen);
                return items;
            }
        }
    }

    /// Reports a missing `)`; true when parsing can go on inside the list.
    fn close(&mut self, open: Span) -> bool {
        if *self.kind() == TokenKind::End {
            let error = Diagnostic::error(codes::SYNTAX, "unclosed parenthesis", open).label("never closed");
            self.report(error);
            return false;
        }
        self.unexpected("`,` or `)`");
        self.recover();
        matches!(self.kind(), TokenKind::Comma | TokenKind::RightParen)
    }

    /// The right side of `:`, `like` and `regex` without parentheses.
    fn constant(&mut self) -> Expr {
        match self.kind() {
            TokenKind::Minus | TokenKind::Plus => self.unary(),
            _ => self.primary(),
        }
    }

    fn primary(&mut self) -> Expr {
        use TokenKind::*;
        let start = self.span();
        let literal = match self.kind() {
            Null => Literal::Null,
            True => Literal::Bool(true),
            False => Literal::Bool(false),
            Integer(n) => Literal::Int(*n),
            Decimal(n) => Literal::Float(*n),
            String(s) => Literal::String(s.clone()),
            LeftParen => return self.parenthesised(),
            Identifier(_) | TildeIdentifier(_) if *self.peek(1) == LeftParen => return self.call(),
            Identifier(_) if *self.peek(1) == Of => return self.relationship(),
            Identifier(_) | QuotedIdentifier(_) => return self.field(false, start),
            Question => {
                self.advance();
                return self.field(true, start);
            }
            Broken => {
                self.failed_at = Some(self.at);
                self.advance();
                return Expr { kind: ExprKind::Error, span: start };
            }
            _ => {
                self.unexpected("a value, a field or a function");
                self.recover();
                return Expr { kind: ExprKind::Error, span: start };
            }
        };
        self.advance();
        Expr { kind: ExprKind::Literal(literal), span: start }
    }

    fn parenthesised(&mut self) -> Expr {
        let open = self.advance().span;
        let inner = self.expression();
        while !self.eat(&TokenKind::RightParen) {
            if *self.kind() == TokenKind::End {
                let error = Diagnostic::error(codes::SYNTAX, "unclosed parenthesis", open).label("never closed");
                self.report(error);
                break;
            }
            self.unexpected("`and`, `or` or `)`");
            self.recover();
            match self.kind() {
                TokenKind::RightParen => {}
                TokenKind::And | TokenKind::Or | TokenKind::Comma => {
                    self.advance();
                    self.expression();
                }
                _ => break,
            }
        }
        Expr { kind: inner.kind, span: self.since(open) }
    }

    fn call(&mut self) -> Expr {
        let token = self.advance();
        let (name, insensitive) = match token.kind {
            TokenKind::TildeIdentifier(name) => (name, true),
            TokenKind::Identifier(name) => (name, false),
            _ => unreachable!("called on a name"),
        };
        let open = self.advance().span;
        let arguments = if self.eat(&TokenKind::RightParen) { Vec::new() } else { self.arguments(open) };
        let kind = ExprKind::Call { name, name_span: token.span, insensitive, arguments };
        Expr { kind, span: self.since(token.span) }
    }

    /// `child of [ … ]`, of the older dialect.
    fn relationship(&mut self) -> Expr {
        let start = self.span();
        let error = Diagnostic::error(codes::NOT_SUPPORTED, "process relationships are not supported", start)
            .help("compare `process.parent.*` fields, or join events with `sequence by process.entity_id`");
        self.report(error);
        self.advance();
        self.advance();
        self.recover();
        Expr { kind: ExprKind::Error, span: self.since(start) }
    }

    pub(super) fn field(&mut self, optional: bool, start: Span) -> Expr {
        let mut name = std::string::String::new();
        let mut broken = false;
        loop {
            match self.kind() {
                TokenKind::Identifier(part) | TokenKind::QuotedIdentifier(part) => name.push_str(part),
                _ => {
                    self.unexpected(FIELD_NAME);
                    broken = true;
                    // A keyword was meant as part of the name; anything else ends it.
                    if self.reserved_word().is_none() {
                        return Expr { kind: ExprKind::Error, span: self.since(start) };
                    }
                }
            }
            self.advance();
            if *self.kind() == TokenKind::LeftBracket && self.span().start == self.last_end() {
                let open = self.span();
                let error = Diagnostic::error(codes::NOT_SUPPORTED, "array indexes are not supported", open)
                    .help("a condition on a field holds if any of its values meets it");
                self.report(error);
                self.advance();
                self.recover();
                self.eat(&TokenKind::RightBracket);
                return Expr { kind: ExprKind::Error, span: self.since(start) };
            }
            if !self.eat(&TokenKind::Dot) {
                let kind = if broken { ExprKind::Error } else { ExprKind::Field { name, optional } };
                return Expr { kind, span: self.since(start) };
            }
            name.push('.');
        }
    }
}
