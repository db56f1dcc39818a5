//! Names that are close to each other, for "did you mean".

/// The optimal string alignment distance in bytes: insertions, deletions, substitutions and transpositions cost 1.
pub fn distance(a: &str, b: &str) -> usize {
    within(a, b, usize::MAX).unwrap_or(usize::MAX)
}

/// The [`distance`], if it is at most so much. Most names are far apart, which is seen early.
pub fn within(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    // What both begin and end with changes nothing, and names of fields begin alike.
    let prefix = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    let suffix = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - suffix], &b[..b.len() - suffix]);
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut row = before.clone();
    for (i, letter) in a.iter().enumerate() {
        row[0] = i + 1;
        let mut least = row[0];
        for (j, other) in b.iter().enumerate() {
            let substituted = last[j] + usize::from(letter != other);
            let mut cost = substituted.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == b[j - 1] && a[i - 1] == *other {
                cost = cost.min(before[j - 1] + 1);
            }
            row[j + 1] = cost;
            least = least.min(cost);
        }
        // Each later cost comes from this row, or by a transposition from the row before, whose least is one less at most.
        if least > most.saturating_add(1) {
            return None;
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    Some(last[b.len()]).filter(|distance| *distance <= most)
}

/// The candidate nearest to `name`, if it is near enough to be meant: a third of its length, at most 3.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .filter_map(|c| Some((within(&c.to_lowercase(), &name.to_lowercase(), allowed)?, c)))
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition alone.
    fn plain(a: &[u8], b: &[u8]) -> usize {
        let (Some((x, rest_a)), Some((y, rest_b))) = (a.split_first(), b.split_first()) else {
            return a.len() + b.len();
        };
        let mut cost =
            (plain(rest_a, rest_b) + usize::from(x != y)).min(plain(rest_a, b) + 1).min(plain(a, rest_b) + 1);
        if let ([x, y, rest_a @ ..], [z, w, rest_b @ ..]) = (a, b)
            && (x, y) == (w, z)
        {
            cost = cost.min(plain(rest_a, rest_b) + 1);
        }
        cost
    }

    #[test]
    fn the_distance_of_all_short_words_is_that_of_the_definition() {
        let words: Vec<String> = (0..4_u32.pow(4))
            .map(|n| (0..4).map(|i| [' ', 'a', 'b', 'c'][(n >> (2 * i)) as usize & 3]).filter(|c| *c != ' ').collect())
            .collect();
        for a in &words {
            for b in &words {
                let right = plain(a.as_bytes(), b.as_bytes());
                assert_eq!(distance(a, b), right, "{a} {b}");
                for most in 0..4 {
                    assert_eq!(within(a, b, most), Some(right).filter(|d| *d <= most), "{a} {b} {most}");
                }
            }
        }
    }
}
