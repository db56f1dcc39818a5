//! Wildcards: `*` is any run of characters, `?` exactly one. Nothing escapes them.
//!
//! A pattern is cut at its stars into pieces that must follow one another; taking the first place for each
//! piece is always right, so there is no backtracking: an "endless" pattern costs one pass over the value.

use memchr::memmem::Finder;

use super::Fold;

/// A compiled wildcard pattern.
#[derive(Debug)]
pub struct Wildcard {
    insensitive: bool,
    /// Before the first star.
    head: Piece,
    /// Between stars, empty pieces left out.
    middle: Vec<Piece>,
    /// After the last star; `None` when there is no star.
    tail: Option<Piece>,
}

/// A run without stars.
#[derive(Debug)]
struct Piece {
    /// Without `?`: bytes to be found.
    literal: Option<Finder<'static>>,
    /// With `?`: characters, `None` for any.
    chars: Vec<Option<char>>,
    len: usize,
}

impl Piece {
    fn new(text: &str) -> Piece {
        if text.contains('?') {
            let chars: Vec<_> = text.chars().map(|c| (c != '?').then_some(c)).collect();
            Piece { literal: None, len: chars.len(), chars }
        } else {
            Piece { literal: Some(Finder::new(text).into_owned()), chars: Vec::new(), len: text.len() }
        }
    }

    /// The length in bytes of the piece at the start of `text`, if it stands there.
    fn at_start(&self, text: &str) -> Option<usize> {
        if let Some(literal) = &self.literal {
            return text.as_bytes().starts_with(literal.needle()).then_some(self.len);
        }
        let mut rest = text.chars();
        for wanted in &self.chars {
            let c = rest.next()?;
            if wanted.is_some_and(|w| w != c) {
                return None;
            }
        }
        Some(text.len() - rest.as_str().len())
    }

    /// Where the piece first stands, and where it ends.
    fn find(&self, text: &str) -> Option<usize> {
        if let Some(literal) = &self.literal {
            return literal.find(text.as_bytes()).map(|at| at + self.len);
        }
        text.char_indices().find_map(|(at, _)| self.at_start(&text[at..]).map(|len| at + len))
    }

    /// What is before the piece at the end of `text`, if it stands there.
    fn at_end<'t>(&self, text: &'t str) -> Option<&'t str> {
        if let Some(literal) = &self.literal {
            return text.as_bytes().ends_with(literal.needle()).then(|| &text[..text.len() - self.len]);
        }
        let mut rest = text.chars();
        for wanted in self.chars.iter().rev() {
            let c = rest.next_back()?;
            if wanted.is_some_and(|w| w != c) {
                return None;
            }
        }
        Some(rest.as_str())
    }
}

impl Wildcard {
    pub fn new(pattern: &str, insensitive: bool) -> Wildcard {
        let pattern = if insensitive { pattern.to_ascii_lowercase() } else { pattern.to_owned() };
        let mut parts = pattern.split('*');
        let head = Piece::new(parts.next().unwrap_or_default());
        let mut middle: Vec<&str> = parts.collect();
        let tail = middle.pop().map(Piece::new);
        let middle = middle.into_iter().filter(|p| !p.is_empty()).map(Piece::new).collect();
        Wildcard { insensitive, head, middle, tail }
    }

    pub fn matches(&self, text: &str, fold: &mut Fold) -> bool {
        let text = if self.insensitive { fold.lower(text) } else { text };
        let Some(start) = self.head.at_start(text) else { return false };
        let mut rest = &text[start..];
        let Some(tail) = &self.tail else { return rest.is_empty() };
        let Some(before_tail) = tail.at_end(rest) else { return false };
        rest = before_tail;
        for piece in &self.middle {
            match piece.find(rest) {
                Some(end) => rest = &rest[end..],
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Wildcard::new(pattern, false).matches(text, &mut Fold::default())
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
        assert!(Wildcard::new("*\\RED_ttp\\win?.*", true).matches("c:\\red_TTP\\WINX.exe", &mut Fold::default()));
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
