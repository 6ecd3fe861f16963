//! What a request costs with hyper round it, on a wire that is memory: kit's share of the whole, without the kernel's.

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use kit::http::server::{Config, RouterService};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::runtime::{Builder, Runtime};

use super::Cases;
use crate::servers;
use crate::task::{ANSWER, REQUEST};

pub(super) fn cases(cases: &mut impl Cases) {
    let raw = |stream| async {
        let service = service_fn(servers::raw::answer);
        drop(servers::raw::builder().serve_connection(TokioIo::new(stream), service).await);
    };
    case(cases, "wire/raw hyper", raw);

    let stack = servers::kit::stack(std::io::sink()).expect("the defaults are good");
    let bare = servers::kit::bare().expect("a good route");
    case(cases, "wire/kit bare", |stream| kit(bare, stream));
    let full = servers::kit::full(stack).expect("a good route");
    case(cases, "wire/kit full", |stream| kit(full, stream));
    case(cases, "wire/axum", |stream| axum(servers::axum::bare(), stream));
}

async fn kit(service: RouterService, stream: DuplexStream) {
    let builder = servers::kit::builder(&Config::default());
    drop(builder.serve_connection(TokioIo::new(stream), service).await);
}

async fn axum(router: Router, stream: DuplexStream) {
    let service = TowerToHyperService::new(router);
    drop(servers::raw::builder().serve_connection(TokioIo::new(stream), service).await);
}

fn case<F>(cases: &mut impl Cases, name: &'static str, serve: impl FnOnce(DuplexStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (mut client, server) = duplex(64 * 1024);
    runtime.spawn(serve(server));
    cases.case(name, || call(&runtime, &mut client));
}

fn call(runtime: &Runtime, client: &mut DuplexStream) {
    let mut answer = [0; 4096];
    runtime.block_on(async {
        client.write_all(REQUEST).await.expect("the server reads");
        let mut have = 0;
        while !answer[..have].ends_with(ANSWER) {
            let count = client.read(&mut answer[have..]).await.expect("the server answers");
            assert!(count > 0, "an answer that is none");
            have += count;
        }
    });
}
