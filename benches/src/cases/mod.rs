//! The cases of `./bench micro`, `./bench observe`, `./bench circuit`, `./bench client` and `./bench grpc`: the same code is timed by Criterion and counted by callgrind.

mod binding;
mod circuit;
mod client;
mod context;
mod grpc;
mod layers;
mod observe;
mod wire;

use std::{env, io};

pub use layers::clock_reads;

/// Where `./bench` says which cases it wants: a process under callgrind is told so too.
const WANTED: &str = "BENCH_CASES";

/// What is done with the cases.
pub trait Cases {
    /// Takes one: each run of `f` is one call of whatever `name` says.
    fn case(&mut self, name: &'static str, f: impl FnMut());

    /// Takes one whose instructions are not counted: a thread of its own works for it too, or it is no part of a call.
    fn timed(&mut self, name: &'static str, f: impl FnMut());

    /// Takes one that is timed while a second thread does the same without a pause.
    fn contended(&mut self, name: &'static str, f: impl Fn() + Sync);
}

/// Which cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Context, layers, binding, wire.
    Micro,
    /// Logs and metrics, beside their peers.
    Observe,
    /// Breaker, retry, timeout, beside their peers.
    Circuit,
    /// Balancers and whole clients, beside their peers.
    Client,
    /// gRPC servers and clients, beside their peers.
    Grpc,
}

impl Set {
    /// Those that `BENCH_CASES` names; the micro ones if nothing does.
    ///
    /// # Errors
    /// It names none.
    pub fn wanted() -> io::Result<Self> {
        match env::var(WANTED).as_deref() {
            Err(_) | Ok("micro") => Ok(Self::Micro),
            Ok("observe") => Ok(Self::Observe),
            Ok("circuit") => Ok(Self::Circuit),
            Ok("client") => Ok(Self::Client),
            Ok("grpc") => Ok(Self::Grpc),
            Ok(other) => {
                Err(io::Error::other(format!("{WANTED} is {other:?}, none of micro, observe, circuit, client, grpc")))
            }
        }
    }

    /// Hands all of them to `cases`, in the order of the table.
    ///
    /// # Panics
    /// If a case does not do what it is meant to: its figure would be of something else.
    pub fn all(self, cases: &mut impl Cases) {
        match self {
            Set::Micro => {
                context::cases(cases);
                layers::cases(cases);
                binding::cases(cases);
                wire::cases(cases);
            }
            Set::Observe => {
                observe::cases(cases);
                wire::observed(cases);
            }
            Set::Circuit => circuit::cases(cases),
            Set::Client => client::cases(cases),
            Set::Grpc => grpc::cases(cases),
        }
    }
}
