//! `head`, `tail`, `size` and `result_position`.

use std::collections::BTreeMap;

use crate::syntax::ast::{Pipe, PipeKind};

/// Which part of the ordered results the answer has: from one end, after leaving out `offset`, `limit` results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The end at which it begins.
    pub from: PipeKind,
    /// How many results are left out there.
    pub offset: u32,
    /// How many there are at most.
    pub limit: u32,
}

impl Window {
    /// The window of the first limit.
    pub fn new(from: PipeKind, limit: u32) -> Window {
        Window { from, offset: 0, limit }
    }

    /// A further limit within the window, as Elasticsearch combines them (`Optimizer.CombineLimits`).
    pub fn then(self, pipe: &Pipe) -> Window {
        if pipe.kind == self.from {
            return Window { limit: self.limit.min(pipe.count), ..self };
        }
        if pipe.count >= self.limit {
            return self;
        }
        Window { offset: self.offset.saturating_add(self.limit - pipe.count), limit: pipe.count, ..self }
    }

    /// How many results may still be in it before the last is known.
    pub fn capacity(self) -> usize {
        (self.offset as usize).saturating_add(self.limit as usize)
    }

    /// Keeps no more results, in their order, than may be in the answer.
    pub fn trim<K: Ord, V>(self, results: &mut BTreeMap<K, V>) {
        while results.len() > self.capacity() {
            match self.from {
                PipeKind::Head => results.pop_last(),
                PipeKind::Tail => results.pop_first(),
            };
        }
    }

    /// The answer's part of all results.
    pub fn select<T>(self, results: &[T]) -> &[T] {
        let (offset, limit) = (self.offset as usize, self.limit as usize);
        let (first, last) = match self.from {
            PipeKind::Head => (offset.min(results.len()), (offset + limit).min(results.len())),
            PipeKind::Tail => {
                let end = results.len().saturating_sub(offset);
                (end.saturating_sub(limit), end)
            }
        };
        &results[first..last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse_query;

    fn window(pipes: &str) -> (u32, i64) {
        let mut errors = Vec::new();
        let query = parse_query(&format!("process where true {pipes}"), 10, &mut errors).expect("a query");
        assert!(errors.is_empty(), "{errors:?}");
        let mut pipes = query.pipes.iter();
        let first = pipes.next().expect("a pipe");
        let window = pipes.fold(Window::new(first.kind, first.count), Window::then);
        (window.offset, if window.from == PipeKind::Head { i64::from(window.limit) } else { -i64::from(window.limit) })
    }

    /// The table of Elasticsearch's `OptimizerTests`.
    #[test]
    fn limits_combine() {
        assert_eq!(window("| head 1 | head 12"), (0, 1));
        assert_eq!(window("| tail 10 | tail 1"), (0, -1));
        assert_eq!(window("| tail 1 | tail 12"), (0, -1));
        assert_eq!(window("| head 10 | tail 7"), (3, 7));
        assert_eq!(window("| tail 10 | head 7"), (3, -7));
        assert_eq!(window("| head 1 | tail 7"), (0, 1));
        assert_eq!(window("| head 10 | tail 7 | head 5 | tail 3"), (5, 3));
        assert_eq!(window("| tail 10 | head 7 | tail 5 | head 3"), (5, -3));
    }
}
