//! A set in a file: JSON or TOML, read again when it changes.
//!
//! ```toml
//! instances = ["10.0.0.1:80", "[2001:db8::1]:80"]
//! ```
//! ```toml
//! [[instances]]
//! address = "10.0.0.1:80"
//! weight = 2
//! zone = "b"
//! ```
//! JSON has the same fields, `{ "instances": […] }`, or is the list alone. The fields of an instance are those of
//! [`Entry`](crate::Entry); one that is not known makes that instance malformed, which is skipped, since a person wrote it.
//! A file that cannot be read as a whole keeps the last good set, and so does one that says nothing of `instances`: an empty
//! set is written `instances = []`.
//!
//! The file is polled, and its content is compared. A watch by the system was not taken: it does not see changes on network
//! and bound mounts, loses the file when a configuration is swapped as a link (as Kubernetes does), and wants a thread of
//! its own, while reading a small file once a second costs some 20 µs. A time stamp is not trusted either: it is coarse, and tools
//! that copy files preserve it.
//!
//! A new content counts once two reads in a row agree on it, so that a file which is being written is not read by half.
//! Still, who writes it does well to write another and rename it.

mod config;
mod parse;
mod source;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use source::FileSource;
