/// The index of a blocking query: the state that was last seen, and what the next query waits to be passed. 0 waits for
/// nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Index(pub(super) u64);

impl Index {
    /// What to ask with next, after a good answer to a query with this index whose header held `told`.
    ///
    /// An index that is missing, no number, or 0 counts as 1: it is always safe to wait with, where 0 would not wait.
    /// One that went backwards starts anew from 0: the servers were restored or lost their data, and to wait for the
    /// old index could take for ever.
    ///
    /// # Source
    /// Consul's guide to blocking queries, "Implementation Details": "reset the index if it goes backwards", "sanity
    /// check index is greater than zero".
    pub(super) fn next(self, told: Option<u64>) -> Self {
        let told = told.unwrap_or(1).max(1);
        if told < self.0 { Index(0) } else { Index(told) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_the_guide() {
        for (asked, told, next, rule) in [
            (0, Some(7), 7, "the first index is taken"),
            (7, Some(7), 7, "the same index waits on: the time was up, or another service changed"),
            (7, Some(8), 8, "a higher one is taken"),
            (7, Some(u64::MAX), u64::MAX, "however high it is"),
            (7, Some(6), 0, "a lower one starts anew"),
            (u64::MAX, Some(12), 0, "as it does after a restart without data"),
            (7, Some(0), 0, "0 is lower as well"),
            (7, Some(1), 0, "and so is 1"),
            (0, Some(0), 1, "0 where nothing was known is 1, or nothing would ever wait"),
            (1, Some(0), 1, "and stays 1"),
            (7, None, 0, "none, or no number, is lower"),
            (0, None, 1, "where nothing was known it is 1"),
            (1, None, 1, "and stays 1"),
        ] {
            assert_eq!(Index(asked).next(told), Index(next), "asked with {asked}, told {told:?}: {rule}");
        }
    }
}
