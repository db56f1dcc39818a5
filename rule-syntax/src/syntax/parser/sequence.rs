//! Sequences and samples, with the checks that Elasticsearch makes on their form.

use super::*;

impl Parser<'_, '_> {
    pub(super) fn sequence(&mut self) -> Sequence {
        let keyword = self.advance().span;
        let mut by = self.keys();
        let maxspan = self.maxspan();
        if *self.kind() == TokenKind::By && maxspan.is_some() {
            let error =
                Diagnostic::error(codes::SEQUENCE, "please specify sequence [by] before [with] not after", self.span());
            self.report(error);
            by = self.keys();
        }
        let terms = self.terms();
        let until = if self.eat(&TokenKind::Until) { self.term().map(Box::new) } else { None };
        let sequence = Sequence { keyword, by, maxspan, terms, until, span: self.since(keyword) };
        self.check_sequence(&sequence);
        sequence
    }

    pub(super) fn sample(&mut self) -> Sample {
        let keyword = self.advance().span;
        let by = self.keys();
        let terms = self.terms();
        let sample = Sample { keyword, by, terms, span: self.since(keyword) };
        if sample.terms.len() < 2 {
            let message = format!("a sample requires a minimum of 2 queries, found [{}]", sample.terms.len());
            self.check_failed(Diagnostic::error(codes::SEQUENCE, message, sample.keyword));
        }
        self.check_keys(&sample.by, sample.terms.iter());
        if sample.by.is_empty() && sample.terms.iter().any(|t| t.by.is_empty()) {
            let error = Diagnostic::error(codes::SEQUENCE, "a sample must have at least one join key", sample.keyword);
            self.check_failed(error.help("write `sample by host.id …`"));
        }
        if let Some(term) = sample.terms.iter().find(|t| t.missing || t.runs.is_some()) {
            let error =
                Diagnostic::error(codes::SEQUENCE, "a sample takes neither missing events nor [runs]", term.span);
            self.check_failed(error);
        }
        sample
    }

    fn terms(&mut self) -> Vec<Term> {
        let mut terms = Vec::new();
        while matches!(self.kind(), TokenKind::LeftBracket | TokenKind::MissingOpen) {
            terms.extend(self.term());
        }
        terms
    }

    /// Checks come after parsing: they are reported wherever the parser stands.
    fn check_failed(&mut self, error: Diagnostic) {
        // A form error beside a syntax error is most often its consequence.
        if self.failed_at.is_none() {
            self.errors.push(error);
        }
    }

    fn check_sequence(&mut self, sequence: &Sequence) {
        let count: u32 = sequence.terms.iter().map(|t| t.runs.map_or(1, |(n, _)| n)).sum();
        if count < 2 {
            let message = format!("a sequence requires a minimum of 2 queries, found [{count}]");
            self.check_failed(Diagnostic::error(codes::SEQUENCE, message, sequence.keyword));
        }
        if let Some(missing) = sequence.terms.iter().find(|t| t.missing) {
            if sequence.maxspan.is_none() {
                let error =
                    Diagnostic::error(codes::SEQUENCE, "[maxspan] is required for missing events", missing.span);
                self.check_failed(error.help("write `sequence by … with maxspan=1m`"));
            }
            if sequence.terms.iter().all(|t| t.missing) {
                let error =
                    Diagnostic::error(codes::SEQUENCE, "a sequence needs at least one positive event", missing.span);
                self.check_failed(error);
            }
        }
        self.check_keys(&sequence.by, sequence.terms.iter().chain(sequence.until.as_deref()));
    }

    fn check_keys<'a>(&mut self, by: &[Expr], terms: impl Iterator<Item = &'a Term>) {
        let mut expected: Option<(usize, Span)> = None;
        let mut errors = Vec::new();
        for term in terms {
            let found = by.len() + term.by.len();
            match expected {
                None => expected = Some((found, term.span)),
                Some((count, first)) if count != found => {
                    let message =
                        format!("inconsistent number of join keys specified; expected [{count}] but found [{found}]");
                    errors.push(
                        Diagnostic::error(codes::SEQUENCE, message, term.span)
                            .also(first, format!("{count} join keys here")),
                    );
                }
                _ => {}
            }
        }
        for error in errors {
            self.check_failed(error);
        }
    }

    /// `by a, ?b`
    fn keys(&mut self) -> Vec<Expr> {
        let mut keys = Vec::new();
        if !self.eat(&TokenKind::By) {
            return keys;
        }
        loop {
            let start = self.span();
            let optional = self.eat(&TokenKind::Question);
            keys.push(self.field(optional, start));
            if !self.eat(&TokenKind::Comma) {
                return keys;
            }
        }
    }

    /// `with maxspan=30s`, in milliseconds.
    fn maxspan(&mut self) -> Option<(u64, Span)> {
        if !self.eat(&TokenKind::With) {
            return None;
        }
        let start = self.span();
        if !self.expect(&TokenKind::Maxspan, "`maxspan`") || !self.expect(&TokenKind::Assign, "`=`") {
            self.skip_to_term();
            return None;
        }
        let number = self.advance();
        let value = match number.kind {
            TokenKind::Integer(n) => n,
            TokenKind::Minus => {
                let error = Diagnostic::error(codes::SEQUENCE, "a positive maxspan value is required", number.span);
                self.report(error);
                self.skip_to_term();
                return None;
            }
            TokenKind::Decimal(_) => {
                let error = Diagnostic::error(codes::SEQUENCE, "decimal time intervals are not supported", number.span)
                    .help("use a smaller unit: `500ms` for half a second");
                self.report(error);
                self.skip_to_term();
                return None;
            }
            _ => {
                self.at -= usize::from(number.kind != TokenKind::End);
                self.unexpected("a time span like `30s`");
                self.skip_to_term();
                return None;
            }
        };
        let unit = match self.kind() {
            TokenKind::Identifier(unit) => Some(unit.clone()),
            _ => None,
        };
        let Some(unit) = unit else {
            let message = format!("no time unit specified, did you mean [s] as in [{value}s]?");
            let error = Diagnostic::error(codes::SEQUENCE, message, number.span).suggest(
                number.span,
                format!("{value}s"),
                format!("did you mean `{value}s`?"),
            );
            self.report(error);
            return None;
        };
        let unit_span = self.advance().span;
        let factor: u64 = match unit.as_str() {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => {
                self.at -= 1;
                let error = Diagnostic::error(codes::SEQUENCE, format!("unrecognised time unit [{unit}]"), unit_span)
                    .help("the units are ms, s, m, h and d");
                self.report(error);
                self.advance();
                return None;
            }
        };
        let span = self.since(start);
        let millis = u64::try_from(value).ok().filter(|v| *v > 0).and_then(|v| v.checked_mul(factor));
        if millis.is_none() {
            let message = format!("a positive maxspan value is required; found [{value}]");
            self.report(Diagnostic::error(codes::SEQUENCE, message, number.span));
        }
        millis.map(|millis| (millis, span))
    }

    fn skip_to_term(&mut self) {
        while !matches!(self.kind(), TokenKind::End | TokenKind::LeftBracket | TokenKind::MissingOpen) {
            self.advance();
        }
    }

    /// `[ filter ] by key with runs=N` or `![ filter ]`
    fn term(&mut self) -> Option<Term> {
        let start = self.span();
        let missing = match self.kind() {
            TokenKind::LeftBracket => false,
            TokenKind::MissingOpen => true,
            _ => {
                self.unexpected("`[` and an event query");
                return None;
            }
        };
        self.advance();
        let filter = self.event_filter();
        if !self.eat(&TokenKind::RightBracket) {
            self.unexpected("`and`, `or` or `]`");
            while !matches!(self.kind(), TokenKind::End | TokenKind::RightBracket) {
                self.advance();
            }
            self.eat(&TokenKind::RightBracket);
        }
        let by = self.keys();
        let runs = self.runs();
        filter.map(|filter| Term { filter, missing, by, runs, span: self.since(start) })
    }

    /// `with runs=3`
    fn runs(&mut self) -> Option<(u32, Span)> {
        let start = self.span();
        if !self.eat(&TokenKind::With) {
            return None;
        }
        let option = self.advance();
        if option.kind != TokenKind::Identifier("runs".into()) {
            self.at -= usize::from(option.kind != TokenKind::End);
            let found = self.text[option.span.range()].to_owned();
            let message = format!("unrecognized option [{found}], expecting [runs]");
            self.report(Diagnostic::error(codes::SEQUENCE, message, option.span));
            while !matches!(
                self.kind(),
                TokenKind::End | TokenKind::LeftBracket | TokenKind::MissingOpen | TokenKind::Until | TokenKind::Pipe
            ) {
                self.advance();
            }
            return None;
        }
        if !self.expect(&TokenKind::Assign, "`=`") {
            return None;
        }
        let number = self.advance();
        match number.kind {
            TokenKind::Integer(n @ 1..=100) => Some((n as u32, self.since(start))),
            _ => {
                self.at -= usize::from(number.kind != TokenKind::End);
                let error = Diagnostic::error(codes::SEQUENCE, "[runs] takes an integer from 1 to 100", number.span);
                self.report(error);
                if *self.kind() != TokenKind::LeftBracket {
                    self.advance();
                }
                None
            }
        }
    }
}
