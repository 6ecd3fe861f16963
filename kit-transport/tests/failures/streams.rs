use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use kit_core::failure::RecognizeStreamLayer;
use kit_core::{BoxEndpoint, Context, Endpoint, Error, Kind, Method, Streaming, endpoint_with};
use kit_macros::Failure;
use kit_transport::http::client::{Client, Config};
use kit_transport::http::server::Router;
use kit_transport::{grpc, local};
use tokio::time::timeout;

use crate::support::serve;

static COUNT: Method = Method::new("tests", "count").kind(Kind::ServerStream);

#[derive(Clone, Debug, PartialEq, Failure)]
#[failure(crate = "kit_core")]
enum CountError {
    #[failure(code = "OutOfRange", message = "no number after {last}")]
    Last { last: u32 },
}

/// Answers so many items and then fails.
fn counting(to: u32) -> impl Endpoint<(), Response = Streaming<u32>> + Clone + 'static {
    endpoint_with(to, async |to, cx, ()| {
        let failure = || Error::from(CountError::Last { last: *to });
        if *to == 0 {
            return Err(failure());
        }
        Ok(Streaming::new(cx, stream::iter((0..*to).map(Ok).chain([Err(failure())]))))
    })
}

/// What calls it over each wire that carries an error in a stream.
async fn wires(to: u32) -> [(&'static str, BoxEndpoint<(), Streaming<u32>>); 2] {
    let routes = Router::new().grpc(&COUNT, grpc::server::server_stream(counting(to))).build().unwrap();
    let (http2, target) = (Client::new(Config { http2_only: true, ..Config::default() }).unwrap(), serve(routes).await);
    let grpc = grpc::client::server_stream::<u32>(&COUNT).endpoint(&http2, &target).unwrap();
    [("grpc", grpc.boxed()), ("local", local::streaming(&COUNT, counting(to)).boxed())]
}

#[tokio::test]
async fn a_stream_ends_with_the_failure_that_it_had() {
    for to in [0, 1, 3] {
        for (wire, count) in wires(to).await {
            let count = count.layer(RecognizeStreamLayer::<CountError>::new());
            let read = async {
                let mut items = count.call(&mut Context::new(), ()).await?;
                let mut read = 0;
                while let Some(item) = items.next().await {
                    item?;
                    read += 1;
                }
                Ok::<_, Error>(read)
            };
            let error = timeout(Duration::from_secs(20), read).await.expect("it ends").expect_err("it fails");
            assert_eq!(error.cause(), Some(&CountError::Last { last: to }), "{wire}");
        }
    }
}
