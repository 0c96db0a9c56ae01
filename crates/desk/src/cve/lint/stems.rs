//! Words looked for by stem, whatever their case, many at once. An automaton finds them as fast, but takes longer to make than
//! a record takes to check, and most runs check one.

/// Stems of at least three bytes.
pub(super) struct Stems {
    /// Which rows of three bytes begin a stem.
    rows: Box<[u64; 512]>,
    /// The stems by their first three bytes.
    words: Vec<(u16, &'static str)>,
}

/// Five bits of a byte: letters keep their difference and lose their case, and what else falls together is told apart by
/// looking at the word.
fn fold(row: usize, byte: u8) -> usize {
    (row << 5 | usize::from(byte & 31)) & 0x7FFF
}

impl Stems {
    pub(super) fn new(words: impl IntoIterator<Item = &'static str>) -> Self {
        let mut rows = Box::new([0; 512]);
        let mut keyed: Vec<(u16, &'static str)> = Vec::new();
        for word in words {
            debug_assert!(word.len() >= 3 && !word.bytes().any(|b| b.is_ascii_uppercase()), "{word}");
            let row = word.bytes().take(3).fold(0, fold);
            if let Some(bits) = rows.get_mut(row / 64) {
                *bits |= 1u64 << (row % 64);
            }
            // Fifteen bits.
            keyed.push((u16::try_from(row).unwrap_or_default(), word));
        }
        keyed.sort_unstable();
        Self { rows, words: keyed }
    }

    /// Does any of them stand in a text?
    pub(super) fn is_in(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut row = bytes.iter().take(2).fold(0, |row, b| fold(row, *b));
        for (n, b) in bytes.iter().enumerate().skip(2) {
            row = fold(row, *b);
            let bits = self.rows.get(row / 64).copied().unwrap_or_default();
            if bits >> (row % 64) & 1 == 1 && self.begins(row, bytes.get(n - 2..).unwrap_or_default()) {
                return true;
            }
        }
        false
    }

    fn begins(&self, row: usize, rest: &[u8]) -> bool {
        let from = self.words.partition_point(|(r, _)| usize::from(*r) < row);
        let here = self.words.iter().skip(from).take_while(|(r, _)| usize::from(*r) == row);
        here.map(|(_, w)| w.as_bytes())
            .any(|w| rest.get(..w.len()).is_some_and(|head| head.eq_ignore_ascii_case(w)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: [&str; 8] = ["attack", "n't", " dos", "not ", "use-after", "attic", "mmm", "---"];

    proptest! {
        #[test]
        fn they_are_found_where_a_plain_search_finds_them(
            parts in prop::collection::vec(prop::sample::select(vec![
                "atta", "ck", "ATTACK", "n't", "N'", "T", " do", "s", "s ", "not", " ", "use", "-", "after", "é", "m", "A", "tic",
            ]), 0..12),
        ) {
            let text = parts.concat();
            let low = text.to_ascii_lowercase();
            let stems = Stems::new(WORDS);
            prop_assert_eq!(stems.is_in(&text), WORDS.iter().any(|w| low.contains(w)), "{}", text);
        }
    }
}
