//! What the targets share: how one input becomes several texts, and numbers drawn from it.

/// The fields of an input, split at 0xFF, which stands in no UTF-8 text; what else is no UTF-8 is replaced. So a
/// plain text file is a seed as it is, and the fuzzer can splice fields. A field that is missing is empty.
pub struct Fields(std::vec::IntoIter<String>);

impl Fields {
    /// Splits an input.
    #[must_use]
    pub fn of(data: &[u8]) -> Self {
        let fields = data.split(|b| *b == 0xFF).map(|f| String::from_utf8_lossy(f).into_owned());
        Self(fields.collect::<Vec<_>>().into_iter())
    }

    /// The next text.
    pub fn text(&mut self) -> String {
        self.0.next().unwrap_or_default()
    }

    /// The first byte of the next field.
    pub fn byte(&mut self) -> u8 {
        self.text().bytes().next().unwrap_or(0)
    }

    /// The fields behind, each a line of the next field.
    pub fn lines(&mut self) -> Vec<String> {
        self.text().lines().take(8).map(str::to_owned).collect()
    }

    /// Is nothing left?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.as_slice().is_empty()
    }
}

/// Numbers that depend on the seed alone.
pub struct Numbers(u64);

impl Numbers {
    /// Numbers from the end of an input.
    #[must_use]
    pub fn of(data: &[u8]) -> Self {
        Self(data.iter().rev().take(4).fold(data.len() as u64, |n, b| n << 8 | u64::from(*b)))
    }

    /// The next one (splitmix64).
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`, 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.draw() % (n.max(1) as u64)).unwrap_or(0)
    }
}
