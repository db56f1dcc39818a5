//! The buffers that a host asks for with `malloc`.
//!
//! A table of them, instead of a header before each, lets `free` ignore what is not a buffer and lets every function
//! check where its arguments lie. A host has two or three buffers at a time, so a list is the quickest table.

/// Live buffers.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    live: Vec<Vec<u8>>,
}

impl Buffers {
    pub(super) const fn new() -> Self {
        Buffers { live: Vec::new() }
    }

    /// The address of a new buffer, or 0 when there is no memory for it.
    pub(super) fn allocate(&mut self, size: usize) -> usize {
        let mut buffer = Vec::new();
        // Not even an empty buffer may share its address with another.
        let size = size.max(1);
        if self.live.try_reserve(1).is_err() || buffer.try_reserve_exact(size).is_err() {
            return 0;
        }
        buffer.resize(size, 0);
        // Exposed: the host writes through this address.
        let address = buffer.as_mut_ptr().expose_provenance();
        self.live.push(buffer);
        address
    }

    /// Frees the buffer at `address`, if there is one.
    pub(super) fn release(&mut self, address: usize) {
        if let Some(at) = self.live.iter().position(|buffer| buffer.as_ptr().addr() == address) {
            self.live.swap_remove(at);
        }
    }

    /// Whether the bytes `address..address + length` lie in one live buffer.
    pub(super) fn contains(&self, address: usize, length: usize) -> bool {
        self.live.iter().any(|buffer| {
            address
                .checked_sub(buffer.as_ptr().addr())
                .and_then(|offset| offset.checked_add(length))
                .is_some_and(|end| end <= buffer.len())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_distinct_and_contain_what_lies_in_them() {
        let mut buffers = Buffers::new();
        let (a, b) = (buffers.allocate(10), buffers.allocate(0));
        assert!(a != 0 && b != 0 && a != b);
        assert!(buffers.contains(a, 10) && buffers.contains(a + 4, 6) && buffers.contains(a + 10, 0));
        assert!(!buffers.contains(a, 11) && !buffers.contains(a + 4, 7));
        assert!(!buffers.contains(a, usize::MAX) && !buffers.contains(usize::MAX, 1));
        assert!(!buffers.contains(0, 0), "nothing lies at 0");
        buffers.release(a);
        assert!(!buffers.contains(a, 1) || b <= a, "freed");
        assert_eq!(buffers.live.len(), 1);
    }

    #[test]
    fn freeing_what_is_not_a_buffer_does_nothing() {
        let mut buffers = Buffers::new();
        let a = buffers.allocate(10);
        for address in [0, 1, a + 1, usize::MAX] {
            buffers.release(address);
        }
        assert_eq!(buffers.live.len(), 1);
        buffers.release(a);
        buffers.release(a);
        assert!(buffers.live.is_empty());
    }

    #[test]
    fn a_size_that_cannot_be_had_gives_0() {
        assert_eq!(Buffers::new().allocate(usize::MAX), 0);
        assert_eq!(Buffers::new().allocate(isize::MAX as usize), 0);
    }
}
