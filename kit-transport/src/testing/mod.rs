//! What may be relied on in every transport and every codec, as tests: those of kit pass them, and so does one of your own that
//! may stand in the place of any of them. Behind the feature `testing`.

pub mod codec;
mod message;
pub mod transport;

pub use kit_core::testing::contract::Report;
pub use message::Message;
