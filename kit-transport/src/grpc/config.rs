use serde::{Deserialize, Serialize};

/// How the messages of a method travel, on either side.
///
/// ```
/// use kit_transport::grpc::Config;
///
/// let mut in_code = Config::default();
/// in_code.gzip = true;
/// let in_a_file: Config = serde_json::from_str(r#"{"gzip":true}"#)?;
/// assert_eq!(in_code, in_a_file);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The largest message that is read, in bytes, as it is after it was inflated; `[0, 4294967295]`. Default 4 MiB, as in every gRPC: it
    /// is the memory that one call of a stranger may take. `ResourceExhausted`.
    pub max_read_bytes: u32,
    /// The largest message that is written, in bytes, before it is deflated; `[0, 4294967295]`. Default 4 GiB less one, which is as much as a
    /// message can have: what is ours needs no limit. `ResourceExhausted`.
    pub max_write_bytes: u32,
    /// Whether messages may be deflated by gzip: those that come, and those that go to a peer who says that it reads them. Default no: it
    /// costs much more processor time than a network between neighbours, and a few bytes make
    /// [`max_read_bytes`](Self::max_read_bytes) of work.
    pub gzip: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_read_bytes: 4 * 1024 * 1024, max_write_bytes: u32::MAX, gzip: false }
    }
}
