//! The clock behind deadlines: a thread that moves wasmtime's epoch on while a call is running.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use wasmtime::EngineWeak;

/// How exact deadlines are.
const TICK: Duration = Duration::from_millis(10);

/// Ticks only while somebody waits for it: an idle collector does not wake up a hundred times a second.
pub(super) struct Ticker(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Default)]
struct Counts {
    running: usize,
    stop: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Two plain numbers are never left half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticker {
    pub fn start(engine: EngineWeak) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let clock = shared.clone();
        thread::Builder::new().name("deadlines".into()).spawn(move || tick(&clock, &engine))?;
        Ok(Ticker(shared))
    }

    /// The number of ticks after which `deadline` has certainly passed: the first may come at once.
    pub fn ticks(deadline: Duration) -> u64 {
        u64::try_from(deadline.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX / 2).min(u64::MAX / 2) + 1
    }

    /// Ticks until the guard is dropped.
    pub fn running(&self) -> Running {
        self.0.lock().running += 1;
        self.0.changed.notify_one();
        Running(self.0.clone())
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.lock().stop = true;
        self.0.changed.notify_one();
    }
}

pub(super) struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
    }
}

fn tick(shared: &Shared, engine: &EngineWeak) {
    let mut counts = shared.lock();
    loop {
        while counts.running == 0 && !counts.stop {
            counts = shared.changed.wait(counts).unwrap_or_else(PoisonError::into_inner);
        }
        if counts.stop {
            return;
        }
        drop(counts);
        thread::sleep(TICK);
        match engine.upgrade() {
            Some(engine) => engine.increment_epoch(),
            None => return,
        }
        counts = shared.lock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_never_shorter_than_asked_for() {
        assert_eq!(Ticker::ticks(Duration::ZERO), 1);
        assert_eq!(Ticker::ticks(Duration::from_millis(1)), 2);
        assert_eq!(Ticker::ticks(Duration::from_millis(10)), 2);
        assert_eq!(Ticker::ticks(Duration::from_millis(11)), 3);
        assert_eq!(Ticker::ticks(Duration::MAX), u64::MAX / 2 + 1);
    }
}
