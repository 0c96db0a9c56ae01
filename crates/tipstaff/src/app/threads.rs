//! The threads that the core has not: pieces of planning, done on every core.

use std::sync::atomic::{AtomicUsize, Ordering};

use desk::spread::Spread;

/// Most threads that plan.
const MOST: usize = 8;

/// As many threads as there are cores.
#[derive(Clone, Copy, Debug, Default)]
pub struct Threads;

impl Spread for Threads {
    fn each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let helpers = cores.min(MOST).min(pieces).saturating_sub(1);
        let next = AtomicUsize::new(0);
        let go_on = || {
            loop {
                let piece = next.fetch_add(1, Ordering::Relaxed);
                if piece >= pieces {
                    return;
                }
                work(piece);
            }
        };
        std::thread::scope(|s| {
            for _ in 0..helpers {
                s.spawn(go_on);
            }
            go_on();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_done_once() {
        for pieces in [0, 1, 2, 1000] {
            let done: Vec<AtomicUsize> = (0..pieces).map(|_| AtomicUsize::new(0)).collect();
            Threads.each(pieces, &|i| {
                done[i].fetch_add(1, Ordering::Relaxed);
            });
            assert!(done.iter().all(|d| d.load(Ordering::Relaxed) == 1));
        }
    }
}
