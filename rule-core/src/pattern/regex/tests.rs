use super::*;

mod reference;

fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern, false, 1 << 20).unwrap_or_else(|e| panic!("{pattern}: {}", e.message)).matches(text)
}

fn check(insensitive: bool, table: &[(&str, &str, bool)]) {
    for (pattern, text, expected) in table {
        let regex = Regex::new(pattern, insensitive, 1 << 20).unwrap_or_else(|e| panic!("{pattern}: {}", e.message));
        assert_eq!(regex.matches(text), *expected, "{pattern} on {text:?}");
        // The same through the automaton of this module.
        let parsed = parser::parse(pattern, insensitive).expect("read before");
        let dfa = dfa::Dfa::new(&parsed.tree, 1 << 22).expect("small enough");
        assert_eq!(dfa.matches(text), *expected, "{pattern} on {text:?} by table");
    }
}

#[test]
fn plain_characters_and_operators() {
    check(
        false,
        &[
            ("", "", true),
            ("", "a", false),
            ("ab", "ab", true),
            ("ab", "xab", false),
            ("ab", "abx", false),
            ("ab|cd", "abd", false),
            (".*?net1[ ]+localgroup.*?", "net1  localgroup x", true),
            ("a.c", "a\nc", true),
            (".", "💩", true),
            (".", "", false),
            ("^a$", "^a$", true),
            ("^a$", "a", false),
            ("a@b", "a anything b", true),
            ("a@b", "ab", true),
            ("#", "", false),
            ("a|#", "a", true),
            ("a#", "a", false),
            ("()", "", true),
            ("(a|())b", "b", true),
            ("(a|b){2,3}", "aba", true),
            ("(a|b){2}", "aba", false),
            ("a{2,}", "aaaa", true),
            ("a{2,}", "a", false),
            ("a{0}", "", true),
            ("a{0}", "a", false),
            ("(a?){3,4}", "a", true),
            ("(a?){3,4}", "aaaaa", false),
            ("a{2}{3}", "aaaaaa", true),
            ("a{2}{3}", "aaaaa", false),
            ("a+?", "", true),
            ("a?+", "aa", true),
            ("C:\\\\x", "C:\\x", true),
        ],
    );
}

#[test]
fn an_operator_where_an_operand_begins_is_plain() {
    check(
        false,
        &[
            ("*a", "*a", true),
            ("+", "+", true),
            ("**", "***", true),
            ("a|?b", "?b", true),
            ("{", "{", true),
            ("{2", "{2", true),
            ("(|a)", "|a", true),
            ("(|a)", "a", false),
            ("a||b", "|b", true),
            ("&a", "&a", true),
            (")", ")", true),
            ("(a|))", ")", true),
            ("]}>", "]}>", true),
            ("~*", "*", false),
            ("~*", "**", true),
        ],
    );
}

#[test]
fn escapes_and_quotes() {
    check(
        false,
        &[
            ("\\.\\~\\&\\<\\\"\\{\\_", ".~&<\"{_", true),
            ("\\é", "é", true),
            ("\\s\\d\\w", " 1_", true),
            ("\\s*", " \t\r\n", true),
            ("\\s", "\u{b}", false),
            ("\\s", "\u{a0}", false),
            ("\\S\\D\\W", "ab-", true),
            ("\\d", "٣", false),
            ("\\w", "é", false),
            ("\\W", "é", true),
            ("\"a.c\"", "a.c", true),
            ("\"a.c\"", "abc", false),
            ("\"ab\"{2}", "abab", true),
            ("\"\"a", "a", true),
            ("\"\\\"", "\\", true),
            ("\"~&<1-2>(\"", "~&<1-2>(", true),
            ("\\\"x", "\"x", true),
        ],
    );
}

#[test]
fn classes() {
    check(
        false,
        &[
            ("[^\\s]", " ", false),
            ("[\\s\\d]+", " 1", true),
            ("[^\\D]", "1", true),
            ("[\\w.\\-]+", "a.-", true),
            ("[a\\-z]", "-", true),
            ("[a\\-z]", "b", false),
            ("[\\+-z]", "a", false),
            ("[\\+-z]", "-", true),
            ("[-a]", "-", true),
            ("[--0]", ".", true),
            ("[^-]", "-", false),
            ("[]]", "]", true),
            ("[^]]", "]", false),
            ("[a]]", "a]", true),
            ("[+-]]", "[", true),
            ("[a-\\z]", "q", true),
            ("[[.*+&~|\"<]+", "[.*+&~|\"<", true),
            ("[a^]", "^", true),
            ("[^^]", "^", false),
            ("[ʰ-˿]+", "ʰʱ", true),
            ("[^a]", "\u{10ffff}", true),
            ("[^a]", "", false),
        ],
    );
}

#[test]
fn complement_and_intersection() {
    check(
        false,
        &[
            ("~a", "", true),
            ("~a", "a", false),
            ("~a", "aa", true),
            ("~~a", "a", true),
            ("~~a", "b", false),
            // Complement binds tighter than repetition, and that tighter than concatenation.
            ("~a*", "a", false),
            ("~a*", "b", true),
            ("~(a*)", "b", true),
            ("~(a*)", "aa", false),
            ("a~bc", "adc", true),
            ("a~bc", "ac", true),
            ("a~bc", "abc", false),
            ("a~bc", "abbc", true),
            ("~[ab]", "a", false),
            ("~[ab]", "ab", true),
            ("~\"ab\"", "ab", false),
            ("~#", "anything", true),
            ("~@", "", false),
            ("~()", "", false),
            ("~()", "x", true),
            // Intersection binds tighter than union.
            ("a|b&c", "a", true),
            ("a|b&c", "b", false),
            ("a&b|c", "c", true),
            ("a&@", "a", true),
            ("@&~(abc.+)", "abc", true),
            ("@&~(abc.+)", "abcd", false),
            ("@&~(abc.+)", "xabcd", true),
            ("aaa.+&.+bbb", "aaabbb", true),
            ("aaa.+&.+bbb", "aaaxbbb", true),
            ("aaa.+&.+bbb", "aabbb", false),
            ("[a-m]+&[h-z]+", "him", true),
            ("[a-m]+&[h-z]+", "hat", false),
            (".*é.*&~(.*ü.*)", "xéx", true),
            (".*é.*&~(.*ü.*)", "üé", false),
            ("(a&b)*", "", true),
            (".{3,5}&~(.*b)&a.*", "aba", true),
            (".{3,5}&~(.*b)&a.*", "aab", false),
            (".{3,5}&~(.*b)&a.*", "aaaaaa", false),
        ],
    );
}

#[test]
fn numeric_intervals() {
    check(
        false,
        &[
            ("port<80-443>", "port80", true),
            ("port<80-443>", "port443", true),
            ("port<80-443>", "port0080", true),
            ("port<80-443>", "port79", false),
            ("port<80-443>", "port444", false),
            ("port<80-443>", "port8", false),
            ("<443-80>", "100", true),
            ("<01-12>", "07", true),
            ("<01-12>", "7", false),
            ("<01-12>", "007", false),
            ("<1-9>", "0", false),
            ("<0-10>", "0", true),
            ("<0-10>", "000", true),
            ("<0-10>", "", false),
            ("<00-0>", "00", true),
            ("<0-0>", "00", false),
            ("<0-2147483647>", "2147483647", true),
            ("<0-2147483647>", "2147483648", false),
            ("a<1-9>&~(a5)", "a4", true),
            ("a<1-9>&~(a5)", "a5", false),
        ],
    );
}

#[test]
fn every_number_of_an_interval() {
    for (low, high, widths) in [(0, 0, 1..=3), (7, 120, 1..=4), (99, 101, 2..=5), (10, 99, 2..=2), (0, 1999, 1..=4)] {
        for width in widths {
            let pattern = format!("<{low:0>width$}-{high:0>width$}>");
            let bounds = pattern[1..pattern.len() - 1].split_once('-').expect("two bounds");
            let regex = Regex::new(&pattern, false, 1 << 20).expect("an interval");
            for number in 0..=2100u32 {
                for length in 1..=5 {
                    let text = format!("{number:0>length$}");
                    let fits = bounds.0.len() != bounds.1.len() || text.len() == bounds.0.len();
                    let expected = (low..=high).contains(&number) && fits;
                    assert_eq!(regex.matches(&text), expected, "{pattern} on {text}");
                }
            }
        }
    }
}

#[test]
fn case_is_ignored_for_single_ascii_letters() {
    check(
        true,
        &[
            ("ab", "aB", true),
            ("\"ab\"", "AB", true),
            ("[ab]+", "ABab", true),
            ("[^Q]", "q", false),
            ("~a", "A", false),
            ("[a-c]", "b", true),
            ("[a-c]", "B", false),
            ("[a-cA]", "a", true),
            ("[xB]", "b", true),
            ("é", "É", false),
            ("k", "\u{212a}", false),
            ("\\w", "É", false),
        ],
    );
}

#[test]
fn what_is_refused_says_why() {
    for (pattern, offset, word) in [
        ("(a", 0, "unclosed group"),
        ("(", 0, "unclosed group"),
        ("a)", 1, "unmatched"),
        ("[a", 0, "unclosed character class"),
        ("[]", 0, "unclosed character class"),
        ("[a-", 0, "unclosed character class"),
        ("[\\", 0, "unclosed character class"),
        ("[\\w.-]+", 3, "`.-]` is a range"),
        ("[a-]", 1, "write `\\-`"),
        ("[z-a]", 1, "range `z-a` is empty"),
        ("a{x}", 2, "number of repetitions"),
        ("a{,3}", 2, "number of repetitions"),
        ("a{2", 3, "expected `}`"),
        ("a{3,2}", 6, "below the smallest"),
        ("a{10001}", 2, "more than 10000"),
        ("a{99999999999}", 2, "more than 10000"),
        ("a\\", 2, "backslash"),
        ("a\\n", 1, "no class `\\n`"),
        ("[\\t]", 1, "no class `\\t`"),
        ("a|", 2, "something must follow"),
        ("a&", 2, "something must follow"),
        ("~", 1, "something must follow"),
        ("\"a", 0, "unclosed quotation"),
        ("a<1-9", 1, "unclosed numeric interval"),
        ("<name>", 0, "numeric interval such as"),
        ("<1-2-3>", 0, "numeric interval such as"),
        ("<-2>", 0, "numeric interval such as"),
        ("<1-2147483648>", 0, "numeric interval such as"),
        ("((a{1000}){1000}){1000}", 0, "automaton"),
        // More states than fit: 2^30, and not to be found out by trying.
        ("~(.*a.{30})", 0, "automaton"),
        ("a{9000}&(a{2}){4500}&@{9}~(bc{7000}d)", 0, "automaton"),
    ] {
        let error = Regex::new(pattern, false, 1 << 20).map(drop).expect_err(pattern);
        assert_eq!(error.offset, offset, "{pattern}: {}", error.message);
        assert!(error.message.contains(word), "{pattern}: {}", error.message);
    }
}

#[test]
fn nesting_is_bounded() {
    for unit in ["(", "~(", "(a&", "(a|~(", "((a)", "a(b|c{2}{2}{2}{2}{2}"] {
        assert!(Regex::new(&unit.repeat(100_000), false, 1 << 20).is_err(), "{unit}");
    }
    let counted = format!("a{}", "{2}".repeat(100_000));
    let error = Regex::new(&counted, false, 1 << 20).map(drop).expect_err("too high");
    assert!(error.message.contains("too deeply"), "{}", error.message);
    let inside = 99;
    let tall = format!("{}a{}", "(~(b|".repeat(inside / 2), "){2,3}c)".repeat(inside / 2));
    assert!(Regex::new(&tall, false, 1 << 16).map(drop).is_err_and(|e| e.message.contains("automaton")));
    // These are not nested: they say the same again.
    assert!(matches(&format!("a{}", "*".repeat(100_000)), "aaa"));
    assert!(matches(&format!("{}a", "~".repeat(100_000)), "a"));
}

#[test]
fn long_expressions_and_values() {
    let word = "lorem ipsum ".repeat(40);
    let pattern = format!(".*{word}.*&~(.*dolor)");
    let regex = Regex::new(&pattern, false, 1 << 20).expect("a few hundred states");
    let value = format!("{}{word}sit", "lorem ".repeat(200_000));
    assert!(regex.matches(&value));
    assert!(!regex.matches(&format!("{value} dolor")));
    // A chain in which everything may be left out: no recursion along it, and no endless search for its states.
    let optional = |length| Regex::new(&format!("~({})", "a?".repeat(length)), false, 1 << 20);
    assert!(optional(100).is_ok_and(|r| !r.matches(&"a".repeat(100)) && r.matches(&"a".repeat(101))));
    assert!(optional(3000).is_err());
    let within = Regex::new("~(.*a.{0,30}b)", false, 1 << 16).expect("some thirty states");
    assert!(!within.matches(&format!("aa{}b", "-".repeat(30))));
    assert!(within.matches(&format!("aa{}b", "-".repeat(31))));
    let many: String = ('\u{4e00}'..'\u{4f00}').flat_map(|c| [c, '|']).collect();
    assert!(Regex::new(&format!("~({many}x)"), false, 1 << 20).is_ok_and(|r| !r.matches("x") && r.matches("一一")));
}
