use std::sync::Arc;

use kit_core::task::Owned;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A way to a server that can be cut while others still reach it.
pub(super) struct Proxy {
    address: String,
    cut: Arc<watch::Sender<bool>>,
    _task: Owned<()>,
}

impl Proxy {
    pub(super) async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let cut = Arc::new(watch::Sender::new(false));
        let gate = Arc::clone(&cut);
        let task = Owned::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let (server, mut cut) = (server.clone(), gate.subscribe());
                tokio::spawn(async move {
                    let through = async {
                        if let Ok(mut far) = TcpStream::connect(server).await {
                            let _ = copy_bidirectional(&mut near, &mut far).await;
                        }
                    };
                    tokio::select! {
                        () = through => {}
                        _ = cut.wait_for(|cut| *cut) => {}
                    }
                });
            }
        });
        Self { address, cut, _task: task }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Ends all connections and each new one, or lets them through again.
    pub(super) fn cut(&self, cut: bool) {
        self.cut.send_replace(cut);
    }
}
