//! A mailbox file: cutting it up loses nothing, however it arrives.
#![no_main]

use desk::mail::{self, MboxEntry, MboxSplitter};
use desk_fuzz::Numbers;
use libfuzzer_sys::fuzz_target;

fn streamed(data: &[u8], limit: usize, numbers: &mut Numbers) -> Vec<MboxEntry<'static>> {
    let mut splitter = MboxSplitter::new(limit);
    let mut out = Vec::new();
    let mut rest = data;
    let most = 1 << numbers.below(13);
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at((numbers.below(most) + 1).min(rest.len()));
        splitter.push(piece);
        out.extend(std::iter::from_fn(|| splitter.take()));
        rest = tail;
    }
    splitter.finish();
    out.extend(std::iter::from_fn(|| splitter.take()));
    assert_eq!(splitter.take(), None);
    out
}

fuzz_target!(|data: &[u8]| {
    let whole: Vec<MboxEntry<'_>> = mail::split(data).collect();
    let mut at = 0;
    for e in &whole {
        assert_eq!(e.offset, at, "entries follow one another");
        assert!(e.len > 0 && e.raw.len() as u64 <= e.len);
        at += e.len;
    }
    assert_eq!(at, data.len() as u64, "nothing is left over");

    let mut numbers = Numbers::of(data);
    assert_eq!(streamed(data, usize::MAX, &mut numbers), whole, "pieces give what the whole gives");

    let cut = streamed(data, 0, &mut numbers);
    let places = |es: &[MboxEntry<'_>]| es.iter().map(|e| (e.offset, e.len)).collect::<Vec<_>>();
    assert_eq!(places(&cut), places(&whole), "a limit changes no boundary");
    for (c, w) in cut.iter().zip(&whole) {
        assert!(c == w || (c.truncated && c.raw.len() <= w.raw.len()), "{c:?} is cut from {w:?}");
    }
});
