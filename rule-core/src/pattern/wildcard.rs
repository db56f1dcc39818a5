//! Wildcards: `*` is any run of characters, `?` exactly one. Nothing escapes them.
//!
//! A pattern is cut at its stars into pieces that must follow one another; taking the first place for each
//! piece is always right, so there is no backtracking: an "endless" pattern costs one pass over the value.

use super::Fold;
use super::literal;

/// Wildcards of which one must match. A rule set has ten thousand of them, so that what each takes matters: all that
/// belong to one test are in three blocks of memory.
#[derive(Debug)]
pub struct Wildcards {
    insensitive: bool,
    patterns: Box<[Pattern]>,
    /// Of each pattern what is before the first star, what is after the last, and what is between stars, empty pieces
    /// left out. Without a star there is but the first.
    pieces: Box<[Piece]>,
    /// The pieces' text in that order; in lower case if case is ignored.
    text: Box<str>,
}

/// How many pieces a pattern has, and bytes in them.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    pieces: u32,
    len: u32,
}

/// A run without stars.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// In bytes.
    len: u32,
    /// Which of its bytes is looked for first; [`ANY`] if there is a `?` in it.
    rare: u16,
}

/// For pieces with a `?`, which are compared character by character.
const ANY: u16 = u16::MAX;

impl Wildcards {
    pub fn new<'p>(patterns: impl IntoIterator<Item = &'p str>, insensitive: bool) -> Wildcards {
        let (mut all, mut pieces, mut text) = (Vec::new(), Vec::new(), String::new());
        for pattern in patterns {
            let first = (pieces.len(), text.len());
            let mut add = |piece: &str| {
                let start = text.len();
                text.push_str(piece);
                if insensitive {
                    text[start..].make_ascii_lowercase();
                }
                let rare = if piece.contains('?') { ANY } else { literal::rarest(&text.as_bytes()[start..]) };
                pieces.push(Piece { len: piece.len() as u32, rare });
            };
            match pattern.split_once('*') {
                None => add(pattern),
                Some((head, rest)) => {
                    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
                    add(head);
                    add(tail);
                    middle.split('*').filter(|piece| !piece.is_empty()).for_each(add);
                }
            }
            all.push(Pattern { pieces: (pieces.len() - first.0) as u32, len: (text.len() - first.1) as u32 });
        }
        Wildcards { insensitive, patterns: all.into(), pieces: pieces.into(), text: text.into() }
    }

    /// Whether one of them matches the whole text.
    pub fn matches(&self, text: &str, fold: &mut Fold) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        let text = if self.insensitive { fold.lower(text) } else { text };
        let (mut pieces, mut literals) = (&*self.pieces, &*self.text);
        for pattern in &self.patterns {
            let (own, other_pieces) = pieces.split_at(pattern.pieces as usize);
            let (literal, other_literals) = literals.split_at(pattern.len as usize);
            if matches(own, literal, text) {
                return true;
            }
            (pieces, literals) = (other_pieces, other_literals);
        }
        false
    }
}

/// Whether the pieces of a pattern, whose text is `literals`, match.
fn matches(pieces: &[Piece], literals: &str, text: &str) -> bool {
    let Some((head, others)) = pieces.split_first() else { return false };
    let (literal, mut literals) = literals.split_at(head.len as usize);
    let Some(start) = head.at_start(literal, text) else { return false };
    let rest = &text[start..];
    let Some((tail, middle)) = others.split_first() else { return rest.is_empty() };
    let literal;
    (literal, literals) = literals.split_at(tail.len as usize);
    let Some(mut rest) = tail.at_end(literal, rest) else { return false };
    for piece in middle {
        let literal;
        (literal, literals) = literals.split_at(piece.len as usize);
        match piece.find(literal, rest) {
            Some(end) => rest = &rest[end..],
            None => return false,
        }
    }
    true
}

impl Piece {
    /// The length in bytes of the piece at the start of `text`, if it stands there.
    fn at_start(self, literal: &str, text: &str) -> Option<usize> {
        if self.rare != ANY {
            return text.as_bytes().starts_with(literal.as_bytes()).then_some(literal.len());
        }
        let mut rest = text.chars();
        for wanted in literal.chars() {
            let c = rest.next()?;
            if wanted != '?' && wanted != c {
                return None;
            }
        }
        Some(text.len() - rest.as_str().len())
    }

    /// Where the piece ends that stands first.
    fn find(self, literal: &str, text: &str) -> Option<usize> {
        if self.rare != ANY {
            return literal::find(literal.as_bytes(), self.rare, text.as_bytes()).map(|at| at + literal.len());
        }
        text.char_indices().find_map(|(at, _)| self.at_start(literal, &text[at..]).map(|len| at + len))
    }

    /// What is before the piece at the end of `text`, if it stands there.
    fn at_end<'t>(self, literal: &str, text: &'t str) -> Option<&'t str> {
        if self.rare != ANY {
            return text.strip_suffix(literal);
        }
        let mut rest = text.chars();
        for wanted in literal.chars().rev() {
            let c = rest.next_back()?;
            if wanted != '?' && wanted != c {
                return None;
            }
        }
        Some(rest.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Wildcards::new([pattern], false).matches(text, &mut Fold::default())
    }

    #[test]
    fn star_is_any_run_and_question_mark_one_character() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "abc", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acb", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?c", "aüc", true),
            ("?", "💩", true),
            ("?", "", false),
            ("*a*a", "a", false),
            ("*ab*ab*", "xabab", true),
            ("*?a", "a", false),
            ("*?a", "ba", true),
            ("a*?b*", "axxb", true),
            ("a*?b*", "ab", false),
            ("**", "x", true),
            ("a", "a", true),
            ("a", "A", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        let insensitive = Wildcards::new(["*x", "*\\RED_ttp\\win?.*", "y*"], true);
        assert!(insensitive.matches("c:\\red_TTP\\WINX.exe", &mut Fold::default()));
        assert!(!Wildcards::new([], true).matches("", &mut Fold::default()));
    }

    /// The plain definition, to compare with.
    fn reference(pattern: &[char], text: &[char]) -> bool {
        match (pattern.first(), text.first()) {
            (None, None) => true,
            (Some('*'), _) => reference(&pattern[1..], text) || !text.is_empty() && reference(pattern, &text[1..]),
            (Some('?'), Some(_)) => reference(&pattern[1..], &text[1..]),
            (Some(p), Some(t)) if p == t => reference(&pattern[1..], &text[1..]),
            _ => false,
        }
    }

    #[test]
    fn agrees_with_the_definition_on_all_short_patterns_and_texts() {
        let words = |alphabet: &[char], max: usize| {
            let mut all = vec![String::new()];
            let mut last = all.clone();
            for _ in 0..max {
                last = last.iter().flat_map(|w| alphabet.iter().map(move |c| format!("{w}{c}"))).collect();
                all.extend(last.clone());
            }
            all
        };
        let texts = words(&['a', 'ü'], 5);
        for pattern in words(&['a', '*', '?', 'ü'], 5) {
            let p: Vec<char> = pattern.chars().collect();
            for text in &texts {
                let t: Vec<char> = text.chars().collect();
                assert_eq!(matches(&pattern, text), reference(&p, &t), "{pattern} {text}");
            }
        }
    }
}
