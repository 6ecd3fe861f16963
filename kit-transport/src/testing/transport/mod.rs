//! What may be relied on in every transport: the same calls get the same answers, whatever is between.
//!
//! A test gives a rig, which puts endpoints on the transport and gives back those that call them. [`contract`] plays every rule on a
//! fresh one, panics at the first that is broken, by its name, and says which could not be shown, because the transport has no such
//! thing. A test asserts that too, so that nothing goes missing unseen.
//!
//! ```
//! # #[cfg(feature = "local")] mod test {
//! use kit_core::{Endpoint as _, Method};
//! use kit_transport::local::{Local, LocalStream};
//! use kit_transport::testing::transport::{self, ServerStream, TransportRig, Unary};
//!
//! /// Calls within the process.
//! struct Rig;
//!
//! impl TransportRig for Rig {
//!     async fn unary(&mut self, _method: &'static Method, service: Unary) -> Unary {
//!         Local::new(service).boxed()
//!     }
//!
//!     async fn server_stream(&mut self, _method: &'static Method, service: ServerStream) -> Option<ServerStream> {
//!         Some(LocalStream::new(service).boxed())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] pub async fn main() {
//! # tokio::time::pause();
//! let report = transport::contract(async || Rig).await;
//! assert_eq!(report.held.len(), 23);
//! # let requests = ["streams requests in their order", "answers between two requests", "stops a caller's stream with its call"];
//! # let limits = ["refuses a request that is too large", "refuses an answer that is too large"];
//! # assert_eq!(report.not_shown, [&limits[..], &requests[..]].concat());
//! # } }
//! # #[cfg(feature = "local")] test::main();
//! ```
//!
//! # The rules
//!
//! | of | rules |
//! |---|---|
//! | a call | Messages arrive as they were sent, side by side too. Metadata goes both ways, of text and of bytes, with an error as with an answer; request id and method travel, and nothing else of a context. |
//! | an error | Each code comes back with its line, reason and id, and with the hint that it has: a pause is no shorter and at most a second longer, a `Never` is one, and what else was known of it is what the code says. A [failure](kit_core::failure) of the service's own comes with its details, one that it received without. Causes, fields and outcome stay behind, and of a panic everything: it is `Internal`, with the fixed line. One call is one call: nothing is sent again that has reached the endpoint. |
//! | time | With every hop less is left. At the deadline the caller gets `DeadlineExceeded`, whatever the callee does, and the callee is dropped and its token told; so it is when the caller drops its call. A call whose time is up is not made: `DeadlineExceeded` that is `Rejected` and safe to repeat. A call that has come to its end tells nobody to stop. |
//! | sizes | A message above the limit is `ResourceExhausted`, which nobody is to repeat; a request that is never reaches the endpoint, and the next call works. |
//! | an answer of many messages | Metadata comes before it, trailers at its end, also that of an error, which comes after all items before it and is none that looks like an end. Dropped early, or at its deadline, it stops its source and tells the callee's token. A slow reader slows its source. |
//! | a request of many messages | It arrives in its order, answers may come between, and it is dropped with its call. |

mod calls;
mod errors;
mod limits;
mod requests;
mod rig;
mod rule;
mod served;
mod source;
mod streams;
mod time;

use kit_core::testing::contract::{NotShown, Report};

pub use rig::{Bidi, Carried, ClientStream, ServerStream, TransportRig, Unary};

use rule::Rule;

type Played = Result<(), NotShown>;

/// Plays the rules of a transport, each on a fresh rig.
///
/// They wait on tokio's clock, each for at most three times [`TransportRig::patience`]: paused for what stays in the process,
/// running for a wire. All of them take some five seconds of it.
///
/// # Panics
/// At the first rule that is broken.
pub async fn contract<R: TransportRig>(mut rig: impl AsyncFnMut() -> R) -> Report {
    let mut report = Report::default();
    macro_rules! play {
        ($($name:literal => $module:ident::$rule:ident)*) => {$({
            let mut rig = rig().await;
            let rule = Rule::new($name, rig.patience());
            report.note($name, rule.whole($module::$rule(&mut rig, &rule)).await);
        })*};
    }
    play! {
        "delivers a message as it was sent" => calls::messages
        "keeps calls side by side apart" => calls::side_by_side
        "carries metadata both ways" => calls::metadata
        "carries metadata with an error" => calls::metadata_with_an_error
        "names the call by its method and request id" => calls::names
        "carries nothing else of a context" => calls::nothing_else
        "brings each code back with its id, reason, line and hint" => errors::codes
        "lets nothing internal out" => errors::nothing_internal
        "makes a panic Internal and leaks nothing of it" => errors::panics
        "calls no endpoint twice" => errors::once
        "leaves less time on every hop" => time::hops
        "ends at the deadline and tells the callee" => time::deadline
        "makes no call whose time is up" => time::expired
        "tells the callee that its caller has left" => time::dropped
        "tells nobody to stop once a call has ended" => time::ended
        "refuses a request that is too large" => limits::request
        "refuses an answer that is too large" => limits::answer
        "streams items in their order, with metadata before them" => streams::order
        "brings trailers at the end of a stream" => streams::trailers
        "brings an error in a stream after the items before it" => streams::error
        "brings an error in a stream as it was" => streams::own_error
        "ends a stream whose source panics with an error" => streams::panics
        "stops the source of a stream that is dropped" => streams::dropped
        "ends a stream at its deadline" => streams::deadline
        "slows a source down to its reader" => streams::slow
        "streams requests in their order" => requests::order
        "answers between two requests" => requests::lockstep
        "stops a caller's stream with its call" => requests::dropped
    }
    report
}
