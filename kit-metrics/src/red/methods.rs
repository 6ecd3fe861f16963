use std::sync::{Arc, OnceLock};

use kit_core::Method;

use super::handles::{Families, Handles};

/// Each method's [`Handles`], found by its index without a lock, a hash or an allocation.
///
/// Indices are dense and belong to the process, so the table is an array; it grows without moving anything, by chunks of
/// which each is as long as all before it.
#[derive(Debug)]
pub(super) struct Methods {
    families: Families,
    chunks: [OnceLock<Chunk>; CHUNKS],
}

type Chunk = Box<[OnceLock<Arc<Handles>>]>;

/// Entries of the first chunk: more methods than most processes have.
const FIRST: u64 = 32;

/// Enough for any index of 32 bits, which is what a [`Method`] counts with.
const CHUNKS: usize = 28;

/// The name of a call that has none.
static UNKNOWN: Method = Method::new("unknown", "unknown");

impl Methods {
    pub(super) fn new(families: Families) -> Self {
        Self { families, chunks: [const { OnceLock::new() }; _] }
    }

    pub(super) fn handles(&self, method: Option<&'static Method>) -> &Arc<Handles> {
        let method = method.unwrap_or(&UNKNOWN);
        let (chunk, len, at) = place(method.index());
        let chunk = self.chunks[chunk].get_or_init(|| (0..len).map(|_| OnceLock::new()).collect());
        chunk[at].get_or_init(|| Arc::new(Handles::new(&self.families, method)))
    }
}

/// The chunk of an index, that chunk's length, and the place within it.
fn place(index: usize) -> (usize, usize, usize) {
    let number = index as u64 + FIRST;
    let chunk = number.ilog2() - FIRST.ilog2();
    let len = FIRST << chunk;
    (chunk as usize, len as usize, (number - len) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_a_place_of_its_own() {
        let mut expected = (0, 0);
        for index in 0..10_000 {
            let (chunk, len, at) = place(index);
            assert_eq!((chunk, at), expected, "{index}");
            assert!(at < len);
            expected = if at + 1 == len { (chunk + 1, 0) } else { (chunk, at + 1) };
        }
        let (chunk, len, at) = place(u32::MAX as usize);
        assert!(chunk < CHUNKS && at < len);
    }
}
