//! Queries as nobody should write them: needless parentheses, signs and quotes, any white space, comments anywhere.

use rule_core::syntax::ast::*;
use rule_core::syntax::print;

/// Whims that a seed determines.
pub struct Whims(pub u64);

impl Whims {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// The tree as words, and between them white space and comments.
pub fn write(query: &Query, whims: &mut Whims) -> String {
    let mut words = Words { words: Vec::new(), whims };
    words.query(query);
    let Words { words, whims } = words;
    let density = [2, 4, 40][whims.below(3) as usize];
    let mut text = String::new();
    for word in words {
        between(&mut text, density, whims);
        text.push_str(&word);
    }
    between(&mut text, density, whims);
    text
}

fn between(text: &mut String, density: u64, whims: &mut Whims) {
    const BLANKS: [&str; 8] = ["", "", "", "\n", "\n  ", "\n\n", "\r\n", "\t"];
    const COMMENTS: [&str; 9] = [
        "// line\n",
        "// line \n",
        "// line\r\n",
        "//\n",
        "/* within */",
        "/**/",
        "/* two\n   lines */",
        "/* a /* b */ c */",
        "/* \"not a string */",
    ];
    text.push(' ');
    text.push_str(BLANKS[whims.below(8) as usize]);
    while whims.one_in(density) {
        text.push_str(COMMENTS[whims.below(9) as usize]);
        text.push_str(BLANKS[whims.below(8) as usize]);
    }
    text.push(' ');
}

struct Words<'w> {
    words: Vec<String>,
    whims: &'w mut Whims,
}

impl Words<'_> {
    fn put(&mut self, words: &str) {
        self.words.extend(words.split(' ').map(String::from));
    }

    fn query(&mut self, query: &Query) {
        match &query.kind {
            QueryKind::Event(filter) => self.filter(filter),
            QueryKind::Sequence(sequence) => {
                self.put("sequence");
                self.keys(&sequence.by);
                if let Some((milliseconds, _)) = sequence.maxspan {
                    self.put(&format!("with maxspan = {milliseconds} ms"));
                }
                sequence.terms.iter().for_each(|term| self.term(term));
                if let Some(until) = &sequence.until {
                    self.put("until");
                    self.term(until);
                }
            }
            QueryKind::Sample(sample) => {
                self.put("sample");
                self.keys(&sample.by);
                sample.terms.iter().for_each(|term| self.term(term));
            }
        }
        for pipe in &query.pipes {
            let name = if pipe.kind == PipeKind::Head { "head" } else { "tail" };
            self.put(&format!("| {name} {}", pipe.count));
        }
    }

    fn filter(&mut self, filter: &EventFilter) {
        match &filter.category {
            Category::Any(_) => self.put("any"),
            Category::Name(name, _) => self.string(name),
        }
        self.put("where");
        self.expr(&filter.condition, 0);
    }

    fn term(&mut self, term: &Term) {
        self.put(if term.missing { "![" } else { "[" });
        self.filter(&term.filter);
        self.put("]");
        self.keys(&term.by);
        if let Some((count, _)) = term.runs {
            self.put(&format!("with runs = {count}"));
        }
    }

    fn keys(&mut self, keys: &[Expr]) {
        for (nth, key) in keys.iter().enumerate() {
            self.put(if nth == 0 { "by" } else { "," });
            self.bare(key);
        }
    }

    fn string(&mut self, value: &str) {
        let mut escaped = String::from("\"");
        for c in value.chars() {
            match c {
                '"' => escaped.push_str("\\\""),
                '\\' => escaped.push_str("\\\\"),
                '\'' if self.whims.one_in(2) => escaped.push_str("\\'"),
                c if c == '\n' || c.is_control() || self.whims.one_in(9) => {
                    escaped.push_str(&format!("\\u{{{:02x}}}", u32::from(c)));
                }
                c => escaped.push(c),
            }
        }
        escaped.push('"');
        let body = value.trim_end_matches('"');
        let is_line = !value.contains(['\n', '\r']) && !body.contains("\"\"\"") && value.len() - body.len() <= 2;
        let raw = is_line && self.whims.one_in(2);
        self.words.push(if raw { format!("\"\"\"{value}\"\"\"") } else { escaped });
    }

    /// An expression where one of at least this level may stand without parentheses.
    fn expr(&mut self, expr: &Expr, wanted: u8) {
        let needed = u64::from(level(expr) < wanted);
        let needless = if self.whims.one_in(6) { 1 + self.whims.below(2) } else { 0 };
        let parens = (needed + needless) as usize;
        // A sign without effect needs an operand that takes one, and a place that does.
        let signs = wanted <= 6 && (parens > 0 || level(expr) >= 6) && self.whims.one_in(8);
        if signs {
            self.put("+");
        }
        (0..parens).for_each(|_| self.put("("));
        self.bare(expr);
        (0..parens).for_each(|_| self.put(")"));
    }

    fn list(&mut self, items: &[Expr]) {
        self.put("(");
        for (nth, item) in items.iter().enumerate() {
            if nth > 0 {
                self.put(",");
            }
            self.expr(item, 0);
        }
        self.put(")");
    }

    fn bare(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Or(operands) | ExprKind::And(operands) => {
                let is_or = matches!(expr.kind, ExprKind::Or(_));
                for (nth, operand) in operands.iter().enumerate() {
                    if nth > 0 {
                        self.put(if is_or { "or" } else { "and" });
                    }
                    self.expr(operand, if is_or { 1 } else { 2 });
                }
            }
            ExprKind::Not(operand) => {
                self.put("not");
                self.expr(operand, 2);
            }
            ExprKind::Compare { op, left, right } => {
                self.expr(left, 4);
                self.put(op.text());
                self.expr(right, 4);
            }
            ExprKind::Arithmetic { op, left, right } => {
                let (own, word) = match op {
                    ArithmeticOp::Add => (4, "+"),
                    ArithmeticOp::Subtract => (4, "-"),
                    ArithmeticOp::Multiply => (5, "*"),
                    ArithmeticOp::Divide => (5, "/"),
                    ArithmeticOp::Modulo => (5, "%"),
                };
                self.expr(left, own);
                self.put(word);
                self.expr(right, own + 1);
            }
            ExprKind::Negate(operand) => {
                self.put("-");
                self.expr(operand, 6);
            }
            ExprKind::Match { op, insensitive, value, patterns } => {
                self.expr(value, 7);
                let tilde = if *insensitive { "~" } else { "" };
                self.put(&match op {
                    MatchOp::Colon => ":".into(),
                    MatchOp::Like => format!("like{tilde}"),
                    MatchOp::Regex => format!("regex{tilde}"),
                });
                match patterns.as_slice() {
                    [pattern @ Expr { kind: ExprKind::Literal(_), .. }] if self.whims.one_in(2) => self.bare(pattern),
                    _ => self.list(patterns),
                }
            }
            ExprKind::In { negated, insensitive, value, list } => {
                self.expr(value, 7);
                if *negated {
                    self.put("not");
                }
                self.put(if *insensitive { "in~" } else { "in" });
                self.list(list);
            }
            ExprKind::Call { name, insensitive, arguments, .. } => {
                self.put(&format!("{name}{}", if *insensitive { "~" } else { "" }));
                self.list(arguments);
            }
            ExprKind::Field { name, optional } => {
                if *optional {
                    self.put("?");
                }
                for (nth, part) in name.split('.').enumerate() {
                    if nth > 0 {
                        self.put(".");
                    }
                    self.words.push(format!("`{}`", part.replace('`', "``")));
                }
            }
            ExprKind::Literal(Literal::String(value)) => self.string(value),
            ExprKind::Literal(literal) => self.constant(literal),
            ExprKind::Error => unreachable!("no tree here has errors"),
        }
    }

    /// A constant as the printer writes it, and sometimes two signs more.
    fn constant(&mut self, literal: &Literal) {
        let condition = Expr { kind: ExprKind::Literal(literal.clone()), span: Default::default() };
        let filter = EventFilter { category: Category::Any(Default::default()), condition, span: Default::default() };
        let text = print(&Query { kind: QueryKind::Event(filter), pipes: Vec::new() });
        let text = text.strip_prefix("any where ").expect("an event query");
        if let Some(number) = text.strip_prefix('-') {
            let signs: &[&str] = if self.whims.one_in(3) { &["-", "-", "-"] } else { &["-"] };
            self.words.extend(signs.iter().map(|sign| String::from(*sign)));
            self.words.push(number.to_owned());
        } else {
            self.words.push(text.to_owned());
        }
    }
}

/// How tightly an expression binds, from the grammar.
fn level(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Or(_) => 0,
        ExprKind::And(_) => 1,
        ExprKind::Not(_) => 2,
        ExprKind::Compare { .. } => 3,
        ExprKind::Arithmetic { op: ArithmeticOp::Add | ArithmeticOp::Subtract, .. } => 4,
        ExprKind::Arithmetic { .. } => 5,
        ExprKind::Negate(_) | ExprKind::Match { .. } | ExprKind::In { .. } => 6,
        ExprKind::Literal(Literal::Int(n)) if *n < 0 => 6,
        ExprKind::Literal(Literal::Float(n)) if n.is_sign_negative() => 6,
        _ => 7,
    }
}
