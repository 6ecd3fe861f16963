//! How a handler is written that may be cancelled, and called twice, at any moment. A page to read; there is nothing to
//! call.
//!
//! # What ends a call
//! Four things, and a handler cannot tell them apart by looking:
//!
//! | cause | who does it |
//! |---|---|
//! | its time is up | [`timeout`](crate::timeout), the caller's deadline |
//! | the user has gone | the edge of the server, which drops the call when the connection closes |
//! | the call above it has ended | whatever ended that: its future is dropped, and this one with it |
//! | another attempt has won | hedge, replicate |
//!
//! In each case the handler's future is **dropped**: it stops at the await where it stands, and no line after that runs.
//! What it has spawned is told by its [`Cancel`](kit_core::Cancel) token, and has to ask: between two steps of blocking
//! work with [`checkpoint`](kit_core::Cancel::checkpoint), beside a wait with [`cancelled`](kit_core::Cancel::cancelled).
//! Say how long the longest step takes; that is how late the work ends after its call. To ask only between two long calls
//! merely halves the problem: hand the token down.
//!
//! Every wait has a bound, also one that should not last: the deadline in the context, which a timeout, a queue, a flight and
//! a retry's pause all keep. It turns a deadlock into an error that is seen and counted.
//!
//! # Compute first, then commit
//! Whatever others can see (a table, a map, a file) changes in one short step at the end. Before it a handler reads and
//! computes in memory of its own, as long as that takes; dropped there, it leaves nothing behind and nothing to roll back.
//! The commit has no await in it, or is one transaction of a database that does the same; dropped after it, everything is
//! done but the answer.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::Mutex;
//!
//! use kit_core::{Context, Endpoint as _, Error, endpoint_with};
//!
//! #[derive(Default)]
//! struct Accounts(Mutex<BTreeMap<&'static str, i64>>);
//!
//! struct Transfer {
//!     from: &'static str,
//!     to: &'static str,
//!     amount: i64,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let transfer = endpoint_with(Accounts::default(), async |accounts: &Accounts, cx: &mut Context, order: Transfer| {
//!     // Compute: may wait, may be dropped, changes nothing.
//!     let fee = fee(order.amount).await;
//!     cx.cancel_token().checkpoint()?;
//!
//!     // Commit: both lines or neither, since there is no await between them.
//!     let mut accounts = accounts.0.lock().unwrap();
//!     *accounts.entry(order.from).or_default() -= order.amount + fee;
//!     *accounts.entry(order.to).or_default() += order.amount;
//!     Ok(accounts[order.from])
//! });
//! let left = transfer.call(&mut Context::new(), Transfer { from: "anna", to: "otto", amount: 100 }).await?;
//! assert_eq!(left, -101);
//! # async fn fee(amount: i64) -> i64 { amount / 100 }
//! # Ok(()) }
//! ```
//!
//! The wrong way round is to change one account, wait for the second, and put the first one back if that fails: a dropped
//! future runs no line that puts it back. Where two steps cannot be one, the second belongs into a log of things to do
//! that is part of the first.
//!
//! # Duplicates after cancellation
//! A caller that was cancelled, or whose answer was lost, does not know whether its call has run; nor does retry, which is
//! why it repeats only what is [idempotent](kit_core::Method::idempotent) or provably did not run. For everything else
//! there are three ways, and one has to be chosen:
//!
//! 1. **Do the same twice without harm.** Set, do not add; create under a name that the caller has chosen. Then declare
//!    the method idempotent, and accept the last message.
//! 2. **Know a message again, and accept the first.** The caller sends a key that is the same each time;
//!    [`idempotency`](crate::idempotency) runs the first message with it and gives the others its answer. One process
//!    remembers for itself; where several instances share the work, the key is written in the same transaction as what it
//!    guards.
//! 3. **Ask before sending.** A worker that may have been replaced asks whoever gave it the work for leave to publish its
//!    result, and is refused if another has it; the [heartbeat](kit_core::heartbeat) that keeps its lease is the question.
//!
//! Compute-then-commit makes each of them cheap: there is one line that must not run twice.
//!
//! ```
//! use std::sync::atomic::{AtomicI64, Ordering};
//!
//! use kit_circuit::idempotency::{IdempotencyLayer, header_key};
//! use kit_core::{Context, Endpoint as _, Error, Metadata, request_with};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let by_key = IdempotencyLayer::new(Default::default(), |cx: &Context, _: &i64| header_key(cx))?;
//! let deposit = request_with(AtomicI64::new(0), async |balance: &AtomicI64, amount: i64| {
//!     Ok(balance.fetch_add(amount, Ordering::Relaxed) + amount)
//! })
//! .layer(by_key);
//!
//! for _message in 0..2 {
//!     let (mut cx, mut inbound) = (Context::new(), Metadata::default());
//!     inbound.insert("idempotency-key", "deposit-8e03978e").unwrap();
//!     cx.set_inbound(inbound);
//!     assert_eq!(deposit.call(&mut cx, 10).await?, 10);
//! }
//! # Ok(()) }
//! ```
//!
//! # Source
//! "Concurrency in Go", chapter 5 (CC-10 to CC-16 in `source-systems.md`). `tests/cancellation.rs` holds this crate to
//! each of them.
