use kit_core::{Endpoint as _, Method};
use kit_transport::http::server::Router;
use kit_transport::jsonrpc::client::{Binding, Client};
use kit_transport::jsonrpc::server::Methods;
use kit_transport::testing::transport::{self, TransportRig, Unary};

use crate::http::{LIMIT, Servers};
use crate::{REQUESTS, STREAMS};

struct Rig(Servers);

impl TransportRig for Rig {
    async fn unary(&mut self, method: &'static Method, service: Unary) -> Unary {
        let rpc = Methods::new().method(method, service).build().expect("one method");
        let target = self.0.start(Router::new().post("/rpc", rpc).build().expect("one route")).await;
        let rpc = Client::new(self.0.client.raw(&target), "/rpc").expect("a path").max_answer_bytes(LIMIT);
        Binding::new(&rpc, method.name()).boxed()
    }

    fn limit(&self) -> Option<usize> {
        Some(LIMIT)
    }
}

#[tokio::test]
async fn json_rpc_keeps_the_contract() {
    let report = transport::contract(async || Rig(Servers::new(false))).await;
    assert_eq!((report.held.len(), report.not_shown), (17, [&STREAMS[..], &REQUESTS].concat()));
}
