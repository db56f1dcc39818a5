//! Which known field was meant by an unknown one.

use crate::nearest::within;

/// The closest candidate by edit distance, where a swap of two neighbours counts as one edit and letter case as none.
/// Ties go to the name with the longer common prefix, then the same case, then the smaller name.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Rules name fields of every integration; a name that is merely similar is no misspelling. One edit in
    // six letters and three at most proved to tell them apart.
    let most = (name.len() / 6).min(3);
    // Longer than any field; the work grows with the square.
    if name.len() > 200 {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let letters = letters(&lower);
    let mut best: Option<(usize, Rank<'a>)> = None;
    for candidate in candidates {
        let most = best.map_or(most, |(distance, _)| distance);
        // An edit changes the length by at most one and the set of letters by at most two.
        if candidate.len().abs_diff(lower.len()) > most {
            continue;
        }
        if (letters ^ self::letters(candidate)).count_ones() as usize > 2 * most {
            continue;
        }
        let other = candidate.to_ascii_lowercase();
        let Some(distance) = within(&lower, &other, most) else { continue };
        // `param1` is no misspelling of `param2`.
        let same_length = lower.len() == other.len();
        if distance > 0 && same_length && without_digits(&lower).eq(without_digits(&other)) {
            continue;
        }
        let prefix = lower.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let same_case = name.bytes().zip(candidate.bytes()).filter(|(a, b)| a == b).count();
        let rank = (std::cmp::Reverse(prefix), std::cmp::Reverse(same_case), candidate);
        if best.is_none_or(|known| (distance, rank) < known) {
            best = Some((distance, rank));
        }
    }
    best.map(|(_, (_, _, candidate))| candidate).filter(|candidate| *candidate != name)
}

type Rank<'a> = (std::cmp::Reverse<usize>, std::cmp::Reverse<usize>, &'a str);

/// The set of bytes in a name, in lower case and folded into 64 bits.
fn letters(name: &str) -> u64 {
    name.bytes().fold(0, |set, byte| set | 1 << (byte.to_ascii_lowercase() & 63))
}

fn without_digits(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| !byte.is_ascii_digit())
}
