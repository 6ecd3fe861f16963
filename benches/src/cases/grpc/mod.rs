//! What a gRPC call costs on one connection, on either side of it: client and server are on one thread, and the one that is not asked
//! about writes frames that are made once, so what is allocated is the other's.

mod client;
mod frames;
mod server;

use super::Cases;

pub(super) fn cases(cases: &mut impl Cases) {
    server::cases(cases);
    client::cases(cases);
}
