//! Analysed text: the words that Elasticsearch's `standard` analyzer, and the one of `match_only_text`, make of it.
//!
//! Source: "Standard analyzer", Elasticsearch reference; Unicode Standard Annex 29, word boundaries. A word is a run of letters, digits
//! and `_`; a `.`, `'` or `:` within letters and a `.`, `,`, `;` or `'` within digits belong to it. Words are in lower case and at
//! most [`MAX_LEN`] characters long: a longer run is cut. For text outside ASCII two things are simplified: every alphabetic
//! character is a letter, and of the ideographs and kana each is a word of its own.

use std::borrow::Cow;

/// `max_token_length`: longer words are split there.
const MAX_LEN: usize = 255;

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Letter,
    Digit,
    /// `_`
    Joiner,
    /// Each is a word.
    Ideograph,
    /// Belongs to a word between two letters.
    MidLetter,
    /// Between two digits.
    MidNumber,
    /// Between either.
    MidBoth,
    Other,
}

fn class(c: char) -> Class {
    match c {
        'a'..='z' | 'A'..='Z' => Class::Letter,
        '0'..='9' => Class::Digit,
        '_' => Class::Joiner,
        '.' | '\'' | '\u{2019}' | '\u{2018}' => Class::MidBoth,
        ':' | '\u{b7}' => Class::MidLetter,
        ',' | ';' => Class::MidNumber,
        _ if c.is_ascii() => Class::Other,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => {
            Class::Ideograph
        }
        _ if c.is_numeric() => Class::Digit,
        _ if c.is_alphanumeric() => Class::Letter,
        _ => Class::Other,
    }
}

/// The words of a text, in order.
pub fn of(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let word = next(&mut rest)?;
        let cased = word.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii());
        Some(if cased { Cow::Owned(word.to_lowercase()) } else { Cow::Borrowed(word) })
    })
}

/// The next word as it is written.
fn next<'t>(rest: &mut &'t str) -> Option<&'t str> {
    let is_start = |c: char| matches!(class(c), Class::Letter | Class::Digit | Class::Joiner | Class::Ideograph);
    loop {
        let start = rest.find(is_start)?;
        let text = &rest[start..];
        let (len, has_letters) = run(text);
        *rest = &text[len..];
        // A run of nothing but `_` is no word.
        if has_letters {
            return Some(&text[..len]);
        }
    }
}

/// How many bytes the word at the beginning has, and whether it is more than joiners.
fn run(text: &str) -> (usize, bool) {
    let mut chars = text.char_indices().peekable();
    let Some((_, first)) = chars.next() else { return (0, false) };
    let mut last = class(first);
    let mut has_letters = last != Class::Joiner;
    if last == Class::Ideograph {
        return (first.len_utf8(), true);
    }
    let mut count = 1;
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map(|(_, c)| class(*c));
        let this = class(c);
        let goes_on = match this {
            Class::Letter | Class::Digit | Class::Joiner => true,
            Class::MidLetter => last == Class::Letter && after == Some(Class::Letter),
            Class::MidNumber => last == Class::Digit && after == Some(Class::Digit),
            Class::MidBoth => matches!(last, Class::Letter | Class::Digit) && after == Some(last),
            Class::Ideograph | Class::Other => false,
        };
        if !goes_on || count == MAX_LEN {
            return (at, has_letters);
        }
        has_letters |= matches!(this, Class::Letter | Class::Digit);
        last = this;
        count += 1;
    }
    (text.len(), has_letters)
}

/// Whether the text has the words of a phrase one after the other. No text has a phrase without words.
pub fn has_phrase(text: &str, phrase: &[String]) -> bool {
    let Some((first, others)) = phrase.split_first() else { return false };
    let mut rest = text;
    while let Some(word) = next(&mut rest) {
        if is(word, first) {
            let mut ahead = rest;
            if others.iter().all(|wanted| next(&mut ahead).is_some_and(|word| is(word, wanted))) {
                return true;
            }
        }
    }
    false
}

fn is(word: &str, wanted: &str) -> bool {
    word.eq_ignore_ascii_case(wanted) || !word.is_ascii() && word.to_lowercase() == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_standard_analyzer() {
        for (text, expected) in [
            // The example of Elasticsearch's reference.
            (
                "The 2 QUICK Brown-Foxes jumped over the lazy dog's bone.",
                &["the", "2", "quick", "brown", "foxes", "jumped", "over", "the", "lazy", "dog's", "bone"][..],
            ),
            ("Invoke-WmiMethod -Class Win32_Process", &["invoke", "wmimethod", "class", "win32_process"]),
            ("System.IO.Compression::ZipFile", &["system.io.compression", "zipfile"]),
            ("10.0.0.1:8080, 1,5;a", &["10.0.0.1", "8080", "1,5", "a"]),
            ("a.1 1.a ___ _x", &["a", "1", "1", "a", "_x"]),
            ("ÀÉ 東京", &["àé", "東", "京"]),
            ("", &[]),
        ] {
            assert_eq!(of(text).collect::<Vec<_>>(), expected, "{text}");
        }
        let long = "x".repeat(300);
        assert_eq!(of(&long).map(|word| word.len()).collect::<Vec<_>>(), [255, 45]);
    }

    #[test]
    fn a_phrase_is_its_words_one_after_the_other() {
        let phrase = |text: &str| of(text).map(Cow::into_owned).collect::<Vec<_>>();
        let script = "$c = New-Object System.Net.WebClient; Invoke-Expression $c";
        assert!(has_phrase(script, &phrase("new-object")));
        assert!(has_phrase(script, &phrase("Invoke Expression")));
        assert!(!has_phrase(script, &phrase("new webclient")));
        assert!(!has_phrase(script, &phrase("--")));
    }
}
