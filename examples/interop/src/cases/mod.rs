//! The cases: each calls a server, and says what was not as it has to be.

mod cancel;
mod metadata;
mod negative;
mod status;
mod streams;
mod unary;

use std::fmt::Debug;
use std::time::Duration;

use kit::{Code, Context, Error};

use crate::client::TestClient;
use crate::messages::Payload;

/// Those that any server passes; the [soaks](crate::soak) have settings.
pub const NAMES: [&str; 14] = [
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "empty_stream",
    "custom_metadata",
    "status_code_and_message",
    "special_status_message",
    "unimplemented_method",
    "unimplemented_service",
    "cancel_after_begin",
    "cancel_after_first_response",
    "timeout_on_sleeping_server",
];

/// Those that a server passes only if it plays the case of that name: it breaks off, or has limits, as HTTP/2 lets it.
///
/// # Source
/// github.com/grpc/grpc, `doc/negative-http2-interop-test-descriptions.md`.
pub const NEGATIVE: [&str; 6] =
    ["goaway", "rst_after_header", "rst_during_data", "rst_after_data", "ping", "max_streams"];

/// Why a case failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failed {
    /// A call did.
    #[error("a call failed: {code}: {message}", code = .0.code(), message = .0.message())]
    Call(#[from] Error),
    /// It went otherwise than it has to.
    #[error("{0}")]
    Otherwise(String),
    /// There is no such case here.
    #[error(
        "there is no case {0:?}; there are {names}, rpc_soak, channel_soak, and for servers that play them {negative}",
        names = NAMES.join(", "),
        negative = NEGATIVE.join(", "),
    )]
    Unknown(String),
}

/// How long a call of a case may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a case by its name.
///
/// # Errors
/// [`Failed`], with what it was.
pub async fn run(name: &str, client: &TestClient) -> Result<(), Failed> {
    match name {
        "empty_unary" => unary::empty(client).await,
        "large_unary" => unary::large(client).await,
        "client_streaming" => streams::client_streaming(client).await,
        "server_streaming" => streams::server_streaming(client).await,
        "ping_pong" => streams::ping_pong(client).await,
        "empty_stream" => streams::empty(client).await,
        "custom_metadata" => metadata::custom(client).await,
        "status_code_and_message" => status::code_and_message(client).await,
        "special_status_message" => status::special_message(client).await,
        "unimplemented_method" => status::unimplemented(&client.unimplemented_call).await,
        "unimplemented_service" => status::unimplemented(&client.unimplemented_service).await,
        "cancel_after_begin" => cancel::after_begin(client).await,
        "cancel_after_first_response" => cancel::after_first_response(client).await,
        "timeout_on_sleeping_server" => cancel::timeout(client).await,
        "goaway" => negative::goaway(client).await,
        "rst_after_header" | "rst_during_data" | "rst_after_data" => negative::reset(client).await,
        "ping" => negative::ping(client).await,
        "max_streams" => negative::max_streams(client).await,
        other => Err(Failed::Unknown(other.to_owned())),
    }
}

fn call() -> Context {
    let cx = Context::new();
    let deadline = cx.now() + PATIENCE;
    cx.with_deadline(Some(deadline))
}

fn same<T: PartialEq + Debug>(what: &str, is: T, ought: T) -> Result<(), Failed> {
    match is == ought {
        true => Ok(()),
        false => Err(Failed::Otherwise(format!("{what} is {is:?}, and ought to be {ought:?}"))),
    }
}

/// A payload of so many zeros.
pub(crate) fn zeros(payload: Option<Payload>, size: usize) -> Result<(), Failed> {
    let body = payload.map(|payload| payload.body).unwrap_or_default();
    same("the size of the payload", body.len(), size)?;
    same("a byte of the payload other than zero", body.iter().find(|&&byte| byte != 0), None)
}

/// The code that a call ends with that must not succeed.
fn failed<T>(result: Result<T, Error>) -> Result<(Code, String), Failed> {
    match result {
        Ok(_) => Err(Failed::Otherwise("a call succeeded that ought to fail".to_owned())),
        Err(error) => Ok((error.code(), error.message().to_owned())),
    }
}
