//! Kit beside its peers: the servers of `./bench http`, the callers of `./bench client`, and the cases of `./bench micro`. README.md says
//! how to read them.

pub mod callers;
pub mod cases;
pub mod figures;
pub mod fresh;
pub mod layout;
pub mod machine;
pub mod plan;
pub mod process;
pub mod servers;
pub mod table;
pub mod task;
