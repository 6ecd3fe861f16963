/// How large the messages of a call are on the wire, in bytes, without heads and frames. What is streamed is not counted here:
/// its size is known only after the call.
///
/// Counted up to 4 GiB, where it stays: whole messages are far below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    received: u32,
    sent: u32,
}

impl Sizes {
    /// What came in.
    pub fn received(self) -> u64 {
        self.received.into()
    }

    /// What went out.
    pub fn sent(self) -> u64 {
        self.sent.into()
    }

    /// Counts bytes that came in.
    pub fn add_received(&mut self, bytes: usize) {
        self.received = self.received.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// Counts bytes that went out.
    pub fn add_sent(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_add_up_and_stay_where_they_cannot_grow() {
        let mut sizes = Sizes::default();
        sizes.add_received(3);
        sizes.add_received(4);
        sizes.add_sent(usize::MAX);
        sizes.add_sent(1);
        assert_eq!((sizes.received(), sizes.sent()), (7, u32::MAX.into()));
    }
}
