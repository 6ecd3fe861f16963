//! The phonebook keeps kit's contract of instancers, against a server that breaks off, hangs and goes away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kit::Instance;
use kit::discovery::Discovery;
use kit::discovery::testing::contract::{self, Fault, InstancerRig};
use kit::task::Owned;
use phonebook::Phonebook;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

#[derive(Default)]
struct Book {
    lines: Vec<String>,
    more: Vec<String>,
    fault: Option<Fault>,
}

struct Rig {
    server: std::net::SocketAddr,
    book: Arc<Mutex<Book>>,
    _server: Owned<()>,
}

impl Rig {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let server = listener.local_addr().expect("it is bound");
        let book = Arc::<Mutex<Book>>::default();
        Self { server, book: Arc::clone(&book), _server: Owned::spawn(serve(listener, book)) }
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().expect("not poisoned")
    }
}

async fn serve(listener: TcpListener, book: Arc<Mutex<Book>>) {
    let mut hung = Vec::new();
    while let Ok((mut reader, _)) = listener.accept().await {
        let (fault, mut text) = {
            let book = book.lock().expect("not poisoned");
            let lines = book.lines.iter().filter(|_| book.fault != Some(Fault::Unreadable)).chain(&book.more);
            (book.fault, lines.map(|line| format!("{line}\n")).collect::<String>())
        };
        match fault {
            Some(Fault::Hangs) => {
                hung.push(reader);
                continue;
            }
            // It breaks off in the middle.
            Some(Fault::Fails) => text.truncate(text.len() / 2),
            _ => text.push_str(".\n"),
        }
        let _ = reader.write_all(text.as_bytes()).await;
    }
}

impl InstancerRig for Rig {
    type Instancer = Discovery;

    async fn start(&mut self) -> Discovery {
        let phonebook = Phonebook::new(self.server, self.period());
        Discovery::of("strings", phonebook).start().expect("the default back-off is in its range")
    }

    async fn set(&mut self, instances: &[Instance]) {
        self.book().lines = instances.iter().map(|instance| format!("{} {}", instance.id, instance.address)).collect();
    }

    async fn fault(&mut self, fault: Fault) -> bool {
        let mut book = self.book();
        if matches!(fault, Fault::Garbles | Fault::Unreadable) {
            book.more = vec!["who knows".to_owned(), "nobody".to_owned()];
        }
        book.fault = Some(fault);
        true
    }

    async fn heal(&mut self) {
        let mut book = self.book();
        (book.more, book.fault) = (Vec::new(), None);
    }

    fn period(&self) -> Duration {
        Duration::from_millis(20)
    }
}

#[tokio::test]
async fn the_phonebook_keeps_the_contract() {
    let report = contract::instancer(async || Rig::new().await).await;
    assert_eq!((report.held.len(), report.not_shown), (14, vec![]));
}
