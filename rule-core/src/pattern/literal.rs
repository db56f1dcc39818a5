//! Strings to be found in values.
//!
//! `memchr::memmem` prepares a searcher for each string, of some hundred bytes: more than all else that a rule set has.
//! Here a string is found by its rarest byte, and the library's searcher is made when that byte turns out not to be rare.

/// A string to be found.
#[derive(Debug)]
pub struct Literal {
    text: Box<[u8]>,
    rare: u16,
}

impl Literal {
    pub fn new(text: &str) -> Literal {
        Literal { text: text.as_bytes().into(), rare: rarest(text.as_bytes()) }
    }

    pub fn is_in(&self, text: &str) -> bool {
        find(&self.text, self.rare, text.as_bytes()).is_some()
    }
}

/// After so many places that have the rare byte and nothing more, it is not rare in this value.
const MOST_MISSES: usize = 16;

/// Which byte of a string values are least likely to have, of the first thousand.
pub fn rarest(text: &[u8]) -> u16 {
    let commonness = |byte: &u8| match byte {
        b'e' | b's' | b't' | b'r' | b'i' | b'n' | b'o' | b'a' | b'c' | b'm' => 5,
        b'l' | b'd' | b'p' | b'u' | b'\\' | b'/' | b' ' | b'.' => 4,
        b'w' | b'f' | b'g' | b'h' | b'b' | b'-' | b'y' | b'v' | b'0'..=b'9' => 3,
        b'k' | b'x' | b':' | b'_' | b'"' | b'A'..=b'Z' => 2,
        0x80.. => 1,
        _ => 0,
    };
    let ranks = text.iter().take(1000).map(commonness).enumerate();
    ranks.min_by_key(|(_, rank)| *rank).map_or(0, |(at, _)| at as u16)
}

/// Where a string first stands in a text. `rare` is the place of a byte in it.
#[inline]
pub fn find(wanted: &[u8], rare: u16, text: &[u8]) -> Option<usize> {
    let rare = usize::from(rare);
    let Some(&byte) = wanted.get(rare) else { return Some(0) };
    // Where the byte stands in the last place that has room for all.
    let end = (text.len() + rare + 1).checked_sub(wanted.len())?;
    let mut from = rare;
    for _ in 0..MOST_MISSES {
        from += memchr::memchr(byte, text.get(from..end)?)?;
        let start = from - rare;
        if text[start..].starts_with(wanted) {
            return Some(start);
        }
        from += 1;
    }
    let start = from - rare;
    memchr::memmem::find(&text[start..], wanted).map(|at| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_where_they_first_stand() {
        let text = |length: usize, seed: u64| -> Vec<u8> {
            (0..length as u64).map(|at| b"ab"[(seed >> (at % 60) & 1) as usize]).collect()
        };
        for seed in 0..2000_u64 {
            let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let value = text((seed >> 40) as usize % 90, seed);
            for length in 0..6 {
                let wanted = text(length, seed.rotate_left(17));
                let expected = value.windows(length.max(1)).position(|window| window == wanted);
                let expected = if length == 0 { Some(0) } else { expected };
                assert_eq!(find(&wanted, rarest(&wanted), &value), expected, "{wanted:?} in {value:?}");
                for rare in 0..length {
                    assert_eq!(find(&wanted, rare as u16, &value), expected, "{wanted:?} in {value:?}, {rare}");
                }
            }
        }
    }
}
