//! What keeps a server from being started, on both runtimes.

#![allow(clippy::unwrap_used, reason = "a test that unwraps fails where it should")]

use kit::http::server::Config;
use kit::server::{Listen, Runtime};
use kit::{Code, Error};

#[tokio::test]
async fn a_port_in_use_and_a_broken_factory_are_the_end_before_anything_is_served() {
    for runtime in [Runtime::Stealing, Runtime::PerCore] {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = taken.local_addr().unwrap().to_string();
        let error = Listen::bind(Config::default(), &addr, runtime).await.unwrap_err();
        assert_eq!(error.code(), Code::Unavailable, "{runtime:?}");
        assert!(error.message().contains(&addr), "{error}");

        let broken = || Err(Error::failed_precondition("no routes"));
        let served = Listen::bind(Config::default(), "127.0.0.1:0", runtime)
            .await
            .unwrap()
            .serve(broken, || panic!("not ready"), async {})
            .await;
        assert_eq!(served.unwrap_err().code(), Code::FailedPrecondition, "{runtime:?}");
    }
    assert!(Listen::cores(Config::default(), "127.0.0.1:0", 0).await.is_err());
}
