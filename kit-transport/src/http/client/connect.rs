use std::pin::Pin;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use kit_core::BoxError;
use tokio::time::timeout;
use tower_service::Service;

use super::Config;
use super::error::ConnectTimeout;

/// A connector with a limit over all of it: hyper-util's own leaves name resolution out.
#[derive(Clone, Debug)]
pub(super) struct Connector<S = HttpConnector> {
    inner: S,
    limit: Duration,
}

impl Connector {
    pub(super) fn new(config: &Config) -> Self {
        let mut inner = HttpConnector::new();
        inner.set_nodelay(true);
        // Shared by the addresses of a name, so that a dead one leaves time for the next.
        inner.set_connect_timeout(Some(config.connect_timeout));
        let last_chance = config.keep_alive / 2;
        inner.set_keepalive(Some(config.keep_alive));
        inner.set_keepalive_interval(Some(last_chance));
        inner.set_keepalive_retries(Some(1));
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        inner.set_tcp_user_timeout(Some(config.keep_alive + last_chance));
        Self { inner, limit: config.connect_timeout }
    }
}

impl<S> Service<Uri> for Connector<S>
where
    S: Service<Uri>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, task: &mut Task<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(task).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (limit, connecting) = (self.limit, self.inner.call(uri));
        Box::pin(async move {
            match timeout(limit, connecting).await {
                Ok(connected) => connected.map_err(Into::into),
                Err(_elapsed) => Err(ConnectTimeout { limit }.into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[derive(Clone)]
    struct Silent;

    impl Service<Uri> for Silent {
        type Response = ();
        type Error = std::io::Error;
        type Future = Pin<Box<dyn Future<Output = Result<(), std::io::Error>> + Send>>;

        fn poll_ready(&mut self, _task: &mut Task<'_>) -> Poll<Result<(), std::io::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _uri: Uri) -> Self::Future {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_does_not_come_is_given_up_at_the_limit() {
        let limit = Duration::from_secs(1);
        let begun = Instant::now();
        let error = Connector { inner: Silent, limit }.call(Uri::from_static("http://h")).await.unwrap_err();
        assert_eq!(error.downcast_ref::<ConnectTimeout>().expect("the cause").limit(), limit);
        assert_eq!(begun.elapsed(), limit);
    }
}
