//! Doubles for tests, and the contracts that a part of one's own is tried with: of [transports](transport), of [codecs](codec);
//! of sources, registrars and balancers in [`discovery::testing`](crate::discovery::testing).

pub use kit_core::testing::*;
pub use kit_transport::testing::{Message, codec, transport};
