//! The end of a run of plain bytes in a string: at sixteen bytes at a time, where the first `"`, `\` or control character is.
//!
//! On x86-64 by SSE2, which every such processor has, through `safe_arch`, since the intrinsics themselves are `unsafe`; else by
//! words, as in WebAssembly, whose SIMD not every host loads.

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
pub(super) use sse2::stop;
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
pub(super) use words::stop;

/// Bytes that [`stop`] looks at: most strings of an event end within so many.
pub(super) const WINDOW: usize = 16;

/// Whether a byte ends a run of plain string bytes.
#[inline(always)]
pub(super) fn is_stop(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod sse2 {
    use super::WINDOW;
    use safe_arch::{
        bitor_m128i, bitxor_m128i, cmp_eq_mask_i8_m128i, cmp_lt_mask_i8_m128i, load_unaligned_m128i,
        move_mask_i8_m128i, set_splat_i8_m128i,
    };

    /// Where the first stop is, and 15 if there is none: the byte there tells.
    #[inline(always)]
    pub fn stop(window: &[u8; WINDOW]) -> usize {
        let bytes = load_unaligned_m128i(window);
        // `"` is the one byte beside the control characters that a flip of its second bit brings below 0x21; a flip of the highest
        // bit makes the comparison, which is of signed bytes, one of unsigned ones.
        let flip = set_splat_i8_m128i(0x82u8 as i8);
        let low = cmp_lt_mask_i8_m128i(bitxor_m128i(bytes, flip), set_splat_i8_m128i(0xA1u8 as i8));
        let backslash = cmp_eq_mask_i8_m128i(bytes, set_splat_i8_m128i(b'\\' as i8));
        (move_mask_i8_m128i(bitor_m128i(low, backslash)) | 1 << 15).trailing_zeros() as usize
    }
}

#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
mod words {
    use super::WINDOW;

    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }

    /// In a word, the high bit of every byte that is a stop. The lowest set bit is exact; a borrow may set bits above it, which nobody
    /// looks at.
    #[inline(always)]
    fn stops(word: u64) -> u64 {
        // `"` is the one byte beside the control characters that this brings below 0x21.
        let low = (word ^ each(2)).wrapping_sub(each(0x21));
        let backslash = (word ^ each(b'\\')).wrapping_sub(each(1));
        (low | backslash) & !word & each(0x80)
    }

    /// Where the first stop is, and 15 if there is none: the byte there tells.
    #[inline(always)]
    pub fn stop(window: &[u8; WINDOW]) -> usize {
        let all = u128::from_le_bytes(*window);
        let first = stops(all as u64);
        if first != 0 {
            return first.trailing_zeros() as usize / 8;
        }
        8 + (stops((all >> 64) as u64) | 1 << 63).trailing_zeros() as usize / 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(window: &[u8; WINDOW]) -> usize {
        window.iter().position(|byte| is_stop(*byte)).unwrap_or(15)
    }

    #[test]
    fn every_byte_everywhere_beside_every_other() {
        for byte in 0..=255 {
            for other in 0..=255 {
                for at in 0..WINDOW {
                    let mut window = [other; WINDOW];
                    window[at] = byte;
                    assert_eq!(words::stop(&window), plain(&window), "{window:?}");
                    assert_eq!(stop(&window), plain(&window), "{window:?}");
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes(window: [u8; WINDOW]) {
            proptest::prop_assert_eq!(words::stop(&window), plain(&window));
            proptest::prop_assert_eq!(stop(&window), plain(&window));
        }
    }
}
