//! Numeric intervals, `<7-12>`.

use super::tree::Node;

/// The numbers from `low` to `high`, both at most `i32::MAX`: in exactly `width` digits, or with any number of
/// leading zeros.
pub fn interval(low: u32, high: u32, width: Option<usize>) -> Node {
    if let Some(width) = width {
        return between(&digits(low, width), &digits(high, width));
    }
    let (shortest, longest) = (digits(low, 0).len(), digits(high, 0).len());
    let by_length = (shortest..=longest).map(|length| {
        let first = if length == shortest { digits(low, 0) } else { digits(10u32.pow(length as u32 - 1), 0) };
        let last = if length == longest { digits(high, 0) } else { vec![9; length] };
        between(&first, &last)
    });
    let zeros = Node::Repeat(Box::new(one_of(0, 0)), 0, None);
    Node::Concat(vec![zeros, Node::join(by_length.collect(), Node::Union)])
}

/// The decimal digits, with leading zeros up to the width.
fn digits(number: u32, width: usize) -> Vec<u8> {
    format!("{number:0>width$}").bytes().map(|b| b - b'0').collect()
}

/// The numbers between two of equal length, the first not above the second. Recursion stops within the ten digits of
/// a number: longer ones begin with zeros, which both share.
fn between(low: &[u8], high: &[u8]) -> Node {
    if low.iter().all(|d| *d == 0) && high.iter().all(|d| *d == 9) {
        return digit_strings(low.len());
    }
    let shared = low.iter().zip(high).take_while(|(a, b)| a == b).count();
    let mut parts: Vec<Node> = low[..shared].iter().map(|d| one_of(*d, *d)).collect();
    if let (Some((a, low)), Some((b, high))) = (low[shared..].split_first(), high[shared..].split_first()) {
        let mut branches = vec![
            Node::Concat(vec![one_of(*a, *a), between(low, &vec![9; low.len()])]),
            Node::Concat(vec![one_of(*b, *b), between(&vec![0; high.len()], high)]),
        ];
        if a + 1 < *b {
            branches.push(Node::Concat(vec![one_of(a + 1, b - 1), digit_strings(low.len())]));
        }
        parts.push(Node::Union(branches));
    }
    Node::join(parts, Node::Concat)
}

fn digit_strings(length: usize) -> Node {
    Node::join((0..length).map(|_| one_of(0, 9)).collect(), Node::Concat)
}

fn one_of(first: u8, last: u8) -> Node {
    Node::ranges([((b'0' + first) as char, (b'0' + last) as char)])
}
