//! Sorting in little code. The standard library's sort is made anew for each type, of several kilobytes each; this one is there once, and
//! is a few times slower for long lists. For what is sorted once per rule or per batch, and where the module's size matters.

use std::cmp::Ordering;

/// Sorts by the items' own order; equal items keep theirs.
pub fn sort<T: Ord>(items: &mut [T]) {
    by(items, T::cmp);
}

/// Sorts by an order; equal items keep theirs.
pub fn by<T>(items: &mut [T], mut order: impl FnMut(&T, &T) -> Ordering) {
    let mut places: Vec<u32> = (0..items.len() as u32).collect();
    // By place where the order does not tell: none are equal, so that the sort need not be stable.
    sort_places(&mut places, &mut |a, b| match order(&items[a as usize], &items[b as usize]) {
        Ordering::Equal => a < b,
        order => order == Ordering::Less,
    });
    arrange(&mut places, &mut |a, b| items.swap(a, b));
}

/// Sorts by a key; equal items keep their order.
pub fn by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    by(items, |a, b| key(a).cmp(&key(b)));
}

/// Sorts by an order without memory of its own. What happens to the order of equal items is the same on every host.
pub fn unstable<T>(items: &mut [T], mut order: impl FnMut(&T, &T) -> Ordering) {
    /// An items' slice and their order, without their type.
    struct Items<'a, T, F>(&'a mut [T], F);
    trait Sortable {
        fn less(&mut self, a: usize, b: usize) -> bool;
        fn swap(&mut self, a: usize, b: usize);
    }
    impl<T, F: FnMut(&T, &T) -> Ordering> Sortable for Items<'_, T, F> {
        fn less(&mut self, a: usize, b: usize) -> bool {
            (self.1)(&self.0[a], &self.0[b]) == Ordering::Less
        }
        fn swap(&mut self, a: usize, b: usize) {
            self.0.swap(a, b);
        }
    }
    /// The one sort: by insertion for a few, else by a heap.
    fn work(len: usize, items: &mut dyn Sortable) {
        if len <= FEW {
            for end in 1..len {
                let mut at = end;
                while at > 0 && items.less(at, at - 1) {
                    items.swap(at, at - 1);
                    at -= 1;
                }
            }
            return;
        }
        for root in (0..len / 2).rev() {
            sift(root, len, items);
        }
        for end in (1..len).rev() {
            items.swap(0, end);
            sift(0, end, items);
        }
    }
    fn sift(mut root: usize, len: usize, items: &mut dyn Sortable) {
        loop {
            let mut child = 2 * root + 1;
            if child >= len {
                return;
            }
            if child + 1 < len && items.less(child, child + 1) {
                child += 1;
            }
            if !items.less(root, child) {
                return;
            }
            items.swap(root, child);
            root = child;
        }
    }
    let len = items.len();
    work(len, &mut Items(items, &mut order));
}

/// So many are sorted by insertion.
const FEW: usize = 12;

/// Sorts numbers by merging runs that are sorted by insertion.
fn sort_places(places: &mut [u32], less: &mut dyn FnMut(u32, u32) -> bool) {
    for run in places.chunks_mut(FEW) {
        for end in 1..run.len() {
            let mut at = end;
            while at > 0 && less(run[at], run[at - 1]) {
                run.swap(at, at - 1);
                at -= 1;
            }
        }
    }
    let mut merged = Vec::with_capacity(if places.len() > FEW { places.len() } else { 0 });
    let mut width = FEW;
    while width < places.len() {
        merged.clear();
        for pair in places.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let ([a, more_left @ ..], [b, more_right @ ..]) = (left, right) {
                if less(*b, *a) {
                    merged.push(*b);
                    right = more_right;
                } else {
                    merged.push(*a);
                    left = more_left;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        places.copy_from_slice(&merged);
        width *= 2;
    }
}

/// Moves items to their places: the one that is to be first stands at `places[0]`.
fn arrange(places: &mut [u32], swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..places.len() {
        let mut at = start;
        while places[at] as usize != start {
            let from = places[at] as usize;
            swap(at, from);
            places[at] = at as u32;
            at = from;
        }
        places[at] = at as u32;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library(mut items in prop::collection::vec((0u8..20, any::<u16>()), 0..200)) {
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            let mut stable = items.clone();
            by_key(&mut stable, |item| item.0);
            prop_assert_eq!(stable, expected);
            let mut expected = items.clone();
            expected.sort();
            let mut whole = items.clone();
            sort(&mut whole);
            prop_assert_eq!(&whole, &expected);
            unstable(&mut items, Ord::cmp);
            prop_assert_eq!(items, expected);
        }
    }
}
