//! Work that falls into pieces of its own. The core starts no threads; a shell that has some lends them.

use std::sync::{Mutex, PoisonError};

/// Who does the pieces. Whatever their order, and however many are done at once, the results are the same.
pub trait Spread {
    /// Do `work` once for each number below `pieces`; return when all is done.
    fn each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync));
}

/// One piece after the other, here.
#[derive(Clone, Copy, Debug, Default)]
pub struct InTurn;

impl Spread for InTurn {
    fn each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..pieces).for_each(work);
    }
}

/// Pieces that are handed out together: it bounds what is held of results that are not used yet.
const BLOCK: usize = 256;

/// `make` every item, in pieces; `take` gets what was made in the order of the items, on this thread.
pub fn in_order<I: Sync, T: Send>(
    spread: &dyn Spread,
    items: &[I],
    make: impl Fn(&I) -> T + Sync,
    mut take: impl FnMut(&I, T),
) {
    for block in items.chunks(BLOCK) {
        let made: Vec<Mutex<Option<T>>> = block.iter().map(|_| Mutex::new(None)).collect();
        spread.each(block.len(), &|i| {
            if let (Some(item), Some(slot)) = (block.get(i), made.get(i)) {
                let result = make(item);
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            }
        });
        for (item, slot) in block.iter().zip(made) {
            let result = slot.into_inner().unwrap_or_else(PoisonError::into_inner);
            // A spread that left a piece out does not lose it.
            take(item, result.unwrap_or_else(|| make(item)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does the pieces backwards, and forgets every third.
    struct Careless;

    impl Spread for Careless {
        fn each(&self, pieces: usize, work: &(dyn Fn(usize) + Sync)) {
            (0..pieces).rev().filter(|i| i % 3 != 0).for_each(work);
        }
    }

    #[test]
    fn results_come_in_order_and_whole_whoever_does_the_work() {
        let items: Vec<usize> = (0..1000).collect();
        for spread in [&InTurn as &dyn Spread, &Careless] {
            let mut out = Vec::new();
            in_order(spread, &items, |i| i * 2, |i, twice| out.push((*i, twice)));
            assert_eq!(out, items.iter().map(|i| (*i, i * 2)).collect::<Vec<_>>());
        }
    }
}
