use std::time::Duration;

use etcd_client::Error as Raw;
use kit_core::{Code, Error};
use tokio::time::timeout;

use crate::malformed::Shown;

/// What etcd, or the way to it, failed with while `doing`.
pub(super) fn failed(doing: &str, error: Raw) -> Error {
    let (code, said) = match &error {
        Raw::GRpcStatus(status) => {
            let code = u8::try_from(status.code() as i32).ok().and_then(Code::from_number);
            (code.unwrap_or(Code::Unknown), Some(status.message()))
        }
        Raw::TransportError(_) | Raw::IoError(_) | Raw::WatchError(_) => (Code::Unavailable, None),
        Raw::InvalidArgs(_) | Raw::InvalidUri(_) => (Code::InvalidArgument, None),
        _ => (Code::Internal, None),
    };
    let message = match said {
        Some(said) if !said.is_empty() => format!("{doing} failed: {}", Shown(said)),
        _ => format!("{doing} failed"),
    };
    Error::boundary(code, error).with_message(message)
}

/// The answer of etcd, if it comes in time.
pub(super) async fn within<T>(
    limit: Duration,
    doing: &str,
    request: impl Future<Output = Result<T, Raw>>,
) -> Result<T, Error> {
    match timeout(limit, request).await {
        Ok(answer) => answer.map_err(|error| failed(doing, error)),
        Err(_) => Err(late(limit, doing)),
    }
}

/// It took too long.
pub(super) fn late(limit: Duration, doing: &str) -> Error {
    Error::new(Code::DeadlineExceeded, format!("{doing} took more than {limit:?}"))
}
