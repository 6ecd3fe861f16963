//! The client, in front of two instances that share a store, and of peers that answer what no instance should.

mod calls;
mod errors;
mod instances;
mod retries;
