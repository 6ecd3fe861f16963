//! Instances of stringsvc in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kit::http::server::{Config, Router, Server, json};
use kit::{Context, Error};
use stringsvc::endpoints::{self, COUNT, UPPERCASE};
use stringsvc::service::{StringService, Strings};
use tokio::task::JoinHandle;

/// One instance; it ends when this is dropped, and its connections with it.
pub(crate) struct Behind {
    pub(crate) addr: String,
    answered: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

/// The service, and how often it was asked.
#[derive(Clone)]
struct Counted(Arc<AtomicUsize>);

impl StringService for Counted {
    async fn uppercase(&self, cx: &mut Context, text: String) -> Result<String, Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Strings.uppercase(cx, text).await
    }

    async fn count(&self, cx: &mut Context, text: String) -> Result<usize, Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Strings.count(cx, text).await
    }
}

impl Behind {
    pub(crate) async fn start() -> Self {
        let answered = Arc::new(AtomicUsize::new(0));
        let service = Counted(Arc::clone(&answered));
        let routes = Router::new()
            .post(&UPPERCASE, json(endpoints::uppercase(service.clone())))
            .post(&COUNT, json(endpoints::count(service)))
            .build()
            .expect("two routes");
        let server = Server::new(Config::default()).expect("the defaults");
        let bound = server.bind("127.0.0.1:0").await.expect("a port");
        let addr = bound.local_addr().to_string();
        let serving = tokio::spawn(async move {
            bound.serve(routes, std::future::pending()).await;
        });
        Self { addr, answered, serving }
    }

    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
