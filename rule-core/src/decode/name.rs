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
    pub fn new(text: &[u8]) -> Name {
        if let (16.., Some(head), Some(tail)) = (text.len(), text.first_chunk(), text.last_chunk()) {
            return Name { head: u64::from_le_bytes(*head), tail: u64::from_le_bytes(*tail), len: text.len() as u32 };
        }
        let mut window = [0; 16];
        window[..text.len()].copy_from_slice(text);
        Name::short(&window, text.len())
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
