//! Expressions made at random, against sets of strings worked out from their definitions.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::super::{Regex, dfa, parser};

const LETTERS: [char; 4] = ['a', 'b', '0', '1'];
/// Length of the longest string looked at; whether it is in a language depends on shorter ones only.
const LONGEST: usize = 4;

type Language = BTreeSet<String>;

#[derive(Debug, Clone)]
enum Expr {
    Char(char),
    Any,
    Nothing,
    AnyString,
    EmptyString,
    Class(Vec<char>, bool),
    Interval(u32, u32, usize),
    Not(Box<Expr>),
    Repeat(Box<Expr>, usize, Option<usize>),
    Concat(Box<Expr>, Box<Expr>),
    Inter(Box<Expr>, Box<Expr>),
    Union(Box<Expr>, Box<Expr>),
}

/// All strings.
fn universe() -> Language {
    let mut all = Language::from([String::new()]);
    for _ in 0..LONGEST {
        let longer: Vec<String> = all.iter().flat_map(|s| LETTERS.map(|c| format!("{s}{c}"))).collect();
        all.extend(longer);
    }
    all
}

fn concat(universe: &Language, first: &Language, second: &Language) -> Language {
    let splits = |s: &String| (0..=s.len()).any(|at| first.contains(&s[..at]) && second.contains(&s[at..]));
    universe.iter().filter(|s| splits(s)).cloned().collect()
}

impl Expr {
    fn language(&self, universe: &Language) -> Language {
        let where_ = |holds: &dyn Fn(&String) -> bool| universe.iter().filter(|s| holds(s)).cloned().collect();
        match self {
            Expr::Char(c) => Language::from([c.to_string()]),
            Expr::Any => where_(&|s| s.len() == 1),
            Expr::Nothing => Language::new(),
            Expr::AnyString => universe.clone(),
            Expr::EmptyString => Language::from([String::new()]),
            Expr::Class(set, negated) => where_(&|s| s.len() == 1 && set.iter().any(|c| s.contains(*c)) != *negated),
            Expr::Interval(a, b, width) => where_(&|s| {
                let (low, high) = (a.min(b), a.max(b));
                let (a, b) = (format!("{a:0>width$}"), format!("{b:0>width$}"));
                let fits = a.len() != b.len() || s.len() == a.len();
                fits && s.parse::<u32>().is_ok_and(|n| (*low..=*high).contains(&n))
            }),
            Expr::Not(e) => {
                let without = e.language(universe);
                where_(&|s| !without.contains(s))
            }
            Expr::Repeat(e, min, max) => {
                let once = e.language(universe);
                let mut times = Language::from([String::new()]);
                let mut all = Language::new();
                // Without end: no string here needs more rounds that add to it than it has characters.
                for round in 0..=max.unwrap_or(min + LONGEST) {
                    if round >= *min {
                        all.extend(times.iter().cloned());
                    }
                    times = concat(universe, &times, &once);
                }
                all
            }
            Expr::Concat(a, b) => concat(universe, &a.language(universe), &b.language(universe)),
            Expr::Inter(a, b) => a.language(universe).intersection(&b.language(universe)).cloned().collect(),
            Expr::Union(a, b) => a.language(universe).union(&b.language(universe)).cloned().collect(),
        }
    }

    /// How tightly its operator binds.
    fn level(&self) -> u32 {
        match self {
            Expr::Union(..) => 0,
            Expr::Inter(..) => 1,
            Expr::Concat(..) => 2,
            Expr::Repeat(..) => 3,
            Expr::Not(..) => 4,
            _ => 5,
        }
    }

    /// As text, with parentheses only where they are needed.
    fn text(&self, level: u32) -> String {
        let text = match self {
            Expr::Char(c) => c.to_string(),
            Expr::Any => ".".to_owned(),
            Expr::Nothing => "#".to_owned(),
            Expr::AnyString => "@".to_owned(),
            Expr::EmptyString => "()".to_owned(),
            Expr::Class(set, negated) => {
                format!("[{}{}]", if *negated { "^" } else { "" }, set.iter().collect::<String>())
            }
            Expr::Interval(a, b, width) => format!("<{a:0>width$}-{b:0>width$}>"),
            Expr::Not(e) => format!("~{}", e.text(4)),
            Expr::Repeat(e, min, max) => {
                let count = match (min, max) {
                    (0, Some(1)) => "?".to_owned(),
                    (0, None) => "*".to_owned(),
                    (1, None) => "+".to_owned(),
                    (min, None) => format!("{{{min},}}"),
                    (min, Some(max)) if min == max => format!("{{{min}}}"),
                    (min, Some(max)) => format!("{{{min},{max}}}"),
                };
                e.text(3) + &count
            }
            Expr::Concat(a, b) => a.text(2) + &b.text(2),
            Expr::Inter(a, b) => format!("{}&{}", a.text(1), b.text(1)),
            Expr::Union(a, b) => format!("{}|{}", a.text(0), b.text(0)),
        };
        if self.level() < level { format!("({text})") } else { text }
    }
}

fn expressions() -> impl Strategy<Value = Expr> {
    let letter = || proptest::sample::select(LETTERS.to_vec());
    let leaf = prop_oneof![
        6 => letter().prop_map(Expr::Char),
        2 => Just(Expr::Any),
        1 => Just(Expr::Nothing),
        1 => Just(Expr::AnyString),
        1 => Just(Expr::EmptyString),
        2 => (prop::collection::vec(letter(), 1..3), any::<bool>()).prop_map(|(set, no)| Expr::Class(set, no)),
        2 => (0..120u32, 0..120u32, 1..4usize).prop_map(|(a, b, width)| Expr::Interval(a, b, width)),
    ];
    leaf.prop_recursive(5, 20, 2, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            3 => (boxed(), boxed()).prop_map(|(a, b)| Expr::Concat(a, b)),
            2 => (boxed(), boxed()).prop_map(|(a, b)| Expr::Union(a, b)),
            2 => (boxed(), boxed()).prop_map(|(a, b)| Expr::Inter(a, b)),
            2 => boxed().prop_map(Expr::Not),
            2 => (boxed(), 0..3usize, prop::option::of(0..3usize))
                .prop_map(|(e, min, more)| Expr::Repeat(e, min, more.map(|more| min + more))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn languages_are_as_defined(expr in expressions()) {
        let (universe, pattern) = (universe(), expr.text(0));
        let regex = match Regex::new(&pattern, false, 1 << 22) {
            Ok(regex) => regex,
            Err(e) if e.message.contains("automaton") => return Err(TestCaseError::reject("too many states")),
            Err(e) => return Err(TestCaseError::fail(format!("{pattern}: {}", e.message))),
        };
        let expected = expr.language(&universe);
        for text in &universe {
            prop_assert_eq!(regex.matches(text), expected.contains(text), "{} on {:?}", pattern, text);
        }
    }

    #[test]
    fn no_text_is_too_strange(
        pattern in r#"([ab01~&|*+?(){},<>\[\]^\\".@#\-dsé]|\(a|\)|<1-|\{2){0,16}"#,
        texts in prop::collection::vec("[ab01~|()é-]{0,5}", 8),
    ) {
        let Ok(parsed) = parser::parse(&pattern, true) else { return Ok(()) };
        let Ok(dfa) = dfa::Dfa::new(&parsed.tree, 1 << 20) else { return Ok(()) };
        if let Ok(regex) = Regex::new(&pattern, true, 1 << 20) {
            for text in texts {
                prop_assert_eq!(regex.matches(&text), dfa.matches(&text), "{} on {:?}", pattern, text);
            }
        }
    }
}
