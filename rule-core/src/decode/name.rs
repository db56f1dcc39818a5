//! A key, or a segment of one, made ready for looking up.

/// The longest key that is all in its [`Name`]'s two words: nearly all keys of events are.
pub(super) const SHORT: usize = 15;

/// Of a key no longer than [`SHORT`] its bytes, with zeros behind them; of a longer one the first eight and the last eight. With its
/// length, which tells a key that ends in zeros from a shorter one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub head: u64,
    pub tail: u64,
    pub len: u32,
}

const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// For each length the bits of a window that belong to a key.
const MASKS: [[u64; 2]; 16] = {
    let mut masks = [[0; 2]; 16];
    let mut len = 0;
    while len < 16 {
        let mask = (1u128 << (8 * len)) - 1;
        masks[len] = [mask as u64, (mask >> 64) as u64];
        len += 1;
    }
    masks
};

impl Name {
    /// The first `len` bytes of a window, of which there are at most [`SHORT`].
    #[inline(always)]
    pub fn short(window: &[u8; 16], len: usize) -> Name {
        let all = u128::from_le_bytes(*window);
        let [head, tail] = MASKS[len & SHORT];
        Name { head: all as u64 & head, tail: (all >> 64) as u64 & tail, len: len as u32 }
    }

    /// Any key.
    #[inline]
    pub fn new(text: &[u8]) -> Name {
        let half = |half: &[u8; 4]| u64::from(u32::from_le_bytes(*half));
        let len = text.len();
        let (head, tail) = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
            (Some(head), Some(tail)) => {
                let tail = u64::from_le_bytes(*tail);
                // Of the tail of a short one, what the head has already goes.
                let known = if len > SHORT { 0 } else { 8 * (16 - len) as u32 };
                (u64::from_le_bytes(*head), tail.checked_shr(known).unwrap_or(0))
            }
            _ => match (text.first_chunk(), text.last_chunk()) {
                (Some(front), Some(back)) => (half(front) | half(back) << (8 * (len - 4)), 0),
                _ => (text.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0),
            },
        };
        Name { head, tail, len: len as u32 }
    }

    /// Whether it has a dot in it. Of a long one, only the ends are looked at.
    #[inline(always)]
    pub fn has_dot(self) -> bool {
        let [head, tail] = [self.head, self.tail].map(|word| word ^ each(b'.'));
        (head.wrapping_sub(each(1)) & !head | tail.wrapping_sub(each(1)) & !tail) & each(0x80) != 0
    }

    /// Of a long name, its ends: no two names that differ only between them are likely. Names come from rule authors, who could at
    /// worst slow down their own rules.
    #[inline(always)]
    pub fn hash(self, tag: u64) -> u64 {
        (self.head ^ self.tail.rotate_left(29) ^ tag).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_by_either_way() {
        let text: Vec<u8> = (1..=40).collect();
        for len in 0..=SHORT {
            let window = text.first_chunk().expect("sixteen bytes");
            let (by_window, by_text) = (Name::short(window, len), Name::new(&text[..len]));
            assert_eq!((by_window.head, by_window.tail), (by_text.head, by_text.tail), "{len}");
            assert_eq!(by_window.len, by_text.len);
        }
        let long = Name::new(&text[..20]);
        assert_eq!(
            (long.head.to_le_bytes(), long.tail.to_le_bytes()),
            ([1, 2, 3, 4, 5, 6, 7, 8], [13, 14, 15, 16, 17, 18, 19, 20])
        );
    }

    #[test]
    fn dots_are_seen_anywhere() {
        for len in 1..=SHORT {
            assert!(!Name::new(&vec![b'/'; len]).has_dot() && !Name::new(&vec![b'-'; len]).has_dot());
            for at in 0..len {
                let mut text = vec![b'/'; len];
                text[at] = b'.';
                assert!(Name::new(&text).has_dot());
            }
        }
    }
}
