use kit_core::{Endpoint as _, Method};
use kit_transport::local::{Local, LocalStream};
use kit_transport::testing::transport::{self, Bidi, ClientStream, ServerStream, TransportRig, Unary};

use crate::LIMITS;

struct Rig;

impl TransportRig for Rig {
    async fn unary(&mut self, _method: &'static Method, service: Unary) -> Unary {
        Local::new(service).boxed()
    }

    async fn server_stream(&mut self, _method: &'static Method, service: ServerStream) -> Option<ServerStream> {
        Some(LocalStream::new(service).boxed())
    }

    async fn client_stream(&mut self, _method: &'static Method, service: ClientStream) -> Option<ClientStream> {
        Some(Local::new(service).boxed())
    }

    async fn bidi(&mut self, _method: &'static Method, service: Bidi) -> Option<Bidi> {
        Some(LocalStream::new(service).boxed())
    }
}

#[tokio::test(start_paused = true)]
async fn calls_within_a_process_keep_the_contract() {
    let report = transport::contract(async || Rig).await;
    // Values are moved: none is too large.
    assert_eq!((report.held.len(), report.not_shown), (26, LIMITS.to_vec()));
}
