//! The client binding.
